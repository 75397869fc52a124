//! Reads a deck from CSV.

use super::cell;
use super::layout::{Layout, Row, layout, reader};
use super::report::{ImportReport, TariffError, Warning};
use super::{Columns, Deck, Entry, Field, PeakHours, Prices, Rate, Tariff};
use crate::Numbering;
use crate::table::country::plan;
use csv::StringRecord;
use foldhash::fast::FixedState;
use jiff::civil::Date;
use ringfence_model::{Country, Currency, E164, Money};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

const BYTES_MAX: usize = 64 << 20;
const PREFIXES_MAX: usize = 1_000_000;
/// So many times the default price is odd enough to say so.
const DEAR: i64 = 50;

/// What the file does not say itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ImportOptions {
    /// The tenant's currency; a deck in another one is refused.
    pub currency: Currency,
    /// The tenant's country, for the check of prices.
    pub home: Country,
    /// The day whose prices count. `None`: dates are ignored, and of several the newest price counts.
    pub on: Option<Date>,
    /// What the prices are counted in; a column that says cents itself is read as cents in any case.
    pub unit: PriceUnit,
    /// When the peak price holds, for decks with two.
    pub peak: PeakHours,
}

/// What a price of 1 means.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum PriceUnit {
    /// One euro, dollar, pound.
    #[default]
    Whole,
    /// One hundredth of it.
    Cents,
}

impl Default for ImportOptions {
    fn default() -> Self {
        Self {
            currency: Currency::EUR,
            home: Country::NL,
            on: None,
            unit: PriceUnit::Whole,
            peak: PeakHours::default(),
        }
    }
}

impl Tariff {
    /// Reads a deck: CSV with comma, semicolon, tab or bar, decimal point or comma, quoted or not, with or
    /// without byte order mark, with a header in English or Dutch or columns named by `columns`.
    ///
    /// Rows that cannot be used are left out and reported; they do not stop the import.
    ///
    /// # Errors
    /// When the file as a whole is no deck: see [`TariffError`].
    pub fn import(
        bytes: &[u8],
        columns: &Columns,
        options: &ImportOptions,
    ) -> Result<(Self, ImportReport), TariffError> {
        if bytes.len() > BYTES_MAX {
            return Err(TariffError::TooLarge(bytes.len(), BYTES_MAX));
        }
        let text = text(bytes)?;
        let (delimiter, layout) = layout(&text, columns)?;
        let mut import = Import::new(options, &layout);
        let mut reader = reader(&text, delimiter);
        for record in reader.records().skip(layout.rows_above).flatten() {
            import.row(&record, &layout)?;
        }
        import.finish()
    }
}

fn text(bytes: &[u8]) -> Result<String, TariffError> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if bytes.contains(&0) {
        return Err(TariffError::NotText);
    }
    // Old spreadsheets write Windows-1252: prices and prefixes are ASCII in it, names lose their accents.
    Ok(String::from_utf8_lossy(bytes).into_owned())
}

/// A price that waits for a better one of the same prefix.
struct Candidate {
    entry: Entry,
    from: Option<Date>,
}

struct Import<'a> {
    options: &'a ImportOptions,
    report: ImportReport,
    found: HashMap<E164, Candidate, FixedState>,
    /// The deck's currency: the header's if it names one, else the tenant's.
    currency: Currency,
    /// Another one that rows name.
    other: Option<Currency>,
    texts: HashSet<Arc<str>>,
    default_bands: Tariff,
    /// Rows that could be compared with a default price, and those a hundred times dearer or so.
    compared: (usize, usize),
}

impl<'a> Import<'a> {
    fn new(options: &'a ImportOptions, layout: &Layout) -> Self {
        Self {
            options,
            report: ImportReport {
                rows: 0,
                prefixes: 0,
                columns: layout.names.clone(),
                currency: options.currency,
                bad_rows: Vec::new(),
                bad_rows_total: 0,
                warnings: Vec::new(),
                warnings_total: 0,
                next_change: None,
            },
            found: HashMap::default(),
            currency: layout.currency.unwrap_or(options.currency),
            other: None,
            texts: HashSet::new(),
            default_bands: Tariff::default_bands(options.home),
            compared: (0, 0),
        }
    }

    fn row(&mut self, record: &StringRecord, layout: &Layout) -> Result<(), TariffError> {
        if record.iter().all(str::is_empty) {
            return Ok(());
        }
        self.report.rows += 1;
        let line = record.position().map_or(0, csv::Position::line);
        let row = Row { record, layout };
        let read = self.read(&row);
        let (prefixes, candidate) = match read {
            Ok(read) => read,
            Err(reason) => {
                self.report.bad(line, reason, record);
                return Ok(());
            }
        };
        if !self.in_force(&row, line, candidate.from) {
            return Ok(());
        }
        for prefix in prefixes {
            self.compare(prefix, candidate.entry.rate.per_minute, line);
            self.keep(prefix, &candidate, line);
            if self.found.len() > PREFIXES_MAX {
                return Err(TariffError::TooManyPrefixes(PREFIXES_MAX));
            }
        }
        Ok(())
    }

