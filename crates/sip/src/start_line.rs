//! The first line of a message.

use crate::span::Span;
use crate::text::{is_gap, is_token, number};
use crate::{FrameError, Limits, Method, Start};

/// The first line, read.
#[derive(Clone, Copy, Debug)]
pub struct StartLine {
    pub start: Start,
    /// Method text of a request, reason phrase of a response.
    pub word: Span,
    /// The request URI; empty for a response.
    pub uri: Span,
    /// Whether it says SIP/2.0.
    pub version_ok: bool,
}

impl StartLine {
    pub fn read(bytes: &[u8], line: Span, limits: &Limits) -> Result<Self, FrameError> {
        let text = line.of(bytes);
        // No method holds a slash.
        if after_sip(text).is_some() {
            Self::response(text, line)
        } else {
            Self::request(text, line, limits)
        }
        .ok_or(FrameError::StartLine)?
    }

    /// `METHOD SP URI SP SIP/2.0`, with exactly one blank each (RFC 4475 §3.1.2.7 to 9).
    fn request(text: &[u8], line: Span, limits: &Limits) -> Option<Result<Self, FrameError>> {
        let first = memchr::memchr(b' ', text)?;
        let last = memchr::memrchr(b' ', text)?;
        let method = text.get(..first).filter(|method| is_token(method))?;
        let uri = text.get(first + 1..last).filter(|uri| !uri.is_empty())?;
        if uri.len() > limits.uri_bytes_max {
            let limit = limits.uri_bytes_max;
            return Some(Err(FrameError::TooBig { what: "the request URI", limit }));
        }
        if uri.iter().any(|b| is_gap(*b) || matches!(b, b'<' | b'>')) {
            return None;
        }
        let from = line.start as usize;
        Some(Ok(Self {
            start: Start::Request(Method::read(method)),
            word: Span::new(from, from + first),
            uri: Span::new(from + first + 1, from + last),
            version_ok: is_2_0(after_sip(text.get(last + 1..)?)?)?,
        }))
    }

    /// `SIP/2.0 SP code SP reason`; the blank before an empty reason is often left out.
    fn response(text: &[u8], line: Span) -> Option<Result<Self, FrameError>> {
        let rest = after_sip(text)?;
        let space = memchr::memchr(b' ', rest)?;
        let code = number(rest.get(space + 1..space + 4)?)?;
        let reason = rest.get(space + 4..)?;
        if !matches!(reason.first(), None | Some(b' ')) {
            return None;
        }
        let reason_bytes = reason.len().saturating_sub(1);
        Some(Ok(Self {
            start: Start::Response(
                u16::try_from(code).ok().filter(|code| (100..700).contains(code))?,
            ),
            word: Span::new(line.end as usize - reason_bytes, line.end as usize),
            uri: Span::default(),
            version_ok: is_2_0(rest.get(..space)?)?,
        }))
    }
}

/// What follows `SIP/`, which is read without regard to case (RFC 3261 §7.1).
fn after_sip(text: &[u8]) -> Option<&[u8]> {
    let (sip, rest) = text.split_at_checked(4)?;
    sip.eq_ignore_ascii_case(b"SIP/").then_some(rest)
}

/// Whether a version is ours; `None` when it is no version.
fn is_2_0(version: &[u8]) -> Option<bool> {
    let dot = memchr::memchr(b'.', version)?;
    number(version.get(..dot)?)?;
    number(version.get(dot + 1..)?)?;
    Some(version == b"2.0")
}
