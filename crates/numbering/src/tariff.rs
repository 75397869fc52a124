//! What calls cost: a deck of prices per prefix, or the shipped default bands.

mod bands;
mod cell;
mod columns;
mod import;
mod layout;
mod rate;
mod report;

pub use columns::{Column, Columns, Field};
pub use import::{ImportOptions, PriceUnit};
pub use rate::{PeakHours, Rate};
pub use report::{BadRow, ImportReport, TariffError, Warning};

use bands::Bands;
use foldhash::fast::FixedState;
use ringfence_model::{Country, Currency, Destination, E164, Weekday};
use std::collections::HashMap;

/// The prices of one tenant.
#[derive(Clone, Debug)]
pub struct Tariff {
    currency: Currency,
    prices: Prices,
}

#[derive(Clone, Debug)]
enum Prices {
    Deck(Deck),
    Bands(Bands),
}

/// Prices by the leading digits of the number; the longest prefix counts.
#[derive(Clone, Debug, Default)]
struct Deck {
    /// Keys are numbers that look random already, and come from the operator: no need for a seed.
    entries: HashMap<E164, Entry, FixedState>,
    /// The lengths that occur, longest first.
    lengths: Vec<usize>,
    peak: PeakHours,
}

#[derive(Clone, Debug)]
struct Entry {
    rate: Rate,
    /// Outside the peak hours, where the deck has such a price.
    off_peak: Option<Rate>,
}

impl Tariff {
    /// The shipped price bands, in euros: an estimate by country and kind of line (see the head of
    /// `data/default_rates_eur.csv`). To be labelled "default tariff" wherever a price of it is shown.
    #[must_use]
    pub fn default_bands(home: Country) -> Self {
        Self { currency: Currency::EUR, prices: Prices::Bands(Bands::new(home)) }
    }

    /// Whether these are the shipped bands and not someone's real prices.
    #[must_use]
    pub const fn is_default(&self) -> bool {
        matches!(self.prices, Prices::Bands(_))
    }

    /// The currency of every price.
    #[must_use]
    pub const fn currency(&self) -> Currency {
        self.currency
    }

    /// The price of calls to `destination` that begin at this local time (`minute_of_day` 0 to 1439). `None` when
    /// the tariff does not say.
    #[must_use]
    pub fn rate(
        &self,
        destination: &Destination,
        weekday: Weekday,
        minute_of_day: u16,
    ) -> Option<&Rate> {
        match &self.prices {
            Prices::Deck(deck) => deck.rate(destination.number?, weekday, minute_of_day),
            Prices::Bands(bands) => bands.rate(destination),
        }
    }

    /// How many prefixes the deck prices; 0 for the default bands.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.prices {
            Prices::Deck(deck) => deck.entries.len(),
            Prices::Bands(_) => 0,
        }
    }

    /// Whether no prefix has a price of its own.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The prefixes of the deck with their prices (in peak hours), sorted by prefix; none for the default bands.
    #[must_use]
    pub fn prefixes(&self) -> Vec<(E164, &Rate)> {
        let Prices::Deck(deck) = &self.prices else { return Vec::new() };
        let mut all: Vec<_> = deck.entries.iter().map(|(&p, entry)| (p, &entry.rate)).collect();
        all.sort_by_key(|(prefix, _)| prefix.full());
        all
    }
}

impl Deck {
    fn new(entries: HashMap<E164, Entry, FixedState>, peak: PeakHours) -> Self {
        let mut lengths: Vec<usize> = entries.keys().map(|prefix| prefix.len()).collect();
        lengths.sort_unstable_by(|a, b| b.cmp(a));
        lengths.dedup();
        Self { entries, lengths, peak }
    }

    fn rate(&self, number: E164, weekday: Weekday, minute_of_day: u16) -> Option<&Rate> {
        let entry = self.longest(number)?;
        match &entry.off_peak {
            Some(off_peak) if !self.peak.contains(weekday, minute_of_day) => Some(off_peak),
            _ => Some(&entry.rate),
        }
    }

    fn longest(&self, number: E164) -> Option<&Entry> {
        let mut prefix = number;
        for &length in self.lengths.iter().filter(|&&length| length <= number.len()) {
            prefix = prefix.prefix(length);
            if let Some(entry) = self.entries.get(&prefix) {
                return Some(entry);
            }
        }
        None
    }
}
