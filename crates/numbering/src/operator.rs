//! To which operator a Dutch mobile range was given out.

use ringfence_model::E164;

/// `prefix|operator` lines of libphonenumber's carrier data (Apache-2.0).
const RANGES: &str = include_str!("../data/libphonenumber/carrier_31.txt");

/// The operator a Dutch number's range was given to; numbers may have been ported since.
///
/// Reads the list on each call: it serves people's screens, not the path of a call.
#[must_use]
pub fn operator(number: E164) -> Option<&'static str> {
    let (digits, len) = number.digits();
    let digits = digits.get(..len)?;
    RANGES
        .lines()
        .filter_map(|line| line.split_once('|'))
        .filter(|(prefix, _)| !prefix.is_empty() && digits.starts_with(prefix.as_bytes()))
        .max_by_key(|(prefix, _)| prefix.len())
        .map(|(_, name)| name.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longest_range_wins() {
        let of = |number: &str| operator(number.parse().unwrap());
        assert_eq!(of("+31620123456"), Some("KPN"));
        assert_eq!(of("+31611123456"), Some("Vodafone Libertel B.V."));
        assert_eq!(of("+31610123456"), Some("KPN"), "the general entry for 3161");
        assert_eq!(of("+31201234567"), None);
        assert_eq!(of("+44791112345"), None);
    }
}
