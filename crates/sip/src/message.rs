//! A message: the bytes as they came, and where its parts are.

use crate::span::Span;
use crate::text::{is_space, is_token, number, split_commas, trim};
use crate::{CSeq, Fault, FrameError, Limits, Method, Name, NameAddr, Uri, Via};
use bytes::Bytes;

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
    start: Start,
    /// Method text of a request, reason phrase of a response.
    word: Span,
    uri: Span,
    version_ok: bool,
    fields: Vec<Place>,
    body: Span,
    /// Names that are there, and names that are there more than once; see [`Name::bit`].
    present: u64,
    repeated: u64,
    truncated: bool,
}

/// Where one header field is.
#[derive(Clone, Copy, Debug)]
struct Place {
    name: Name,
    line: Span,
    name_end: u32,
    value: Span,
}

/// One header field, as it stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
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

/// What every message must have, read.
#[derive(Clone, Copy, Debug)]
pub struct Essentials<'m> {
    /// The topmost Via.
    pub via: Via<'m>,
    /// From.
    pub from: NameAddr<'m>,
    /// To.
    pub to: NameAddr<'m>,
    /// Call-ID.
    pub call_id: &'m [u8],
    /// CSeq.
    pub cseq: CSeq<'m>,
    /// Hops that are left; `None` when the sender does not count them (RFC 2543).
    pub max_forwards: Option<u32>,
}

/// A method and something of a URI is the least; real ones are ten times as long.
const USUAL_FIELDS: usize = 32;

impl Message {
    /// Reads a datagram. Bytes past Content-Length are left out (RFC 3261 §18.3).
    ///
    /// # Errors
    /// When the bytes are no SIP message or over a limit. What is wrong in single fields shows
    /// [`Message::essentials`].
    pub fn parse(bytes: Bytes, limits: &Limits) -> Result<Self, FrameError> {
        if bytes.len() > limits.message_bytes_max {
            return Err(FrameError::TooBig {
                what: "the message",
                limit: limits.message_bytes_max,
            });
        }
        Head::read(&bytes, limits)?.into_message(bytes)
    }

    /// Whether it asks or answers.
    #[must_use]
    pub const fn start(&self) -> Start {
        self.start
    }

    /// The method of a request.
    #[must_use]
    pub const fn method(&self) -> Option<Method> {
        match self.start {
            Start::Request(method) => Some(method),
            Start::Response(_) => None,
        }
    }

    /// The method of a request as written.
    #[must_use]
    pub fn method_text(&self) -> &[u8] {
        if matches!(self.start, Start::Request(_)) { self.word.of(&self.bytes) } else { b"" }
    }

    /// The code of a response.
    #[must_use]
    pub const fn code(&self) -> Option<u16> {
        match self.start {
            Start::Response(code) => Some(code),
            Start::Request(_) => None,
        }
    }

    /// The reason phrase of a response.
    #[must_use]
    pub fn reason(&self) -> &[u8] {
        if matches!(self.start, Start::Response(_)) { self.word.of(&self.bytes) } else { b"" }
    }

    /// The request URI's text; empty for a response.
    #[must_use]
    pub fn uri_text(&self) -> &[u8] {
        self.uri.of(&self.bytes)
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

    /// Whether a field of this name is there.
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

    /// A whole number in a field.
    #[must_use]
    pub fn number(&self, name: Name) -> Option<u32> {
        let text = self.field(name)?;
        // Session-Expires and Expires may carry parameters or a comment.
        let end = text.iter().position(|b| matches!(b, b';' | b' ' | b'(')).unwrap_or(text.len());
        number(text.get(..end)?)
    }

    /// What every message must have.
    ///
    /// # Errors
    /// The first thing that is missing, repeated or cannot be read.
    pub fn essentials(&self) -> Result<Essentials<'_>, Fault> {
        if !self.version_ok {
            return Err(Fault::Version);
        }
        for name in
            [Name::CallId, Name::CSeq, Name::From, Name::To, Name::MaxForwards, Name::ContentType]
        {
            if self.repeated & name.bit() != 0 {
                return Err(Fault::Repeated(name));
            }
        }
        let via = self.field(Name::Via).ok_or(Fault::Missing(Name::Via))?;
        let via =
            split_commas(via).next().and_then(Via::read).ok_or(Fault::Unreadable(Name::Via))?;
        let from = self.address(Name::From)?;
        let to = self.address(Name::To)?;
        let call_id = self.field(Name::CallId).ok_or(Fault::Missing(Name::CallId))?;
        if call_id.is_empty() || call_id.iter().any(|b| is_space(*b)) {
            return Err(Fault::Unreadable(Name::CallId));
        }
        let cseq = self.field(Name::CSeq).ok_or(Fault::Missing(Name::CSeq))?;
        let cseq = CSeq::read(cseq).ok_or(Fault::Unreadable(Name::CSeq))?;
        let max_forwards = match self.field(Name::MaxForwards) {
            Some(text) => Some(
                number(text).filter(|n| *n < 256).ok_or(Fault::Unreadable(Name::MaxForwards))?,
            ),
            None => None,
        };
        if matches!(self.start, Start::Request(_)) {
            if cseq.method_text != self.method_text() {
                return Err(Fault::MethodMismatch);
            }
            if self.uri().is_none() {
                let foreign =
                    Uri::has_scheme(self.uri_text()) && !begins_as_served(self.uri_text());
                return Err(if foreign { Fault::Scheme } else { Fault::Uri });
            }
        }
        if self.truncated {
            return Err(Fault::Truncated);
        }
        Ok(Essentials { via, from, to, call_id, cseq, max_forwards })
    }

