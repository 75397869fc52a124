//! From where and with what an extension calls: networks, countries and programs seen before.

use ringfence_model::{Country, Source};
use serde::{Deserialize, Serialize};
use std::hash::{BuildHasher, Hash};
use std::net::IpAddr;

/// A source in words: its network (/24 or /48), country and program.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Origin {
    /// The network the address is in.
    pub network: u32,
    /// The country of the address.
    pub country: Option<Country>,
    /// The program, without its version.
    pub program: u32,
}

impl Origin {
    /// Reads a source.
    #[must_use]
    pub fn of(source: &Source) -> Self {
        let network = match source.ip {
            IpAddr::V4(v4) => u32::from(v4) >> 8,
            IpAddr::V6(v6) => mix(v6.octets().get(..6)),
        };
        // The version after the first slash or space changes with every update.
        let program = source.user_agent.as_deref().unwrap_or("");
        let name = program.split(['/', ' ']).next().unwrap_or("");
        Self { network, country: source.country, program: mix(name.as_bytes()) }
    }
}

fn mix(value: impl Hash) -> u32 {
    foldhash::fast::FixedState::default().hash_one(value) as u32
}

/// How well a source is known.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Familiar {
    /// The network was seen before.
    Network,
    /// The country and the program were.
    Country,
    /// The program was, in another country.
    Program,
    /// Neither.
    Nothing,
}

#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
struct Seen {
    origin: Origin,
    first: u16,
    last: u16,
}

/// Days until a source vouches for calls: an attacker who waits a night gains nothing.
const RIPE_DAYS: i32 = 5;

/// A bounded table of sources.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Origins {
    seen: Vec<Seen>,
}

impl Origins {
    /// Notes that `origin` was used on `day`.
    pub fn note(&mut self, origin: Origin, day: i32, cap: usize) {
        let today = u16::try_from(day.max(0)).unwrap_or(u16::MAX);
        if let Some(seen) = self.seen.iter_mut().find(|s| s.origin == origin) {
            seen.last = seen.last.max(today);
            return;
        }
        if self.seen.len() >= cap {
            let oldest = self.seen.iter().enumerate().min_by_key(|(_, s)| s.last).map(|(i, _)| i);
            if let Some(oldest) = oldest {
                self.seen.swap_remove(oldest);
            }
        }
        self.seen.push(Seen { origin, first: today, last: today });
    }

    /// What was seen long enough before `day`: a source that is new vouches for nothing.
    fn before(&self, day: i32) -> impl Iterator<Item = &Seen> {
        self.seen.iter().filter(move |s| i32::from(s.first) + RIPE_DAYS <= day)
    }

    /// How well `origin` was known before `day`; `None` when nothing was known at all.
    #[must_use]
    pub fn familiar(&self, origin: Origin, day: i32) -> Option<Familiar> {
        let best = self
            .before(day)
            .map(|s| {
                let country = s.origin.country == origin.country;
                let program = s.origin.program == origin.program;
                match (s.origin.network == origin.network, country, program) {
                    (true, ..) => Familiar::Network,
                    (_, true, true) => Familiar::Country,
                    (_, false, true) => Familiar::Program,
                    _ => Familiar::Nothing,
                }
            })
            .min()?;
        Some(best)
    }

    /// Whether the country of `origin` was seen before `day`.
    #[must_use]
    pub fn knows_country(&self, origin: Origin, day: i32) -> bool {
        self.before(day).any(|s| s.origin.country == origin.country)
    }

    /// Whether the program of `origin` was seen before `day`.
    #[must_use]
    pub fn knows_program(&self, origin: Origin, day: i32) -> bool {
        self.before(day).any(|s| s.origin.program == origin.program)
    }

    /// Forgets `origin`: a person said it was the attacker's.
    pub fn forget(&mut self, origin: Origin) {
        self.seen.retain(|s| s.origin != origin);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(ip: &str, country: &str, agent: &str) -> Origin {
        Origin::of(&Source {
            ip: ip.parse().unwrap(),
            country: Some(country.parse().unwrap()),
            user_agent: Some(agent.into()),
        })
    }

    #[test]
    fn a_new_address_of_the_same_provider_is_not_alarming() {
        let mut origins = Origins::default();
        let desk = source("192.0.2.10", "NL", "Yealink/1.2");
        origins.note(desk, 20_000, 4);
        assert_eq!(origins.familiar(desk, 20_000), None, "a new source vouches for nothing");
        let familiar = |ip, country, agent| origins.familiar(source(ip, country, agent), 20_005);
        assert_eq!(familiar("192.0.2.99", "NL", "Yealink/9"), Some(Familiar::Network));
        assert_eq!(familiar("198.51.100.1", "NL", "Yealink/1.3"), Some(Familiar::Country));
        assert_eq!(familiar("198.51.100.1", "BE", "Yealink/1.3"), Some(Familiar::Program));
        assert_eq!(familiar("203.0.113.5", "PS", "Zoiper"), Some(Familiar::Nothing));
        assert!(!origins.knows_country(source("203.0.113.5", "PS", "Zoiper"), 20_005));
    }

    #[test]
    fn bounded() {
        let mut origins = Origins::default();
        for n in 0..=255u8 {
            origins.note(source(&format!("192.0.{n}.1"), "NL", "x"), 20_000 + i32::from(n), 4);
        }
        assert_eq!(origins.seen.len(), 4);
    }
}
