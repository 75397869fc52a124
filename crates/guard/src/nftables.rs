//! Bans for the kernel: what a repeat offender sends then costs no system call.

use crate::bans::{Ban, Reach};
use ipnet::IpNet;
use ringfence_model::WallTime;
use std::fmt::Write;

/// A script for `nft -f -` that replaces the sets of table `inet ringfence` by `bans`.
///
/// Sets `blocked4` and `blocked6` hold who is shut out from everything, `blocked4_udp` and `blocked6_udp` whose
/// address was never proven and who is shut out on UDP only. The rules that use them are the operator's, such as
/// `ip saddr @blocked4 udp dport 5060 drop`. A network inside another one of its set is left to the wider one, which
/// may end sooner: load the script anew when the list changes.
#[must_use]
pub fn nftables(bans: &[Ban], now: WallTime) -> String {
    let mut script = String::from("add table inet ringfence\n");
    for (reach, suffix) in [(Reach::All, ""), (Reach::Datagrams, "_udp")] {
        for (family, address) in [(4, "ipv4_addr"), (6, "ipv6_addr")] {
            let set = format!("inet ringfence blocked{family}{suffix}");
            // Writing to a String cannot fail.
            let _ =
                writeln!(script, "add set {set} {{ type {address}; flags interval, timeout; }}");
            let _ = writeln!(script, "flush set {set}");
            let elements: Vec<_> = widest(bans, reach, family == 4)
                .into_iter()
                .filter_map(|ban| element(ban, now))
                .collect();
            if !elements.is_empty() {
                let _ = writeln!(script, "add element {set} {{ {} }}", elements.join(", "));
            }
        }
    }
    script
}

/// The bans of one set without those inside another: overlapping intervals are an error to nft.
fn widest(bans: &[Ban], reach: Reach, v4: bool) -> Vec<&Ban> {
    let of_set = |ban: &&Ban| ban.reach == reach && matches!(ban.net, IpNet::V4(_)) == v4;
    let mut sorted: Vec<_> = bans.iter().filter(of_set).collect();
    // By network address, the widest first: then only the last one kept can contain the next.
    sorted.sort_by_key(|ban| (ban.net.network(), ban.net.prefix_len()));
    let mut kept: Vec<&Ban> = Vec::with_capacity(sorted.len());
    for ban in sorted {
        if kept.last().is_none_or(|wider| !wider.net.contains(&ban.net)) {
            kept.push(ban);
        }
    }
    kept
}

/// `None` when the ban has ended.
fn element(ban: &Ban, now: WallTime) -> Option<String> {
    let net = match ban.net.trunc() {
        net if net.prefix_len() == net.max_prefix_len() => net.addr().to_string(),
        net => net.to_string(),
    };
    match ban.until {
        None => Some(net),
        Some(until) => {
            let secs = (until - now).as_secs();
            (secs > 0).then(|| format!("{net} timeout {secs}s"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bans::Cause;

    fn ban(net: &str, reach: Reach, until_secs: Option<i64>) -> Ban {
        Ban {
            net: net.parse().unwrap(),
            reach,
            cause: Cause::Order("noc".into()),
            earlier: 0,
            until: until_secs.map(WallTime::from_secs),
        }
    }

    #[test]
    fn a_script_for_nft() {
        let bans = [
            ban("198.51.100.7/32", Reach::All, Some(1_300)),
            ban("203.0.113.0/24", Reach::All, None),
            ban("203.0.113.9/32", Reach::All, Some(9_000)),
            ban("192.0.2.1/32", Reach::All, Some(900)),
            ban("192.0.2.5/32", Reach::Datagrams, Some(1_060)),
            ban("2001:db8:1:2::/64", Reach::All, Some(1_600)),
        ];
        let script = nftables(&bans, WallTime::from_secs(1_000));
        let elements: Vec<_> =
            script.lines().filter(|line| line.starts_with("add element")).collect();
        assert_eq!(
            elements,
            [
                "add element inet ringfence blocked4 { 198.51.100.7 timeout 300s, 203.0.113.0/24 }",
                "add element inet ringfence blocked6 { 2001:db8:1:2::/64 timeout 600s }",
                "add element inet ringfence blocked4_udp { 192.0.2.5 timeout 60s }",
            ]
        );
        assert_eq!(script.lines().filter(|line| line.starts_with("flush set")).count(), 4);
    }
}
