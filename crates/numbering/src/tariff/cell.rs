//! From the text of one cell to a value; each error is a reason a person can act on.

use jiff::civil::Date;
use ringfence_model::{Currency, E164, Money};

/// A range such as `3160-3169` stands for at most so many prefixes.
const RANGE_MAX: u64 = 10_000;

/// An amount, and the currency when the cell names one.
///
/// Reads `0.015`, `0,015`, `€ 1.234,50`, `0.05 EUR`. The last point or comma is the decimal one. Beyond six
/// decimals it is rounded half up. `divisor` is 100 for prices in cents, else 1.
pub(super) fn amount(text: &str, divisor: i128) -> Result<(Money, Option<Currency>), String> {
    let (digits, currency) = without_currency(text.trim())?;
    let digits: String = digits.chars().filter(|c| !c.is_whitespace() && *c != '\'').collect();
    if digits.starts_with('-') {
        return Err(format!("the price {text:?} is negative"));
    }
    let not = || format!("{:?} is not a price such as 0.015", shortened(text));
    if digits.ends_with(['.', ',']) {
        return Err(not());
    }
    let (whole, decimals) = digits.rsplit_once(['.', ',']).unwrap_or((&digits, ""));
    let whole = without_thousands(whole).ok_or_else(not)?;
    if (whole.is_empty() && decimals.is_empty()) || whole.len() > 12 || decimals.len() > 18 {
        return Err(not());
    }
    let both = format!("{whole}{decimals}");
    if !both.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(not());
    }
    let value: i128 = both.parse().map_err(|_| not())?;
    let scale = (0..decimals.len()).fold(divisor, |scale, _| scale * 10);
    let micros = (value * 1_000_000 * 2 + scale) / (scale * 2);
    Ok((Money(i64::try_from(micros).map_err(|_| not())?), currency))
}

/// `1.234` before a decimal comma: groups of three, the first not zero.
fn without_thousands(whole: &str) -> Option<String> {
    let mut groups = whole.split(['.', ',']);
    let first = groups.next()?;
    let mut joined = first.to_owned();
    for group in groups {
        if group.len() != 3 || first.is_empty() || first.starts_with('0') {
            return None;
        }
        joined.push_str(group);
    }
    Some(joined)
}

fn without_currency(text: &str) -> Result<(&str, Option<Currency>), String> {
    for (symbol, code) in [("€", "EUR"), ("$", "USD"), ("£", "GBP")] {
        let rest = text.strip_prefix(symbol).or_else(|| text.strip_suffix(symbol));
        if let Some(rest) = rest {
            return Ok((rest.trim(), code.parse().ok()));
        }
    }
    let letters = |c: char| c.is_ascii_alphabetic();
    let code = text.trim_matches(|c: char| !c.is_ascii_alphabetic());
    if code.is_empty() {
        return Ok((text, None));
    }
    let currency: Currency =
        code.parse().map_err(|_| format!("{:?} is not a price such as 0.015", shortened(text)))?;
    Ok((text.trim_matches(letters).trim(), Some(currency)))
}

/// Whole seconds: `60`, `60s`, `60.0`.
pub(super) fn seconds(text: &str) -> Result<u32, String> {
    let digits = text.trim().trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '.').trim();
    let digits = match digits.split_once(['.', ',']) {
        Some((whole, zeros)) if zeros.bytes().all(|digit| digit == b'0') => whole,
        _ => digits,
    };
    digits.parse().map_err(|_| format!("{:?} is not a number of seconds", shortened(text)))
}

/// Increments: `60`, or first and following as `30/6`.
pub(super) fn increments(text: &str) -> Result<(Option<u32>, u32), String> {
    let (first, step) = match text.split_once(['/', '-', '+']) {
        Some((first, step)) => (Some(seconds(first)?), seconds(step)?),
        None => (None, seconds(text)?),
    };
    if step == 0 {
        return Err("an increment of 0 seconds never ends".into());
    }
    Ok((first, step))
}

/// A day: `2026-01-31`, `20260131`, `31-1-2026`, `31/01/2026`, `31.01.2026`; a time of day behind it is ignored.
/// Of `01/02/2026` the first is the day, unless only the second can be.
pub(super) fn day(text: &str) -> Result<Date, String> {
    let not = || format!("{:?} is not a date such as 2026-01-31", shortened(text));
    let date = text.trim().split([' ', 'T']).next().unwrap_or_default();
    let parts: Vec<i16> = date
        .split(['-', '/', '.'])
        .map(|part| part.parse::<u32>().ok().and_then(|n| i16::try_from(n).ok()))
        .collect::<Option<_>>()
        .or_else(|| compact(date))
        .ok_or_else(not)?;
    let (year, month, day) = match *parts.as_slice() {
        [year, month, day] if year > 31 => (year, month, day),
        [month, day, year] if day > 12 && month <= 12 => (year, month, day),
        [day, month, year] => (year, month, day),
        _ => return Err(not()),
    };
    let small = |value: i16| i8::try_from(value).map_err(|_| not());
    let date = Date::new(year, small(month)?, small(day)?).map_err(|_| not())?;
    if date.year() < 1990 { Err(not()) } else { Ok(date) }
}

fn compact(date: &str) -> Option<Vec<i16>> {
    if date.len() != 8 || !date.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let part = |from, to| date.get(from..to)?.parse().ok();
    Some(vec![part(0, 4)?, part(4, 6)?, part(6, 8)?])
}