    fn address(&self, name: Name) -> Result<NameAddr<'_>, Fault> {
        let text = self.field(name).ok_or(Fault::Missing(name))?;
        let address = NameAddr::read(text).ok_or(Fault::Unreadable(name))?;
        let tags = address.params.iter().filter(|p| p.name.eq_ignore_ascii_case(b"tag")).count();
        if tags > 1 || !Uri::has_scheme(address.uri) {
            return Err(Fault::Unreadable(name));
        }
        Ok(address)
    }
}

fn begins_as_served(uri: &[u8]) -> bool {
    let scheme = uri.split(|b| *b == b':').next().unwrap_or_default();
    [&b"sip"[..], b"sips", b"tel"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
}

/// The part before the body, being read.
struct Head {
    start: Start,
    word: Span,
    uri: Span,
    version_ok: bool,
    fields: Vec<Place>,
    present: u64,
    repeated: u64,
    end: usize,
}

impl Head {
    fn read(bytes: &[u8], limits: &Limits) -> Result<Self, FrameError> {
        let mut at = 0;
        // RFC 3261 §7.5: line breaks before the start line are ignored.
        while bytes.get(at..at + 2) == Some(b"\r\n") {
            at += 2;
        }
        let first = line(bytes, at, limits)?;
        let (start, word, uri, version_ok) = start_line(bytes, first, limits)?;
        let mut head = Self {
            start,
            word,
            uri,
            version_ok,
            fields: Vec::with_capacity(USUAL_FIELDS),
            present: 0,
            repeated: 0,
            end: 0,
        };
        at = first.end as usize + 2;
        loop {
            let next = line(bytes, at, limits)?;
            if next.start == next.end {
                head.end = at + 2;
                return Ok(head);
            }
            head.field(bytes, next, limits)?;
            at = next.end as usize + 2;
        }
    }

    fn field(&mut self, bytes: &[u8], line: Span, limits: &Limits) -> Result<(), FrameError> {
        let text = line.of(bytes);
        let fault = FrameError::Field(line.start as usize);
        if matches!(text.first(), Some(b' ' | b'\t')) {
            let last = self.fields.last_mut().ok_or(fault)?;
            last.line.end = line.end + 2;
            let value = Span { start: last.value.start, end: line.end };
            last.value = trimmed(bytes, value);
            return if (last.line.end - last.line.start) as usize > limits.field_bytes_max {
                Err(FrameError::TooBig { what: "a header field", limit: limits.field_bytes_max })
            } else {
                Ok(())
            };
        }
        if self.fields.len() >= limits.fields_max {
            return Err(FrameError::TooBig {
                what: "the number of header fields",
                limit: limits.fields_max,
            });
        }
        if text.len() > limits.field_bytes_max {
            return Err(FrameError::TooBig {
                what: "a header field",
                limit: limits.field_bytes_max,
            });
        }
        let colon = memchr::memchr(b':', text).ok_or(fault)?;
        let written = trim_end(text.get(..colon).unwrap_or_default());
        if !is_token(written) {
            return Err(fault);
        }
        let name = Name::read(written);
        let start = line.start as usize;
        let name_end = Span::new(start, start + written.len()).end;
        let value = trimmed(bytes, Span::new(start + colon + 1, line.end as usize));
        let line = Span { start: line.start, end: line.end + 2 };
        if name != Name::Other {
            self.repeated |= self.present & name.bit();
            self.present |= name.bit();
        }
        self.fields.push(Place { name, line, name_end, value });
        Ok(())
    }

    fn into_message(self, bytes: Bytes) -> Result<Message, FrameError> {
        if self.repeated & Name::ContentLength.bit() != 0 {
            return Err(FrameError::ContentLength);
        }
        let said = match self.fields.iter().find(|place| place.name == Name::ContentLength) {
            Some(place) => {
                Some(number(place.value.of(&bytes)).ok_or(FrameError::ContentLength)? as usize)
            }
            None => None,
        };
        let there = bytes.len() - self.end;
        let length = said.unwrap_or(there).min(there);
        Ok(Message {
            body: Span::new(self.end, self.end + length),
            truncated: said.is_some_and(|said| said > there),
            start: self.start,
            word: self.word,
            uri: self.uri,
            version_ok: self.version_ok,
            fields: self.fields,
            present: self.present,
            repeated: self.repeated,
            bytes,
        })
    }
}

/// The line that begins at `at`, without its line end.
fn line(bytes: &[u8], at: usize, limits: &Limits) -> Result<Span, FrameError> {
    let rest = bytes.get(at..).unwrap_or_default();
    let length = memchr::memchr2(b'\r', b'\n', rest).ok_or(FrameError::NoEnd)?;
    let end = at + length;
    if end > limits.head_bytes_max {
        return Err(FrameError::TooBig { what: "the header", limit: limits.head_bytes_max });
    }
    match bytes.get(end..end + 2) {
        Some(b"\r\n") => Ok(Span::new(at, end)),
        Some([b'\r', _] | [b'\n', _]) => Err(FrameError::BareLineBreak(end)),
        _ => Err(FrameError::NoEnd),
    }
}

fn start_line(
    bytes: &[u8],
    line: Span,
    limits: &Limits,
) -> Result<(Start, Span, Span, bool), FrameError> {
    let text = line.of(bytes);
    let from = line.start as usize;
    if let Some(rest) = text.strip_prefix(b"SIP/") {
        let space = memchr::memchr(b' ', rest).ok_or(FrameError::StartLine)?;
        let version_ok = rest.get(..space) == Some(b"2.0");
        let code = rest.get(space + 1..space + 4).and_then(number).ok_or(FrameError::StartLine)?;
        let code = u16::try_from(code).ok().filter(|code| (100..700).contains(code));
        // The blank before an empty reason phrase is often left out.
        if !matches!(rest.get(space + 4), None | Some(b' ')) {
            return Err(FrameError::StartLine);
        }
        let word = Span::new((from + 4 + space + 5).min(line.end as usize), line.end as usize);
        return Ok((
            Start::Response(code.ok_or(FrameError::StartLine)?),
            word,
            Span::default(),
            version_ok,
        ));
    }
    // METHOD SP URI SP SIP/x.y, with exactly one blank each (RFC 4475 §3.1.2.7 to 9).
    let first = memchr::memchr(b' ', text).ok_or(FrameError::StartLine)?;
    let last = memchr::memrchr(b' ', text).ok_or(FrameError::StartLine)?;
    let method = text.get(..first).unwrap_or_default();
    let uri = text.get(first + 1..last).unwrap_or_default();
    let version = text.get(last + 1..).unwrap_or_default();
    if uri.is_empty()
        || uri.iter().any(|b| *b <= b' ' || matches!(b, b'<' | b'>'))
        || !is_token(method)
    {
        return Err(FrameError::StartLine);
    }
    if uri.len() > limits.uri_bytes_max {
        return Err(FrameError::TooBig { what: "the request URI", limit: limits.uri_bytes_max });
    }
    let version = version.strip_prefix(b"SIP/").ok_or(FrameError::StartLine)?;
    let word = Span::new(from, from + first);
    let uri = Span::new(from + first + 1, from + last);
    Ok((Start::Request(Method::read(method)), word, uri, version == b"2.0"))
}

fn trim_end(text: &[u8]) -> &[u8] {
    let blanks = text.iter().rev().take_while(|b| matches!(b, b' ' | b'\t')).count();
    text.get(..text.len() - blanks).unwrap_or_default()
}

fn trimmed(bytes: &[u8], span: Span) -> Span {
    let text = span.of(bytes);
    let inner = trim(text);
    let lead = text.iter().take_while(|b| is_space(**b)).count().min(text.len() - inner.len());
    let start = span.start as usize + lead;
    Span::new(start, start + inner.len())
}

#[cfg(test)]
mod tests {
    use super::*;

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