    fn read(&mut self, row: &Row) -> Result<(Vec<E164>, Candidate), String> {
        let prefixes = row.prefixes()?;
        let per_minute = self.price(row, Field::PerMinute)?;
        let connect = self.price(row, Field::Connect)?;
        if per_minute.is_none() && connect.is_none() {
            return Err("no price".into());
        }
        let (first_of_step, step) = match row.cell(Field::Step) {
            "" => (None, 1),
            text => cell::increments(text)?,
        };
        let first = match row.cell(Field::First) {
            "" => first_of_step.unwrap_or(0),
            text => cell::seconds(text)?,
        };
        let minimum = match row.cell(Field::Minimum) {
            "" => 0,
            text => cell::seconds(text)?,
        };
        if let Some(currency) = row.currency()? {
            self.same_currency(currency)?;
        }
        let rate = Rate {
            connect: connect.unwrap_or(Money::ZERO),
            per_minute: per_minute.unwrap_or(Money::ZERO),
            minimum_secs: minimum,
            first_secs: first,
            step_secs: step,
            cap: self.price(row, Field::Cap)?,
            name: self.shared(row.cell(Field::Name)),
            class: self.shared(row.cell(Field::Class)),
        };
        let off_peak = self.price(row, Field::OffPeak)?;
        let off_peak = off_peak.map(|per_minute| Rate { per_minute, ..rate.clone() });
        Ok((
            prefixes,
            Candidate { entry: Entry { rate, off_peak }, from: row.day(Field::ValidFrom)? },
        ))
    }

    fn price(&mut self, row: &Row, field: Field) -> Result<Option<Money>, String> {
        let text = row.cell(field);
        if text.is_empty() {
            return Ok(None);
        }
        let cents = self.options.unit == PriceUnit::Cents || row.layout.cents.contains(&field);
        let (money, currency) = cell::amount(text, if cents { 100 } else { 1 })?;
        if let Some(currency) = currency {
            self.same_currency(currency)?;
        }
        Ok(Some(money))
    }

    fn same_currency(&mut self, currency: Currency) -> Result<(), String> {
        if currency == self.currency {
            return Ok(());
        }
        self.other = Some(currency);
        Err(format!("the price is in {currency}, the deck in {}", self.currency))
    }

    /// One copy of each text: a deck repeats its names and classes.
    fn shared(&mut self, text: &str) -> Option<Arc<str>> {
        if text.is_empty() {
            return None;
        }
        if let Some(known) = self.texts.get(text) {
            return Some(Arc::clone(known));
        }
        let text: Arc<str> = text.chars().take(200).collect::<String>().into();
        self.texts.insert(Arc::clone(&text));
        Some(text)
    }

    fn in_force(&mut self, row: &Row, line: u64, from: Option<Date>) -> bool {
        let Some(on) = self.options.on else { return true };
        if let Some(from) = from.filter(|&from| from > on) {
            self.report.warn(Warning::NotYet { line, from });
            self.report.next_change =
                Some(self.report.next_change.map_or(from, |next| next.min(from)));
            return false;
        }
        // An end that is no date at all does not end the price.
        match row.day(Field::ValidTo) {
            Ok(Some(until)) if until < on => {
                self.report.warn(Warning::Expired { line, until });
                false
            }
            _ => true,
        }
    }

    fn keep(&mut self, prefix: E164, new: &Candidate, line: u64) {
        let candidate = Candidate { entry: new.entry.clone(), from: new.from };
        let Some(known) = self.found.get_mut(&prefix) else {
            self.found.insert(prefix, candidate);
            return;
        };
        if new.from > known.from {
            *known = candidate;
        } else if new.from == known.from {
            let price = |entry: &Entry| (entry.rate.per_minute, entry.rate.connect);
            if price(&new.entry) > price(&known.entry) {
                *known = candidate;
            }
            self.report.warn(Warning::Duplicate { line, prefix });
        }
    }

    /// Holds the price against the default one: prices in cents taken for euros are a hundred times too high.
    fn compare(&mut self, prefix: E164, price: Money, line: u64) {
        let destination = Numbering::embedded().destination(prefix, self.options.home);
        let band = self.default_bands.rate(&destination, ringfence_model::Weekday::Mon, 0);
        let country = plan(destination.country).map(|plan| plan.fixed.max(plan.mobile));
        let Some(usual) = band.map(|rate| rate.per_minute).max(country) else { return };
        if usual <= Money::ZERO {
            return;
        }
        self.compared.0 += 1;
        // Half a hundred: the default prices are only good to a factor of two or so.
        if price >= usual.times(DEAR / 2) {
            self.compared.1 += 1;
        }
        if price >= usual.times(DEAR) {
            self.report.warn(Warning::Dear { line, prefix, price, usual });
        }
    }

    fn finish(mut self) -> Result<(Tariff, ImportReport), TariffError> {
        let tenant = self.options.currency;
        if self.currency != tenant {
            return Err(TariffError::OtherCurrency { deck: self.currency, tenant });
        }
        if self.found.is_empty() {
            if let Some(deck) = self.other {
                return Err(TariffError::OtherCurrency { deck, tenant });
            }
            let fault = self.report.bad_rows.first();
            let fault = fault.map(|bad| format!("line {}: {}", bad.line, bad.reason));
            return Err(TariffError::NoPrices(fault.unwrap_or_else(|| "no rows".into())));
        }
        let (compared, dear) = self.compared;
        if dear * 2 > compared {
            self.report.warnings.insert(0, Warning::ProbablyCents);
            self.report.warnings_total += 1;
        }
        self.report.prefixes = self.found.len();
        let entries = self.found.into_iter().map(|(prefix, found)| (prefix, found.entry)).collect();
        let prices = Prices::Deck(Deck::new(entries, self.options.peak));
        Ok((Tariff { currency: self.report.currency, prices }, self.report))
    }
}
