//! The rate deck of an evaluation set: longest prefix to price.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

/// The scorer's own classes of destination; a block level is a set of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    NatFixed,
    NatMobile,
    NatFree,
    NatOther,
    NatService,
    IntlFixed,
    IntlMobile,
    IntlPremium,
    Satellite,
}

impl Class {
    pub fn is_foreign(self) -> bool {
        matches!(self, Self::IntlFixed | Self::IntlMobile | Self::IntlPremium | Self::Satellite)
    }

    /// National and not paid by the call: the traffic that no fraud block may touch.
    pub fn is_national(self) -> bool {
        matches!(self, Self::NatFixed | Self::NatMobile | Self::NatFree | Self::NatOther)
    }
}

/// One row of the deck. Prices are EUR as floats, because the reference scorer adds floats.
#[derive(Debug, Clone, Deserialize)]
pub struct Rate {
    prefix: String,
    pub class: Class,
    eur_min: f64,
    eur_call: f64,
    min_s: f64,
    step_s: f64,
    cap_eur: Option<f64>,
}

impl Rate {
    /// EUR for a call answered `secs` seconds; the order of operations is the reference scorer's,
    /// so that sums agree to the last bit.
    pub fn cost(&self, secs: f64) -> f64 {
        if secs <= 0.0 {
            return 0.0;
        }
        let charged = if secs > self.min_s { secs } else { self.min_s };
        let steps = (charged / self.step_s - 1e-9).ceil();
        let eur = self.eur_call + self.eur_min / 60.0 * steps * self.step_s;
        match self.cap_eur {
            Some(cap) if eur >= cap => cap,
            _ => eur,
        }
    }
}

/// All rates of a set.
#[derive(Debug)]
pub struct Deck {
    rates: Vec<Rate>,
    by_prefix: HashMap<String, u16>,
    longest: usize,
}

impl Deck {
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
        Self::parse(&bytes).with_context(|| format!("in {}", path.display()))
    }

    pub fn parse(bytes: &[u8]) -> Result<Self> {
        // Index 0 prices what the deck does not know: dear, so that no hole in a deck looks safe.
        let mut rates = vec![Rate {
            prefix: String::new(),
            class: Class::IntlPremium,
            eur_min: 1.0,
            eur_call: 0.5,
            min_s: 0.0,
            step_s: 60.0,
            cap_eur: None,
        }];
        for row in csv::Reader::from_reader(bytes).into_deserialize::<Rate>() {
            rates.push(row?);
        }
        let mut by_prefix = HashMap::new();
        for (at, rate) in rates.iter().enumerate().skip(1) {
            by_prefix.insert(rate.prefix.clone(), u16::try_from(at).context("over 65,535 rates")?);
        }
        let longest = by_prefix.keys().map(String::len).max().unwrap_or(0);
        Ok(Self { rates, by_prefix, longest })
    }

    /// Index of the rate of an E.164 number written `+...`; 0 when no prefix matches.
    pub fn find(&self, number: &str) -> u16 {
        let digits = number.get(1..).unwrap_or_default();
        (1..=self.longest.min(digits.len()))
            .rev()
            .find_map(|len| self.by_prefix.get(digits.get(..len)?).copied())
            .unwrap_or(0)
    }

    /// The rate at an index that `find` gave.
    pub fn rate(&self, at: u16) -> &Rate {
        &self.rates[usize::from(at)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deck() -> Deck {
        let csv = "prefix,iso,name,class,eur_min,eur_call,min_s,step_s,cap_eur\n\
                   1,US,US fixed,intl_fixed,0.06,0.05,0,1,\n\
                   1268,AG,AG fixed,intl_fixed,0.3,0.05,0,60,\n\
                   31909,NL,service,nat_service,1.2,0,60,1,1.5\n";
        Deck::parse(csv.as_bytes()).unwrap()
    }

    #[test]
    fn longest_prefix_wins_and_a_hole_is_dear() {
        let deck = deck();
        assert_eq!(deck.rate(deck.find("+12685551234")).eur_min, 0.3);
        assert_eq!(deck.rate(deck.find("+12125551234")).eur_min, 0.06);
        assert_eq!(deck.rate(deck.find("+4912345")).class, Class::IntlPremium);
        assert_eq!(deck.find(""), 0);
    }

    #[test]
    fn cost_follows_steps_minimum_and_cap() {
        let deck = deck();
        let per_second = deck.rate(deck.find("+12125551234"));
        assert_eq!(per_second.cost(0.0), 0.0);
        assert!((per_second.cost(10.0) - 0.06).abs() < 1e-12);
        let per_minute = deck.rate(deck.find("+12685551234"));
        assert!((per_minute.cost(61.0) - 0.65).abs() < 1e-12);
        let capped = deck.rate(deck.find("+319091234"));
        assert!((capped.cost(5.0) - 1.2).abs() < 1e-12);
        assert_eq!(capped.cost(500.0), 1.5);
    }
}
