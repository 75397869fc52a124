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
    fn countries_are_sorted_and_named() {
        let all: Vec<_> = countries().collect();
        assert_eq!(all.len(), 245);
        assert!(all.is_sorted());
        assert!(all.iter().all(|&c| country_name(c).is_some_and(|name| !name.is_empty())));
        assert!(all.iter().all(|&c| country_name_nl(c).is_some_and(|name| !name.is_empty())));
    }
}
