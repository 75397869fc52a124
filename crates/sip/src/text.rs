//! Pieces of header field text: white space, quotes, lists.

use std::borrow::Cow;

/// Whether `byte` may stand between the parts of a field: blanks, and the line breaks of folding.
pub const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// Whether `byte` cannot stand in a URI of a start line: blanks and control characters.
pub const fn is_gap(byte: u8) -> bool {
    byte <= b' ' || byte == 0x7f
}

/// Where a NUL stands that is no part of a quoted pair, the one place where RFC 3261 §25.1 has it. Peers written in C
/// would read the text up to there.
pub fn nul_at(text: &[u8]) -> Option<usize> {
    memchr::memchr_iter(0, text)
        .find(|at| at.checked_sub(1).and_then(|before| text.get(before)) != Some(&b'\\'))
}

/// `text` without white space at its ends.
#[must_use]
pub fn trim(text: &[u8]) -> &[u8] {
    let mut text = text;
    while let [first, rest @ ..] = text {
        if !is_space(*first) {
            break;
        }
        text = rest;
    }
    while let [rest @ .., last] = text {
        if !is_space(*last) {
            break;
        }
        text = rest;
    }
    text
}

/// `text` on one line: a line break with the blanks around it counts as one blank (RFC 3261 §7.3.1).
#[must_use]
pub fn unfold(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr2(b'\r', b'\n', text).is_none() {
        return Cow::Borrowed(text);
    }
    let mut line = Vec::with_capacity(text.len());
    let mut breaks = false;
    for &byte in text {
        if matches!(byte, b'\r' | b'\n') {
            breaks = true;
            while matches!(line.last(), Some(b' ' | b'\t')) {
                line.pop();
            }
        } else if !(breaks && matches!(byte, b' ' | b'\t')) {
            if breaks {
                line.push(b' ');
                breaks = false;
            }
            line.push(byte);
        }
    }
    Cow::Owned(line)
}

/// What a quoted string says; text without quotes is given back as it is.
#[must_use]
pub fn unquote(text: &[u8]) -> Cow<'_, [u8]> {
    let [b'"', inner @ .., b'"'] = text else { return Cow::Borrowed(text) };
    if memchr::memchr(b'\\', inner).is_none() {
        return Cow::Borrowed(inner);
    }
    let mut said = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter();
    while let Some(&byte) = bytes.next() {
        said.push(if byte == b'\\' { bytes.next().copied().unwrap_or(byte) } else { byte });
    }
    Cow::Owned(said)
}

/// The length of the quoted string that `text` begins with, quotes included; `None` when it does not close.
pub fn quoted_len(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        if text.get(at) == Some(&b'"') {
            return Some(at + 1);
        }
        at += 2;
    }
}

/// The first `stop` that stands outside quotes and angle brackets; `None` also when those do not close.
pub fn find_outside(text: &[u8], stop: u8) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr3(stop, b'"', b'<', text.get(at..)?)?;
        match text.get(at) {
            Some(b'"') => at += quoted_len(text.get(at..)?)?,
            Some(b'<') => at += bracketed_len(text.get(at..)?)?,
            _ => return Some(at),
        }
    }
}

/// The length of what stands in angle brackets, with them; a quoted string in there may hold a bracket.
fn bracketed_len(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr::memchr2(b'>', b'"', text.get(at..)?)?;
        match text.get(at) {
            Some(b'"') => at += quoted_len(text.get(at..)?)?,
            _ => return Some(at + 1),
        }
    }
}

/// Whether every quote closes and no angle bracket stands outside quotes, as in parameters. Readers that differ on where
/// a quote ends differ on how many elements a list has.
pub fn is_closed(text: &[u8]) -> bool {
    let mut at = 0;
    while let Some(next) = memchr::memchr3(b'"', b'<', b'>', text.get(at..).unwrap_or_default()) {
        at += next;
        match text.get(at..).filter(|rest| rest.first() == Some(&b'"')).and_then(quoted_len) {
            Some(length) => at += length,
            None => return false,
        }
    }
    true
}

