//! Messages that cost a careless reader much more than they cost their sender.

use std::hint::black_box;
use std::time::Instant;

use bytes::Bytes;
use ringfence_sip::{Frame, FrameError, Framer, Limits, Message, Name, NameAddr, Via};

/// 64 kB that begin as a request and go on with `piece`.
fn bomb(head: &str, piece: impl Fn(usize) -> String) -> Bytes {
    let mut text = format!("INVITE sip:h SIP/2.0\r\n{head}");
    for n in 0.. {
        let piece = piece(n);
        if text.len() + piece.len() > 65_000 {
            break;
        }
        text.push_str(&piece);
    }
    Bytes::from(text + "\r\n\r\n")
}

fn too_big(what: &'static str, limit: usize) -> Option<FrameError> {
    Some(FrameError::TooBig { what, limit })
}

#[test]
fn big_heads_are_refused_before_they_are_read() {
    let read = |bytes: Bytes| Message::parse(bytes, &Limits::default()).err();
    let letters = |n: usize| {
        let letter = |n: usize| char::from(b'a' + u8::try_from(n % 26).unwrap());
        format!("{}{}{}:\r\n", letter(n), letter(n / 26), letter(n / 676))
    };
    let fields = too_big("the number of header fields", 128);
    let header = too_big("the header", 16_384);
    let field = too_big("a header field", 8_192);
    assert_eq!(read(bomb("", letters)), fields);
    assert_eq!(read(bomb("", |_| "Via: x\r\n".to_owned())), fields);
    assert_eq!(read(bomb("X: 1\r\n", |_| " \r\n".to_owned())), field);
    assert_eq!(read(bomb("X: 1\r\n", |_| " x\r\n".to_owned())), field);
    for piece in [",", ";", "<", "\"", "\\", ":", "@", "[", "="] {
        assert_eq!(read(bomb("Via: ", |_| piece.to_owned())), header, "{piece}");
    }
    let uri = format!("INVITE sip:{}@h SIP/2.0\r\n\r\n", "a".repeat(1_024));
    assert_eq!(read(Bytes::from(uri)), too_big("the request URI", 1_024));
    assert_eq!(read(Bytes::from(vec![b'a'; 65_536])), too_big("the message", 65_535));
}

/// Within the limits, the readers of single fields see the worst there is: they must answer, and the answer may not
/// depend on how often they are asked.
#[test]
fn the_biggest_fields_that_pass_are_read() {
    for (name, field) in [("Via", Name::Via), ("From", Name::From), ("Contact", Name::Contact)] {
        for piece in
            [",", ";", "<", "\"", "\\", ":", "@", "[", "=", "a,", ";a", "<>", "\"\\", " \r\n "]
        {
            let value = piece.repeat(8_000 / piece.len());
            let text = format!("INVITE sip:h SIP/2.0\r\n{name}: x{value}x\r\n\r\n");
            let message = Message::parse(Bytes::from(text), &Limits::default()).unwrap();
            assert!(message.essentials().is_err());
            let values = message.values(field).count();
            assert!(values <= 4_001, "{name} {piece}: {values}");
        }
    }
}

/// What a stream holds is bounded whatever comes, and after an error it holds nothing.
#[test]
fn a_stream_holds_one_message_at_most() {
    let limits = Limits::default();
    for piece in ["a", " ", "\r\n ", "a:b\r\n", "\u{7f}"] {
        let mut framer = Framer::new(limits);
        let mut most = 0;
        let mut fed = 0;
        let read = piece.repeat(100);
        framer.push(b"OPTIONS sip:h SIP/2.0\r\n");
        while fed < 1_000_000 {
            framer.push(read.as_bytes());
            fed += read.len();
            match framer.next() {
                Ok(None) => most = most.max(framer.held_bytes()),
                Ok(Some(frame)) => assert!(matches!(frame, Frame::Message(_))),
                Err(_) => break,
            }
        }
        assert!(most <= limits.head_bytes_max + 4 + read.len(), "{piece:?}: {most}");
        assert!(fed < 20_000, "{piece:?} was read for {fed} bytes");
        assert_eq!(framer.held_bytes(), 0);
    }
}

/// Eight times the bytes may cost eight times the work, not sixty-four. Limits are lifted, so that nothing but the way of
/// reading keeps it linear.
#[test]
fn work_grows_with_the_bytes() {
    let lifted = Limits {
        message_bytes_max: usize::MAX,
        head_bytes_max: usize::MAX,
        fields_max: usize::MAX,
        field_bytes_max: usize::MAX,
        uri_bytes_max: usize::MAX,
    };
    for (head, piece) in [
        ("", "abc:\r\n"),
        ("", "v:x\r\n"),
        ("X: 1\r\n", " \r\n"),
        ("Via: x\r\n", " ,\r\n"),
        ("Via: SIP/2.0/UDP h", ","),
        ("Via: SIP/2.0/UDP h", ";"),
        ("Via: SIP/2.0/UDP h", ";a=\"\\\"\""),
        ("From: ", "<"),
        ("From: ", "<>"),
        ("From: ", "\""),
        ("From: ", "\\"),
        ("Contact: ", "\"\","),
        ("Contact: ", "<a>;b,"),
        ("Contact: sip:", "@"),
        ("Contact: sip:", "%"),
        ("Contact: sip:[", ":"),
    ] {
        let least = |times: usize| {
            let text = format!("INVITE sip:h SIP/2.0\r\n{head}{}\r\n\r\n", piece.repeat(times));
            let bytes = Bytes::from(text);
            let once = || {
                let clock = Instant::now();
                let message = Message::parse(bytes.clone(), &lifted).unwrap();
                black_box(message.essentials().is_err());
                for name in [Name::Via, Name::From, Name::Contact] {
                    black_box(message.values(name).map(look).sum::<usize>());
                }
                clock.elapsed()
            };
            (0..7).map(|_| once()).min().unwrap_or_default()
        };
        let (small, big) = (least(2_000), least(16_000));
        let ratio = big.as_secs_f64() / small.as_secs_f64();
        assert!(ratio < 32.0, "{head}{piece:?}: {ratio:.0} times the work for 8 times the bytes");
    }
}

fn look(value: &[u8]) -> usize {
    let via = Via::read(value).map_or(0, |via| via.params.iter().count());
    let address = NameAddr::read(value);
    let uri = address.and_then(|address| address.uri()).map_or(0, |uri| uri.params.iter().count());
    via + uri + address.map_or(0, |address| address.params.iter().count())
}
