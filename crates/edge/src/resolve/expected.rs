//! Whom we expect behind the addresses we connect to by TLS.

use arc_swap::ArcSwap;
use rustls::pki_types::ServerName;
use std::collections::HashMap;
use std::net::SocketAddr;

/// Whom we expect behind the addresses we connect to by TLS: what trunks are called, not what DNS made of it
/// (RFC 5922 §7.3).
#[derive(Default)]
pub struct Expected {
    names: ArcSwap<HashMap<SocketAddr, Vec<ServerName<'static>>>>,
}

impl Expected {
    /// The names of everybody who is said to be there; none when nobody is.
    pub fn names(&self, at: SocketAddr) -> Vec<ServerName<'static>> {
        self.names.load().get(&at).cloned().unwrap_or_default()
    }

    /// Replaces all. A name that is none makes its address one that cannot be proven, so it is not kept.
    pub fn replace<'a>(&self, all: impl Iterator<Item = (SocketAddr, &'a str)>) {
        let mut names: HashMap<_, Vec<_>> = HashMap::new();
        for (at, name) in all {
            let name = name.trim_start_matches('[').trim_end_matches([']', '.']);
            let Ok(name) = ServerName::try_from(name.to_owned()) else { continue };
            let there = names.entry(at).or_default();
            if !there.contains(&name) {
                there.push(name);
            }
        }
        self.names.store(names.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_at_an_address_is_expected_and_nobody_elsewhere() {
        let at = |text: &str| text.parse::<SocketAddr>().unwrap();
        let expected = Expected::default();
        let (one, two) = (at("192.0.2.1:5061"), at("[2001:db8::1]:5061"));
        let all =
            [(one, "a.example"), (one, "b.example."), (one, "a.example"), (two, "[2001:db8::1]")];
        expected.replace(all.into_iter());
        let names = expected.names(one);
        assert_eq!(
            names.iter().map(|n| n.to_str()).collect::<Vec<_>>(),
            ["a.example", "b.example"]
        );
        assert!(matches!(expected.names(two).as_slice(), [ServerName::IpAddress(_)]));
        assert!(expected.names(at("192.0.2.1:5062")).is_empty());
        expected.replace([(two, "no name")].into_iter());
        assert!(expected.names(one).is_empty() && expected.names(two).is_empty());
    }
}
