//! Finds the delimiter and the header of a deck, and with them the meaning of each cell.

use super::cell;
use super::columns::{plain, usual_field};
use super::report::TariffError;
use super::{Column, Columns, Field};
use csv::StringRecord;
use jiff::civil::Date;
use ringfence_model::{Currency, E164};
use std::collections::{BTreeMap, HashSet};

/// Titles and addresses may stand above the header; below so many rows there is none.
const HEADER_ROWS_MAX: usize = 20;

/// Where each field stands in a row.
#[derive(Debug)]
pub(super) struct Layout {
    pub at: BTreeMap<Field, usize>,
    pub names: Vec<(Field, String)>,
    /// Titles and header.
    pub rows_above: usize,
    /// Which price columns are in cents by their own name.
    pub cents: HashSet<Field>,
    pub currency: Option<Currency>,
}

/// The delimiter and header with which most columns are known.
pub(super) fn layout(text: &str, columns: &Columns) -> Result<(u8, Layout), TariffError> {
    let mut best: Option<(u8, Layout)> = None;
    let mut fault = None;
    for delimiter in *b";,\t|" {
        match layout_with(text, delimiter, columns) {
            Ok(layout) if best.as_ref().is_none_or(|(_, b)| layout.at.len() > b.at.len()) => {
                best = Some((delimiter, layout));
            }
            Ok(_) => {}
            // With the right delimiter more of the file is understood, so that fault says more.
            Err(other) => match (&fault, &other) {
                (None, _) | (Some(TariffError::NoHeader(_)), TariffError::NoColumn { .. }) => {
                    fault = Some(other);
                }
                _ => {}
            },
        }
    }
    best.ok_or_else(|| fault.unwrap_or_else(|| TariffError::NoHeader(String::new())))
}

fn layout_with(text: &str, delimiter: u8, columns: &Columns) -> Result<Layout, TariffError> {
    let rows: Vec<StringRecord> =
        reader(text, delimiter).records().flatten().take(HEADER_ROWS_MAX).collect();
    if columns.stand_alone()
        && let Some(layout) = headerless(&rows, columns)
    {
        return Ok(layout);
    }
    let mut fault = None;
    for (above, row) in (1..).zip(&rows) {
        match header(row, columns) {
            Ok(Some(layout)) => return Ok(Layout { rows_above: above, ..layout }),
            Ok(None) => {}
            Err(missing) => fault = fault.or(Some(missing)),
        }
    }
    let first = rows.first().map(|row| row.iter().collect::<Vec<_>>().join(" | "));
    let first = first.unwrap_or_default().chars().take(120).collect();
    Err(fault.unwrap_or(TariffError::NoHeader(first)))
}

/// Columns by position alone, when the first row is already a price.
fn headerless(rows: &[StringRecord], columns: &Columns) -> Option<Layout> {
    let position = |column: &Column| match column {
        Column::Position(position) => position.checked_sub(1),
        Column::Name(_) => None,
    };
    let at: BTreeMap<Field, usize> = columns
        .0
        .iter()
        .map(|(&field, column)| Some((field, position(column)?)))
        .collect::<Option<_>>()?;
    let first = rows.first()?;
    let cell = |field| at.get(&field).and_then(|&at| first.get(at)).unwrap_or_default();
    cell::prefixes("", cell(Field::Prefix)).ok()?;
    cell::amount(cell(Field::PerMinute), 1).ok()?;
    let names = at.iter().map(|(&field, at)| (field, format!("{}", at + 1))).collect();
    Some(Layout { at, names, rows_above: 0, cents: HashSet::new(), currency: None })
}

/// The layout if this row names a prefix and a price; an error if it would but for a column a person named.
fn header(row: &StringRecord, columns: &Columns) -> Result<Option<Layout>, TariffError> {
    let mut at: BTreeMap<Field, usize> = BTreeMap::new();
    for (position, name) in row.iter().enumerate() {
        if let Some(field) = usual_field(name) {
            at.entry(field).or_insert(position);
        }
    }
    let mut missing = None;
    for (&field, column) in &columns.0 {
        let found = match column {
            Column::Position(position) => position.checked_sub(1).filter(|&at| at < row.len()),
            Column::Name(name) => row.iter().position(|header| plain(header) == plain(name)),
        };
        match found {
            Some(position) => {
                at.retain(|_, other| *other != position);
                at.insert(field, position);
            }
            None => missing = missing.or(Some((field, column))),
        }
    }
    let names = |field: Field| at.contains_key(&field);
    let has_prefix = names(Field::Prefix) || names(Field::CountryCode) || names(Field::AreaCode);
    if !has_prefix || !(names(Field::PerMinute) || names(Field::Connect)) {
        return Ok(None);
    }
    if let Some((field, column)) = missing {
        let found: String = row.iter().collect::<Vec<_>>().join(", ").chars().take(300).collect();
        return Err(TariffError::NoColumn { field, column: column.to_string(), found });
    }
    let name = |at: usize| row.get(at).unwrap_or_default();
    let names = at.iter().map(|(&field, &at)| (field, name(at).to_owned())).collect();
    let says_cents = |at: usize| {
        plain(name(at)).split(' ').any(|w| matches!(w, "ct" | "cent" | "cents" | "cts"))
    };
    let cents = at.iter().filter(|&(_, &at)| says_cents(at)).map(|(&field, _)| field).collect();
    let currency = at.values().find_map(|&at| currency_in(name(at)));
    Ok(Some(Layout { at, names, rows_above: 0, cents, currency }))
}

fn currency_in(header: &str) -> Option<Currency> {
    let symbols = [("€", "EUR"), ("$", "USD"), ("£", "GBP")];
    let symbol = symbols.iter().find(|(symbol, _)| header.contains(symbol)).map(|&(_, code)| code);
    let words = plain(header);
    let word = words.split(' ').find_map(|word| match word {
        "eur" | "euro" | "euros" => Some("EUR"),
        "usd" | "dollar" => Some("USD"),
        "gbp" | "pound" => Some("GBP"),
        "chf" => Some("CHF"),
        _ => None,
    });
    symbol.or(word)?.parse().ok()
}

/// One row with the meaning of its columns.
pub(super) struct Row<'a> {
    pub record: &'a StringRecord,
    pub layout: &'a Layout,
}

impl Row<'_> {
    pub fn cell(&self, field: Field) -> &str {
        self.layout.at.get(&field).and_then(|&at| self.record.get(at)).unwrap_or_default()
    }

    fn has(&self, field: Field) -> bool {
        self.layout.at.contains_key(&field)
    }

    pub fn prefixes(&self) -> Result<Vec<E164>, String> {
        if self.has(Field::Prefix) {
            return cell::prefixes("", self.cell(Field::Prefix));
        }
        let code = match self.cell(Field::CountryCode) {
            "" => String::new(),
            text => cell::digits(text)?,
        };
        cell::prefixes(&code, self.cell(Field::AreaCode))
    }

    pub fn currency(&self) -> Result<Option<Currency>, String> {
        match self.cell(Field::Currency) {
            "" => Ok(None),
            text => match currency_in(text) {
                Some(currency) => Ok(Some(currency)),
                None => text.parse().map(Some).map_err(|fault| format!("{fault}")),
            },
        }
    }

    pub fn day(&self, field: Field) -> Result<Option<Date>, String> {
        match self.cell(field) {
            "" => Ok(None),
            text => cell::day(text).map(Some),
        }
    }
}

pub(super) fn reader(text: &str, delimiter: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes())
}
