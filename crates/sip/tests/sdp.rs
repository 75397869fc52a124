//! Session descriptions as phones, phone systems and browsers make them, and as attackers would.
#![allow(clippy::unwrap_used)] // helpers outside #[test] functions too

use proptest::prelude::*;
use ringfence_sip::sdp::{Address, BYTES_MAX, Direction, LINES_MAX, MEDIA_MAX, SdpError, Session};
use std::net::IpAddr;

const ASTERISK: &str = "v=0\r\n\
    o=- 1184571943 1184571943 IN IP4 203.0.113.10\r\n\
    s=Asterisk\r\n\
    c=IN IP4 203.0.113.10\r\n\
    t=0 0\r\n\
    m=audio 15388 RTP/AVP 8 0 101\r\n\
    a=rtpmap:8 PCMA/8000\r\n\
    a=rtpmap:0 PCMU/8000\r\n\
    a=rtpmap:101 telephone-event/8000\r\n\
    a=fmtp:101 0-16\r\n\
    a=ptime:20\r\n\
    a=maxptime:140\r\n\
    a=sendrecv\r\n";

/// A phone system that names RTCP and puts the direction at session level.
const PHONE_SYSTEM: &str = "v=0\r\n\
    o=3cxPS 431234567890 431234567891 IN IP4 10.1.2.3\r\n\
    s=3cxPS Audio call\r\n\
    c=IN IP4 10.1.2.3\r\n\
    t=0 0\r\n\
    a=sendonly\r\n\
    m=audio 9002 RTP/AVP 8 9 96\r\n\
    a=rtcp:9003 IN IP4 10.1.2.3\r\n\
    a=rtpmap:96 telephone-event/8000\r\n\
    m=image 9004 udptl t38\r\n\
    c=IN IP4 10.1.2.4\r\n\
    a=inactive\r\n";

/// Trickle ICE, bundled, one port for RTP and RTCP.
const BROWSER: &str = "v=0\r\n\
    o=- 4611731400430051336 2 IN IP4 127.0.0.1\r\n\
    s=-\r\n\
    t=0 0\r\n\
    a=group:BUNDLE 0 1\r\n\
    a=ice-options:trickle\r\n\
    m=audio 9 UDP/TLS/RTP/SAVPF 111 126\r\n\
    c=IN IP4 0.0.0.0\r\n\
    a=rtcp:9 IN IP4 0.0.0.0\r\n\
    a=candidate:1 1 udp 2122260223 192.168.1.20 54321 typ host\r\n\
    a=ice-ufrag:EsAw\r\n\
    a=ice-pwd:bP+XJMM09aR8AiX1jdukzR6Y\r\n\
    a=fingerprint:sha-256 DA:39:A3\r\n\
    a=setup:actpass\r\n\
    a=mid:0\r\n\
    a=rtcp-mux\r\n\
    a=rtpmap:111 opus/48000/2\r\n\
    a=rtpmap:126 telephone-event/8000\r\n\
    m=video 0 UDP/TLS/RTP/SAVPF 96\r\n\
    c=IN IP4 0.0.0.0\r\n\
    a=bundle-only\r\n\
    a=mid:1\r\n";

/// A softphone with SRTP keys, two media, an IPv6 address for one of them, and LF alone.
const SOFTPHONE: &str = "v=0\n\
    o=alice 3724394400 3724394405 IN IP6 2001:db8::7\n\
    s=Talk\n\
    c=IN IP6 2001:db8::7\n\
    b=AS:380\n\
    t=0 0\n\
    m=audio 7078/1 RTP/SAVP 96 97\n\
    i=Speech\n\
    a=rtpmap:96 opus/48000/2\n\
    a=rtpmap:97 telephone-event/48000\n\
    a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:bm90YXJlYWxrZXlidXRsb25nZW5vdWdodG9iZW9uZQ==\n\
    m=video 9078 RTP/AVP 98\n\
    c=IN IP4 192.0.2.55\n\
    a=recvonly";

const ALL: [&str; 4] = [ASTERISK, PHONE_SYSTEM, BROWSER, SOFTPHONE];
const RELAY: &str = "198.51.100.1";

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn read(text: &str) -> Session<'_> {
    Session::parse(text.as_bytes()).unwrap()
}

fn moved(text: &str, place: impl FnMut(usize) -> Option<(IpAddr, u16)>) -> String {
    String::from_utf8(read(text).rewrite(place)).unwrap()
}

