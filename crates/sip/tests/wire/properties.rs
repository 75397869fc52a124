//! What holds for any bytes, any fields, any cut of a stream.

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use ringfence_sip::{
    Builder, CSeq, Frame, Framer, Limits, Message, Method, Name, NameAddr, RAck, Start, Uri, Via,
    split_commas, trim, unfold, unquote,
};

use crate::corpus::rows;
use crate::mutants::{Chance, bend};

const TOKEN: &str = "[A-Za-z0-9.!%*_+`'~-]{1,20}";
/// Anything a value may hold, in UTF-8 or not.
fn value() -> impl Strategy<Value = Vec<u8>> {
    vec(prop_oneof![8 => 0x20..=0x7e_u8, 1 => 0x80..=0xff_u8, 1 => Just(b'\t')], 0..60)
}

/// Mostly harmless, or nothing would ever get past the builder's checks.
fn evil_byte() -> impl Strategy<Value = u8> {
    prop_oneof![40 => b'a'..=b'z', 1 => Just(b'\r'), 1 => Just(b'\n'), 1 => Just(0), 1 => Just(b' '),
        1 => Just(b':'), 1 => any::<u8>()]
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..100)
}

fn parse(bytes: &Bytes) -> Message {
    Message::parse(bytes.clone(), &Limits::default()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..Default::default() })]

    #[test]
    fn what_is_built_is_what_is_read(
        method in TOKEN,
        uri in "[!-;=?-~]{1,60}",
        fields in vec((TOKEN, value()), 0..20),
        cseq in 0..(1_u32 << 31),
        body in body(),
    ) {
        let mut builder = Builder::request_text(method.as_bytes(), uri.as_bytes());
        for (name, value) in &fields {
            builder.other(name, &[value]);
        }
        builder.cseq(cseq, method.as_bytes());
        let message = parse(&builder.finish(&body).unwrap());
        prop_assert_eq!(message.start(), Start::Request(Method::read(method.as_bytes())));
        prop_assert_eq!(message.method_text(), method.as_bytes());
        prop_assert_eq!(message.uri_text(), uri.as_bytes());
        prop_assert_eq!(message.body(), &body[..]);
        let read: Vec<_> =
            message.fields().map(|f| (f.written.to_vec(), f.value.to_vec())).collect();
        let mut written: Vec<_> = fields
            .iter()
            .filter(|(name, _)| Name::read(name.as_bytes()) != Name::ContentLength)
            .map(|(name, value)| (name.clone().into_bytes(), trim(value).to_vec()))
            .collect();
        written.push((b"CSeq".to_vec(), format!("{cseq} {method}").into_bytes()));
        written.push((b"Content-Length".to_vec(), body.len().to_string().into_bytes()));
        prop_assert_eq!(read, written);
        let cseq_read = message.lines(Name::CSeq).last().and_then(CSeq::read).unwrap();
        prop_assert_eq!((cseq_read.number, cseq_read.method_text), (cseq, method.as_bytes()));
    }

    #[test]
    fn a_response_built_is_read(code in 100..700_u16, reason in value(), body in body()) {
        let message = parse(&Builder::response(code, &reason).finish(&body).unwrap());
        prop_assert_eq!(message.code(), Some(code));
        prop_assert_eq!(message.reason(), &reason[..]);
        prop_assert_eq!(message.body(), &body[..]);
    }

    /// No text whatever makes a second field, a second message, or another body.
    #[test]
    fn text_stays_where_it_is_put(
        texts in vec(vec(evil_byte(), 1..8), 4)
    ) {
        let [uri, name, value, method] = &texts[..] else { unreachable!() };
        let name = String::from_utf8_lossy(name).into_owned();
        let mut builder = Builder::request_text(method, uri);
        builder.other(&name, &[b"1", value]).field(Name::Subject, &[value]).cseq(1, method);
        let Ok(bytes) = builder.finish(b"body") else { return Ok(()) };
        let message = Message::parse_framed(bytes.clone(), &Limits::default()).unwrap();
        let own = usize::from(Name::read(name.as_bytes()) != Name::ContentLength);
        prop_assert_eq!(message.fields().count(), 3 + own);
        prop_assert_eq!(message.method_text(), &method[..]);
        prop_assert_eq!(message.uri_text(), &uri[..]);
        prop_assert_eq!(message.body(), b"body");
    }

    /// Any bytes are read or refused, and every view of them with it.
    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..300)) {
        look_at_everything(&bytes);
    }

    #[test]
    fn any_cut_of_a_stream_gives_the_same_frames(
        which in vec(any::<prop::sample::Index>(), 1..4),
        cuts in vec(1..200_usize, 1..20),
    ) {
        let rows = rows();
        let bytes: Vec<u8> = which.iter().flat_map(|at| at.get(rows).bytes.clone()).collect();
        let whole = frames(&mut [&bytes[..]].into_iter());
        let mut rest = &bytes[..];
        let mut cuts = cuts.iter().cycle();
        let mut pieces = std::iter::from_fn(|| {
            let (piece, after) = rest.split_at(rest.len().min(*cuts.next()?));
            rest = after;
            (!piece.is_empty()).then_some(piece)
        });
        prop_assert_eq!(frames(&mut pieces), whole);
    }
}

