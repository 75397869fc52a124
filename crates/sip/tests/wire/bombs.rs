//! Messages that cost a careless reader much more than they cost their sender.

use bytes::Bytes;
use ringfence_sip::{Frame, FrameError, Framer, Limits, Message, Name};

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