/// Ports 40000, 40010, ... at the relay for every medium.
fn to_relay(index: usize) -> Option<(IpAddr, u16)> {
    Some((ip(RELAY), 40_000 + 10 * u16::try_from(index).unwrap()))
}

#[test]
fn asterisk_is_read() {
    let session = read(ASTERISK);
    let origin = session.origin().unwrap();
    assert_eq!((origin.username, origin.version), (&b"-"[..], &b"1184571943"[..]));
    let audio = session.media().next().unwrap();
    assert_eq!((audio.kind(), audio.port()), (&b"audio"[..], 15388));
    assert_eq!(audio.protocol(), b"RTP/AVP");
    assert_eq!(audio.formats().collect::<Vec<_>>(), [&b"8"[..], b"0", b"101"]);
    assert_eq!(audio.connection(), Some(Address::Ip(ip("203.0.113.10"))));
    assert_eq!((audio.telephone_event(), audio.ptime_ms()), (Some(101), Some(20)));
    assert_eq!(audio.direction(), Direction::SendRecv);
    assert_eq!(audio.attributes("rtpmap").count(), 3);
    assert!(!audio.has_crypto() && !audio.has_ice() && !audio.rtcp_mux() && !session.is_hold());
}

#[test]
fn what_the_session_says_holds_for_media_that_say_nothing() {
    let session = read(PHONE_SYSTEM);
    let media: Vec<_> = session.media().collect();
    assert_eq!(media[0].direction(), Direction::SendOnly);
    assert_eq!(media[1].direction(), Direction::Inactive);
    assert_eq!(media[1].connection(), Some(Address::Ip(ip("10.1.2.4"))));
    assert_eq!(media[0].rtcp().unwrap().port, 9003);
    assert!(session.is_hold());
}

#[test]
fn browser_and_softphone_are_read() {
    let session = read(BROWSER);
    let media: Vec<_> = session.media().collect();
    assert!(media[0].has_ice() && media[0].rtcp_mux() && !media[1].has_ice());
    assert_eq!((media[0].telephone_event(), media[1].port()), (Some(126), 0));
    assert!(!session.is_hold(), "no address with ICE is not hold");

    let session = read(SOFTPHONE);
    let media: Vec<_> = session.media().collect();
    assert!(media[0].has_crypto() && !media[1].has_crypto());
    assert_eq!(media[0].port(), 7078);
    assert_eq!(media[0].connection(), Some(Address::Ip(ip("2001:db8::7"))));
    assert_eq!(media[1].connection(), Some(Address::Ip(ip("192.0.2.55"))));
    assert_eq!(media[1].direction(), Direction::RecvOnly);
    assert!(!session.is_hold());
}

#[test]
fn hold_old_and_new() {
    for (from, to, hold) in [
        ("a=sendrecv", "a=sendonly", true),
        ("a=sendrecv", "a=inactive", true),
        ("a=sendrecv", "a=recvonly", false),
        ("c=IN IP4 203.0.113.10", "c=IN IP4 0.0.0.0", true),
        ("m=audio 15388", "m=audio 0", false),
    ] {
        assert_eq!(read(&ASTERISK.replace(from, to)).is_hold(), hold, "{to}");
    }
}

#[test]
fn one_medium_moves() {
    let expected = ASTERISK.replace("203.0.113.10", RELAY).replace("15388", "40000");
    assert_eq!(moved(ASTERISK, to_relay), expected);
}

#[test]
fn rtcp_moves_along() {
    let expected = PHONE_SYSTEM
        .replace("10.1.2.3", RELAY)
        .replace("10.1.2.4", RELAY)
        .replace("9002", "40000")
        .replace("9003", "40001")
        .replace("9004", "40010");
    assert_eq!(moved(PHONE_SYSTEM, to_relay), expected);
    let last_port = moved(PHONE_SYSTEM, |_| Some((ip(RELAY), u16::MAX)));
    assert!(!last_port.contains("a=rtcp"), "there is no port above");
}

#[test]
fn moving_takes_ice_out_and_leaves_refused_media_refused() {
    let text = moved(BROWSER, to_relay);
    assert!(!text.contains("candidate") && !text.contains("a=ice-"), "{text}");
    let audio = format!(
        "m=audio 40000 UDP/TLS/RTP/SAVPF 111 126\r\nc=IN IP4 {RELAY}\r\na=rtcp:40000 IN IP4 {RELAY}\r\n"
    );
    assert!(text.contains(&audio), "{text}");
    assert!(text.contains("m=video 0 UDP") && text.contains("a=fingerprint:sha-256 DA:39:A3"));
    let only_one = moved(BROWSER, |index| to_relay(index).filter(|_| index == 1));
    assert!(only_one.contains("a=candidate") && only_one.contains("a=ice-options"), "{only_one}");
}

