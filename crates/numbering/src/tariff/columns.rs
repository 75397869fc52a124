//! Which column of a deck holds what.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// What a column can hold.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// Leading digits of the international number; also a list or a range of them.
    Prefix,
    /// Calling code, where the prefix is spread over two columns.
    CountryCode,
    /// What follows the calling code, where the prefix is spread over two columns.
    AreaCode,
    /// Price per minute, in peak hours where they differ.
    PerMinute,
    /// Price per minute outside peak hours.
    OffPeak,
    /// Fee per answered call.
    Connect,
    /// Least charged time, in seconds.
    Minimum,
    /// First increment, in seconds.
    First,
    /// Following increments in seconds, or both as `30/6`.
    Step,
    /// The most one call can cost.
    Cap,
    /// Name of the destination.
    Name,
    /// The deck's own class of the destination.
    Class,
    /// Currency of the row.
    Currency,
    /// First day of the price.
    ValidFrom,
    /// Last day of the price.
    ValidTo,
}

/// A column of the file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Column {
    /// By position, from 1.
    Position(usize),
    /// By its name in the header.
    Name(String),
}

/// Columns named by a person; fields that are absent are looked for by the usual names.
///
/// When positions are given for prefix and price, the file may have no header at all.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Columns(pub BTreeMap<Field, Column>);

impl Columns {
    /// The same with one more column named.
    #[must_use]
    pub fn with(mut self, field: Field, column: Column) -> Self {
        self.0.insert(field, column);
        self
    }

    /// Whether prefix and price have positions, so that no header is needed.
    pub(super) fn stand_alone(&self) -> bool {
        let positioned = |field| matches!(self.0.get(&field), Some(Column::Position(_)));
        positioned(Field::Prefix) && positioned(Field::PerMinute)
    }
}

/// The usual names in English and Dutch, as [`plain`] writes them; currencies are left out of names first.
const NAMES: [(Field, &[&str]); 15] = [
    (
        Field::Prefix,
        &[
            "prefix",
            "prefixes",
            "code",
            "codes",
            "dial code",
            "dial codes",
            "dialcode",
            "dialling code",
            "dialing code",
            "dial prefix",
            "destination code",
            "number prefix",
            "breakout",
            "breakouts",
            "kengetal",
            "nummer",
            "nummerreeks",
            "prefix nummer",
            "bestemmingscode",
            "kiescode",
        ],
    ),
    (
        Field::CountryCode,
        &["country code", "countrycode", "cc", "calling code", "landnummer", "landcode", "landnr"],
    ),
    (
        Field::AreaCode,
        &[
            "area code",
            "area codes",
            "city code",
            "city codes",
            "netnummer",
            "netnummers",
            "gebiedscode",
        ],
    ),
    (
        Field::PerMinute,
        &[
            "rate",
            "price",
            "rate per minute",
            "price per minute",
            "per minute",
            "per min",
            "price min",
            "rate min",
            "minute rate",
            "minute price",
            "cost",
            "cost per minute",
            "call rate",
            "new rate",
            "current rate",
            "peak",
            "peak rate",
            "peak price",
            "standard rate",
            "tarief",
            "prijs",
            "tarief per minuut",
            "prijs per minuut",
            "per minuut",
            "minuutprijs",
            "minuuttarief",
            "tarief min",
            "prijs min",
            "kosten per minuut",
            "piek",
            "piektarief",
            "nieuw tarief",
            "min",
            "minute",
            "minuut",
            "cents per minute",
            "cent per minuut",
            "ct min",
            "cents min",
            "ct minuut",
        ],
    ),
    (
        Field::OffPeak,
        &[
            "off peak",
            "offpeak",
            "off peak rate",
            "offpeak rate",
            "off peak price",
            "dal",
            "daltarief",
        ],
    ),
    (
        Field::Connect,
        &[
            "connect",
            "connect fee",
            "connection fee",
            "connect charge",
            "connection charge",
            "connection",
            "setup",
            "setup fee",
            "set up fee",
            "call setup",
            "setup rate",
            "per call",
            "price per call",
            "call",
            "starttarief",
            "start tarief",
            "starttarief per gesprek",
            "per gesprek",
            "gesprek",
            "opzetkosten",
            "voorloopkosten",
            "opstartkosten",
            "connectiekosten",
            "verbindingskosten",
            "call fee",
        ],
    ),
    (
        Field::Minimum,
        &[
            "min s",
            "min secs",
            "minimum",
            "minimum duration",
            "min duration",
            "minimum secs",
            "minimum seconds",
            "minimum time",
            "minimale duur",
            "minimumduur",
            "min seconden",
        ],
    ),
    (
        Field::First,
        &[
            "first increment",
            "initial increment",
            "first interval",
            "initial interval",
            "interval 1",
            "initial period",
            "first period",
            "initial",
            "increment 1",
            "eerste interval",
            "eerste eenheid",
        ],
    ),
    (
        Field::Step,
        &[
            "step",
            "step s",
            "step secs",
            "increment",
            "increments",
            "billing increment",
            "billing increments",
            "next increment",
            "next interval",
            "interval n",
            "increment 2",
            "interval",
            "additional increment",
            "additional interval",
            "rounding",
            "billing",
            "eenheid",
            "afronding",
            "afrekeneenheid",
            "afrekeninterval",
            "vervolginterval",
            "increment secs",
        ],
    ),
    (
        Field::Cap,
        &["cap", "max per call", "maximum per call", "call cap", "plafond", "maximum per gesprek"],
    ),
    (
        Field::Name,
        &[
            "name",
            "destination",
            "destination name",
            "description",
            "country name",
            "zone",
            "route",
            "naam",
            "bestemming",
            "omschrijving",
            "country",
            "land",
        ],
    ),
    (Field::Class, &["class", "type", "category", "kind", "klasse", "soort", "categorie"]),
    (Field::Currency, &["currency", "valuta", "munteenheid", "munt"]),
    (
        Field::ValidFrom,
        &[
            "valid from",
            "effective",
            "effective date",
            "effective from",
            "start date",
            "date effective",
            "from date",
            "ingangsdatum",
            "geldig vanaf",
            "vanaf",
            "startdatum",
            "per datum",
        ],
    ),
    (
        Field::ValidTo,
        &[
            "valid to",
            "valid until",
            "end date",
            "expiry date",
            "expires",
            "einddatum",
            "geldig tot",
        ],
    ),
];

