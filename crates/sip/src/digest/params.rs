//! The common shape of all four authentication headers: a scheme, then `name=value` separated by commas
//! (RFC 3261 §25.1, RFC 7235 §2.1). Tolerant of order, spaces, folding, empty elements and of values with
//! or without quotes.

use memchr::memchr;
use std::borrow::Cow;

/// The longest header value looked at, in bytes. Real ones are below 700.
pub const VALUE_BYTES_MAX: usize = 4096;

/// The most parameters in one value. RFC 7616 knows 13.
const PARAMETERS_MAX: usize = 32;

/// Why an authentication header value cannot be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ParseError {
    /// Another scheme, such as Basic or Bearer: not for us, not wrong in itself.
    #[error("the authentication scheme is not Digest")]
    NotDigest,
    /// Longer than [`VALUE_BYTES_MAX`].
    #[error("the value is longer than {VALUE_BYTES_MAX} bytes")]
    TooLong,
    /// More than 32 parameters.
    #[error("the value has more than {PARAMETERS_MAX} parameters")]
    TooManyParameters,
    /// Not of the form `name=value, ...`.
    #[error("not a list of name=value at byte {at}")]
    Malformed {
        /// Offset in the value.
        at: usize,
    },
    /// A parameter that may stand once stands twice; which one counts would be a guess.
    #[error("the parameter {0} is given twice")]
    Duplicate(&'static str),
    /// A parameter without which there is no digest.
    #[error("the parameter {0} is missing")]
    Missing(&'static str),
    /// A parameter whose value is outside its grammar.
    #[error("the parameter {0} has a value outside its grammar")]
    BadValue(&'static str),
}

/// The text of a quoted string as it stood on the wire, between the quotes; or of an unquoted value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Text<'a>(&'a [u8]);

impl<'a> Text<'a> {
    /// As on the wire, escapes included: safe to put between quotes again.
    #[must_use]
    pub const fn raw(self) -> &'a [u8] {
        self.0
    }

    /// What is meant, with `\x` read as `x`; borrowed unless there is an escape.
    #[must_use]
    pub fn unescaped(self) -> Cow<'a, [u8]> {
        if memchr(b'\\', self.0).is_none() {
            return Cow::Borrowed(self.0);
        }
        let mut bytes = self.0.iter().copied();
        let mut meant = Vec::with_capacity(self.0.len());
        while let Some(byte) = bytes.next() {
            meant.push(if byte == b'\\' { bytes.next().unwrap_or(byte) } else { byte });
        }
        Cow::Owned(meant)
    }

    /// Whether this text means exactly `value`.
    #[must_use]
    pub fn means(self, value: &[u8]) -> bool {
        self.unescaped().as_ref() == value
    }
}

/// The values of the named parameters, in the order of `names`, each given once at most; all others are
/// passed over (RFC 7616 §3.3: unknown parameters are ignored).
pub(super) fn collect<'a, const N: usize>(
    value: &'a [u8],
    names: [&'static str; N],
) -> Result<[Option<Text<'a>>; N], ParseError> {
    let mut params = Params::of_digest(value)?;
    let mut slots = names.map(|name| (name, None));
    while let Some((found, text)) = params.next()? {
        let slot = slots.iter_mut().find(|(name, _)| found.eq_ignore_ascii_case(name.as_bytes()));
        let Some((name, slot)) = slot else { continue };
        if slot.replace(text).is_some() {
            return Err(ParseError::Duplicate(name));
        }
    }
    Ok(slots.map(|(_, text)| text))
}

/// The parameters of one header value whose scheme is Digest.
struct Params<'a> {
    value: &'a [u8],
    at: usize,
    count: usize,
}

impl<'a> Params<'a> {
    fn of_digest(value: &'a [u8]) -> Result<Self, ParseError> {
        if value.len() > VALUE_BYTES_MAX {
            return Err(ParseError::TooLong);
        }
        let mut params = Self { value, at: 0, count: 0 };
        params.skip_space();
        let scheme = params.take_while(is_token);
        let digest = scheme.eq_ignore_ascii_case(b"Digest");
        if !digest || !params.peek().is_none_or(is_space) {
            return Err(ParseError::NotDigest);
        }
        Ok(params)
    }

    /// The next name and value; `None` at the end.
    fn next(&mut self) -> Result<Option<(&'a [u8], Text<'a>)>, ParseError> {
        self.skip_while(|b| is_space(b) || b == b',');
        if self.peek().is_none() {
            return Ok(None);
        }
        self.count += 1;
        if self.count > PARAMETERS_MAX {
            return Err(ParseError::TooManyParameters);
        }
        let name = self.take_while(is_token);
        self.skip_space();
        if name.is_empty() || !self.eat(b'=') {
            return Err(self.malformed());
        }
        self.skip_space();
        let text = if self.eat(b'"') { self.quoted()? } else { self.unquoted()? };
        self.skip_space();
        if self.peek().is_none_or(|b| b == b',') {
            Ok(Some((name, text)))
        } else {
            Err(self.malformed())
        }
    }

