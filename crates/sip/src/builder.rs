//! Messages that are sent: lines copied from another one, and lines written new.

use crate::text::{is_gap, is_token, nul_at, unfold};
use crate::{Field, Method, Name, ShortText};
use bytes::{BufMut, Bytes, BytesMut};
use thiserror::Error;

/// Text that would not be read back as what it was written for: a line break would let its writer add header fields
/// of his own, a blank in a URI would move the end of the start line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error(
    "text for a message cannot stand where it was put: a line break or NUL in a value, a blank or an angle bracket in a \
     request URI, a name or method that is no token, or a code outside 100 to 699"
)]
pub struct BadText;

/// A message in the making. Text that cannot stand where it is put is left out and makes [`Builder::finish`] fail.
///
/// Content-Length is written by [`Builder::finish`] alone; a field of that name is left out, so there is exactly one.
#[derive(Debug)]
pub struct Builder {
    bytes: BytesMut,
    bad: bool,
}

impl Builder {
    /// `METHOD uri SIP/2.0`
    #[must_use]
    pub fn request(method: Method, uri: &[u8]) -> Self {
        Self::request_text(method.as_str().as_bytes(), uri)
    }

    /// The same for a method that has no name here.
    #[must_use]
    pub fn request_text(method: &[u8], uri: &[u8]) -> Self {
        let mut new = Self::empty();
        new.token(method);
        new.bytes.put_u8(b' ');
        let breaks = |b: &u8| is_gap(*b) || matches!(b, b'<' | b'>');
        new.bad |= uri.is_empty() || uri.iter().any(breaks);
        new.text(uri);
        new.bytes.put_slice(b" SIP/2.0\r\n");
        new
    }

    /// `SIP/2.0 code reason`
    #[must_use]
    pub fn response(code: u16, reason: &[u8]) -> Self {
        let mut new = Self::empty();
        new.bad |= !(100..700).contains(&code);
        new.bytes.put_slice(b"SIP/2.0 ");
        new.digits(u32::from(code));
        new.bytes.put_u8(b' ');
        new.text(reason);
        new.bytes.put_slice(b"\r\n");
        new
    }

    fn empty() -> Self {
        // Most messages fit, and allocators keep pieces up to this size at hand.
        Self { bytes: BytesMut::with_capacity(1_024), bad: false }
    }

    /// Writes a field whose value is the pieces one after the other.
    pub fn field(&mut self, name: Name, pieces: &[&[u8]]) -> &mut Self {
        if name != Name::ContentLength {
            self.line(name.as_str(), pieces);
        }
        self
    }

    /// The same for a name that has no [`Name`].
    pub fn other(&mut self, name: &str, pieces: &[&[u8]]) -> &mut Self {
        if Name::read(name.as_bytes()) != Name::ContentLength {
            self.line(name, pieces);
        }
        self
    }

    /// Writes a field that is a number.
    pub fn number(&mut self, name: Name, value: u32) -> &mut Self {
        if name != Name::ContentLength {
            self.token(name.as_str().as_bytes());
            self.bytes.put_slice(b": ");
            self.digits(value);
            self.bytes.put_slice(b"\r\n");
        }
        self
    }

    /// `CSeq: number METHOD`
    pub fn cseq(&mut self, number: u32, method: &[u8]) -> &mut Self {
        self.bytes.put_slice(b"CSeq: ");
        self.digits(number);
        self.bytes.put_u8(b' ');
        self.token(method);
        self.bytes.put_slice(b"\r\n");
        self
    }

    /// Copies a field to the letter.
    pub fn copy(&mut self, field: Field<'_>) -> &mut Self {
        if field.name != Name::ContentLength {
            self.bytes.put_slice(field.line);
        }
        self
    }

    /// Ends the message: Content-Length, blank line, body.
    ///
    /// # Errors
    /// When some text could not stand where it was put.
    pub fn finish(mut self, body: &[u8]) -> Result<Bytes, BadText> {
        if self.bad {
            return Err(BadText);
        }
        self.bytes.put_slice(b"Content-Length: ");
        self.digits(u32::try_from(body.len()).map_err(|_| BadText)?);
        self.bytes.put_slice(b"\r\n\r\n");
        self.bytes.put_slice(body);
        // Kept until it is answered or its sender is sure: what was too much is given back.
        Ok(Bytes::copy_from_slice(&self.bytes))
    }

    fn line(&mut self, name: &str, pieces: &[&[u8]]) {
        self.token(name.as_bytes());
        self.bytes.put_slice(b": ");
        for piece in pieces {
            self.text(piece);
        }
        self.bytes.put_slice(b"\r\n");
    }

    fn token(&mut self, text: &[u8]) {
        self.bad |= !is_token(text);
        self.text(text);
    }

