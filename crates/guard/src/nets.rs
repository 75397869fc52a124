//! A list of networks that answers "is this address in one of them" in a few dozen nanoseconds, however long it is.

use crate::address::canonical;
use ipnet::IpNet;
use ringfence_model::Moment;
use std::cmp::Reverse;
use std::net::IpAddr;

/// Networks, each until its own moment. IPv4 and IPv6 apart, so that `::/0` does not mean IPv4.
#[derive(Clone, Debug, Default)]
pub(crate) struct Nets {
    v4: Vec<Span>,
    v6: Vec<Span>,
}

/// One network and the narrowest other one around it: networks nest or are apart, they never overlap in part.
#[derive(Clone, Copy, Debug)]
struct Span {
    first: u128,
    last: u128,
    until: Moment,
    around: Option<usize>,
}

impl Nets {
    /// Networks that hold for ever.
    pub(crate) fn of(nets: &[IpNet]) -> Self {
        Self::until(nets.iter().map(|net| (*net, Moment(u64::MAX))))
    }

    /// Networks that each hold until a moment.
    pub(crate) fn until(nets: impl Iterator<Item = (IpNet, Moment)>) -> Self {
        let mut list = Self::default();
        for (net, until) in nets {
            let net = canonical(net);
            let (first, last) = (bits(net.network()), bits(net.broadcast()));
            list.family(net.addr()).push(Span { first, last, until, around: None });
        }
        nest(&mut list.v4);
        nest(&mut list.v6);
        list
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    /// Whether a network that still holds contains `ip` (canonical).
    pub(crate) fn contains(&self, ip: IpAddr, now: Moment) -> bool {
        let spans = if ip.is_ipv4() { &self.v4 } else { &self.v6 };
        let ip = bits(ip);
        let mut at = spans.partition_point(|span| span.first <= ip).checked_sub(1);
        while let Some(span) = at.and_then(|at| spans.get(at)) {
            if ip <= span.last && now < span.until {
                return true;
            }
            at = span.around;
        }
        false
    }

    fn family(&mut self, ip: IpAddr) -> &mut Vec<Span> {
        if ip.is_ipv4() { &mut self.v4 } else { &mut self.v6 }
    }
}

fn bits(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => u32::from(ip).into(),
        IpAddr::V6(ip) => ip.into(),
    }
}

fn nest(spans: &mut [Span]) {
    spans.sort_by_key(|span| (span.first, Reverse(span.last)));
    let mut open: Vec<(u128, usize)> = Vec::new();
    for (at, span) in spans.iter_mut().enumerate() {
        while open.last().is_some_and(|(last, _)| *last < span.first) {
            open.pop();
        }
        span.around = open.last().map(|(_, around)| *around);
        open.push((span.last, at));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::Ipv4Addr;

    #[test]
    fn nested_nets_and_both_families() {
        let nets = Nets::of(
            &["10.0.0.0/8", "10.1.2.0/24", "2001:db8::/32"].map(|net| net.parse().unwrap()),
        );
        let contains = |ip: &str| nets.contains(ip.parse().unwrap(), Moment(1));
        assert!(contains("10.1.2.3") && contains("10.1.3.1") && contains("10.255.0.1"));
        assert!(contains("2001:db8::1"));
        assert!(!contains("11.0.0.1") && !contains("9.255.255.255") && !contains("2001:db9::"));
        assert!(
            !Nets::of(&["::/0".parse().unwrap()]).contains("1.2.3.4".parse().unwrap(), Moment(0))
        );
    }

    #[test]
    fn the_wider_net_holds_when_the_narrow_one_has_ended() {
        let list = [("10.0.0.0/8", 50), ("10.1.0.0/16", 10), ("10.1.0.0/16", 20)];
        let nets = Nets::until(list.iter().map(|(net, t)| (net.parse().unwrap(), Moment(*t))));
        let ip = "10.1.2.3".parse().unwrap();
        assert!([5, 15, 30].iter().all(|t| nets.contains(ip, Moment(*t))));
        assert!(!nets.contains(ip, Moment(50)));
    }

    proptest! {
        #[test]
        fn equals_looking_at_each(
            nets in proptest::collection::vec((any::<u32>(), 0_u8..=32, 0_u64..4), 0..24),
            ips in proptest::collection::vec(any::<u32>(), 8),
            now in 0_u64..4,
        ) {
            let nets: Vec<_> = nets.iter().map(|(ip, bits, until)| {
                let net = ipnet::Ipv4Net::new(Ipv4Addr::from(*ip & 0x0300_00FF), *bits).unwrap();
                (IpNet::V4(net), Moment(*until))
            }).collect();
            let list = Nets::until(nets.iter().copied());
            for ip in ips {
                let ip = IpAddr::V4(Ipv4Addr::from(ip & 0x0300_00FF));
                let naive = nets.iter().any(|(net, until)| net.contains(&ip) && Moment(now) < *until);
                prop_assert_eq!(list.contains(ip, Moment(now)), naive);
            }
        }
    }
}
