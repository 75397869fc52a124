//! Values of single lines.

use super::line::{Line, number, words};
use std::net::IpAddr;

/// Where media goes or a session comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Address<'a> {
    /// An address; of a multicast one, without time to live and count.
    Ip(IpAddr),
    /// A domain name.
    Name(&'a [u8]),
}

/// Who made a session (`o=`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Origin<'a> {
    /// Often `-`.
    pub username: &'a [u8],
    /// The same for all descriptions of a session.
    pub session_id: &'a [u8],
    /// Grows by one with each change (RFC 3264 §8); equal means nothing changed.
    pub version: &'a [u8],
    /// Where it was made, as its maker says.
    pub address: Address<'a>,
}

/// Which way media flows, as seen by the maker of the description (RFC 3264 §5.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// Both ways; holds when nothing is said.
    SendRecv,
    /// From the maker only.
    SendOnly,
    /// To the maker only.
    RecvOnly,
    /// Neither way.
    Inactive,
}

/// Where RTCP goes, when not to the port above RTP (RFC 3605).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rtcp<'a> {
    /// The port.
    pub port: u16,
    /// The address, when not the one of the media.
    pub address: Option<Address<'a>>,
}

/// What a payload type number stands for (RFC 8866 §6.6).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RtpMap<'a> {
    /// The payload type, 0 to 127.
    pub payload: u8,
    /// The encoding, such as `PCMA` or `opus`; compare ignoring case.
    pub encoding: &'a [u8],
    /// Ticks of the RTP clock per second.
    pub clock_hz: u32,
    /// What follows the clock: channels of audio.
    pub parameters: Option<&'a [u8]>,
}

impl<'a> Address<'a> {
    fn parse(word: &'a [u8]) -> Option<Self> {
        let host = word.split(|b| *b == b'/').next().filter(|host| !host.is_empty())?;
        let ip = str::from_utf8(host).ok().and_then(|text| text.parse().ok());
        Some(ip.map_or(Self::Name(host), Self::Ip))
    }

    /// 0.0.0.0 or `::`, which mean "send nothing": how phones put on hold before RFC 3264 (its §8.4).
    #[must_use]
    pub const fn is_unspecified(&self) -> bool {
        matches!(self, Self::Ip(ip) if ip.is_unspecified())
    }
}

/// Reads `IN IP4 192.0.2.1`, from which anything else than the Internet is none.
pub(super) fn connection(value: &[u8]) -> Option<Address<'_>> {
    let mut words = words(value);
    words.next().filter(|net| net.eq_ignore_ascii_case(b"IN"))?;
    words.next().filter(|family| is_family(family))?;
    Address::parse(words.next()?)
}

fn is_family(word: &[u8]) -> bool {
    word.eq_ignore_ascii_case(b"IP4") || word.eq_ignore_ascii_case(b"IP6")
}

impl<'a> Origin<'a> {
    /// From the right, since phones put user names with spaces on the left.
    pub(super) fn parse(value: &'a [u8]) -> Option<Self> {
        let mut words = words(value).rev();
        let address = Address::parse(words.next()?)?;
        words.next().filter(|family| is_family(family))?;
        words.next().filter(|net| net.eq_ignore_ascii_case(b"IN"))?;
        let (version, session_id) = (words.next()?, words.next()?);
        Some(Self { username: words.next_back()?, session_id, version, address })
    }
}

impl Direction {
    fn from_name(name: &[u8]) -> Option<Self> {
        let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
        match () {
            () if is(b"sendrecv") => Some(Self::SendRecv),
            () if is(b"sendonly") => Some(Self::SendOnly),
            () if is(b"recvonly") => Some(Self::RecvOnly),
            () if is(b"inactive") => Some(Self::Inactive),
            () => None,
        }
    }
}

/// The first direction said in these lines.
pub(super) fn direction(lines: &[Line<'_>]) -> Option<Direction> {
    lines.iter().find_map(|line| Direction::from_name(line.attribute()?.0))
}

impl<'a> Rtcp<'a> {
    /// Reads `53020` or `53020 IN IP4 192.0.2.1`.
    pub(super) fn parse(value: &'a [u8]) -> Option<Self> {
        let at = value.iter().position(|b| matches!(b, b' ' | b'\t')).unwrap_or(value.len());
        let (port, rest) = value.split_at_checked(at)?;
        let port = number(port)?;
        if rest.is_empty() {
            return Some(Self { port, address: None });
        }
        Some(Self { port, address: Some(connection(rest)?) })
    }
}

impl<'a> RtpMap<'a> {
    /// Reads `96 opus/48000/2`.
    pub(super) fn parse(value: &'a [u8]) -> Option<Self> {
        let mut words = words(value);
        let payload = number(words.next()?).filter(|payload| *payload < 128)?;
        let mut parts = words.next()?.splitn(3, |b| *b == b'/');
        let encoding = parts.next().filter(|encoding| !encoding.is_empty())?;
        Some(Self { payload, encoding, clock_hz: number(parts.next()?)?, parameters: parts.next() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let ip = |text: &str| Some(Address::Ip(text.parse().unwrap()));
        assert_eq!(connection(b"IN IP4 192.0.2.1"), ip("192.0.2.1"));
        assert_eq!(connection(b" in  ip4 224.2.36.42/127/3 "), ip("224.2.36.42"));
        assert_eq!(connection(b"IN IP6 2001:db8::1"), ip("2001:db8::1"));
        assert_eq!(connection(b"IN IP4 pbx.example"), Some(Address::Name(b"pbx.example")));
        for bad in ["", "IN", "IN IP4", "IN IP4 /1", "ATM NSAP 47", "IN IP5 192.0.2.1"] {
            assert_eq!(connection(bad.as_bytes()), None, "{bad}");
        }
        assert!(connection(b"IN IP6 ::").unwrap().is_unspecified());
    }

    #[test]
    fn origins_even_with_a_space_in_the_name() {
        let origin = Origin::parse(b"Reception Desk 17 18 IN IP4 192.0.2.1").unwrap();
        assert_eq!((origin.session_id, origin.version), (&b"17"[..], &b"18"[..]));
        assert_eq!(origin.username, b"Reception");
        assert_eq!(Origin::parse(b"17 18 IN IP4 192.0.2.1"), None);
    }

    #[test]
    fn rtcp_and_rtpmap() {
        assert_eq!(Rtcp::parse(b"53020"), Some(Rtcp { port: 53020, address: None }));
        let address = Some(Address::Ip("192.0.2.1".parse().unwrap()));
        assert_eq!(Rtcp::parse(b"9 IN IP4 192.0.2.1"), Some(Rtcp { port: 9, address }));
        for bad in ["", "65536", "+1", "-1", "1 IN", "x"] {
            assert_eq!(Rtcp::parse(bad.as_bytes()), None, "{bad}");
        }
        let opus = RtpMap::parse(b"111 opus/48000/2").unwrap();
        assert_eq!((opus.payload, opus.encoding, opus.clock_hz), (111, &b"opus"[..], 48000));
        assert_eq!(opus.parameters, Some(&b"2"[..]));
        for bad in ["", "0", "128 X/8000", "0 /8000", "0 PCMU", "0 PCMU/x"] {
            assert_eq!(RtpMap::parse(bad.as_bytes()), None, "{bad}");
        }
    }
}
