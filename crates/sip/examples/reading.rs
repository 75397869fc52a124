//! How fast messages are read, and with how many allocations:
//! `cargo run --release -p ringfence-sip --example reading`.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement: it reads the clock of its thread and prints"
)]

use std::hint::black_box;

use bytes::Bytes;
use ringfence_sip::{Builder, Frame, Framer, Limits, Message, Method, Name};

const RUNS: usize = 9;
const TURNS: u64 = 20_000;

fn main() {
    let invite = Bytes::from(invite());
    let limits = Limits::default();
    println!("an INVITE of {} bytes, CPU time on one core", invite.len());
    report("parse", || parse(&invite, &limits).body().len());
    report("parse, essentials", || keys(&parse(&invite, &limits)));
    report("parse, essentials, URI, Contact", || {
        let message = parse(&invite, &limits);
        let uri = message.uri().map_or(0, |uri| uri.host.len());
        let contact = message.field(Name::Contact).map_or(0, <[u8]>::len);
        keys(&message) + uri + contact
    });
    report("parse, essentials, rewrite as a B2BUA", || forwarded(&parse(&invite, &limits)).len());
    let mut framer = Framer::new(limits);
    report("cut from a stream, parse_framed, essentials", || {
        framer.push(&invite);
        match framer.next() {
            Ok(Some(Frame::Message(bytes))) => {
                Message::parse_framed(bytes, &limits).map_or(0, |message| keys(&message))
            }
            _ => 0,
        }
    });
    println!("refused datagrams");
    for (name, bytes) in bombs() {
        report(name, || match Message::parse(bytes.clone(), &limits) {
            Ok(message) => usize::from(message.essentials().is_err()),
            Err(_) => 1,
        });
    }
}

/// Time this thread had on a core, so that a busy machine does not count (Linux; elsewhere all is 0).
fn cpu_ns() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|ns| ns.parse().ok()).unwrap_or_default()
}

fn parse(bytes: &Bytes, limits: &Limits) -> Message {
    #[allow(clippy::expect_used, reason = "the message is ours")]
    Message::parse(bytes.clone(), limits).expect("an INVITE")
}

fn keys(message: &Message) -> usize {
    message.essentials().map_or(0, |e| {
        e.via.branch().map_or(0, <[u8]>::len)
            + e.via.host.len()
            + e.from.tag().map_or(0, <[u8]>::len)
            + e.to.tag().map_or(0, <[u8]>::len)
            + e.call_id.len()
            + e.cseq.method_text.len()
    })
}

/// Own identity on the other side, everything else to the letter.
fn forwarded(message: &Message) -> Bytes {
    let Ok(essentials) = message.essentials() else { return Bytes::new() };
    let mut builder = Builder::request(Method::Invite, message.uri_text());
    builder
        .field(Name::Via, &[b"SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK", b"7d2c1a9f", b";rport"])
        .field(Name::From, &[essentials.from.display, b" <", essentials.from.uri, b">;tag=5b1e"])
        .field(Name::To, &[b"<", essentials.to.uri, b">"])
        .field(Name::CallId, &[b"0a6f5b1e7d2c1a9f"])
        .cseq(1, b"INVITE")
        .field(Name::Contact, &[b"<sip:192.0.2.1:5060>"])
        .number(Name::MaxForwards, essentials.max_forwards.unwrap_or(70).saturating_sub(1));
    for field in message.fields() {
        match field.name {
            Name::Via | Name::From | Name::To | Name::CallId | Name::CSeq => {}
            Name::Contact | Name::MaxForwards | Name::RecordRoute | Name::Route => {}
            _ => {
                builder.copy(field);
            }
        }
    }
    builder.finish(message.body()).unwrap_or_default()
}

fn report(name: &str, mut work: impl FnMut() -> usize) {
    let counted = allocation_counter::measure(|| {
        black_box(work());
    });
    let mut times: Vec<u64> = (0..RUNS)
        .map(|_| {
            let before = cpu_ns();
            for _ in 0..TURNS {
                black_box(work());
            }
            (cpu_ns() - before) / TURNS
        })
        .collect();
    times.sort_unstable();
    let at = |n: usize| times.get(n).copied().unwrap_or_default();
    println!(
        "  {name:<48} {:>6} ns (at best {:>6}) {:>3} allocations {:>6} bytes",
        at(RUNS / 2),
        at(0),
        counted.count_total,
        counted.bytes_total
    );
}

/// What a phone behind a PBX sends, with a session description.
fn invite() -> String {
    let sdp = "v=0\r\no=- 3747 3747 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\n\
        m=audio 16384 RTP/AVP 9 8 0 18 101\r\na=rtpmap:9 G722/8000\r\na=rtpmap:8 PCMA/8000\r\n\
        a=rtpmap:0 PCMU/8000\r\na=rtpmap:18 G729/8000\r\na=fmtp:18 annexb=no\r\n\
        a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n";
    format!(
        "INVITE sip:+31201234567@trunk.example.net;user=phone SIP/2.0\r\n\
        Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKPj3c1f5a7e9b2d;rport\r\n\
        Via: SIP/2.0/UDP 10.0.0.31:5060;received=10.0.0.31;branch=z9hG4bK4b43c2ff8.1\r\n\
        Max-Forwards: 69\r\n\
        From: \"Reception\" <sip:201@pbx.example.com>;tag=8a3f0c1d2e\r\n\
        To: <sip:+31201234567@trunk.example.net;user=phone>\r\n\
        Contact: <sip:201@198.51.100.7:5060;transport=udp>\r\n\
        Call-ID: 6d1f5c3a-7b2e-4a09-9c31-0f5be1d2c4a7\r\n\
        CSeq: 22817 INVITE\r\n\
        Allow: OPTIONS, REGISTER, SUBSCRIBE, NOTIFY, PUBLISH, INVITE, ACK, BYE, CANCEL, UPDATE\r\n\
        Supported: 100rel, timer, replaces, norefersub\r\n\
        Session-Expires: 1800\r\n\
        Min-SE: 90\r\n\
        P-Asserted-Identity: \"Reception\" <sip:201@pbx.example.com>\r\n\
        User-Agent: Example PBX 20.4\r\n\
        Content-Type: application/sdp\r\n\
        Content-Length: {}\r\n\r\n{sdp}",
        sdp.len()
    )
}

/// 64 kB of what costs a careless reader most.
fn bombs() -> [(&'static str, Bytes); 4] {
    let bomb = |piece: &dyn Fn(usize) -> String| {
        let mut text = String::from("INVITE sip:h SIP/2.0\r\n");
        for n in 0.. {
            let piece = piece(n);
            if text.len() + piece.len() > 65_000 {
                break;
            }
            text.push_str(&piece);
        }
        Bytes::from(text + "\r\n\r\n")
    };
    [
        ("64 kB of distinct fields", bomb(&|n| format!("X{n:x}:\r\n"))),
        ("64 kB of one field", bomb(&|_| "v:x\r\n".to_owned())),
        ("64 kB of folds", bomb(&|n| if n == 0 { "X: 1\r\n" } else { " \r\n" }.to_owned())),
        ("64 kB of commas", bomb(&|n| if n == 0 { "Via: " } else { "," }.to_owned())),
    ]
}
