//! Writing the messages of a call: what a FreePBX sends to its trunk, and what a carrier answers.

use std::io::Write;
use std::net::SocketAddr;

use super::heard::{Heard, uri};

const ALLOW: &str =
    "INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, SUBSCRIBE, NOTIFY, INFO, PUBLISH, MESSAGE, UPDATE";

/// What the calls of a load look like.
#[derive(Clone, Copy, Debug)]
pub struct Voice {
    pub caller: SocketAddr,
    pub called: SocketAddr,
    /// What stands in the request line of an INVITE: the server, or the called side itself.
    pub server: SocketAddr,
}

/// Writing to memory cannot fail.
macro_rules! say {
    ($out:expr, $($text:tt)*) => {{ let _ = write!($out, $($text)*); }};
}

impl Voice {
    /// The INVITE of call `number`, 1.1 kB as it is with most PBXs.
    pub fn invite(&self, out: &mut Vec<u8>, number: u64) {
        let Self { caller, server, .. } = self;
        let (extension, dialled) = (extension(number), Dialled(number));
        out.clear();
        say!(out, "INVITE sip:{dialled}@{server} SIP/2.0\r\n");
        say!(out, "Via: SIP/2.0/UDP {caller};branch=z9hG4bK{number}i;rport\r\n");
        say!(out, "Max-Forwards: 70\r\n");
        say!(out, "From: \"Jan de Vries\" <sip:{extension}@{caller}>;tag=c{number}\r\n");
        say!(out, "To: <sip:{dialled}@{server}>\r\n");
        say!(out, "Contact: <sip:{extension}@{caller};transport=udp>\r\n");
        say!(out, "Call-ID: {number}.6fa1bd2c93@{caller}\r\n");
        say!(out, "CSeq: 21740 INVITE\r\n");
        say!(out, "User-Agent: FPBX-16.0.40.7(18.20.0)\r\n");
        say!(out, "Date: Sun, 22 Nov 2026 09:14:33 GMT\r\n");
        say!(out, "Allow: {ALLOW}\r\n");
        say!(out, "Supported: replaces, timer, path\r\n");
        say!(out, "P-Asserted-Identity: \"Jan de Vries\" <sip:{extension}@{caller}>\r\n");
        say!(
            out,
            "Remote-Party-ID: \"Jan de Vries\" <sip:{extension}@{caller}>;party=calling;privacy=off;screen=no\r\n"
        );
        say!(out, "Accept: application/sdp, application/dtmf-relay\r\n");
        say!(out, "Content-Type: application/sdp\r\n");
        offer(out, *caller, number);
    }

    /// ACK and BYE of a call that was answered, to where its 200 said.
    pub fn in_dialog(&self, out: &mut Vec<u8>, method: &str, heard: &Heard<'_>, number: u64) {
        let caller = self.caller;
        let (cseq, branch) = if method == "ACK" { (21_740, 'a') } else { (21_741, 'b') };
        out.clear();
        say!(out, "{method} ");
        out.extend_from_slice(uri(heard.contact));
        say!(out, " SIP/2.0\r\nVia: SIP/2.0/UDP {caller};branch=z9hG4bK{number}{branch};rport\r\n");
        for route in heard.routes.iter().rev() {
            field(out, "Route", route);
        }
        say!(out, "Max-Forwards: 70\r\n");
        field(out, "From", heard.from);
        field(out, "To", heard.to);
        field(out, "Call-ID", heard.call_id);
        say!(
            out,
            "CSeq: {cseq} {method}\r\nUser-Agent: FPBX-16.0.40.7(18.20.0)\r\nContent-Length: 0\r\n\r\n"
        );
    }

    /// ACK to a refusal: the same transaction as its INVITE (RFC 3261 section 17.1.1.3).
    pub fn ack_refusal(&self, out: &mut Vec<u8>, heard: &Heard<'_>, number: u64) {
        let Self { caller, server, .. } = self;
        out.clear();
        say!(out, "ACK sip:{}@{server} SIP/2.0\r\n", Dialled(number));
        say!(
            out,
            "Via: SIP/2.0/UDP {caller};branch=z9hG4bK{number}i;rport\r\nMax-Forwards: 70\r\n"
        );
        field(out, "From", heard.from);
        field(out, "To", heard.to);
        field(out, "Call-ID", heard.call_id);
        say!(out, "CSeq: 21740 ACK\r\nContent-Length: 0\r\n\r\n");
    }

    /// An answer of the called side; `sdp` for the one that answers the offer.
    pub fn answer(
        &self,
        out: &mut Vec<u8>,
        status: &str,
        heard: &Heard<'_>,
        number: u64,
        sdp: bool,
    ) {
        let called = self.called;
        out.clear();
        say!(out, "SIP/2.0 {status}\r\n");
        for via in heard.vias.iter() {
            field(out, "Via", via);
        }
        for route in heard.routes.iter() {
            field(out, "Record-Route", route);
        }
        field(out, "From", heard.from);
        out.extend_from_slice(b"To: ");
        out.extend_from_slice(heard.to);
        if memchr::memmem::find(heard.to, b";tag=").is_none() {
            say!(out, ";tag=u{number}");
        }
        out.extend_from_slice(b"\r\n");
        field(out, "Call-ID", heard.call_id);
        field(out, "CSeq", heard.cseq);
        say!(out, "Contact: <sip:carrier@{called};transport=udp>\r\n");
        if sdp {
            say!(out, "Allow: {ALLOW}\r\nContent-Type: application/sdp\r\n");
            offer(out, called, number);
        } else {
            out.extend_from_slice(b"Content-Length: 0\r\n\r\n");
        }
    }

