//! A message: the bytes as they came, and where its parts are.

use crate::essentials::Essence;
use crate::head::{Head, Place};
use crate::span::Span;
use crate::start_line::StartLine;
use crate::text::{number, split_commas};
use crate::{Fault, FrameError, Limits, Method, Name, Uri};
use bytes::Bytes;
use std::sync::OnceLock;

/// The first line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Start {
    /// Something is asked.
    Request(Method),
    /// Something is answered, with this code (100 to 699).
    Response(u16),
}

/// A SIP message.
#[derive(Clone, Debug)]
pub struct Message {
    bytes: Bytes,
    line: StartLine,
    fields: Vec<Place>,
    body: Span,
    /// Names that are there, and names that are there more than once; see [`Name::bit`].
    present: u64,
    repeated: u64,
    truncated: bool,
    pub(crate) essence: OnceLock<Result<Essence, Fault>>,
}

/// One header field, as it stands. Only a message gives it out, so its line is one field and no more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Field<'m> {
    /// What its name means.
    pub name: Name,
    /// The name as written.
    pub written: &'m [u8],
    /// The value without white space at its ends; may be folded over lines.
    pub value: &'m [u8],
    /// The whole with its line end.
    pub line: &'m [u8],
}

impl Message {
    /// Reads a datagram. Bytes past Content-Length are left out (RFC 3261 §18.3).
    ///
    /// # Errors
    /// When the bytes are no SIP message or over a limit. What is wrong in single fields shows
    /// [`Message::essentials`].
    pub fn parse(bytes: Bytes, limits: &Limits) -> Result<Self, FrameError> {
        let limit = limits.message_bytes_max;
        if bytes.len() > limit {
            return Err(FrameError::TooBig { what: "the message", limit });
        }
        let head = Head::read(&bytes, limits)?;
        let said = head.body_bytes(&bytes)?;
        let there = bytes.len().saturating_sub(head.end);
        let length = said.unwrap_or(there).min(there);
        Ok(Self {
            body: Span::new(head.end, head.end + length),
            truncated: said.is_some_and(|said| said > there),
            line: head.start,
            fields: head.fields,
            present: head.present,
            repeated: head.repeated,
            essence: OnceLock::new(),
            bytes,
        })
    }

    /// Reads a message that [`crate::Framer`] cut from a stream: Content-Length is there and is all that follows.
    ///
    /// # Errors
    /// As [`Message::parse`], and when the bytes are not exactly one message.
    pub fn parse_framed(bytes: Bytes, limits: &Limits) -> Result<Self, FrameError> {
        let message = Self::parse(bytes, limits)?;
        if !message.has(Name::ContentLength) {
            return Err(FrameError::NoContentLength);
        }
        if message.truncated || message.body.end as usize != message.bytes.len() {
            return Err(FrameError::BodyLength);
        }
        Ok(message)
    }

    /// Whether it asks or answers.
    #[must_use]
    pub const fn start(&self) -> Start {
        self.line.start
    }

    /// The method of a request.
    #[must_use]
    pub const fn method(&self) -> Option<Method> {
        match self.line.start {
            Start::Request(method) => Some(method),
            Start::Response(_) => None,
        }
    }

    /// The method of a request as written.
    #[must_use]
    pub fn method_text(&self) -> &[u8] {
        if matches!(self.line.start, Start::Request(_)) {
            self.line.word.of(&self.bytes)
        } else {
            b""
        }
    }

    /// The code of a response.
    #[must_use]
    pub const fn code(&self) -> Option<u16> {
        match self.line.start {
            Start::Response(code) => Some(code),
            Start::Request(_) => None,
        }
    }

    /// The reason phrase of a response.
    #[must_use]
    pub fn reason(&self) -> &[u8] {
        if matches!(self.line.start, Start::Response(_)) {
            self.line.word.of(&self.bytes)
        } else {
            b""
        }
    }

    /// The request URI's text; empty for a response.
    #[must_use]
    pub fn uri_text(&self) -> &[u8] {
        self.line.uri.of(&self.bytes)
    }

