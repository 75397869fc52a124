//! How people at one tenant dial.

use ringfence_model::Country;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// How a tenant's dialled digits are to be read. As TOML it is the `dial_plan` section of the tenant.
///
/// Whatever is set here, emergency numbers and helplines of the country are found first: see
/// [`Numbering::classify`](crate::Numbering::classify).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DialPlan {
    /// The country whose national numbers are dialled.
    pub country: Country,
    /// Own area code, such as `020`, when people dial local numbers without it; else empty.
    pub area_code: String,
    /// Digits dialled for an outside line, such as `0` or `9`. Only those that still stand before the number when
    /// it arrives here: a PBX that removes them needs no entry.
    pub outside_line: Vec<String>,
    /// Prefixes of this tenant that are replaced before anything is read; the first that fits is used.
    pub prefixes: Vec<PrefixRule>,
    /// Extensions, as `200-299` or `8001`.
    pub extensions: Vec<ExtensionRange>,
    /// Numbers of so many digits are extensions, unless they begin with 0 or are a national short number.
    pub extension_lengths: Vec<u8>,
    /// What digits without any prefix are.
    pub bare: Bare,
}

/// A prefix and what takes its place.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrefixRule {
    /// The leading characters to take off: digits, `+`, `*` and `#`, such as the carrier's `1234#`.
    pub strip: String,
    /// What is put there instead, such as `00` or `+`.
    #[serde(default)]
    pub replace: String,
}

/// How digits are read that begin with neither `+`, nor an international prefix, nor the trunk prefix.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bare {
    /// A national number without its trunk prefix: `201234567` is +31201234567.
    National,
    /// An international number without its plus, as many carriers' records have it.
    International,
    /// National when such a number exists, else international when such a number exists.
    #[default]
    Auto,
}

/// Extensions of one length, from the first to the last.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ExtensionRange {
    first: String,
    last: String,
}

/// The text is not a range of extensions.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0:?} is not an extension such as 8001 or a range of equally long ones such as 200-299")]
pub struct ParseRangeError(String);

impl DialPlan {
    /// The plain plan of a country: nothing of the tenant's own.
    #[must_use]
    pub fn of(country: Country) -> Self {
        Self { country, ..Self::default() }
    }

    /// Whether the plan names exactly these digits as an extension.
    pub(crate) fn names_extension(&self, digits: &[u8]) -> bool {
        self.extensions.iter().any(|range| range.contains(digits))
    }

    /// Whether digits of this form are extensions.
    pub(crate) fn looks_like_extension(&self, digits: &[u8]) -> bool {
        digits.first().is_some_and(|&first| first != b'0')
            && self.extension_lengths.iter().any(|&len| usize::from(len) == digits.len())
    }
}

impl Default for DialPlan {
    /// The Netherlands, extensions of two to four digits.
    fn default() -> Self {
        Self {
            country: Country::NL,
            area_code: String::new(),
            outside_line: Vec::new(),
            prefixes: Vec::new(),
            extensions: Vec::new(),
            extension_lengths: vec![2, 3, 4],
            bare: Bare::Auto,
        }
    }
}

impl ExtensionRange {
    fn contains(&self, digits: &[u8]) -> bool {
        // Equal length makes the order of the bytes the order of the numbers.
        digits.len() == self.first.len()
            && (self.first.as_bytes()..=self.last.as_bytes()).contains(&digits)
    }
}

impl FromStr for ExtensionRange {
    type Err = ParseRangeError;
    fn from_str(text: &str) -> Result<Self, ParseRangeError> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let (first, last) = (first.trim(), last.trim());
        let digits = |part: &str| {
            (1..=17).contains(&part.len()) && part.bytes().all(|digit| digit.is_ascii_digit())
        };
        if digits(first) && digits(last) && first.len() == last.len() && first <= last {
            Ok(Self { first: first.to_owned(), last: last.to_owned() })
        } else {
            Err(ParseRangeError(text.chars().take(40).collect()))
        }
    }
}

impl TryFrom<String> for ExtensionRange {
    type Error = ParseRangeError;
    fn try_from(text: String) -> Result<Self, ParseRangeError> {
        text.parse()
    }
}

impl From<ExtensionRange> for String {
    fn from(range: ExtensionRange) -> Self {
        range.to_string()
    }
}

impl fmt::Display for ExtensionRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.first)?;
        if self.last != self.first {
            write!(f, "-{}", self.last)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_toml() {
        let plan: DialPlan = toml::from_str(
            r##"
            country = "DE"
            area_code = "030"
            outside_line = ["0"]
            extensions = ["200-299", "8001"]
            extension_lengths = []
            bare = "international"
            prefixes = [{ strip = "1234#" }, { strip = "77", replace = "00" }]
            "##,
        )
        .unwrap();
        assert!(plan.names_extension(b"250") && plan.names_extension(b"8001"));
        assert!(!plan.names_extension(b"300") && !plan.names_extension(b"0250"));
        let again: DialPlan = toml::from_str(&toml::to_string(&plan).unwrap()).unwrap();
        assert_eq!(again, plan);
        assert_eq!(toml::from_str::<DialPlan>("").unwrap(), DialPlan::default());
    }

    #[test]
    fn refuses_what_is_no_range() {
        for bad in ["", "-", "200-", "99-100", "300-200", "abc", "1-2-3", "２００"] {
            assert!(bad.parse::<ExtensionRange>().is_err(), "{bad:?}");
        }
    }
}
