//! Number plans in, table out.

// A tool, not part of the pure crate: it reads files, and a fault in the data must stop it.
#![allow(clippy::expect_used, clippy::disallowed_methods)]

mod automaton;
#[path = "../../../src/table/class.rs"]
#[allow(dead_code)]
pub mod class;
mod emit;
pub mod metadata;
pub mod overlay;
mod pattern;
mod plans;

use std::path::Path;

/// What can go wrong here is a fault in the data: the message is for the person who changed it.
pub type Fault = Box<dyn std::error::Error>;

/// Every generated file, as its path inside the crate and its bytes.
pub fn compile(root: &Path) -> Result<Vec<(&'static str, Vec<u8>)>, Fault> {
    let read = |name: &str| std::fs::read_to_string(root.join("data").join(name));
    let numbers = metadata::territories(&read("libphonenumber/PhoneNumberMetadata.xml")?)?;
    let shorts = metadata::territories(&read("libphonenumber/ShortNumberMetadata.xml")?)?;
    let overlay = overlay::read(&read("overlay.csv")?)?;
    let facts = overlay::facts(
        &read("country_names.csv")?,
        &read("country_risk.csv")?,
        &read("default_rates_eur.csv")?,
    )?;

    let mut table = automaton::Table::default();
    let root = plans::world(&mut table, &numbers, &overlay, &facts)?;
    let countries = plans::countries(&mut table, &numbers, &shorts, &overlay)?;
    Ok(emit::files(&table, root, &countries, &numbers, &facts))
}
