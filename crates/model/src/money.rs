//! Money as an integer: millionths of a currency unit, so that sums are exact.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};
use std::str::FromStr;

/// An amount in millionths (micro-euros) of the currency of its tariff and policy.
///
/// One tenant has one [`Currency`]; a deck in another one is refused when it is loaded, so amounts that meet
/// in a sum are of one currency. Arithmetic saturates.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Money(pub i64);

/// An ISO 4217 code.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

/// Why a text is not an amount or a currency.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ParseMoneyError {
    /// Not digits with at most one point or comma.
    #[error("{0:?} is not an amount such as 12.34")]
    NotANumber(String),
    /// More than six decimals that are not zero.
    #[error("{0:?} has more than six decimals")]
    TooFine(String),
    /// Beyond what the type holds.
    #[error("{0:?} is too large an amount")]
    TooLarge(String),
    /// Not three letters.
    #[error("{0:?} is not a currency code such as EUR")]
    NotACurrency(String),
}

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The largest amount.
    pub const MAX: Self = Self(i64::MAX);

    /// Whole units, such as euros.
    #[must_use]
    pub const fn units(units: i64) -> Self {
        Self(units.saturating_mul(1_000_000))
    }

    /// Hundredths, such as euro cents.
    #[must_use]
    pub const fn cents(cents: i64) -> Self {
        Self(cents.saturating_mul(10_000))
    }

    /// The nearest amount to a float, for figures that come out of statistics; prices never pass here.
    #[must_use]
    pub fn from_f64(units: f64) -> Self {
        Self((units * 1e6).round() as i64)
    }

    /// As a float, for statistics and charts.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// This amount `count` times, saturating.
    #[must_use]
    pub const fn times(self, count: i64) -> Self {
        Self(self.0.saturating_mul(count))
    }

    /// Whole cents, rounded half away from zero: what people are shown.
    #[must_use]
    pub const fn to_cents(self) -> i64 {
        let half = if self.0 < 0 { -5_000 } else { 5_000 };
        self.0.saturating_add(half) / 10_000
    }
}

impl Currency {
    /// The euro.
    pub const EUR: Self = Self(*b"EUR");

    /// The three letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }
}

impl FromStr for Money {
    type Err = ParseMoneyError;

    /// Reads `12`, `12.34` or `12,34`, with a sign or without. No thousands separators.
    fn from_str(text: &str) -> Result<Self, ParseMoneyError> {
        let not = || ParseMoneyError::NotANumber(text.chars().take(32).collect());
        let trimmed = text.trim();
        let (negative, digits) = match trimmed.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, trimmed.strip_prefix('+').unwrap_or(trimmed)),
        };
        let (whole, fraction) = digits.split_once(['.', ',']).unwrap_or((digits, ""));
        if (whole.is_empty() && fraction.is_empty())
            || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit())
        {
            return Err(not());
        }
        let fraction = fraction.trim_end_matches('0');
        if fraction.len() > 6 {
            return Err(ParseMoneyError::TooFine(text.chars().take(32).collect()));
        }
        let large = || ParseMoneyError::TooLarge(text.chars().take(32).collect());
        let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| large())? };
        let mut micros: i64 =
            if fraction.is_empty() { 0 } else { fraction.parse().map_err(|_| not())? };
        for _ in fraction.len()..6 {
            micros *= 10;
        }
        let total =
            whole.checked_mul(1_000_000).and_then(|w| w.checked_add(micros)).ok_or_else(large)?;
        Ok(Self(if negative { -total } else { total }))
    }
}

impl fmt::Display for Money {
    /// Two decimals, such as `12.34`; the currency is the caller's to add.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cents = self.to_cents();
        let sign = if cents < 0 { "-" } else { "" };
        f.pad(&format!("{sign}{}.{:02}", cents.unsigned_abs() / 100, cents.unsigned_abs() % 100))
    }
}

impl FromStr for Currency {
    type Err = ParseMoneyError;
    fn from_str(text: &str) -> Result<Self, ParseMoneyError> {
        match text.trim().as_bytes() {
            &[a, b, c] if [a, b, c].iter().all(u8::is_ascii_alphabetic) => {
                Ok(Self([a, b, c].map(|l| l.to_ascii_uppercase())))
            }
            _ => Err(ParseMoneyError::NotACurrency(text.chars().take(16).collect())),
        }
    }
}

impl TryFrom<String> for Currency {
    type Error = ParseMoneyError;
    fn try_from(text: String) -> Result<Self, ParseMoneyError> {
        text.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.as_str().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Add for Money {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Money {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Neg for Money {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Money {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_what_decks_write() {
        assert_eq!("0.015".parse(), Ok(Money(15_000)));
        assert_eq!("1,5".parse(), Ok(Money(1_500_000)));
        assert_eq!("-3".parse(), Ok(Money(-3_000_000)));
        assert_eq!(".5".parse(), Ok(Money(500_000)));
        assert_eq!("0.10000000".parse(), Ok(Money(100_000)));
        for bad in ["", "-", ".", "1.2.3", "1e3", "€5", "1.2345678", "99999999999999999999"] {
            assert!(bad.parse::<Money>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn shows_cents_rounded() {
        assert_eq!(Money(1_234_567).to_string(), "1.23");
        assert_eq!(Money(-5_000).to_string(), "-0.01");
        assert_eq!(Money(4_999).to_string(), "0.00");
        assert_eq!("eur".parse::<Currency>().unwrap(), Currency::EUR);
        assert!("EURO".parse::<Currency>().is_err());
    }

    proptest! {
        #[test]
        fn sums_never_panic(a: i64, b: i64) {
            let _ = Money(a) + Money(b);
            let _ = (Money(a) - Money(b)).to_string();
        }
    }
}
