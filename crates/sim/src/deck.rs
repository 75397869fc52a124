//! Price decks of the virtual carriers: each seed has its own prices, fees and increments.

use crate::chance::Chance;
use crate::places::{FAR, NEAR, PAID_HOME, PAYING, Place, SATELLITE};
use ringfence_model::{Destination, Money, Weekday};
use ringfence_numbering::{Rate, Tariff, TariffError};
use std::fmt::Write;

/// How a carrier counts time: seconds charged at least, and the step.
const INCREMENTS: [(u32, u32); 6] = [(0, 1), (0, 60), (60, 60), (30, 6), (0, 30), (0, 600)];

/// A deck in the form carriers send it.
#[must_use]
pub fn csv(chance: &mut Chance) -> String {
    let mut deck = "prefix,iso,name,class,eur_min,eur_call,min_s,step_s,cap_eur\n".to_owned();
    line(&mut deck, "31", 2, 0, (0, 1), None);
    line(&mut deck, "316", 6, 0, (0, 1), None);
    for place in NEAR {
        let (price, step) = (2 + chance.below(8) as u32, increments(chance));
        line(&mut deck, place.prefix, price, 3, step, None);
    }
    for place in FAR {
        let (price, step) = (5 + chance.below(40) as u32, increments(chance));
        line(&mut deck, place.prefix, price, 5, step, None);
    }
    for place in PAYING.iter().chain(&SATELLITE) {
        let (price, step) = (25 + chance.below(250) as u32, increments(chance));
        let fee = if chance.happens(0.3) { 20 + chance.below(400) as u32 } else { 5 };
        line(&mut deck, place.prefix, price, fee, step, None);
    }
    for Place { prefix, .. } in PAID_HOME {
        let per_call = chance.happens(0.4);
        let (price, fee) = if per_call { (0, 90) } else { (80 + chance.below(20) as u32, 5) };
        line(&mut deck, prefix, price, fee, increments(chance), chance.happens(0.3).then_some(25));
    }
    deck
}

fn increments(chance: &mut Chance) -> (u32, u32) {
    chance.pick(&INCREMENTS).copied().unwrap_or((0, 1))
}

fn line(
    deck: &mut String,
    prefix: &str,
    cents: u32,
    fee: u32,
    (min, step): (u32, u32),
    cap: Option<u32>,
) {
    let cap = cap.map(|euros| euros.to_string()).unwrap_or_default();
    let (minute, call) = (f64::from(cents) / 100.0, f64::from(fee) / 100.0);
    let _ = writeln!(deck, "{prefix},,,,{minute:.2},{call:.2},{min},{step},{cap}");
}

/// The tariff of a deck.
///
/// # Errors
/// When the importer refuses it.
pub fn tariff(deck: &str) -> Result<Tariff, TariffError> {
    Tariff::import(deck.as_bytes(), &Default::default(), &Default::default()).map(|(t, _)| t)
}

/// The price of a call to `destination`. Decks here have one price for all hours; where they have none, the gate
/// counts half a euro and one more per minute begun.
#[must_use]
pub fn rate(tariff: &Tariff, destination: &Destination) -> Rate {
    tariff.rate(destination, Weekday::Mon, 600).cloned().unwrap_or(Rate {
        connect: Money::cents(50),
        per_minute: Money::units(1),
        minimum_secs: 0,
        first_secs: 0,
        step_secs: 60,
        cap: None,
        name: None,
        class: None,
    })
}
