//! Nothing of one side's network reaches the other one.

use crate::world::{CARRIER, PBX, Talk, World, parts};
use ringfence_sip::{Message, Name};

const SECRETS: [&str; 4] = ["10.0.0.5", "10.9.9.9", "pbx.intern", "secret-pbx-version"];

/// Everything sent to `addr`, bodies left out.
fn heads(w: &World, addr: &str) -> Vec<String> {
    let addr = addr.parse().unwrap();
    let sent = w.heard.iter().filter(|(to, _)| *to == addr);
    sent.map(|(_, bytes)| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        text.split("\r\n\r\n").next().unwrap().to_owned()
    })
    .collect()
}

#[test]
fn no_address_of_one_side_is_in_any_field_of_the_other() {
    let mut w = World::new();
    let inner = "Via: SIP/2.0/UDP pbx.intern;branch=z9hG4bKinner\r\n";
    let extra = "Record-Route: <sip:10.9.9.9;lr>\r\n\
        Alert-Info: <http://10.0.0.5/ring>\r\nCall-Info: <sip:10.0.0.5>;purpose=x\r\n\
        Server: secret-pbx-version\r\nP-Asserted-Identity: <sip:+31201234567@10.0.0.5>\r\n\
        Diversion: <sip:201@10.0.0.5>;reason=busy\r\nX-Trace: node=10.0.0.5:5060;user=7\r\n\
        Warning: 399 10.0.0.5 \"at 10.0.0.5\"\r\nReferred-By: <sip:201@10.0.0.5>\r\n\
        Authorization: Digest username=\"x\", realm=\"pbx.intern\"\r\n";
    let talk =
        w.invite("pbx", "sip:0201112222@edge.example", &format!("{inner}{extra}"), "o=10.0.0.5");
    w.hears("pbx", "100");
    let invite = w.hears("carrier", "INVITE");
    assert_eq!(invite.body(), b"o=10.0.0.5", "bodies pass as they are");
    assert_eq!(invite.other("X-Trace"), Some(&b"node=edge.example:5060;user=7"[..]));
    let secret = "Warning: 399 198.51.100.7 \"x\"\r\nX-At: 198.51.100.7\r\nRecord-Route: <sip:198.51.100.9;lr>\r\n";
    w.answer("carrier", &invite, "183 Session Progress", "c1", secret, "");
    w.answer("carrier", &invite, "200 OK", "c1", secret, "c=198.51.100.7");
    w.hears("pbx", "183");
    let ok = w.hears("pbx", "200");
    let mut talk = talk.with(&ok);
    w.ack(&talk, "");
    let mut callee = Talk::called("carrier", &invite, "c1");
    for method in ["INVITE", "INFO", "UPDATE"] {
        w.ask(talk.next(), method, extra, "");
        let asked = w.inbox[&w.addr("carrier")].back().unwrap().clone();
        w.answer("carrier", &asked, "200 OK", "", secret, "");
        w.ask(&talk, "ACK", extra, "");
        w.ask(callee.next(), method, secret, "");
        let asked = w.inbox[&w.addr("pbx")].back().unwrap().clone();
        w.answer("pbx", &asked, "200 OK", "", extra, "");
        w.ask(&callee, "ACK", secret, "");
    }
    w.ask(talk.next(), "BYE", extra, "");
    let to_carrier = heads(&w, CARRIER);
    assert!(to_carrier.len() >= 10, "{}", w.ladder);
    for head in &to_carrier {
        // Responses to the carrier's own requests bring back what it sent itself.
        for secret in SECRETS.iter().chain(&["pbx-1@", "User-Agent"]) {
            assert!(!head.contains(secret), "{secret} in\n{head}");
        }
    }
    for head in heads(&w, PBX) {
        for secret in ["198.51.100.9", "carrier at", "X-At: 198"] {
            assert!(!head.contains(secret), "{secret} in\n{head}");
        }
        let own: Vec<_> = head.lines().filter(|line| line.contains("198.51.100.7")).collect();
        assert!(own.is_empty(), "{own:?}");
    }
}

#[test]
fn an_untrusted_carrier_neither_asserts_nor_sees() {
    let mut parts = parts();
    parts.trunks[1].trusted = false;
    let mut w = World::with(parts);
    let extra = "P-Asserted-Identity: <sip:+31201234567@10.0.0.5>\r\nPrivacy: id\r\n\
        Remote-Party-ID: <sip:201@10.0.0.5>\r\nHistory-Info: <sip:201@10.0.0.5>;index=1\r\n";
    w.invite("pbx", "sip:0201112222@edge.example", extra, "");
    let invite = w.hears("carrier", "INVITE");
    for name in [Name::PAssertedIdentity, Name::RemotePartyId, Name::HistoryInfo, Name::Diversion] {
        assert!(!invite.has(name), "{name:?}");
    }
    assert!(from(&invite).starts_with("\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag="));
    w.hears("pbx", "100");
    let asserts = "P-Asserted-Identity: <sip:+31999@c>\r\nDiversion: <sip:+31888@c>\r\n";
    w.invite("carrier", "sip:+31201234567@edge.example", asserts, "");
    let invite = w.hears("pbx", "INVITE");
    assert!(!invite.has(Name::PAssertedIdentity) && !invite.has(Name::Diversion));
}

#[test]
fn a_trusted_carrier_sees_who_calls_even_when_others_may_not() {
    let mut w = World::new();
    let extra = "P-Asserted-Identity: <sip:+31201234567@10.0.0.5>\r\nPrivacy: id\r\nIdentity: abc\r\n\
        Date: Sun, 22 Nov 2026 00:00:00 GMT\r\n";
    w.invite("pbx", "sip:0201112222@edge.example", extra, "");
    let invite = w.hears("carrier", "INVITE");
    let asserted = invite.field(Name::PAssertedIdentity).unwrap();
    assert_eq!(asserted, b"<sip:+31201234567@edge.example>");
    assert_eq!(invite.field(Name::Privacy), Some(&b"id"[..]));
    assert_eq!(invite.field(Name::Identity), Some(&b"abc"[..]));
    assert!(invite.has(Name::Date));
}

fn from(message: &Message) -> String {
    String::from_utf8_lossy(message.field(Name::From).unwrap()).into_owned()
}
