//! The `Replaces` field (RFC 3891), as a field and inside a `Refer-To`.

use ringfence_sip::{Params, Uri, trim};

/// Which dialog is to be replaced, by its ids as who is asked knows them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Replaces {
    /// Its Call-ID.
    pub call_id: Vec<u8>,
    /// The tag of who is asked.
    pub to_tag: Vec<u8>,
    /// The tag of the other one.
    pub from_tag: Vec<u8>,
    /// Only while it rings.
    pub early_only: bool,
}

impl Replaces {
    /// Reads the value of the field.
    #[must_use]
    pub fn read(value: &[u8]) -> Option<Self> {
        let end = memchr::memchr(b';', value)?;
        let (call_id, params) = value.split_at_checked(end)?;
        let params = Params(params);
        let tag = |name| params.value(name).map(<[u8]>::to_vec);
        Some(Self {
            call_id: Some(trim(call_id)).filter(|id| !id.is_empty())?.to_vec(),
            to_tag: tag("to-tag")?,
            from_tag: tag("from-tag")?,
            early_only: params.get("early-only").is_some(),
        })
    }

    /// Reads it from the header fields of a URI.
    #[must_use]
    pub fn of_uri(uri: &Uri<'_>) -> Option<Self> {
        let fields = uri.headers.strip_prefix(b"?")?;
        fields.split(|byte| *byte == b'&').find_map(|field| {
            let equals = memchr::memchr(b'=', field)?;
            let (name, value) = (field.get(..equals)?, field.get(equals + 1..)?);
            name.eq_ignore_ascii_case(b"Replaces").then(|| Self::read(&unescape(value)))?
        })
    }

    /// The field's value.
    #[must_use]
    pub fn value(&self) -> Vec<u8> {
        let early: &[u8] = if self.early_only { b";early-only" } else { b"" };
        let parts: [&[u8]; 6] =
            [&self.call_id, b";to-tag=", &self.to_tag, b";from-tag=", &self.from_tag, early];
        parts.concat()
    }

    /// The same as a header field of a URI (RFC 3261 §19.1.1: what is not unreserved is escaped).
    #[must_use]
    pub fn escaped(&self) -> Vec<u8> {
        let mut text = b"Replaces=".to_vec();
        for byte in self.value() {
            if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
                text.push(byte);
            } else {
                text.extend_from_slice(format!("%{byte:02X}").as_bytes());
            }
        }
        text
    }
}

fn unescape(text: &[u8]) -> Vec<u8> {
    let mut said = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        let escaped = (*first == b'%').then(|| after.split_at_checked(2)).flatten();
        let byte = escaped.and_then(|(hex, after)| {
            let hex = std::str::from_utf8(hex).ok()?;
            Some((u8::from_str_radix(hex, 16).ok()?, after))
        });
        let (byte, after) = byte.unwrap_or((*first, after));
        said.push(byte);
        rest = after;
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let field =
            Replaces::read(b"98732@h ;from-tag=r33th4x0r;to-tag=ff87ff;early-only").unwrap();
        assert_eq!(field.value(), b"98732@h;to-tag=ff87ff;from-tag=r33th4x0r;early-only");
        let uri = [b"sip:a@h?x=1&".as_slice(), &field.escaped(), b"&Require=replaces"].concat();
        let uri = Uri::read(&uri).unwrap();
        assert_eq!(Replaces::of_uri(&uri), Some(field));
    }

    #[test]
    fn what_is_none() {
        for text in ["", "x", "x;to-tag=1", ";to-tag=1;from-tag=2", "x;to-tag;from-tag=2"] {
            assert_eq!(Replaces::read(text.as_bytes()), None, "{text}");
        }
        for uri in ["sip:h?Replaces=%", "sip:h?Replaces", "sip:h?Replaces=%3B", "sip:h"] {
            assert_eq!(Replaces::of_uri(&Uri::read(uri.as_bytes()).unwrap()), None, "{uri}");
        }
    }
}
