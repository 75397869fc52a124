//! What we know of each country's plan, and of each calling code.

use super::countries::{CALLING_CODES, COUNTRIES};
use ringfence_model::{Country, Money, RiskTier};

/// A country's numbering plan.
pub struct CountryPlan {
    /// Whose.
    pub country: Country,
    /// The country in English (CLDR).
    pub name_en: &'static str,
    /// The country in Dutch (CLDR).
    pub name_nl: &'static str,
    /// Shared with others in some cases: 1 is North America.
    pub calling_code: u16,
    /// What is dialled before a national number, such as 0; empty where nothing is.
    pub trunk_prefix: &'static str,
    /// Prior risk, see `data/country_risk.csv`.
    pub tier: RiskTier,
    /// Default price per minute to fixed lines, see `data/default_rates_eur.csv`.
    pub fixed: Money,
    /// Default price per minute to mobile lines.
    pub mobile: Money,
    /// Where its short numbers begin in the table.
    pub short_numbers: Option<u16>,
    /// Where its international dialling prefixes begin in the table.
    pub international_prefixes: Option<u16>,
}

/// A calling code.
pub struct CallingCode {
    /// One to three digits.
    pub code: u16,
    /// The country that numbers of nobody else are counted to.
    pub main: Country,
    /// What people wrongly keep between the code and the national number.
    pub trunk_prefix: &'static str,
}

/// The plan of a country.
pub fn plan(country: Country) -> Option<&'static CountryPlan> {
    COUNTRIES
        .binary_search_by_key(&country, |plan| plan.country)
        .ok()
        .and_then(|at| COUNTRIES.get(at))
}

/// The calling code that begins these digits, and its length. No code begins another one (ITU-T E.164).
pub fn calling_code(digits: &[u8]) -> Option<(&'static CallingCode, usize)> {
    let mut code = 0u16;
    for (length, digit) in (1..=3).zip(digits) {
        code = code * 10 + u16::from(digit.wrapping_sub(b'0').min(9));
        if let Ok(at) = CALLING_CODES.binary_search_by_key(&code, |known| known.code) {
            // `01` is not calling code 1: a leading zero is no code at all.
            return if digits.first() == Some(&b'0') {
                None
            } else {
                CALLING_CODES.get(at).map(|known| (known, length))
            };
        }
    }
    None
}
