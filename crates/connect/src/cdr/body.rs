//! The wrappings in which FreeSWITCH posts its records.

use std::borrow::Cow;

/// Percent-decoding; `None` when the text is not encoded or does not decode to UTF-8.
pub(crate) fn url_decoded(text: &str) -> Option<String> {
    if !text.contains('%') {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let hex = |b: &u8| char::from(*b).to_digit(16);
        rest = after;
        match (byte, after) {
            (b'%', [high, low, after @ ..]) => {
                let (high, low) = (hex(high)?, hex(low)?);
                bytes.push((high * 16 + low) as u8);
                rest = after;
            }
            (b'%', _) => return None,
            _ => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).ok()
}

/// The JSON inside a row: plain, `cdr=` with percent-encoding, or base64 with or without `cdr=`.
pub(crate) fn json_body(row: &str) -> Option<Cow<'_, str>> {
    let row = row.trim();
    let body = row.strip_prefix("cdr=").unwrap_or(row);
    if body.starts_with('{') {
        return Some(Cow::Borrowed(body));
    }
    let decoded = if body.contains('%') { url_decoded(body) } else { base64(body) };
    decoded.filter(|text| text.trim_start().starts_with('{')).map(Cow::Owned)
}

/// RFC 4648 §4 and §5, padding optional.
fn base64(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0u32, 0u32);
    for byte in text.trim_end_matches('=').bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'\r' | b'\n' | b' ' => continue,
            _ => return None,
        };
        (bits, count) = (bits << 6 | u32::from(value), count + 6);
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_in_three_encodings() {
        let json = r#"{"variables":{"uuid":"a/b c"}}"#;
        assert_eq!(json_body(json).unwrap(), json);
        let percent = "cdr=%7B%22variables%22%3A%7B%22uuid%22%3A%22a%2Fb%20c%22%7D%7D";
        assert_eq!(json_body(percent).unwrap(), json);
        let base64 = "cdr=eyJ2YXJpYWJsZXMiOnsidXVpZCI6ImEvYiBjIn19";
        assert_eq!(json_body(base64).unwrap(), json);
        for bad in ["", "cdr=", "cdr=%7", "cdr=%zz", "cdr=!!!!", "cdr=AAAA"] {
            assert!(json_body(bad).is_none(), "{bad}");
        }
    }
}
