//! The Via field: the way a response goes back (RFC 3261 §20.42, RFC 3581).

use crate::params::Params;
use crate::text::{find_outside, is_closed, is_space, is_token, number, trim};
use crate::uri::host_port_of;

/// One hop.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Via<'m> {
    /// `UDP`, `TCP`, `TLS` ..., as written.
    pub transport: &'m [u8],
    /// The host the sender gives as its own.
    pub host: &'m [u8],
    /// Its port, when said.
    pub port: Option<u16>,
    /// Parameters.
    pub params: Params<'m>,
}

impl<'m> Via<'m> {
    /// Reads one element of the field.
    #[must_use]
    pub fn read(text: &'m [u8]) -> Option<Self> {
        let text = trim(text);
        let slash = memchr::memchr(b'/', text)?;
        let protocol = trim(text.get(..slash)?);
        let rest = text.get(slash + 1..)?;
        let slash = memchr::memchr(b'/', rest)?;
        let version = trim(rest.get(..slash)?);
        let rest = trim(rest.get(slash + 1..)?);
        if !protocol.eq_ignore_ascii_case(b"SIP") || version != b"2.0" {
            return None;
        }
        let (transport, rest) = rest.split_at_checked(rest.iter().position(|b| is_space(*b))?)?;
        let (sent_by, params) =
            rest.split_at_checked(find_outside(rest, b';').unwrap_or(rest.len()))?;
        let (host, port) = sent_by_of(trim(sent_by))?;
        (is_token(transport) && is_closed(params)).then_some(Self {
            transport,
            host,
            port,
            params: Params(params),
        })
    }

    /// The transaction id the sender gave. The cookie `z9hG4bK` alone is none (RFC 4475 §3.2.1).
    #[must_use]
    pub fn branch(&self) -> Option<&'m [u8]> {
        self.params
            .value("branch")
            .filter(|branch| !branch.is_empty() && !branch.eq_ignore_ascii_case(b"z9hG4bK"))
    }

    /// Whether the sender wants the response at the port it sent from (RFC 3581).
    #[must_use]
    pub fn wants_rport(&self) -> bool {
        self.params.get("rport").is_some()
    }

    /// The `rport` a response brings back.
    #[must_use]
    pub fn rport(&self) -> Option<u16> {
        u16::try_from(number(self.params.value("rport")?)?).ok()
    }
}

/// `host : port`, where blanks may stand around the colon.
fn sent_by_of(text: &[u8]) -> Option<(&[u8], Option<u16>)> {
    if !text.iter().any(|b| is_space(*b)) {
        return host_port_of(text);
    }
    let colon = memchr::memrchr(b':', text)
        .filter(|at| !text.get(*at..).is_some_and(|rest| rest.contains(&b']')))?;
    let (host, _) = host_port_of(trim(text.get(..colon)?))?;
    let port = u16::try_from(number(trim(text.get(colon + 1..)?))?).ok()?;
    Some((host, Some(port)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let via = Via::read(
            b"SIP / 2.0 / UDP first.example.com: 4000;ttl=16 ;branch=z9hG4bKa7c6a8dlze.1",
        )
        .unwrap();
        assert_eq!(
            (via.transport, via.host, via.port),
            (&b"UDP"[..], &b"first.example.com"[..], Some(4000))
        );
        assert_eq!(via.branch(), Some(&b"z9hG4bKa7c6a8dlze.1"[..]));
        let via = Via::read(b"SIP/2.0/TLS [2001:db8::9]:6050;rport;branch=z9hG4bKx").unwrap();
        assert_eq!(
            (via.host, via.port, via.wants_rport()),
            (&b"[2001:db8::9]"[..], Some(6050), true)
        );
    }

    #[test]
    fn what_is_none() {
        for text in [
            "SIP/2.0/UDP",
            "SIP/3.0/UDP h",
            "HTTP/2.0/UDP h",
            "SIP/2.0/UDP ;x",
            "SIP/2.0/UDP h:port",
            "SIP/2.0/UDP h;x=\"y",
            "",
        ] {
            assert_eq!(Via::read(text.as_bytes()), None, "{text}");
        }
    }
}
