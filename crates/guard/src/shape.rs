//! The first bytes: is this SIP at all?

/// Longest method name heard; the longest registered one, SUBSCRIBE, has 9 (IANA SIP parameters).
const METHOD_BYTES_MAX: usize = 32;
/// Empty lines allowed before a start line (RFC 3261 §7.5).
const LEADING_BYTES_MAX: usize = 16;

/// What bytes look like from their start.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Shape {
    Request,
    Response,
    /// Only line ends or zeros, or nothing: a NAT binding kept open (RFC 5626 §4.4.1; phones send zeros on UDP too).
    KeepAlive,
    Other,
}

pub(crate) fn of(bytes: &[u8]) -> Shape {
    let idle = |byte: &u8| matches!(byte, b'\r' | b'\n' | 0);
    let Some(start) = bytes.iter().take(LEADING_BYTES_MAX).position(|byte| !idle(byte)) else {
        return if bytes.len() <= LEADING_BYTES_MAX { Shape::KeepAlive } else { Shape::Other };
    };
    match bytes.get(start..) {
        Some(line) if is_response(line) => Shape::Response,
        Some(line) if is_request(line) => Shape::Request,
        _ => Shape::Other,
    }
}

/// `SIP/2.0 ` and a digit; the name may have any case (RFC 3261 §7.1).
fn is_response(line: &[u8]) -> bool {
    line.split_at_checked(8).is_some_and(|(version, rest)| {
        version.eq_ignore_ascii_case(b"SIP/2.0 ") && rest.first().is_some_and(u8::is_ascii_digit)
    })
}

/// A method and the first letter of a URI scheme: HTTP's `GET /` and a TLS hello on the wrong port are not.
fn is_request(line: &[u8]) -> bool {
    let Some(space) = line.iter().take(METHOD_BYTES_MAX + 1).position(|byte| *byte == b' ') else {
        return false;
    };
    let mut method = line.iter().take(space);
    method.next().is_some_and(u8::is_ascii_alphabetic)
        && method.all(|byte| is_token(*byte))
        && line.get(space + 1).is_some_and(u8::is_ascii_alphabetic)
}

/// RFC 3261 §25.1.
const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sip_and_not_sip() {
        for (bytes, shape) in [
            (&b"INVITE sip:112@example.org SIP/2.0\r\n"[..], Shape::Request),
            (b"\r\n\r\nREGISTER sips:example.org SIP/2.0\r\n", Shape::Request),
            (b"NEW-one tel:+31 SIP/2.0", Shape::Request),
            (b"SIP/2.0 200 OK\r\n", Shape::Response),
            (b"sip/2.0 404 Not Found\r\n", Shape::Response),
            (b"\r\n\r\n", Shape::KeepAlive),
            (b"\0\0\0\0", Shape::KeepAlive),
            (b"", Shape::KeepAlive),
            (&[b'\n'; 17], Shape::Other),
            (b"GET / HTTP/1.1\r\n", Shape::Other),
            (b"\x16\x03\x01\x02\x00\x01", Shape::Other),
            (b"\0\x01\0\0\x21\x12\xa4\x42", Shape::Other),
            (b"INVITE", Shape::Other),
            (b"INVITE ", Shape::Other),
            (b" sip:a@b", Shape::Other),
            (b"IN\xffITE sip:a@b SIP/2.0", Shape::Other),
            (b"SIP/2.0 OK", Shape::Other),
            (b"SIP/2.", Shape::Other),
            (&[b'A'; 100], Shape::Other),
        ] {
            assert_eq!(of(bytes), shape, "{:?}", String::from_utf8_lossy(bytes));
        }
    }
}
