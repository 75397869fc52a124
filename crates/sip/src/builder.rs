//! Messages that are sent: lines copied from another one, and lines written new.

use crate::{Field, Method, Name};
use bytes::{BufMut, Bytes, BytesMut};
use thiserror::Error;

/// Text with a line break, which would let its writer add header fields of his own.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("text for a header field holds a line break or NUL")]
pub struct BadText;

/// A message in the making. Text with a line break in it is left out of the message and makes
/// [`Builder::finish`] fail.
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
        new.text(method);
        new.bytes.put_u8(b' ');
        new.text(uri);
        new.bytes.put_slice(b" SIP/2.0\r\n");
        new
    }

    /// `SIP/2.0 code reason`
    #[must_use]
    pub fn response(code: u16, reason: &[u8]) -> Self {
        let mut new = Self::empty();
        new.bytes.put_slice(b"SIP/2.0 ");
        new.digits(u32::from(code));
        new.bytes.put_u8(b' ');
        new.text(reason);
        new.bytes.put_slice(b"\r\n");
        new
    }

    fn empty() -> Self {
        Self { bytes: BytesMut::with_capacity(1_536), bad: false }
    }

    /// Writes a field whose value is the pieces one after the other.
    pub fn field(&mut self, name: Name, pieces: &[&[u8]]) -> &mut Self {
        self.other(name.as_str(), pieces)
    }

    /// The same for a name that has no [`Name`].
    pub fn other(&mut self, name: &str, pieces: &[&[u8]]) -> &mut Self {
        self.text(name.as_bytes());
        self.bytes.put_slice(b": ");
        for piece in pieces {
            self.text(piece);
        }
        self.bytes.put_slice(b"\r\n");
        self
    }

    /// Writes a field that is a number.
    pub fn number(&mut self, name: Name, value: u32) -> &mut Self {
        self.bytes.put_slice(name.as_str().as_bytes());
        self.bytes.put_slice(b": ");
        self.digits(value);
        self.bytes.put_slice(b"\r\n");
        self
    }

    /// `CSeq: number METHOD`
    pub fn cseq(&mut self, number: u32, method: &[u8]) -> &mut Self {
        self.bytes.put_slice(b"CSeq: ");
        self.digits(number);
        self.bytes.put_u8(b' ');
        self.text(method);
        self.bytes.put_slice(b"\r\n");
        self
    }

    /// Copies a field to the letter.
    pub fn copy(&mut self, field: Field<'_>) -> &mut Self {
        self.bytes.put_slice(field.line);
        self
    }

    /// Ends the message: Content-Length, blank line, body.
    ///
    /// # Errors
    /// When some text held a line break.
    pub fn finish(mut self, body: &[u8]) -> Result<Bytes, BadText> {
        if self.bad {
            return Err(BadText);
        }
        self.bytes.put_slice(b"Content-Length: ");
        self.digits(u32::try_from(body.len()).map_err(|_| BadText)?);
        self.bytes.put_slice(b"\r\n\r\n");
        self.bytes.put_slice(body);
        Ok(self.bytes.freeze())
    }

    fn text(&mut self, text: &[u8]) {
        if memchr::memchr3(b'\r', b'\n', 0, text).is_none() {
            self.bytes.put_slice(text);
        } else if folds(text) {
            // A value read from a message may be folded; it is put on one line.
            self.bytes.put_slice(&crate::text::unfold(text));
        } else {
            self.bad = true;
        }
    }

    fn digits(&mut self, value: u32) {
        let mut digits = [b'0'; 10];
        let mut rest = value;
        let mut used = 0;
        for digit in digits.iter_mut().rev() {
            #[allow(clippy::cast_possible_truncation, reason = "a digit")]
            {
                *digit = b'0' + (rest % 10) as u8;
            }
            rest /= 10;
            used += 1;
            if rest == 0 {
                break;
            }
        }
        self.bytes.put_slice(digits.get(10 - used..).unwrap_or_default());
    }
}

/// Whether every line break is CRLF followed by a blank, that is, folding and nothing else.
fn folds(text: &[u8]) -> bool {
    if memchr::memchr(0, text).is_some() {
        return false;
    }
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
        for text in [&b"a\r\nX-Evil: 1"[..], b"a\nb", b"a\rb", b"a\r\n", b"a\0"] {
            let mut builder = Builder::response(200, b"OK");
            builder.field(Name::Subject, &[text]);
            assert_eq!(builder.finish(b"").err(), Some(BadText), "{text:?}");
        }
    }
}
