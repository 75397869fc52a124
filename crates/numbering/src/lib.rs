//! What a dialled number is and costs.
//!
//! [`Numbering::classify`] reads what was dialled under a tenant's [`DialPlan`]; [`Numbering::destination`] says
//! what an international number is: country, kind of line, prior risk, whether such a number exists.
//! [`Tariff`] says what a call there costs.
//!
//! The number plans are compiled from libphonenumber's metadata and our overlay (satellite, international
//! networks, the Dutch plan) into a table of some 400 kB that is read in place: a look-up allocates nothing.
//! Sources and licences are in `NOTICE`, differences from libphonenumber in `docs/reference/numbering.md`.

mod classify;
mod country;
mod destination;
mod dial_plan;
mod dial_string;
mod operator;
mod protected;
mod reading;
mod table;
mod tariff;

pub use country::{
    calling_code, countries, country_name, country_name_nl, international_prefix, trunk_prefix,
};
pub use dial_plan::{Bare, DialPlan, ExtensionRange, ParseRangeError, PrefixRule};
pub use operator::operator;
pub use tariff::{
    BadRow, Column, Columns, Field, ImportOptions, ImportReport, PeakHours, PriceUnit, Rate,
    Tariff, TariffError, Warning,
};

/// The number plans of the world.
#[derive(Clone, Copy, Debug)]
pub struct Numbering {
    table: table::Table,
}

impl Numbering {
    /// The plans that were compiled into the program.
    #[must_use]
    pub const fn embedded() -> Self {
        Self { table: table::Table::EMBEDDED }
    }

    /// Bytes of the table.
    #[must_use]
    pub const fn table_bytes(&self) -> usize {
        self.table.size()
    }
}

impl Default for Numbering {
    fn default() -> Self {
        Self::embedded()
    }
}