#[test]
fn a_medium_that_stays_keeps_the_address_it_inherits() {
    let text = moved(SOFTPHONE, |index| to_relay(index).filter(|_| index == 1));
    let expected = SOFTPHONE
        .replace(
            "o=alice 3724394400 3724394405 IN IP6 2001:db8::7",
            &format!("o=alice 3724394400 3724394405 IN IP4 {RELAY}"),
        )
        .replace("192.0.2.55", RELAY)
        .replace("9078", "40010");
    assert_eq!(text, expected);

    let two = format!("{ASTERISK}m=video 5000 RTP/AVP 99\r\ni=Camera\r\na=x\r\n");
    let text = moved(&two, |index| to_relay(index).filter(|_| index == 1));
    assert!(text.contains("s=Asterisk\r\nc=IN IP4 203.0.113.10\r\n"), "{text}");
    let video = format!("m=video 40010 RTP/AVP 99\r\ni=Camera\r\nc=IN IP4 {RELAY}\r\na=x\r\n");
    assert!(text.ends_with(&video), "{text}");
}

#[test]
fn media_moving_to_different_places() {
    let two = format!("{ASTERISK}m=video 5000 RTP/AVP 99");
    let text = moved(&two, |index| Some((ip(["198.51.100.1", "2001:db8::9"][index]), 40_000)));
    assert!(text.contains("s=Asterisk\r\nc=IN IP4 198.51.100.1\r\n"), "{text}");
    assert!(text.ends_with("m=video 40000 RTP/AVP 99\r\nc=IN IP6 2001:db8::9"), "{text}");
    assert_eq!(text.matches("c=IN").count(), 2);
}

#[test]
fn hold_stays_hold_when_moved() {
    let held = ASTERISK.replace("c=IN IP4 203.0.113.10", "c=IN IP4 0.0.0.0");
    let text = moved(&held, to_relay);
    assert!(read(&text).is_hold(), "{text}");
    assert_eq!(read(&text).media().next().unwrap().port(), 40_000);
}

#[test]
fn a_description_without_connection_gets_one() {
    let text = moved("v=0\nm=audio 5000 RTP/AVP 0\na=x\n", to_relay);
    assert_eq!(text, format!("v=0\nm=audio 40000 RTP/AVP 0\nc=IN IP4 {RELAY}\na=x\n"));
}

#[test]
fn an_unreadable_own_address_does_not_fall_back() {
    let text = format!("{ASTERISK}c=IN IP4\r\n");
    assert_eq!(read(&text).media().next().unwrap().connection(), None);
}

#[test]
fn refused() {
    let media = "m=audio 1 RTP/AVP 0\n";
    let control = Err(SdpError::Control { line: 2 });
    for (text, expected) in [
        ("", Err(SdpError::Version)),
        ("m=audio 1 RTP/AVP 0\nv=0", Err(SdpError::Version)),
        ("v=1\n", Err(SdpError::Version)),
        ("hello", Err(SdpError::NotALine { line: 1 })),
        ("v=0\n =x", Err(SdpError::NotALine { line: 2 })),
        ("v=0\nc=IN IP4 192.0.2.1\rm=audio 9 RTP/AVP 0\r\n", control),
        ("v=0\ns=\0\n", control),
        ("v=0\nm=audio 65536 RTP/AVP 0", Err(SdpError::Media { line: 2 })),
        ("v=0\nm=audio +1 RTP/AVP 0", Err(SdpError::Media { line: 2 })),
        ("v=0\nm=audio 1/x RTP/AVP 0", Err(SdpError::Media { line: 2 })),
        ("v=0\nm=audio 1", Err(SdpError::Media { line: 2 })),
        ("v=0\n\n\n", Ok(0)),
        ("v=0", Ok(0)),
        ("s=-\nv=0 \r\n\r\nm=audio 1 RTP/AVP 0\r\n\r\n", Ok(1)),
    ] {
        let read = Session::parse(text.as_bytes()).map(|s| s.media().len());
        assert_eq!(read, expected, "{text:?}");
    }
    let read = |text: String| Session::parse(text.as_bytes()).map(|s| s.media().len());
    assert_eq!(read(format!("v=0\n{}", media.repeat(MEDIA_MAX))), Ok(MEDIA_MAX));
    assert_eq!(read(format!("v=0\n{}", media.repeat(MEDIA_MAX + 1))), Err(SdpError::TooManyMedia));
    assert_eq!(read(format!("v=0\n{}", "\n".repeat(LINES_MAX - 1))), Ok(0));
    assert_eq!(read(format!("v=0\n{}", "\n".repeat(LINES_MAX))), Err(SdpError::TooManyLines));
    assert_eq!(read(format!("v=0\ns={}", "x".repeat(BYTES_MAX))), Err(SdpError::TooLong));
}

