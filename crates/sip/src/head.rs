//! The part of a message before its body: lines, and what they are the beginning of.
//!
//! Datagrams and streams are read by this one code, so what a stream is cut by and what a message is read by
//! cannot differ (a difference lets a stranger hide a second request in a body).

use crate::span::Span;
use crate::start_line::StartLine;
use crate::text::{is_token, nul_at, number, trim};
use crate::{FrameError, Limits, Name};

/// A usual message has fewer fields; more of them cost a second allocation.
const FIELDS_USUAL: usize = 32;

/// Where one header field is.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub name: Name,
    pub line: Span,
    pub name_end: u32,
    pub value: Span,
}

/// The start line and the header fields.
pub struct Head {
    pub start: StartLine,
    pub fields: Vec<Place>,
    /// Names that are there, and names that are there more than once; see [`Name::bit`].
    pub present: u64,
    pub repeated: u64,
    /// Where the body begins.
    pub end: usize,
}

impl Head {
    /// Reads up to and with the blank line.
    pub fn read(bytes: &[u8], limits: &Limits) -> Result<Self, FrameError> {
        let first = line(bytes, line_breaks(bytes), limits)?;
        let mut at = first.end as usize + 2;
        let mut head = Self {
            start: StartLine::read(bytes, first, limits)?,
            fields: Vec::with_capacity(FIELDS_USUAL.min(limits.fields_max)),
            present: 0,
            repeated: 0,
            end: 0,
        };
        loop {
            let next = line(bytes, at, limits)?;
            at = next.end as usize + 2;
            if next.start == next.end {
                head.end = at;
                let nul = nul_at(bytes.get(..at).unwrap_or_default());
                return nul.map_or(Ok(head), |at| Err(FrameError::Nul(at)));
            }
            if matches!(next.of(bytes).first(), Some(b' ' | b'\t')) {
                head.continuation(bytes, next, limits)?;
            } else {
                head.field(bytes, next, limits)?;
            }
        }
    }

    /// What Content-Length says, when it is there.
    pub fn body_bytes(&self, bytes: &[u8]) -> Result<Option<usize>, FrameError> {
        if self.present & Name::ContentLength.bit() == 0 {
            return Ok(None);
        }
        if self.repeated & Name::ContentLength.bit() != 0 {
            return Err(FrameError::ContentLength);
        }
        let place = self.fields.iter().find(|place| place.name == Name::ContentLength);
        let said = place.and_then(|place| number(place.value.of(bytes)));
        said.map(|said| Some(said as usize)).ok_or(FrameError::ContentLength)
    }

    fn field(&mut self, bytes: &[u8], line: Span, limits: &Limits) -> Result<(), FrameError> {
        let text = line.of(bytes);
        if self.fields.len() >= limits.fields_max {
            let limit = limits.fields_max;
            return Err(FrameError::TooBig { what: "the number of header fields", limit });
        }
        let fault = FrameError::Field(line.start as usize);
        let colon = memchr::memchr(b':', text).ok_or(fault)?;
        let written = trim_end(text.get(..colon).unwrap_or_default());
        let name = Name::read(written);
        if name != Name::Other {
            self.repeated |= self.present & name.bit();
        } else if !is_token(written) {
            return Err(fault);
        }
        self.present |= name.bit();
        let start = line.start as usize;
        let place = Place {
            name,
            line: Span { start: line.start, end: line.end + 2 },
            name_end: Span::new(start, start + written.len()).end,
            value: trimmed(bytes, Span::new(start + colon + 1, line.end as usize)),
        };
        self.fields.push(place);
        place.check(limits)
    }

    /// A line that begins with a blank belongs to the field before it (RFC 3261 §7.3.1).
    fn continuation(
        &mut self,
        bytes: &[u8],
        line: Span,
        limits: &Limits,
    ) -> Result<(), FrameError> {
        let last = self.fields.last_mut().ok_or(FrameError::Field(line.start as usize))?;
        last.line.end = line.end + 2;
        let more = trimmed(bytes, line);
        if last.value.is_empty() {
            last.value = more;
        } else if !more.is_empty() {
            last.value.end = more.end;
        }
        last.check(limits)
    }
}

impl Place {
    fn check(&self, limits: &Limits) -> Result<(), FrameError> {
        let limit = limits.field_bytes_max;
        if (self.line.end - self.line.start) as usize > limit.saturating_add(2) {
            return Err(FrameError::TooBig { what: "a header field", limit });
        }
        Ok(())
    }
}

/// The first value of a field in a message that was written here: the rest of it needs no checking.
#[must_use]
pub fn field_of(written: &[u8], name: Name) -> Option<&[u8]> {
    let mut rest = written;
    loop {
        rest = rest.get(memchr::memchr(b'\n', rest)? + 1..)?;
        let line_end = memchr::memchr(b'\r', rest).filter(|end| *end > 0)?;
        let colon = memchr::memchr(b':', rest.get(..line_end)?);
        if colon.is_some_and(|at| rest.get(..at).map(Name::read) == Some(name)) {
            return Some(trim(rest.get(colon? + 1..unfolded(rest)?)?));
        }
    }
}

/// Where the field that `text` begins with ends: at the first line break with no blank behind it.
fn unfolded(text: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'\r', text).find(|end| !matches!(text.get(end + 2), Some(b' ' | b'\t')))
}

/// How many bytes of line breaks stand before the start line, where they are ignored (RFC 3261 §7.5).
fn line_breaks(bytes: &[u8]) -> usize {
    bytes.chunks_exact(2).take_while(|two| *two == b"\r\n").count() * 2
}

/// The line that begins at `at`, without its line end.
fn line(bytes: &[u8], at: usize, limits: &Limits) -> Result<Span, FrameError> {
    let rest = bytes.get(at..).unwrap_or_default();
    let Some(length) = memchr::memchr2(b'\r', b'\n', rest) else {
        return Err(over(bytes.len(), limits).unwrap_or(FrameError::NoEnd));
    };
    let end = at + length;
    if let Some(error) = over(end, limits) {
        return Err(error);
    }
    match bytes.get(end..end + 2) {
        Some(b"\r\n") => Ok(Span::new(at, end)),
        None if bytes.get(end) == Some(&b'\r') => Err(FrameError::NoEnd),
        _ => Err(FrameError::BareLineBreak(end)),
    }
}

/// Whether a header that reaches to `end` is too long.
pub fn over(end: usize, limits: &Limits) -> Option<FrameError> {
    let limit = limits.head_bytes_max;
    (end > limit).then_some(FrameError::TooBig { what: "the header", limit })
}

fn trim_end(text: &[u8]) -> &[u8] {
    let blanks = text.iter().rev().take_while(|b| matches!(b, b' ' | b'\t')).count();
    text.get(..text.len() - blanks).unwrap_or_default()
}

/// `span` without white space at its ends.
fn trimmed(bytes: &[u8], span: Span) -> Span {
    let text = span.of(bytes);
    let blanks = text.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    let start = span.start as usize + blanks;
    Span::new(start, start + trim(text).len())
}
