//! SIP and tel URIs (RFC 3261 §19.1, RFC 3966).

use crate::params::Params;
use crate::text::{HOST, USER, is_all, number};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The kind of a URI.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scheme {
    /// `sip:`
    Sip,
    /// `sips:`
    Sips,
    /// `tel:`
    Tel,
}

/// A URI, as it stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Uri<'m> {
    /// The kind.
    pub scheme: Scheme,
    /// The part before `@`, escapes kept, password left out; the number of a `tel:` URI.
    pub user: Option<&'m [u8]>,
    /// Host without port, brackets of an IPv6 address kept; empty for `tel:`.
    pub host: &'m [u8],
    /// The port, when said.
    pub port: Option<u16>,
    /// Parameters.
    pub params: Params<'m>,
    /// What follows `?`.
    pub headers: &'m [u8],
    /// The whole.
    pub text: &'m [u8],
}

/// What a host is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Host<'m> {
    /// An address.
    Ip(IpAddr),
    /// A name.
    Name(&'m [u8]),
}

impl<'m> Uri<'m> {
    /// Reads a URI; `None` when it is none, or of another scheme (see [`Uri::has_scheme`]).
    #[must_use]
    pub fn read(text: &'m [u8]) -> Option<Self> {
        let colon = memchr::memchr(b':', text)?;
        let (scheme, rest) = (text.get(..colon)?, text.get(colon + 1..)?);
        if scheme.eq_ignore_ascii_case(b"sip") {
            Self::sip(Scheme::Sip, text, rest)
        } else if scheme.eq_ignore_ascii_case(b"sips") {
            Self::sip(Scheme::Sips, text, rest)
        } else if scheme.eq_ignore_ascii_case(b"tel") {
            Self::tel(text, rest)
        } else {
            None
        }
    }

    /// Whether `text` begins with any scheme at all.
    #[must_use]
    pub fn has_scheme(text: &[u8]) -> bool {
        let scheme = text.split(|byte| *byte == b':').next().unwrap_or_default();
        scheme.len() < text.len()
            && scheme.first().is_some_and(u8::is_ascii_alphabetic)
            && scheme.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
    }

    /// Whether `text` is a URI of a scheme that is not read here.
    pub(crate) fn is_foreign(text: &[u8]) -> bool {
        let scheme = text.split(|byte| *byte == b':').next().unwrap_or_default();
        Self::has_scheme(text)
            && ![&b"sip"[..], b"sips", b"tel"].iter().any(|own| scheme.eq_ignore_ascii_case(own))
    }

    fn sip(scheme: Scheme, text: &'m [u8], rest: &'m [u8]) -> Option<Self> {
        // A user part may hold `;` and `?`; the last `@` before the host decides (the host holds none).
        let (user, rest) = match memchr::memrchr(b'@', rest) {
            Some(at) => (Some(rest.get(..at)?), rest.get(at + 1..)?),
            None => (None, rest),
        };
        let user = match user {
            Some(user) => {
                let name = user.split(|byte| *byte == b':').next()?;
                if name.is_empty() || !is_all(user, USER) || !escapes_are_whole(user) {
                    return None;
                }
                Some(name)
            }
            None => None,
        };
        let (rest, headers) = split_before(rest, b'?');
        let (host_port, params) = split_before(rest, b';');
        let (host, port) = host_port_of(host_port)?;
        Some(Self { scheme, user, host, port, params: Params(params), headers, text })
    }

    fn tel(text: &'m [u8], rest: &'m [u8]) -> Option<Self> {
        let (digits, params) = split_before(rest, b';');
        let ok = match digits {
            [b'+', global @ ..] => {
                global.iter().any(u8::is_ascii_digit)
                    && global.iter().all(|b| b.is_ascii_digit() || is_separator(*b))
            }
            local => {
                local.iter().any(|b| !is_separator(*b))
                    && local.iter().all(|b| {
                        b.is_ascii_hexdigit() || matches!(b, b'*' | b'#') || is_separator(*b)
                    })
            }
        };
        ok.then_some(Self {
            scheme: Scheme::Tel,
            user: Some(digits),
            host: b"",
            port: None,
            params: Params(params),
            headers: b"",
            text,
        })
    }

    /// What the host is.
    #[must_use]
    pub fn host(&self) -> Host<'m> {
        ip(self.host).map_or(Host::Name(self.host), Host::Ip)
    }

    /// The user part with escapes undone and parameters of a telephone subscriber (`;phone-context`) cut off.
    #[must_use]
    pub fn user_text(&self) -> Option<String> {
        let user = self.user?.split(|byte| *byte == b';').next()?;
        let mut said = Vec::with_capacity(user.len());
        let mut bytes = user.iter();
        while let Some(&byte) = bytes.next() {
            if byte != b'%' {
                said.push(byte);
                continue;
            }
            let (high, low) = (hex(*bytes.next()?)?, hex(*bytes.next()?)?);
            said.push(high << 4 | low);
        }
        String::from_utf8(said).ok()
    }
}

