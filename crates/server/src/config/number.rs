//! Numbers in settings, and how numbers are written in a country.

use super::problem::At;
use super::section::Section;
use ringfence_call::Dialling;
use ringfence_model::{Country, E164};
use ringfence_numbering::{calling_code, international_prefix, trunk_prefix};

pub(super) const MEND: &str = "write it in full with its plus, such as \"+31201234567\"";

/// An E.164 number; spaces, dashes and brackets make it readable and are no part of it.
pub(super) fn read(text: &str) -> Result<E164, &'static str> {
    let plain: String = text.chars().filter(|c| !" -().".contains(*c)).collect();
    let digits = plain.strip_prefix('+').ok_or("is no international number")?;
    E164::from_digits(digits.as_bytes()).map_err(|_| "is no international number")
}

/// The `numbers` of a tenant or an extension.
pub(super) fn own(section: &mut Section<'_>) -> Vec<E164> {
    let numbers = section.texts("numbers", MEND, read).unwrap_or_default();
    numbers.into_iter().map(|at| at.value).collect()
}

/// The numbers of extensions, each of which rings one phone only.
pub(super) fn own_alone(section: &mut Section<'_>) -> Vec<E164> {
    let numbers = section.texts("numbers", MEND, read).unwrap_or_default();
    for number in &numbers {
        section.desk().declare("number", &At::new(number.value.full(), number.span.clone()));
    }
    numbers.into_iter().map(|at| at.value).collect()
}

/// How numbers without a plus are written there.
pub(super) fn dialling(country: Country) -> Dialling {
    Dialling {
        country_code: calling_code(country).map_or_else(String::new, |code| code.to_string()),
        national_prefix: trunk_prefix(country).to_owned(),
        international_prefix: international_prefix(country).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        assert_eq!(read("+31 (20) 123-45.67").unwrap().full(), "+31201234567");
        for wrong in ["020 1234567", "+", "+31x", "+123456789012345678"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn prefixes_of_countries() {
        let of = |code: &str| {
            let d = dialling(code.parse().unwrap());
            [d.country_code, d.national_prefix, d.international_prefix].join(" ")
        };
        assert_eq!(of("NL"), "31 0 00");
        assert_eq!(of("US"), "1 1 011");
        assert_eq!(of("ES"), "34  00");
        assert_eq!(of("HU"), "36 06 00");
    }
}