/// Prefixes: `316`, `+31 6`, `0031-6`, lists such as `316, 3197` and ranges such as `3161-3165`, each behind
/// `head` (the calling code where it has a column of its own).
pub(super) fn prefixes(head: &str, text: &str) -> Result<Vec<E164>, String> {
    let mut found = Vec::new();
    for part in text.split([',', ';', '|', '\n']).filter(|part| !part.trim().is_empty()) {
        let (from, to) = range(part)?;
        let width = from.len();
        let ends = (from.parse::<u64>(), to.parse::<u64>());
        let (Ok(first), Ok(last)) = ends else { return Err(no_prefix(part)) };
        if last - first >= RANGE_MAX {
            return Err(format!("the range {:?} is too wide", shortened(part)));
        }
        for value in first..=last {
            let digits = format!("{head}{value:0width$}");
            found.push(E164::from_digits(digits.as_bytes()).map_err(|_| no_prefix(part))?);
        }
    }
    if found.is_empty() && !head.is_empty() {
        found.push(E164::from_digits(head.as_bytes()).map_err(|_| no_prefix(head))?);
    }
    if found.is_empty() { Err("the prefix is empty".into()) } else { Ok(found) }
}

/// First and last prefix of a part; the same twice when it is no range. `1-242` is the prefix 1242.
fn range(part: &str) -> Result<(String, String), String> {
    if let Some((first, last)) = part.split_once('-') {
        let (first, last) = (digits(first)?, digits(last)?);
        if first.len() == last.len() && first < last {
            return Ok((first, last));
        }
    }
    let digits = digits(part)?;
    Ok((digits.clone(), digits))
}

/// The digits of a prefix without `+`, `00` and what people put between digits.
pub(super) fn digits(text: &str) -> Result<String, String> {
    let plain: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '\'' | '"' | '.' | '='))
        .collect();
    let digits = plain.strip_prefix('+').or_else(|| plain.strip_prefix("00")).unwrap_or(&plain);
    if digits.is_empty()
        || digits.len() > E164::DIGITS_MAX
        || !digits.bytes().all(|d| d.is_ascii_digit())
    {
        return Err(no_prefix(text));
    }
    Ok(digits.to_owned())
}

fn no_prefix(text: &str) -> String {
    format!("{:?} is not a prefix such as 316", shortened(text))
}

fn shortened(text: &str) -> String {
    text.trim().chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_as_decks_write_them() {
        let euro = Some(Currency::EUR);
        for (text, micros, currency) in [
            ("0.015", 15_000, None),
            ("0,015", 15_000, None),
            (" € 0,05 ", 50_000, euro),
            ("0.05 EUR", 50_000, euro),
            ("EUR 1.234,50", 1_234_500_000, euro),
            ("1,234.5", 1_234_500_000, None),
            (".5", 500_000, None),
            ("5", 5_000_000, None),
            ("0.01234567", 12_346, None),
            ("0", 0, None),
        ] {
            assert_eq!(amount(text, 1), Ok((Money(micros), currency)), "{text:?}");
        }
        assert_eq!(amount("1,5", 100), Ok((Money(15_000), None)), "cents");
        for bad in [
            "",
            "€",
            "-0.05",
            "1.2.",
            "1e3",
            "free",
            "N/A",
            "0.05 EURO",
            "9999999999999",
            "0.015,00",
            "1,2,3",
        ] {
            assert!(amount(bad, 1).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn increments_and_seconds() {
        assert_eq!(increments("60"), Ok((None, 60)));
        assert_eq!(increments("30/6"), Ok((Some(30), 6)));
        assert_eq!(increments("60s / 1s"), Ok((Some(60), 1)));
        assert_eq!(seconds("60.0"), Ok(60));
        assert!(increments("0").is_err() && increments("60/0").is_err());
        assert!(seconds("").is_err() && seconds("1.5").is_err() && seconds("-1").is_err());
    }

    #[test]
    fn days() {
        let day_is = |text: &str| day(text).map(|date| date.to_string());
        for text in [
            "2026-01-31",
            "20260131",
            "31-1-2026",
            "31/01/2026",
            "1/31/2026",
            "2026-01-31T00:00",
            "31.1.2026 10:00",
        ] {
            assert_eq!(day_is(text).as_deref(), Ok("2026-01-31"), "{text}");
        }
        assert_eq!(day_is("02/01/2026").as_deref(), Ok("2026-01-02"));
        for bad in ["", "soon", "2026-02-30", "31-31-2026", "1-2-3", "--", "99999999999"] {
            assert!(day(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn prefixes_lists_and_ranges() {
        let all = |head, text| {
            prefixes(head, text)
                .map(|all| all.iter().map(|p| p.full()).collect::<Vec<_>>().join(" "))
        };
        assert_eq!(all("", "+31 6").as_deref(), Ok("+316"));
        assert_eq!(all("", "0031-6").as_deref(), Ok("+316"));
        assert_eq!(all("", "1-242").as_deref(), Ok("+1242"));
        assert_eq!(all("", "316, 3197").as_deref(), Ok("+316 +3197"));
        assert_eq!(all("93", "70-72").as_deref(), Ok("+9370 +9371 +9372"));
        assert_eq!(all("93", "").as_deref(), Ok("+93"));
        assert_eq!(all("1", "099-101").as_deref(), Ok("+1099 +1100 +1101"));
        for bad in ["", "abc", "3.16E+10", "123456789012345678", "10000-99999"] {
            assert!(all("", bad).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_a_cell(text in "\\PC{0,24}", head in "[0-9]{0,4}") {
            let _ = (amount(&text, 1), amount(&text, 100), seconds(&text), increments(&text));
            let _ = (day(&text), prefixes(&head, &text));
        }

        #[test]
        fn amounts_agree_with_money(text in "[0-9]{1,6}[.,][0-9]{1,6}") {
            prop_assert_eq!(amount(&text, 1).unwrap().0, text.parse::<Money>().unwrap());
        }
    }
}