fn frames(pieces: &mut dyn Iterator<Item = &[u8]>) -> (Vec<Frame>, bool) {
    let mut framer = Framer::new(Limits::default());
    let mut frames = Vec::new();
    for piece in pieces {
        framer.push(piece);
        loop {
            match framer.next() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(_) => return (frames, true),
            }
        }
    }
    (frames, false)
}

#[test]
fn bent_messages_are_read_or_refused() {
    let rows = rows();
    let mut chance = Chance(0xbe);
    for n in 0..6_000 {
        let other = &rows[chance.below(rows.len())].bytes;
        look_at_everything(&bend(&rows[n % rows.len()].bytes, other, &mut chance));
    }
}

/// Every field of a message, copied, makes the same fields; ours is the only Content-Length.
#[test]
fn copied_fields_are_the_same_fields() {
    for row in rows() {
        let Ok(message) = Message::parse(Bytes::from_static(&row.bytes), &Limits::default()) else {
            continue;
        };
        let mut builder = Builder::response(200, b"OK");
        for field in message.fields() {
            builder.copy(field);
        }
        let copy = parse(&builder.finish(message.body()).unwrap());
        let all = |message: &Message| {
            let fields = message.fields().filter(|field| field.name != Name::ContentLength);
            fields
                .map(|field| (field.name, field.line.to_vec(), field.value.to_vec()))
                .collect::<Vec<_>>()
        };
        assert_eq!(all(&copy), all(&message), "{}", row.name);
        assert_eq!(copy.body(), message.body());
        assert_eq!(copy.lines(Name::ContentLength).count(), 1);
    }
}

/// Calls whatever takes bytes, and checks what holds of any answer.
fn look_at_everything(bytes: &[u8]) {
    text_views(bytes);
    let Ok(message) = Message::parse(Bytes::copy_from_slice(bytes), &Limits::default()) else {
        return;
    };
    let framed = Message::parse_framed(message.bytes().clone(), &Limits::default());
    assert!(framed.is_err() || framed.is_ok_and(|framed| framed.body() == message.body()));
    let essentials = message.essentials();
    if let Ok(essentials) = essentials {
        assert!(!essentials.call_id.is_empty());
        let _ = (essentials.via.branch(), essentials.via.rport(), essentials.from.uri());
    }
    let _ = (message.uri().and_then(|uri| uri.user_text()), message.number(Name::Expires));
    for field in message.fields() {
        assert!(field.line.starts_with(field.written) && field.line.ends_with(b"\r\n"));
        assert!(memchr::memmem::find(field.line, field.value).is_some());
        assert!(message.lines(field.name).any(|value| value == field.value));
        text_views(field.value);
    }
}

fn text_views(text: &[u8]) {
    let elements: usize = split_commas(text).map(<[u8]>::len).sum();
    assert!(elements <= text.len());
    assert!(!unfold(text).iter().any(|byte| matches!(byte, b'\r' | b'\n')));
    assert!(unquote(text).len() <= text.len());
    let params = [
        Via::read(text).map(|via| via.params),
        NameAddr::read(text).map(|address| address.params),
        Uri::read(text).map(|uri| uri.params),
    ];
    for param in params.into_iter().flatten().flat_map(|params| params.iter()) {
        assert!(param.name.len() + param.value.map_or(0, <[u8]>::len) <= text.len());
    }
    if let Some(uri) = Uri::read(text) {
        let _ = (uri.host(), uri.user_text());
        assert!(Uri::has_scheme(text));
    }
    let _ = (CSeq::read(text), RAck::read(text));
}
