//! `[store]`: where what people set and see is kept, and for how long.

use super::section::Section;
use ringfence_store::Place;
use std::path::Path;

/// The database in the data folder, where the settings name none.
const FILE: &str = "ringfence.db";
/// The store numbers nodes in 15 bits.
const NODE_MAX: u64 = 0x7fff;

/// Where what people set and see is kept, and for how long.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Storage {
    /// The database.
    pub place: Place,
    /// Tells machines apart that share a database; the one with 0 lets go of what is old.
    pub node: u16,
    /// Days that call records are kept as they are.
    pub raw_days: u32,
    /// Days that they are kept after that with pseudonyms for numbers.
    pub pseudonymous_days: u32,
    /// Days that events are kept.
    pub event_days: u32,
}

/// The section, or what holds without it.
pub(super) fn read(root: &mut Section<'_>, data: &Path) -> Storage {
    let place = Place::File(data.join(FILE));
    let mut storage =
        Storage { place, node: 0, raw_days: 92, pseudonymous_days: 273, event_days: 92 };
    let Some(mut section) = root.section("store") else { return storage };
    if let Some(url) = section.secret("url") {
        match place_of(&url.value, &section) {
            Some(place) => storage.place = place,
            // The text itself may hold a password.
            None => section.desk().wrong(
                &url.span,
                "url names no database",
                "write \"postgres://user@host/database\" or \"sqlite:ringfence.db\"",
            ),
        }
    }
    let node = section.within("node", 0..=NODE_MAX, 0);
    storage.node = u16::try_from(node).unwrap_or(0);
    let mut days = |key, low, default: u32| {
        let days = section.within(key, low..=36_500, u64::from(default));
        u32::try_from(days).unwrap_or(default)
    };
    storage.raw_days = days("raw_days", 1, storage.raw_days);
    storage.pseudonymous_days = days("pseudonymous_days", 0, storage.pseudonymous_days);
    storage.event_days = days("event_days", 1, storage.event_days);
    section.finish();
    storage
}

fn place_of(url: &str, section: &Section<'_>) -> Option<Place> {
    if let Some(path) = url.strip_prefix("sqlite:") {
        return (!path.is_empty()).then(|| Place::File(section.desk().source().beside(path)));
    }
    let postgres = url.starts_with("postgres://") || url.starts_with("postgresql://");
    postgres.then(|| Place::Postgres(url.to_owned()))
}