    /// The request URI, read.
    #[must_use]
    pub fn uri(&self) -> Option<Uri<'_>> {
        Uri::read(self.uri_text())
    }

    /// The whole message.
    #[must_use]
    pub const fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        self.body.of(&self.bytes)
    }

    /// Whether a field of this name is there; for [`Name::Other`], any that has no name here.
    #[must_use]
    pub const fn has(&self, name: Name) -> bool {
        self.present & name.bit() != 0
    }

    /// The first value of a field.
    #[must_use]
    pub fn field(&self, name: Name) -> Option<&[u8]> {
        if !self.has(name) {
            return None;
        }
        let place = self.fields.iter().find(|place| place.name == name)?;
        Some(place.value.of(&self.bytes))
    }

    /// Every value of a field, one per line.
    pub fn lines(&self, name: Name) -> impl Iterator<Item = &[u8]> {
        let places = if self.has(name) { self.fields.as_slice() } else { &[] };
        places
            .iter()
            .filter(move |place| place.name == name)
            .map(|place| place.value.of(&self.bytes))
    }

    /// Every element of a list field, over all its lines.
    pub fn values(&self, name: Name) -> impl Iterator<Item = &[u8]> {
        self.lines(name).flat_map(split_commas)
    }

    /// Whether a list of tokens (`Supported`, `Require`, `Allow`) holds `token`.
    #[must_use]
    pub fn lists(&self, name: Name, token: &str) -> bool {
        self.values(name).any(|value| value.eq_ignore_ascii_case(token.as_bytes()))
    }

    /// The first value of a field that has no [`Name`].
    #[must_use]
    pub fn other(&self, written: &str) -> Option<&[u8]> {
        self.fields()
            .find(|f| f.name == Name::Other && f.written.eq_ignore_ascii_case(written.as_bytes()))
            .map(|field| field.value)
    }

    /// All fields, in order.
    pub fn fields(&self) -> impl Iterator<Item = Field<'_>> {
        self.fields.iter().map(|place| Field {
            name: place.name,
            written: Span { start: place.line.start, end: place.name_end }.of(&self.bytes),
            value: place.value.of(&self.bytes),
            line: place.line.of(&self.bytes),
        })
    }

    /// Whether the first line says SIP/2.0.
    pub(crate) const fn version_ok(&self) -> bool {
        self.line.version_ok
    }

    /// Whether the body is shorter than Content-Length says.
    pub(crate) const fn truncated(&self) -> bool {
        self.truncated
    }

    /// The fields that are there more than once, as a set of [`Name::bit`].
    pub(crate) const fn repeated(&self) -> u64 {
        self.repeated
    }

    /// A whole number in a field.
    #[must_use]
    pub fn number(&self, name: Name) -> Option<u32> {
        let text = self.field(name)?;
        // Session-Expires and Expires may carry parameters or a comment.
        let end = text.iter().position(|b| matches!(b, b';' | b' ' | b'(')).unwrap_or(text.len());
        number(text.get(..end)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Fault;

    const INVITE: &str = "INVITE sip:bob@biloxi.com SIP/2.0\r\n\
        v: SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bK776asdhds, SIP/2.0/UDP x;branch=z9hG4bKy\r\n\
        Max-Forwards: 70\r\n\
        To: Bob <sip:bob@biloxi.com>\r\n\
        From: Alice <sip:alice@atlanta.com>;tag=1928301774\r\n\
        Call-ID: a84b4c76e66710@pc33.atlanta.com\r\n\
        CSeq: 314159 INVITE\r\n\
        Subject: one\r\n  two\r\n\
        X-Own : kept\r\n\
        Content-Length : 4\r\n\r\nbodyrest";

    fn parse(text: &str) -> Result<Message, FrameError> {
        Message::parse(Bytes::copy_from_slice(text.as_bytes()), &Limits::default())
    }

    #[test]
    fn a_request() {
        let message = parse(INVITE).unwrap();
        assert_eq!(message.start(), Start::Request(Method::Invite));
        assert_eq!(message.uri_text(), b"sip:bob@biloxi.com");
        assert_eq!(message.body(), b"body");
        assert_eq!(message.field(Name::Subject), Some(&b"one\r\n  two"[..]));
        assert_eq!(message.other("x-own"), Some(&b"kept"[..]));
        assert_eq!(message.values(Name::Via).count(), 2);
        let essentials = message.essentials().unwrap();
        assert_eq!(essentials.via.branch(), Some(&b"z9hG4bK776asdhds"[..]));
        assert_eq!(essentials.from.tag(), Some(&b"1928301774"[..]));
        assert_eq!(essentials.to.tag(), None);
        assert_eq!((essentials.cseq.number, essentials.max_forwards), (314_159, Some(70)));
        let lines: Vec<u8> = message.fields().flat_map(|f| f.line.to_vec()).collect();
        assert!(
            INVITE.as_bytes().windows(lines.len()).any(|w| w == lines),
            "fields are kept to the letter"
        );
    }

    #[test]
    fn a_response() {
        let message = parse("SIP/2.0 180 Ringing now\r\nVia: SIP/2.0/UDP a\r\n\r\n").unwrap();
        assert_eq!((message.code(), message.reason()), (Some(180), &b"Ringing now"[..]));
        assert_eq!(parse("SIP/2.0 200\r\nVia: x\r\n\r\n").unwrap().reason(), b"");
        assert_eq!(parse("SIP/2.0 99 x\r\n\r\n").err(), Some(FrameError::StartLine));
        assert_eq!(parse("SIP/2.0 2000 x\r\n\r\n").err(), Some(FrameError::StartLine));
    }

    #[test]
    fn where_the_message_ends_must_be_certain() {
        let two = INVITE.replace("X-Own :", "l:").replace("kept", "4");
        assert_eq!(parse(&two).err(), Some(FrameError::ContentLength));
        assert_eq!(parse(&INVITE.replace(": 4", ": -4")).err(), Some(FrameError::ContentLength));
        let short = parse(&INVITE.replace(": 4", ": 44")).unwrap();
        assert_eq!(short.essentials().err(), Some(Fault::Truncated));
    }

    #[test]
    fn bare_line_breaks_are_refused() {
        for bad in ["one\n two", "one\r two", "one\nVia: x"] {
            let text = INVITE.replace("one\r\n  two", bad);
            assert!(matches!(parse(&text).err(), Some(FrameError::BareLineBreak(_))), "{bad:?}");
        }
    }
}
