//! Which addresses a tenant may have us connect to. What a tenant sets must not reach the platform's own network: the
//! control plane, a cloud's metadata, a neighbour.

use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether `ip` is one of the public internet (RFC 6890, IANA's special-purpose registries), or inside of what the
/// platform allows besides.
#[must_use]
pub fn may_be_reached(ip: IpAddr, inside: &[IpNet]) -> bool {
    let ip = ip.to_canonical();
    let public = match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    };
    public || inside.iter().any(|net| net.contains(&ip))
}

const fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = matches!(
        (a, b, c),
        (0 | 10 | 127, _, _)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
            | (224..=255, _, _)
    );
    !special
}

const fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [a, b, ..] = ip.segments();
    // Global unicast is 2000::/3; of it, special ranges, 6to4 (which holds any IPv4 address) and documentation.
    let global = a & 0xe000 == 0x2000;
    let special = (a == 0x2001 && (b < 0x200 || b == 0xdb8)) || a == 0x2002 || a == 0x3fff;
    global && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_public_internet_is_reached() {
        for ip in ["8.8.8.8", "172.15.0.1", "100.128.0.1", "2a00:1450::1", "::ffff:8.8.8.8"] {
            assert!(may_be_reached(ip.parse().unwrap(), &[]), "{ip}");
        }
        for ip in [
            "127.0.0.1",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:db8::1",
        ] {
            assert!(!may_be_reached(ip.parse().unwrap(), &[]), "{ip}");
        }
        let inside = ["10.0.0.0/8".parse().unwrap()];
        assert!(may_be_reached("10.1.2.3".parse().unwrap(), &inside));
        assert!(!may_be_reached("127.0.0.1".parse().unwrap(), &inside));
    }
}
