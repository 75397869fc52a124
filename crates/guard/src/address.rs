//! Who a sender is: one IPv4 address, or one IPv6 /64, because a /64 is what a single customer is given and can
//! rotate through at will (RFC 6177).

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// What carried the bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Transport {
    /// TCP or TLS: the handshake has proven the address.
    Stream,
    /// UDP: the address may be anybody's.
    Datagram,
}

/// Where bytes came from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Sender {
    /// Address and port as the socket gave them.
    pub address: SocketAddr,
    /// What carried them.
    pub transport: Transport,
}

/// A source: an IPv4 address or an IPv6 /64, in eight bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(crate) struct Host(u64);

/// The network of a source, with the prefix lengths of the settings.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Network(u64);

/// IPv4 addresses stand where IPv6 has the multicast group ffff:ffff::/32, which is never a source.
const V4: u64 = 0xFFFF_FFFF_0000_0000;

impl Sender {
    /// Bytes from a UDP socket.
    #[must_use]
    pub const fn datagram(address: SocketAddr) -> Self {
        Self { address, transport: Transport::Datagram }
    }

    /// Bytes from a TCP or TLS connection.
    #[must_use]
    pub const fn stream(address: SocketAddr) -> Self {
        Self { address, transport: Transport::Stream }
    }

    /// The address, an IPv4 one also when a dual-stack socket wrote it as IPv6.
    pub(crate) fn ip(self) -> IpAddr {
        self.address.ip().to_canonical()
    }

    pub(crate) fn host(self) -> Host {
        Host::of(self.address.ip())
    }

    /// Whether an answer could reach it and nobody else.
    pub(crate) fn answerable(self) -> bool {
        let ip = self.ip();
        let broadcast = ip == IpAddr::V4(Ipv4Addr::BROADCAST);
        self.address.port() != 0 && !ip.is_unspecified() && !ip.is_multicast() && !broadcast
    }
}

impl Host {
    pub(crate) fn of(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V4(ip) => Self(V4 | u64::from(u32::from(ip))),
            IpAddr::V6(ip) => Self((u128::from(ip) >> 64) as u64),
        }
    }

    /// The address of an IPv4 source; the first of the /64 of an IPv6 one.
    pub(crate) fn ip(self) -> IpAddr {
        if self.0 & V4 == V4 {
            IpAddr::V4(Ipv4Addr::from(self.0 as u32))
        } else {
            IpAddr::V6(Ipv6Addr::from(u128::from(self.0) << 64))
        }
    }

    pub(crate) fn net(self) -> IpNet {
        match self.ip() {
            // Both lengths are within their family: the fallbacks cannot be reached.
            IpAddr::V4(ip) => IpNet::V4(Ipv4Net::new(ip, 32).unwrap_or_default()),
            IpAddr::V6(ip) => IpNet::V6(Ipv6Net::new(ip, 64).unwrap_or_default()),
        }
    }

    /// `v4_bits` up to 32, `v6_bits` up to 64; longer ones mean the source itself.
    pub(crate) fn network(self, v4_bits: u8, v6_bits: u8) -> Network {
        let host_bits = if self.0 & V4 == V4 {
            32_u32.saturating_sub(v4_bits.into())
        } else {
            64_u32.saturating_sub(v6_bits.into())
        };
        Network(self.0 & u64::MAX.checked_shl(host_bits).unwrap_or(0))
    }
}

/// IPv4 nets also when written as IPv4-mapped IPv6; host bits cleared.
pub(crate) fn canonical(net: IpNet) -> IpNet {
    if let IpNet::V6(v6) = net
        && let Some(v4) = v6.network().to_ipv4_mapped()
        && let Some(bits) = v6.prefix_len().checked_sub(96)
        && let Ok(v4) = Ipv4Net::new(v4, bits)
    {
        return IpNet::V4(v4.trunc());
    }
    net.trunc()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(ip: &str) -> Host {
        Host::of(ip.parse().unwrap())
    }

    #[test]
    fn a_source_is_an_ipv4_address_or_a_64() {
        assert_ne!(host("192.0.2.1"), host("192.0.2.2"));
        assert_eq!(host("::ffff:192.0.2.1"), host("192.0.2.1"));
        assert_eq!(host("2001:db8:1:2::1"), host("2001:db8:1:2:ffff::9"));
        assert_ne!(host("2001:db8:1:2::1"), host("2001:db8:1:3::1"));
        assert_ne!(host("::1"), host("0.0.0.1"));
        assert_eq!(host("192.0.2.1").net().to_string(), "192.0.2.1/32");
        assert_eq!(host("2001:db8:1:2::1").net().to_string(), "2001:db8:1:2::/64");
    }

    #[test]
    fn networks() {
        assert_eq!(host("192.0.2.1").network(24, 48), host("192.0.2.200").network(24, 48));
        assert_ne!(host("192.0.2.1").network(24, 48), host("192.0.3.1").network(24, 48));
        assert_eq!(host("2001:db8:1:2::").network(24, 48), host("2001:db8:1:9::").network(24, 48));
        assert_ne!(host("2001:db8:1::").network(24, 48), host("2001:db8:2::").network(24, 48));
        assert_ne!(host("192.0.2.1").network(32, 64), host("192.0.2.2").network(99, 99));
        assert_eq!(host("192.0.2.1").network(0, 0), host("9.9.9.9").network(0, 0));
        assert_ne!(host("192.0.2.1").network(0, 0), host("2001:db8::").network(0, 0));
    }

    #[test]
    fn mapped_nets_are_ipv4() {
        let canonical = |text: &str| canonical(text.parse().unwrap()).to_string();
        assert_eq!(canonical("::ffff:192.0.2.0/120"), "192.0.2.0/24");
        assert_eq!(canonical("192.0.2.77/24"), "192.0.2.0/24");
        assert_eq!(canonical("::/0"), "::/0");
    }

    #[test]
    fn who_cannot_be_answered() {
        let answerable = |text: &str| Sender::datagram(text.parse().unwrap()).answerable();
        assert!(answerable("192.0.2.1:5060") && answerable("[2001:db8::1]:5060"));
        for no in ["192.0.2.1:0", "0.0.0.0:5060", "224.0.1.75:5060", "255.255.255.255:5060"] {
            assert!(!answerable(no), "{no}");
        }
        assert!(!answerable("[ff02::1]:5060") && !answerable("[::ffff:224.0.0.1]:5060"));
    }
}
