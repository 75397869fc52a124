//! An E.164 number packed into one word, so that it can be copied, hashed and compared without allocation.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// An international number: 1 to 17 digits after the `+` (E.164 allows 15; some national plans exceed it).
///
/// Layout: the length in the top 5 bits, the digits as an integer below, so leading zeros are kept.
/// `Display` and `Debug` mask the last digits but two kept at the end; [`E164::digits`] and
/// [`E164::full`] give it whole, for records.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct E164(u64);

/// Why a text is not an E.164 number.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ParseNumberError {
    /// Empty after the plus sign.
    #[error("no digits")]
    Empty,
    /// Longer than any number.
    #[error("more than {} digits", E164::DIGITS_MAX)]
    TooLong,
    /// Something else than a digit.
    #[error("a character that is not a digit")]
    NotADigit,
}

impl E164 {
    /// The most digits held.
    pub const DIGITS_MAX: usize = 17;
    const LEN_SHIFT: u32 = 59;

    /// From ASCII digits without the plus sign.
    ///
    /// # Errors
    /// When there are none, too many, or something else than digits.
    pub fn from_digits(digits: &[u8]) -> Result<Self, ParseNumberError> {
        if digits.is_empty() {
            return Err(ParseNumberError::Empty);
        }
        if digits.len() > Self::DIGITS_MAX {
            return Err(ParseNumberError::TooLong);
        }
        let mut value = 0u64;
        for &digit in digits {
            if !digit.is_ascii_digit() {
                return Err(ParseNumberError::NotADigit);
            }
            value = value * 10 + u64::from(digit - b'0');
        }
        Ok(Self((digits.len() as u64) << Self::LEN_SHIFT | value))
    }

    /// How many digits.
    #[must_use]
    #[allow(clippy::len_without_is_empty)] // never empty by construction
    pub const fn len(self) -> usize {
        (self.0 >> Self::LEN_SHIFT) as usize
    }

    const fn value(self) -> u64 {
        self.0 & ((1 << Self::LEN_SHIFT) - 1)
    }

    /// The digits as ASCII in a buffer, and how many of them count.
    #[must_use]
    pub fn digits(self) -> ([u8; Self::DIGITS_MAX], usize) {
        let mut buffer = [b'0'; Self::DIGITS_MAX];
        let len = self.len();
        let mut value = self.value();
        for slot in buffer.iter_mut().take(len).rev() {
            *slot = b'0' + (value % 10) as u8;
            value /= 10;
        }
        (buffer, len)
    }

    /// The first `count` digits as a number of their own; the whole when it is shorter.
    #[must_use]
    pub fn prefix(self, count: usize) -> Self {
        let len = self.len();
        if count >= len || count == 0 {
            return self;
        }
        let mut value = self.value();
        for _ in count..len {
            value /= 10;
        }
        Self((count as u64) << Self::LEN_SHIFT | value)
    }

    /// The last `count` digits as an integer: the part that stays the same when a prefix is varied.
    #[must_use]
    pub fn tail(self, count: u32) -> u64 {
        self.value() % 10u64.pow(count.min(17))
    }

    /// Whether the digits of `prefix` begin this number.
    #[must_use]
    pub fn starts_with(self, prefix: Self) -> bool {
        prefix.len() <= self.len() && self.prefix(prefix.len()) == prefix
    }

    /// The packed word: a key for tables.
    #[must_use]
    pub const fn packed(self) -> u64 {
        self.0
    }

    /// Shows every digit, for records and evidence; logs use `Display`.
    #[must_use]
    pub fn full(self) -> String {
        let (buffer, len) = self.digits();
        let mut text = String::with_capacity(len + 1);
        text.push('+');
        text.extend(buffer.iter().take(len).map(|&d| char::from(d)));
        text
    }
}

impl FromStr for E164 {
    type Err = ParseNumberError;

    /// Reads `+31201234567` or `31201234567`; separators are the business of `numbering`.
    fn from_str(text: &str) -> Result<Self, ParseNumberError> {
        Self::from_digits(text.strip_prefix('+').unwrap_or(text).as_bytes())
    }
}

impl TryFrom<String> for E164 {
    type Error = ParseNumberError;
    fn try_from(text: String) -> Result<Self, ParseNumberError> {
        text.parse()
    }
}

impl From<E164> for String {
    fn from(number: E164) -> Self {
        number.full()
    }
}

impl fmt::Display for E164 {
    /// Masked: `+3120*****67`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&crate::Masked(&self.full()).to_string())
    }
}

impl fmt::Debug for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "E164({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn parts_of_a_number() {
        let number: E164 = "+31201234567".parse().unwrap();
        assert_eq!(number.len(), 11);
        assert_eq!(number.prefix(4).full(), "+3120");
        assert_eq!(number.tail(4), 4567);
        assert!(number.starts_with("3120".parse().unwrap()));
        assert!(!number.starts_with("3121".parse().unwrap()));
        assert_eq!(number.to_string(), "+3120*****67");
    }

    #[test]
    fn refuses_what_is_no_number() {
        assert_eq!("+".parse::<E164>(), Err(ParseNumberError::Empty));
        assert_eq!("+1-2".parse::<E164>(), Err(ParseNumberError::NotADigit));
        assert_eq!("123456789012345678".parse::<E164>(), Err(ParseNumberError::TooLong));
    }

    proptest! {
        #[test]
        fn text_form_round_trips(digits in "[0-9]{1,17}") {
            let number: E164 = digits.parse().unwrap();
            prop_assert_eq!(number.full(), format!("+{digits}"));
            for n in 1..=digits.len() {
                prop_assert_eq!(number.prefix(n).full(), format!("+{}", &digits[..n]));
            }
        }
    }
}