    /// REGISTER of a phone, with or without what a challenge asked for.
    pub fn register(
        &self,
        out: &mut Vec<u8>,
        phone: u64,
        number: u64,
        authorization: Option<&str>,
    ) {
        let caller = self.caller;
        let cseq = 1 + u8::from(authorization.is_some());
        out.clear();
        say!(out, "REGISTER sip:{REALM} SIP/2.0\r\n");
        say!(
            out,
            "Via: SIP/2.0/UDP {caller};branch=z9hG4bK{number}r{cseq};rport\r\nMax-Forwards: 70\r\n"
        );
        say!(out, "From: <sip:{phone}@{REALM}>;tag=c{number}\r\nTo: <sip:{phone}@{REALM}>\r\n");
        say!(out, "Call-ID: {number}.{phone}@{caller}\r\nCSeq: {cseq} REGISTER\r\n");
        say!(out, "Contact: <sip:{phone}@{caller};transport=udp>\r\nExpires: 600\r\n");
        say!(out, "User-Agent: Yealink SIP-T46U 108.86.0.75\r\nAllow: {ALLOW}\r\n");
        if let Some(authorization) = authorization {
            say!(out, "Authorization: {authorization}\r\n");
        }
        say!(out, "Content-Length: 0\r\n\r\n");
    }
}

/// The domain of the phones.
pub const REALM: &str = "phones.example.nl";

fn field(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

/// The number of the call is the session's id, which no server between the two may change without touching media.
fn offer(out: &mut Vec<u8>, of: SocketAddr, number: u64) {
    let ip = of.ip();
    let mut sdp = [0_u8; 400];
    let mut rest = &mut sdp[..];
    say!(rest, "v=0\r\no=- {number} 1 IN IP4 {ip}\r\ns=Asterisk\r\nc=IN IP4 {ip}\r\nt=0 0\r\n");
    say!(rest, "m=audio {} RTP/AVP 8 0 9 101\r\n", 10_000 + number % 10_000 * 2);
    say!(rest, "a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:9 G722/8000\r\n");
    say!(
        rest,
        "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=maxptime:150\r\na=sendrecv\r\n"
    );
    let left = rest.len();
    let sdp = sdp.get(..400 - left).unwrap_or_default();
    say!(out, "Content-Length: {}\r\n\r\n", sdp.len());
    out.extend_from_slice(sdp);
}

/// One of 100 desks.
fn extension(number: u64) -> u64 {
    200 + mixed(number) % 100
}

/// A Dutch number, geographic or mobile, out of some 20,000 that the company calls.
struct Dialled(u64);

impl std::fmt::Display for Dialled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let whom = mixed(mixed(self.0) % 20_000);
        if whom & 1 == 0 {
            write!(f, "020{}", 2_000_000 + whom % 5_000_000)
        } else {
            write!(f, "06{}", 10_000_000 + whom % 40_000_000)
        }
    }
}

/// Spreads consecutive numbers (the finaliser of SplitMix64, Steele and others 2014).
pub fn mixed(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::super::super::ground::{CARRIER, KAMAILIO, PBX};
    use super::super::heard::{Kind, number_after, read};
    use super::*;

    const VOICE: Voice = Voice { caller: PBX, called: CARRIER, server: KAMAILIO };

    #[test]
    fn an_invite_has_the_size_of_real_ones_and_its_number_in_the_body() {
        let mut out = Vec::new();
        VOICE.invite(&mut out, 123_456);
        assert!((1_050..1_200).contains(&out.len()), "{}", out.len());
        let heard = read(&out).unwrap();
        assert_eq!((heard.kind, number_after(heard.body, b"o=- ")), (Kind::Invite, Some(123_456)));
        assert!(
            String::from_utf8(out.clone())
                .unwrap()
                .contains(&format!("Content-Length: {}\r\n", heard.body.len()))
        );
    }

    #[test]
    fn numbers_are_dutch_and_many() {
        let dialled: std::collections::HashSet<_> =
            (0..100_000).map(|n| Dialled(n).to_string()).collect();
        assert!(dialled.len() > 15_000, "{}", dialled.len());
        assert!(
            dialled.iter().all(|number| number.len() == 10
                && (number.starts_with("06") || number.starts_with("020")))
        );
    }

    #[test]
    fn a_dialog_goes_where_the_answer_said() {
        let (mut invite, mut ok, mut bye) = (Vec::new(), Vec::new(), Vec::new());
        VOICE.invite(&mut invite, 7);
        VOICE.answer(&mut ok, "200 OK", &read(&invite).unwrap(), 7, true);
        let heard = read(&ok).unwrap();
        assert_eq!(number_after(heard.to, b";tag=u"), Some(7));
        VOICE.in_dialog(&mut bye, "BYE", &heard, 7);
        let heard = read(&bye).unwrap();
        assert_eq!(heard.kind, Kind::Bye);
        assert!(bye.starts_with(b"BYE sip:carrier@127.21.2.1:25060;transport=udp "));
        assert_eq!(number_after(heard.to, b";tag=u"), Some(7));
    }
}
