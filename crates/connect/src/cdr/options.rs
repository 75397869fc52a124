//! What the person who imports knows and the records do not say.

use super::format::Format;
use super::mapping::Mapping;
use jiff::tz::TimeZone;
use ringfence_model::{TenantId, WallTime};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// How to read the records of one source.
#[derive(Clone, Debug)]
pub struct ImportOptions {
    /// The format; `None` finds it out by content.
    pub format: Option<Format>,
    /// How the columns are to be read, for sources that are not known. It overrides `format`.
    pub mapping: Option<Arc<Mapping>>,
    /// The time zone of times written without one.
    pub zone: TimeZone,
    /// Whose calls these are.
    pub tenant: TenantFrom,
    /// Who is who.
    pub sides: Sides,
    /// Now, to recognise records of the future; `None` does not look.
    pub now: Option<WallTime>,
    /// Stop after this many rows of each file; `None` reads all.
    pub rows_max: Option<u64>,
    /// How many native ids are remembered to find duplicates.
    pub ids_max: usize,
}

/// Where the tenant of a call comes from.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum TenantFrom {
    /// The account or domain in the record, when it has one. Wrong where a PBX keeps PIN codes in the account field.
    #[default]
    Record,
    /// All calls are of this tenant, whatever the records say.
    Fixed(TenantId),
}

/// Tells the tenant's own side from the carrier's. Names end in `*` to match a beginning; case does not matter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sides {
    /// Names of trunks to carriers.
    pub carrier_trunks: Vec<String>,
    /// Names of trunks that only lead to this firewall, to ask it. Their legs are no calls.
    pub guard_trunks: Vec<String>,
    /// Contexts in which calls from carriers arrive.
    pub carrier_contexts: Vec<String>,
    /// Numbers of the tenant, international, with or without `*` for a range.
    pub own_numbers: Vec<String>,
    /// How many digits an extension has.
    pub extension_digits: RangeInclusive<usize>,
}

impl ImportOptions {
    /// Options that find out the rest from the records.
    #[must_use]
    pub fn new(zone: TimeZone) -> Self {
        Self {
            format: None,
            mapping: None,
            zone,
            tenant: TenantFrom::Record,
            sides: Sides::default(),
            now: None,
            rows_max: None,
            ids_max: 4 << 20,
        }
    }
}

impl Default for Sides {
    /// Contexts as FreePBX, FusionPBX and the Asterisk samples name them; extensions of 2 to 6 digits.
    fn default() -> Self {
        let list = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        Self {
            carrier_trunks: Vec::new(),
            guard_trunks: list(&["guard", "ringfence*"]),
            carrier_contexts: list(&[
                "from-trunk*",
                "from-pstn*",
                "from-did*",
                "from-carrier*",
                "from-outside*",
                "from-external*",
                "from-provider*",
                "ext-did*",
                "public",
                "incoming*",
                "inbound*",
            ]),
            own_numbers: Vec::new(),
            extension_digits: 2..=6,
        }
    }
}