/// The elements of a list field such as `Via` or `Contact`: split at commas outside quotes and brackets.
pub fn split_commas(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(at) = find_outside(text, b',') else {
            rest = None;
            return Some(trim(text));
        };
        rest = text.get(at + 1..);
        Some(trim(text.get(..at).unwrap_or_default()))
    })
    .filter(|element| !element.is_empty())
}

/// Whether `text` is a token (RFC 3261 §25.1).
pub fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && is_all(text, TOKEN)
}

/// Of a token.
const TOKEN: u8 = 1;
/// Of the name of a host.
pub const HOST: u8 = 2;
/// Of a user part: RFC 3261 §25.1 `userinfo`, with the bytes that phones send besides (`#`, and UTF-8 not escaped).
pub const USER: u8 = 4;

/// Whether all bytes of `text` are of this kind.
pub fn is_all(text: &[u8], kind: u8) -> bool {
    text.iter().all(|byte| KINDS.get(usize::from(*byte)).is_some_and(|kinds| kinds & kind != 0))
}

const KINDS: [u8; 256] = kinds();

#[allow(clippy::indexing_slicing, reason = "at compile time")]
const fn kinds() -> [u8; 256] {
    let mut kinds = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        let word = b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
        if word || matches!(b, b'!' | b'%' | b'*' | b'+' | b'`' | b'\'' | b'~') {
            kinds[byte] |= TOKEN;
        }
        if word {
            kinds[byte] |= HOST;
        }
        if !is_gap(b) && !matches!(b, b'<' | b'>' | b'"' | b'\\' | b'@') {
            kinds[byte] |= USER;
        }
        byte += 1;
    }
    kinds
}

/// A whole number; nothing else may stand there.
pub fn number(text: &[u8]) -> Option<u32> {
    if text.is_empty() || text.len() > 10 {
        return None;
    }
    let mut sum: u32 = 0;
    for &byte in text {
        let digit = byte.checked_sub(b'0').filter(|d| *d < 10)?;
        sum = sum.checked_mul(10)?.checked_add(u32::from(digit))?;
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_split_outside_quotes_and_brackets() {
        let list: Vec<_> = split_commas(b" \"a,\\\"b\" <sip:x,y@h>;q=1 , <sip:z>,, *").collect();
        assert_eq!(list, [&b"\"a,\\\"b\" <sip:x,y@h>;q=1"[..], b"<sip:z>", b"*"]);
    }

    #[test]
    fn what_does_not_close_hides_nothing() {
        for text in [&b";a"[..], b";a=\"<,>\";b=\"\\\"\"", b""] {
            assert!(is_closed(text), "{text:?}");
        }
        for text in [&b";a=\""[..], b";a=\"x\";b=\"\\\"", b";a=<b>", b">"] {
            assert!(!is_closed(text), "{text:?}");
        }
        assert_eq!(find_outside(b"<a,\"b>,\",c>,d", b','), Some(11));
        assert_eq!(find_outside(b"<a,b", b','), None);
    }

    #[test]
    fn folding_is_one_blank() {
        assert_eq!(&*unfold(b"a \r\n\t b\r\n c"), b"a b c");
        assert!(matches!(unfold(b"a b"), Cow::Borrowed(_)));
    }

    #[test]
    fn quotes_are_taken_off() {
        assert_eq!(&*unquote(br#""a\"b\\""#), br#"a"b\"#);
        assert_eq!(&*unquote(b"plain"), b"plain");
        assert_eq!(quoted_len(b"\"no end \\\""), None);
    }

    #[test]
    fn numbers_have_bounds() {
        assert_eq!(number(b"4294967295"), Some(u32::MAX));
        assert_eq!(number(b"4294967296"), None);
        assert_eq!(number(b"-1"), None);
        assert_eq!(number(b""), None);
        assert_eq!(number(b"0000000000000000001"), None);
    }
}