/// What a header cell usually stands for.
pub(super) fn usual_field(header: &str) -> Option<Field> {
    let name = plain(header);
    let find = |name: &str| NAMES.iter().find(|(_, names)| names.contains(&name)).map(|&(f, _)| f);
    find(&name).or_else(|| {
        let words: Vec<&str> = name.split(' ').filter(|word| !is_filler(word)).collect();
        find(&words.join(" "))
    })
}

/// Lower case, words parted by one space, everything that is neither letter nor digit a space.
pub(super) fn plain(header: &str) -> String {
    let spaced: String =
        header.chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    spaced.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Words that say nothing about which column it is.
fn is_filler(word: &str) -> bool {
    matches!(
        word,
        "eur"
            | "euro"
            | "euros"
            | "usd"
            | "gbp"
            | "chf"
            | "in"
            | "ex"
            | "excl"
            | "vat"
            | "btw"
            | "the"
    )
}

impl Field {
    const fn name(self) -> &'static str {
        match self {
            Self::Prefix => "prefix",
            Self::CountryCode => "country_code",
            Self::AreaCode => "area_code",
            Self::PerMinute => "per_minute",
            Self::OffPeak => "off_peak",
            Self::Connect => "connect",
            Self::Minimum => "minimum",
            Self::First => "first",
            Self::Step => "step",
            Self::Cap => "cap",
            Self::Name => "name",
            Self::Class => "class",
            Self::Currency => "currency",
            Self::ValidFrom => "valid_from",
            Self::ValidTo => "valid_to",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Position(position) => write!(f, "{position}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_usual_names() {
        for (header, field) in [
            ("prefix", Field::Prefix),
            ("Dial-Code", Field::Prefix),
            ("eur_min", Field::PerMinute),
            ("Rate (EUR/min)", Field::PerMinute),
            ("Tarief per minuut in euro ex. btw", Field::PerMinute),
            ("€/min", Field::PerMinute),
            ("eur_call", Field::Connect),
            ("Starttarief (€)", Field::Connect),
            ("min_s", Field::Minimum),
            ("step_s", Field::Step),
            ("Billing Increment", Field::Step),
            ("cap_eur", Field::Cap),
            ("Bestemming", Field::Name),
            ("class", Field::Class),
            ("Effective Date", Field::ValidFrom),
            ("Landcode", Field::CountryCode),
        ] {
            assert_eq!(usual_field(header), Some(field), "{header}");
        }
        assert_eq!(usual_field("iso"), None);
        assert_eq!(usual_field(""), None);
        assert_eq!(usual_field("316"), None);
    }

    #[test]
    fn no_name_stands_twice() {
        let mut all: Vec<&str> =
            NAMES.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        assert!(all.iter().all(|name| plain(name) == *name));
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