/// RFC 3966 §3 `visual-separator`.
const fn is_separator(byte: u8) -> bool {
    matches!(byte, b'-' | b'.' | b'(' | b')')
}

/// `text` before the first `stop`, and from it on.
fn split_before(text: &[u8], stop: u8) -> (&[u8], &[u8]) {
    let at = memchr::memchr(stop, text).unwrap_or(text.len());
    text.split_at_checked(at).unwrap_or((text, b""))
}

/// Host and port; a host is a name, an IPv4 address or an IPv6 address in brackets.
pub fn host_port_of(text: &[u8]) -> Option<(&[u8], Option<u16>)> {
    let (host, port) = if text.first() == Some(&b'[') {
        let close = memchr::memchr(b']', text)?;
        (text.get(..=close)?, text.get(close + 1..)?)
    } else {
        split_before(text, b':')
    };
    let port = match port {
        [] => None,
        [b':', digits @ ..] => Some(u16::try_from(number(digits)?).ok()?),
        _ => return None,
    };
    is_host(host).then_some((host, port))
}

fn is_host(host: &[u8]) -> bool {
    if host.first() == Some(&b'[') {
        return ip(host).is_some();
    }
    !host.is_empty() && is_all(host, HOST)
}

/// The address `host` is, if it is one.
pub fn ip(host: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(host).ok()?;
    match text.strip_prefix('[') {
        Some(inner) => ipv6(inner.strip_suffix(']')?).map(IpAddr::V6),
        None => text.parse().ok(),
    }
}

/// The grammar of RFC 3261 allowed three colons before an IPv4 part; both forms must be read (RFC 5118 §4.10).
fn ipv6(text: &str) -> Option<Ipv6Addr> {
    text.parse().ok().or_else(|| {
        let (left, right) = text.split_once(":::")?;
        let right: Ipv4Addr = right.parse().ok()?;
        format!("{left}::{right}").parse().ok()
    })
}

fn escapes_are_whole(user: &[u8]) -> bool {
    memchr::memchr_iter(b'%', user)
        .all(|at| user.get(at + 1..at + 3).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit)))
}

const fn hex(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_uri() {
        let uri = Uri::read(
            b"sip:alice;day=tuesday:secret@[2001:db8::1]:5070;transport=tcp;lr?subject=x",
        )
        .unwrap();
        assert_eq!(uri.user, Some(&b"alice;day=tuesday"[..]));
        assert_eq!(uri.host(), Host::Ip("2001:db8::1".parse().unwrap()));
        assert_eq!(uri.port, Some(5070));
        assert_eq!(uri.params.value("transport"), Some(&b"tcp"[..]));
        assert!(uri.params.get("lr").is_some());
        assert_eq!(uri.headers, b"?subject=x");
        assert_eq!(uri.user_text().unwrap(), "alice");
    }

    #[test]
    fn escapes_are_undone_and_must_be_whole() {
        assert_eq!(Uri::read(b"sip:%2B31%32@h").unwrap().user_text().unwrap(), "+312");
        assert_eq!(Uri::read(b"sip:%2@h"), None);
        assert_eq!(Uri::read(b"sip:%zz@h"), None);
    }

    #[test]
    fn what_is_no_uri() {
        for text in [
            "sip:",
            "sip:@h",
            "sip:a@",
            "sip:a@h:99999",
            "sip:a b@h",
            "sip:a@[::1",
            "http://x",
            "",
            "sip:a@h:",
            "sip:a@[1:::2]",
            "sip:a@[1:::2:3.4.5.6]",
            "tel:",
            "tel:+",
            "tel:+-",
            "tel:+31+20",
            "tel:+31a",
            "tel:-",
            "tel:x",
            "sip:a@[1::2:::3.4.5.6]",
        ] {
            assert_eq!(Uri::read(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_telephone_number() {
        let bug = Uri::read(b"sip:[2001:db8:::192.0.2.1]").unwrap();
        assert_eq!(bug.host(), Host::Ip("2001:db8::192.0.2.1".parse().unwrap()));
        let uri = Uri::read(b"tel:+31-20-1234567;phone-context=x").unwrap();
        assert_eq!(uri.user_text().unwrap(), "+31-20-1234567");
        assert_eq!(Uri::read(b"tel:*21*#").unwrap().user, Some(&b"*21*#"[..]));
    }
}