    /// Up to the closing quote, which is consumed.
    fn quoted(&mut self) -> Result<Text<'a>, ParseError> {
        let start = self.at;
        loop {
            self.skip_while(|b| !matches!(b, b'"' | b'\\') && !is_control(b));
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    self.at += 1;
                    if self.peek().is_none_or(is_control) {
                        return Err(self.malformed());
                    }
                    self.at += 1;
                }
                _ => return Err(self.malformed()),
            }
        }
        let text = self.value.get(start..self.at).unwrap_or_default();
        self.at += 1;
        Ok(Text(text))
    }

    /// Up to a comma or a space. More than a token, since old phones forget the quotes around a URI.
    fn unquoted(&mut self) -> Result<Text<'a>, ParseError> {
        let text = self
            .take_while(|b| !is_space(b) && !is_control(b) && !matches!(b, b',' | b'"' | b'\\'));
        if text.is_empty() { Err(self.malformed()) } else { Ok(Text(text)) }
    }

    fn peek(&self) -> Option<u8> {
        self.value.get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let is = self.peek() == Some(byte);
        self.at += usize::from(is);
        is
    }

    fn skip_space(&mut self) {
        self.skip_while(is_space);
    }

    fn skip_while(&mut self, keep: impl Fn(u8) -> bool) {
        let rest = self.value.get(self.at..).unwrap_or_default();
        self.at += rest.iter().position(|b| !keep(*b)).unwrap_or(rest.len());
    }

    fn take_while(&mut self, keep: impl Fn(u8) -> bool) -> &'a [u8] {
        let start = self.at;
        self.skip_while(keep);
        self.value.get(start..self.at).unwrap_or_default()
    }

    const fn malformed(&self) -> ParseError {
        ParseError::Malformed { at: self.at }
    }
}

/// CR and LF count as space: within a header value they can only be folding (RFC 3261 §7.3.1).
const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

pub(super) const fn is_control(byte: u8) -> bool {
    byte < b' ' || byte == 0x7f
}

const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(value: &str) -> Result<Vec<(String, String)>, ParseError> {
        let mut params = Params::of_digest(value.as_bytes())?;
        let mut found = Vec::new();
        while let Some((name, text)) = params.next()? {
            let text = String::from_utf8(text.unescaped().into_owned()).unwrap();
            found.push((String::from_utf8(name.to_vec()).unwrap(), text));
        }
        Ok(found)
    }

    #[test]
    fn spaces_folding_quotes_and_empty_elements() {
        let found = all("  dIgEsT  a = \"1, 2\" ,\r\n\tb=sip:x@y;z=1 ,, c=\"\",").unwrap();
        let expected = [("a", "1, 2"), ("b", "sip:x@y;z=1"), ("c", "")];
        assert_eq!(found, expected.map(|(n, v)| (n.to_owned(), v.to_owned())));
    }

    #[test]
    fn escapes() {
        let found = all(r#"Digest a="say \"hi\" \\ bye""#).unwrap();
        assert_eq!(found, [("a".to_owned(), r#"say "hi" \ bye"#.to_owned())]);
    }

    #[test]
    fn other_schemes_are_told_apart_from_rubbish() {
        for value in ["Basic Zm9v", "", "Digestive a=1", "Digest,a=1", "Bearer x=\"y\""] {
            assert_eq!(all(value), Err(ParseError::NotDigest), "{value}");
        }
        assert_eq!(all("Digest"), Ok(vec![]));
        for value in [
            "Digest a",
            "Digest a=",
            "Digest =b",
            "Digest a=\"b",
            "Digest a=\"b\" c=d",
            "Digest a=\"b\\",
            "Digest a=\"b\\\"",
            "Digest a=b c",
            "Digest a=b\"c\"",
            "Digest a=\"b\r\nVia: x\"",
            "Digest a=\"\0\"",
            "Digest a=b\\",
            "Digest Digest a=b",
        ] {
            assert!(matches!(all(value), Err(ParseError::Malformed { .. })), "{value}");
        }
    }

    #[test]
    fn bounded_in_length_and_number() {
        let long = format!("Digest a=\"{}\"", "x".repeat(VALUE_BYTES_MAX));
        assert_eq!(all(&long), Err(ParseError::TooLong));
        assert_eq!(all(&format!("Digest {}", "a=b,".repeat(32))).map(|v| v.len()), Ok(32));
        let many = format!("Digest {}", "a=b,".repeat(33));
        assert_eq!(all(&many), Err(ParseError::TooManyParameters));
    }
}
