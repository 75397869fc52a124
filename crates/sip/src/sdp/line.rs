//! Lines, each with the ending it came with.

use super::{BYTES_MAX, LINES_MAX, SdpError};
use memchr::{memchr, memchr2};

/// One line. Content and ending of all lines, put together, are the text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    /// The letter before `=`; 0 for a blank line.
    pub kind: u8,
    /// Without the ending.
    pub content: &'a [u8],
    /// CR LF, LF, or nothing at the end of the text.
    pub ending: &'a [u8],
}

impl<'a> Line<'a> {
    /// What follows `x=`.
    pub(super) fn value(&self) -> &'a [u8] {
        self.content.get(2..).unwrap_or_default()
    }

    /// Name and value of an attribute; `None` for another kind of line.
    pub(super) fn attribute(&self) -> Option<(&'a [u8], &'a [u8])> {
        if self.kind != b'a' {
            return None;
        }
        let value = self.value();
        let colon = memchr(b':', value).unwrap_or(value.len());
        let (name, value) = value.split_at_checked(colon)?;
        Some((name.trim_ascii(), value.get(1..).unwrap_or_default().trim_ascii()))
    }

    /// Whether it is the attribute of this name, ignoring case.
    pub(super) fn is_attribute(&self, name: &str) -> bool {
        self.attribute().is_some_and(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes()))
    }
}

pub(super) fn split(text: &[u8]) -> Result<Vec<Line<'_>>, SdpError> {
    if text.len() > BYTES_MAX {
        return Err(SdpError::TooLong);
    }
    let mut lines = Vec::with_capacity(32);
    let mut rest = text;
    while !rest.is_empty() {
        let next = memchr(b'\n', rest).map_or(rest.len(), |newline| newline + 1);
        let (whole, after) = rest.split_at_checked(next).unwrap_or((rest, &[]));
        if lines.len() == LINES_MAX {
            return Err(SdpError::TooManyLines);
        }
        lines.push(line(whole, lines.len() + 1)?);
        rest = after;
    }
    Ok(lines)
}

fn line(whole: &[u8], number: usize) -> Result<Line<'_>, SdpError> {
    let end = whole.iter().rposition(|b| !matches!(b, b'\r' | b'\n')).map_or(0, |last| last + 1);
    let (content, ending) = whole.split_at_checked(end).unwrap_or((whole, &[]));
    if memchr2(b'\r', 0, content).is_some() {
        return Err(SdpError::Control { line: number });
    }
    let kind = match content {
        [] => 0,
        [kind, b'=', ..] if kind.is_ascii_alphabetic() => *kind,
        _ => return Err(SdpError::NotALine { line: number }),
    };
    Ok(Line { kind, content, ending })
}

/// The words of a value, between spaces.
pub(super) fn words(value: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    value.split(|b| matches!(b, b' ' | b'\t')).filter(|word| !word.is_empty())
}

/// A decimal number of ASCII digits only.
pub(super) fn number<T: std::str::FromStr>(digits: &[u8]) -> Option<T> {
    // The library would take a sign as well.
    digits.iter().all(u8::is_ascii_digit).then(|| str::from_utf8(digits).ok()?.parse().ok())?
}
