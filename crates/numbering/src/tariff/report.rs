//! What came of an import.

use super::Field;
use jiff::civil::Date;
use ringfence_model::{Currency, E164, Money};
use serde::Serialize;

/// At most so many bad rows and warnings are kept; the totals count all.
pub(super) const LISTED_MAX: usize = 500;

/// Why a deck could not be imported at all.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TariffError {
    /// Larger than any deck.
    #[error("the file has {0} bytes, more than the {1} a tariff may have")]
    TooLarge(usize, usize),
    /// More prefixes than any deck.
    #[error("the file has more than {0} prefixes")]
    TooManyPrefixes(usize),
    /// UTF-16, or a spreadsheet in its own format.
    #[error("the file is not CSV text; save it as \"CSV UTF-8\"")]
    NotText,
    /// No row at the top names the columns.
    #[error(
        "no row names a prefix and a price column (the first row is {0:?}); say which columns they are"
    )]
    NoHeader(String),
    /// A column of the given mapping is not in the file.
    #[error("the file has no column {column:?} for {field}; its columns are {found}")]
    NoColumn {
        /// What the column was to hold.
        field: Field,
        /// The name or position given.
        column: String,
        /// The names in the file.
        found: String,
    },
    /// A deck in another currency than the tenant's.
    #[error("the deck is in {deck}, the tenant's policy in {tenant}; convert the deck first")]
    OtherCurrency {
        /// Of the deck.
        deck: Currency,
        /// Of the tenant.
        tenant: Currency,
    },
    /// Not one row could be used.
    #[error("no row has a usable price; the first fault is: {0}")]
    NoPrices(String),
}

/// A row that was left out.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct BadRow {
    /// Line of the file, from 1.
    pub line: u64,
    /// Why.
    pub reason: String,
    /// The row as it stands, shortened.
    pub raw: String,
}

/// Something a person should look at.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "warning", rename_all = "snake_case")]
pub enum Warning {
    /// The same prefix with the same date twice: the dearer one is kept.
    Duplicate {
        /// Line of the second one.
        line: u64,
        /// The prefix.
        prefix: E164,
    },
    /// A price far above what is usual for such a destination.
    Dear {
        /// Line of the row.
        line: u64,
        /// The prefix.
        prefix: E164,
        /// The price per minute in the deck.
        price: Money,
        /// The default price.
        usual: Money,
    },
    /// Most prices are about a hundred times the usual ones.
    ProbablyCents,
    /// The price holds only from a later day; until then the row is left out.
    NotYet {
        /// Line of the row.
        line: u64,
        /// From this day.
        from: Date,
    },
    /// The price has ended; the row is left out.
    Expired {
        /// Line of the row.
        line: u64,
        /// Its last day.
        until: Date,
    },
}

/// What was read, what was left out, and what looks odd.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ImportReport {
    /// Rows below the header.
    pub rows: usize,
    /// Prefixes that have a price now.
    pub prefixes: usize,
    /// Which column was read as what, by its name in the file.
    pub columns: Vec<(Field, String)>,
    /// The currency of the deck.
    pub currency: Currency,
    /// Rows left out, the first ones.
    pub bad_rows: Vec<BadRow>,
    /// All rows left out.
    pub bad_rows_total: usize,
    /// What looks odd, the first ones.
    pub warnings: Vec<Warning>,
    /// All that looks odd.
    pub warnings_total: usize,
    /// The next day on which a price of this file changes: import it again then.
    pub next_change: Option<Date>,
}

impl ImportReport {
    pub(super) fn bad(&mut self, line: u64, reason: String, raw: &csv::StringRecord) {
        self.bad_rows_total += 1;
        if self.bad_rows.len() < LISTED_MAX {
            let raw: String = raw.iter().collect::<Vec<_>>().join(";").chars().take(200).collect();
            self.bad_rows.push(BadRow { line, reason, raw });
        }
    }

    pub(super) fn warn(&mut self, warning: Warning) {
        self.warnings_total += 1;
        if self.warnings.len() < LISTED_MAX {
            self.warnings.push(warning);
        }
    }
}
