//! A country as two letters (ISO 3166-1 alpha-2).

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// An ISO 3166-1 alpha-2 code; `001` (no country: satellite, international networks) is written `ZZ`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Country([u8; 2]);

/// The text is not two letters.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0:?} is not a country code of two letters such as NL")]
pub struct ParseCountryError(String);

impl Country {
    /// The Netherlands.
    pub const NL: Self = Self(*b"NL");
    /// No country: unknown, or a number that belongs to the world.
    pub const WORLD: Self = Self(*b"ZZ");

    /// From two upper-case ASCII letters; anything else becomes [`Country::WORLD`].
    #[must_use]
    pub const fn from_bytes(code: [u8; 2]) -> Self {
        if code[0].is_ascii_uppercase() && code[1].is_ascii_uppercase() {
            Self(code)
        } else {
            Self::WORLD
        }
    }

    /// The two letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("ZZ")
    }
}

impl FromStr for Country {
    type Err = ParseCountryError;
    fn from_str(text: &str) -> Result<Self, ParseCountryError> {
        match text.trim().as_bytes() {
            &[a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
                Ok(Self([a.to_ascii_uppercase(), b.to_ascii_uppercase()]))
            }
            b"001" => Ok(Self::WORLD),
            _ => Err(ParseCountryError(text.chars().take(16).collect())),
        }
    }
}

impl TryFrom<String> for Country {
    type Error = ParseCountryError;
    fn try_from(text: String) -> Result<Self, ParseCountryError> {
        text.parse()
    }
}

impl From<Country> for String {
    fn from(country: Country) -> Self {
        country.as_str().to_owned()
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