    fn text(&mut self, text: &[u8]) {
        if memchr::memchr3(b'\r', b'\n', 0, text).is_none() {
            self.bytes.put_slice(text);
        } else if folds(text) && nul_at(text).is_none() {
            // A value read from a message may be folded; it is put on one line.
            self.bytes.put_slice(&unfold(text));
        } else {
            self.bad = true;
        }
    }

    fn digits(&mut self, value: u32) {
        self.bytes.put_slice(&ShortText::new().number(value));
    }
}

/// Whether every line break is CRLF followed by a blank, that is, folding and nothing else.
fn folds(text: &[u8]) -> bool {
    let mut rest = text;
    while let Some(at) = memchr::memchr2(b'\r', b'\n', rest) {
        match rest.get(at..at + 3) {
            Some([b'\r', b'\n', b' ' | b'\t']) => rest = rest.get(at + 3..).unwrap_or_default(),
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, Message};

    #[test]
    fn what_is_built_can_be_read() {
        let mut builder = Builder::request(Method::Options, b"sip:a@h");
        builder
            .field(Name::Via, &[b"SIP/2.0/UDP h;branch=", b"z9hG4bKx"])
            .number(Name::MaxForwards, 70)
            .field(Name::From, &[b"<sip:a@h>;tag=1"])
            .field(Name::To, &[b"<sip:a@h>"])
            .field(Name::CallId, &[b"x"])
            .cseq(4_294_967, b"OPTIONS")
            .other("X-Own", &[b"folded\r\n  value"]);
        let bytes = builder.finish(b"body").unwrap();
        let message = Message::parse(bytes, &Limits::default()).unwrap();
        let essentials = message.essentials().unwrap();
        assert_eq!((essentials.cseq.number, essentials.max_forwards), (4_294_967, Some(70)));
        assert_eq!(message.other("X-Own"), Some(&b"folded value"[..]));
        assert_eq!(message.body(), b"body");
    }

    #[test]
    fn no_field_can_be_smuggled_in() {
        let response = || Builder::response(200, b"OK");
        let evil = [&b"a\r\nX-Evil: 1"[..], b"a\nb", b"a\rb", b"a\r\n", b"a\0", b"\n", b"\r\n\r\n"];
        for text in evil {
            let name = String::from_utf8(text.to_vec()).unwrap();
            let mut built = vec![
                Builder::request_text(text, b"sip:h"),
                Builder::request(Method::Bye, text),
                Builder::response(200, text),
            ];
            for write in [
                &(|b: &mut Builder| {
                    b.field(Name::Subject, &[b"ok", text]);
                }) as &dyn Fn(&mut Builder),
                &|b| {
                    b.other("X-Own", &[text, b"ok"]);
                },
                &|b| {
                    b.other(&name, &[b"ok"]);
                },
                &|b| {
                    b.cseq(1, text);
                },
            ] {
                let mut builder = response();
                write(&mut builder);
                built.push(builder);
            }
            for (path, builder) in built.into_iter().enumerate() {
                assert_eq!(builder.finish(b"").err(), Some(BadText), "{text:?}, path {path}");
            }
        }
        // A break over two pieces.
        let mut builder = response();
        builder.field(Name::Subject, &[b"a\r", b"\nX-Evil: 1"]);
        assert_eq!(builder.finish(b"").err(), Some(BadText));
    }

    #[test]
    fn what_would_be_read_otherwise_is_refused() {
        for builder in [
            Builder::request(Method::Bye, b"sip:h SIP/2.0 x"),
            Builder::request(Method::Bye, b""),
            Builder::request(Method::Bye, b"<sip:h>"),
            Builder::request(Method::Other, b"sip:h"),
            Builder::request_text(b"TWO WORDS", b"sip:h"),
            Builder::response(99, b""),
            Builder::response(700, b""),
        ] {
            assert_eq!(builder.finish(b"").err(), Some(BadText));
        }
        for name in ["", "X Y", "X:", "Vi\u{e4}"] {
            let mut builder = Builder::response(200, b"OK");
            builder.other(name, &[b"1"]);
            assert_eq!(builder.finish(b"").err(), Some(BadText), "{name}");
        }
    }

    #[test]
    fn content_length_is_written_once() {
        let given = Bytes::from_static(b"SIP/2.0 200 OK\r\nl: 0\r\nX: 1\r\n\r\n");
        let given = Message::parse(given, &Limits::default()).unwrap();
        let mut builder = Builder::response(200, b"OK");
        builder.field(Name::ContentLength, &[b"9"]).number(Name::ContentLength, 9);
        builder.other("content-length", &[b"9"]).other("L", &[b"9"]);
        for field in given.fields() {
            builder.copy(field);
        }
        let bytes = builder.finish(b"body").unwrap();
        assert_eq!(&*bytes, b"SIP/2.0 200 OK\r\nX: 1\r\nContent-Length: 4\r\n\r\nbody");
    }
}
