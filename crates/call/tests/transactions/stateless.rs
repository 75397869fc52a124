//! Responses without a transaction.

use crate::bench::{flow, request};
use bytes::Bytes;
use ringfence_call::{Responder, phrase, reply_flow, shard_of_tag};
use ringfence_sip::Transport::{Tcp, Udp};
use ringfence_sip::{Limits, Message, Name};

fn parse(text: &str) -> Message {
    Message::parse(Bytes::copy_from_slice(text.as_bytes()), &Limits::default()).unwrap()
}

fn lines(text: &str, code: u16, extra: &[(Name, &[u8])]) -> Vec<String> {
    let bytes = Responder::new(&[1; 32], 3).respond(&parse(text), &flow(Udp), code, extra).unwrap();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    text.split("\r\n").map(str::to_owned).collect()
}

#[test]
fn what_a_response_bears() {
    let invite = request("INVITE", "a", "").replace(
        "Max-Forwards",
        "via: SIP/2.0/TCP 10.0.0.1;branch=z9hG4bKq, SIP/2.0/UDP 10.0.0.2\r\nTimestamp: 54\r\nMax-Forwards",
    );
    let said = lines(&invite, 503, &[(Name::RetryAfter, b"30")]);
    let tag = said[4].strip_prefix("To: <sip:bob@b.example>;tag=").unwrap().to_owned();
    assert_eq!(shard_of_tag(tag.as_bytes()), Some(3));
    let to = format!("To: <sip:bob@b.example>;tag={tag}");
    let expected = [
        "SIP/2.0 503 Service Unavailable",
        "Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKa;received=198.51.100.7;rport=5060",
        "Via: SIP/2.0/TCP 10.0.0.1;branch=z9hG4bKq, SIP/2.0/UDP 10.0.0.2",
        "From: <sip:alice@a.example>;tag=from",
        &to,
        "Call-ID: one@198.51.100.7",
        "CSeq: 1 INVITE",
        "Retry-After: 30",
        "Content-Length: 0",
        "",
        "",
    ];
    assert_eq!(said, expected);
    assert_eq!(lines(&invite, 503, &[])[4], to, "a retransmission gets the same tag");
    let other = Responder::new(&[2; 32], 3).tag(&parse(&invite));
    assert_ne!(other.as_str(), tag, "nobody else knows it");
    let trying = lines(&invite, 100, &[]);
    assert_eq!(trying[4], "To: <sip:bob@b.example>");
    assert_eq!(trying[7], "Timestamp: 54");
    let inside = request("BYE", "a", ";tag=known");
    assert_eq!(lines(&inside, 481, &[])[3], "To: <sip:bob@b.example>;tag=known");
}

/// What the sender says of where it is seen is not believed; what is seen is said.
#[test]
fn the_topmost_via() {
    let via = |via: &str| {
        let text = request("OPTIONS", "a", "")
            .replace("SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKa;rport", via);
        lines(&text, 200, &[])[1].clone()
    };
    assert_eq!(via("SIP/2.0/UDP 198.51.100.7;x=1"), "Via: SIP/2.0/UDP 198.51.100.7;x=1");
    assert_eq!(via("SIP/2.0/UDP pc"), "Via: SIP/2.0/UDP pc;received=198.51.100.7");
    assert_eq!(
        via("SIP/2.0/UDP 10.0.0.9:99;received=9.9.9.9;RPORT=7;maddr=9.9.9.9;branch=z9hG4bKa"),
        "Via: SIP/2.0/UDP 10.0.0.9:99;maddr=9.9.9.9;branch=z9hG4bKa;received=198.51.100.7;rport=5060"
    );
    assert_eq!(
        via("SIP / 2.0 / UDP\r\n  pc : 5061 ;rport ;branch=z9hG4bKa , SIP/2.0/UDP x"),
        "Via: SIP / 2.0 / UDP pc : 5061 ;branch=z9hG4bKa;received=198.51.100.7;rport=5060, SIP/2.0/UDP x"
    );
}

/// A request with a fault in its fields is answered with what there is of it (RFC 4475).
#[test]
fn requests_with_faults() {
    let good = request("INVITE", "a", "");
    let bad = good.replace("To: <sip:bob@b.example>", "To: \"no end <sip:bob>");
    assert_eq!(lines(&bad, 400, &[])[3], "To: \"no end <sip:bob>");
    let none = good.replace("CSeq: 1 INVITE\r\n", "").replace("Call-ID", "X-Call-ID");
    let said = lines(&none, 400, &[]);
    assert!(said[3].starts_with("To: <sip:bob@b.example>;tag=") && said[4] == "Content-Length: 0");
    for text in [good.replace("Via:", "X-Via:"), good.replace("SIP/2.0/UDP", "HTTP/2/UDP")] {
        let responder = Responder::new(&[1; 32], 0);
        assert_eq!(responder.respond(&parse(&text), &flow(Udp), 400, &[]), None);
    }
    let smuggled = [(Name::RetryAfter, &b"3\r\nContact: <sip:evil>"[..])];
    let responder = Responder::new(&[1; 32], 0);
    assert_eq!(responder.respond(&parse(&good), &flow(Udp), 503, &smuggled), None);
}

#[test]
fn a_response_goes_to_the_source_and_nowhere_else() {
    let port = |via: &str, transport| {
        let text = format!("SIP/2.0/UDP {via}");
        let via = ringfence_sip::Via::read(text.as_bytes()).unwrap();
        let mut from = flow(transport);
        from.remote.set_port(40_000);
        let reply = reply_flow(&from, &via);
        assert_eq!(reply.remote.ip(), from.remote.ip());
        assert_eq!(reply.connection, from.connection);
        reply.remote.port()
    };
    assert_eq!(port("198.51.100.7:5070;rport", Udp), 40_000, "RFC 3581");
    assert_eq!(port("198.51.100.7:5070", Udp), 5070, "RFC 3261 §18.2.2");
    assert_eq!(port("198.51.100.7", Udp), 5060);
    assert_eq!(port("198.51.100.7:0", Udp), 5060);
    assert_eq!(port("198.51.100.7:5070", Tcp), 40_000, "the connection");
    assert_eq!(port("10.0.0.1:5070", Udp), 40_000, "behind an address translator");
    assert_eq!(port("pc.a.example:5070;maddr=203.0.113.9", Udp), 40_000);
}

#[test]
fn every_code_has_a_phrase() {
    for code in 100..700 {
        assert!(!phrase(code).is_empty(), "{code}");
    }
    assert_eq!((phrase(486), phrase(299)), ("Busy Here", "Success"));
}