/// Lines a description may be made of, whole and broken.
fn line() -> impl Strategy<Value = String> {
    let whole = prop::sample::select(
        ALL.iter().flat_map(|text| text.lines()).map(str::to_owned).collect::<Vec<_>>(),
    );
    prop_oneof![
        6 => whole,
        1 => "[a-z]=[ -~]{0,40}",
        1 => "(m=audio|m=x  |c=IN IP4|a=rtcp:|o=|c=|a=|a=ptime:|a=rtpmap:)[0-9a-zA-Z ./:]{0,30}",
        1 => Just(String::new()),
    ]
}

fn description() -> impl Strategy<Value = String> {
    (prop::collection::vec((line(), "\r\n|\n|\r\r\n"), 0..40), line()).prop_map(|(lines, last)| {
        let lines: String = lines.into_iter().map(|(line, end)| line + &end).collect();
        format!("v=0\r\n{lines}{last}")
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn nothing_moved_nothing_changed(text in description()) {
        if let Ok(session) = Session::parse(text.as_bytes()) {
            prop_assert_eq!(session.rewrite(|_| None), text.as_bytes());
        }
    }

    /// What was asked for is what a reader of the result sees, and all else it sees is unchanged.
    #[test]
    fn what_moved_is_where_it_was_put(
        text in description(),
        moves in prop::collection::vec(prop::option::of((any::<IpAddr>(), 1..u16::MAX)), 40),
    ) {
        let Ok(before) = Session::parse(text.as_bytes()) else { return Ok(()) };
        let bytes = before.rewrite(|index| moves[index]);
        let after = Session::parse(&bytes).unwrap();
        prop_assert_eq!(after.media().len(), before.media().len());
        for ((old, new), place) in before.media().zip(after.media()).zip(moves) {
            prop_assert_eq!(old.kind(), new.kind());
            prop_assert_eq!(old.direction(), new.direction());
            prop_assert!(old.formats().eq(new.formats()));
            prop_assert!(old.rtpmaps().eq(new.rtpmaps()));
            prop_assert_eq!(old.port() == 0, new.port() == 0);
            let Some((ip, port)) = place else {
                // A refused medium has no use for the session's address, so that one may move.
                if old.port() != 0 {
                    prop_assert_eq!((old.port(), old.connection()), (new.port(), new.connection()));
                }
                continue;
            };
            if old.port() != 0 {
                prop_assert_eq!(new.port(), port);
            }
            let held = new.connection().is_some_and(|c| c.is_unspecified());
            prop_assert!(held || new.connection() == Some(Address::Ip(ip)));
            prop_assert_eq!(new.attributes("candidate").count(), 0);
        }
    }

    #[test]
    fn moving_everything_leaks_no_address(index in 0..ALL.len(), port in 1..u16::MAX) {
        let text = moved(ALL[index], |_| Some((ip(RELAY), port)));
        for old in ["203.0.113", "10.1.2", "192.168", "192.0.2", "2001:db8", "127.0.0.1"] {
            prop_assert!(!text.contains(old), "{}", text);
        }
    }

    #[test]
    fn no_bytes_make_the_reader_panic(
        mut noise in prop::collection::vec(any::<u8>(), 0..400),
        text in description(),
        at in any::<prop::sample::Index>(),
    ) {
        let mut spoiled = text.into_bytes();
        let cut = at.index(spoiled.len());
        spoiled[cut] = noise.first().copied().unwrap_or(b'=');
        noise.splice(0..0, *b"v=0\n");
        for bytes in [&noise, &spoiled] {
            let Ok(session) = Session::parse(bytes) else { continue };
            for media in session.media() {
                let _ = (media.rtcp(), media.telephone_event(), media.ptime_ms(), media.is_hold());
            }
            let _ = (session.origin(), session.rewrite(to_relay));
        }
    }
}
