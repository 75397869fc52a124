//! `"Name" <uri>;params`, as in From, To, Contact, Route, P-Asserted-Identity.

use crate::params::Params;
use crate::text::{find_outside, is_closed, quoted_len, trim};
use crate::uri::Uri;

/// An address with what is written around it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NameAddr<'m> {
    /// The display name, quotes kept; empty when none.
    pub display: &'m [u8],
    /// The URI text.
    pub uri: &'m [u8],
    /// Parameters of the field, not of the URI.
    pub params: Params<'m>,
}

impl<'m> NameAddr<'m> {
    /// Reads one element of a field.
    #[must_use]
    pub fn read(text: &'m [u8]) -> Option<Self> {
        let text = trim(text);
        let name_end = if text.first() == Some(&b'"') { quoted_len(text)? } else { 0 };
        let Some(open) = memchr::memchr(b'<', text.get(name_end..)?).map(|at| at + name_end) else {
            return if name_end == 0 { Self::bare(text) } else { None };
        };
        let close = memchr::memchr(b'>', text.get(open..)?)? + open;
        let display = trim(text.get(..open)?);
        let params = trim(text.get(close + 1..)?);
        let plain = display.first() != Some(&b'"');
        if plain && display.iter().any(|b| matches!(b, b'"' | b';' | b',' | b'@' | b':'))
            || !plain && trim(text.get(name_end..open)?) != b""
            || !matches!(params.first(), None | Some(b';'))
            || !is_one(params)
        {
            return None;
        }
        Some(Self { display, uri: trim(text.get(open + 1..close)?), params: Params(params) })
    }

    /// Without brackets every parameter is the field's (RFC 3261 §20).
    fn bare(text: &'m [u8]) -> Option<Self> {
        let end = memchr::memchr(b';', text).unwrap_or(text.len());
        let (uri, params) = text.split_at_checked(end)?;
        let uri = trim(uri);
        // RFC 3261 §20: a URI that holds one of these has to stand in brackets.
        let needs_brackets = uri.iter().any(|b| matches!(b, b' ' | b'\t' | b'?' | b','));
        if uri.is_empty() || needs_brackets || !is_one(text) {
            return None;
        }
        Some(Self { display: b"", uri, params: Params(params) })
    }

    /// The tag of a From or To.
    #[must_use]
    pub fn tag(&self) -> Option<&'m [u8]> {
        self.params.value("tag").filter(|tag| !tag.is_empty())
    }

    /// The URI, read.
    #[must_use]
    pub fn uri(&self) -> Option<Uri<'m>> {
        Uri::read(self.uri)
    }
}

/// Whether `params` are of one element: lists are split before, so a comma is of a second one.
fn is_one(params: &[u8]) -> bool {
    is_closed(params) && find_outside(params, b',').is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let full = NameAddr::read(br#" "A. \"<B>\"" <sip:a@h;x=1>;tag=7 "#).unwrap();
        assert_eq!(full.display, br#""A. \"<B>\"""#);
        assert_eq!(full.uri, b"sip:a@h;x=1");
        assert_eq!(full.tag(), Some(&b"7"[..]));
        let bare = NameAddr::read(b"sip:a@h;tag=7").unwrap();
        assert_eq!((bare.uri, bare.tag()), (&b"sip:a@h"[..], Some(&b"7"[..])));
        let token = NameAddr::read(b"Bob Jones <sip:b@h>").unwrap();
        assert_eq!(token.display, b"Bob Jones");
    }

    #[test]
    fn what_is_none() {
        for text in [
            "\"no end <sip:a@h>",
            "<sip:a@h",
            "\"x\"",
            "Bob, Jones <sip:b@h>",
            "<sip:a@h> x",
            "sip:a@h?x=1",
            "",
        ] {
            assert_eq!(NameAddr::read(text.as_bytes()), None, "{text}");
        }
    }
}
