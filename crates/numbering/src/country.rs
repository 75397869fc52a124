//! Names and calling codes of countries.

use crate::table::countries::COUNTRIES;
use crate::table::country::plan;
use ringfence_model::Country;

/// The country's name in English (Unicode CLDR); `None` for a code no numbering plan belongs to.
#[must_use]
pub fn country_name(country: Country) -> Option<&'static str> {
    match country {
        Country::WORLD => Some("International services"),
        _ => plan(country).map(|plan| plan.name_en),
    }
}

/// The country's name in Dutch (Unicode CLDR).
#[must_use]
pub fn country_name_nl(country: Country) -> Option<&'static str> {
    match country {
        Country::WORLD => Some("Internationale diensten"),
        _ => plan(country).map(|plan| plan.name_nl),
    }
}

/// The calling code of a country, such as 31. Several countries share one.
#[must_use]
pub fn calling_code(country: Country) -> Option<u16> {
    plan(country).map(|plan| plan.calling_code)
}

/// What is dialled before a national number in a country, such as 0; empty where nothing is.
#[must_use]
pub fn trunk_prefix(country: Country) -> &'static str {
    plan(country).map_or("", |plan| plan.trunk_prefix)
}

/// What is dialled before an international number in a country: 00 where that is one of its prefixes, else the
/// shortest of those in wide use that is. 00 where nothing is known.
#[must_use]
pub fn international_prefix(country: Country) -> &'static str {
    const IN_USE: [&str; 10] =
        ["00", "011", "001", "009", "010", "0011", "119", "810", "000", "0014"];
    let Some(root) = plan(country).and_then(|plan| plan.international_prefixes) else {
        return "00";
    };
    let table = crate::Numbering::embedded().table;
    let known = |prefix: &&&str| {
        table.entries(root, prefix.as_bytes()).any(|length| length == prefix.len())
    };
    IN_USE.iter().find(known).copied().unwrap_or("00")
}

/// Every country with a numbering plan, by code.
pub fn countries() -> impl ExactSizeIterator<Item = Country> {
    COUNTRIES.iter().map(|plan| plan.country)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_two_languages() {
        let belgium: Country = "BE".parse().unwrap();
        assert_eq!(country_name(belgium), Some("Belgium"));
        assert_eq!(country_name_nl(belgium), Some("België"));
        assert_eq!(calling_code(belgium), Some(32));
        assert_eq!(country_name("QQ".parse().unwrap()), None);
        assert!(country_name(Country::WORLD).is_some());
    }

    #[test]
    fn prefixes_before_numbers() {
        let of = |code: &str| {
            let country = code.parse().unwrap();
            (trunk_prefix(country), international_prefix(country))
        };
        assert_eq!(of("NL"), ("0", "00"));
        assert_eq!(of("US"), ("1", "011"));
        assert_eq!(of("AU"), ("0", "0011"));
        assert_eq!(of("HU"), ("06", "00"));
        assert_eq!(of("QQ"), ("", "00"));
    }

    #[test]
    fn countries_are_sorted_and_named() {
        let all: Vec<_> = countries().collect();
        assert_eq!(all.len(), 245);
        assert!(all.is_sorted());
        assert!(all.iter().all(|&c| country_name(c).is_some_and(|name| !name.is_empty())));
        assert!(all.iter().all(|&c| country_name_nl(c).is_some_and(|name| !name.is_empty())));
    }
}
