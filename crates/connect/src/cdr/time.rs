//! Times as call records write them.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use ringfence_model::WallTime;

/// A time of a record, and whether its local form named it uniquely.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Stamp {
    pub at: WallTime,
    /// The local time fell in the gap or the fold of a daylight-saving change.
    pub ambiguous: bool,
}

/// A time that cannot be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{text:?} is not a time: {why}")]
pub struct TimeError {
    text: String,
    why: String,
}

/// Reads times of one time zone. Rows come nearly in order, so the last few hours' offsets are remembered.
pub(crate) struct Clock {
    zone: TimeZone,
    hours: [Hour; 4],
    next: usize,
}

#[derive(Clone, Copy, Default)]
struct Hour {
    /// The civil hour, packed; 0 never occurs.
    key: u32,
    /// Epoch seconds of its start when its offset is the same throughout.
    start_secs: Option<i64>,
}

/// A civil time with microseconds.
#[derive(Clone, Copy, Default)]
struct Civil {
    year: i16,
    month: i8,
    day: i8,
    hour: i8,
    minute: i8,
    second: i8,
    micros: i32,
}

impl Clock {
    pub(crate) fn new(zone: TimeZone) -> Self {
        Self { zone, hours: [Hour::default(); 4], next: 0 }
    }

    /// Reads what the known systems write: ISO 8601 with `-` or `/`, `dd.mm.yyyy hh:mm:ss`, or epoch seconds, milli-
    /// or microseconds. Empty, `0` and an all-zero date mean "never".
    pub(crate) fn read(&mut self, text: &str) -> Result<Option<Stamp>, TimeError> {
        let text = text.trim();
        if text.is_empty() || text.bytes().all(|b| matches!(b, b'0' | b'-' | b':' | b' ' | b'.')) {
            return Ok(None);
        }
        let bytes = text.as_bytes();
        if bytes.first().is_some_and(u8::is_ascii_digit)
            && bytes.iter().all(|b| b.is_ascii_digit() || *b == b'.')
            && bytes.iter().filter(|b| **b == b'.').count() <= 1
        {
            return epoch(text).map(Some);
        }
        let (civil, rest) = civil(bytes).ok_or_else(|| {
            error(text, "expected 2026-11-22 14:30:00, 22.11.2026 14:30:00 or epoch seconds")
        })?;
        match offset_secs(rest) {
            Some(Some(offset)) => self.fixed(civil, offset, text).map(Some),
            Some(None) => self.local(civil, text).map(Some),
            None => Err(error(text, "unknown text after the seconds")),
        }
    }

    /// Reads by a `strptime` format; a time without offset is local.
    pub(crate) fn read_as(&mut self, format: &str, text: &str) -> Result<Option<Stamp>, TimeError> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        let parsed =
            jiff::fmt::strtime::parse(format, text).map_err(|e| error(text, &e.to_string()))?;
        if parsed.offset().is_some() {
            let at = parsed.to_timestamp().map_err(|e| error(text, &e.to_string()))?;
            return Ok(Some(Stamp { at: WallTime(at.as_microsecond()), ambiguous: false }));
        }
        let local = parsed.to_datetime().map_err(|e| error(text, &e.to_string()))?;
        self.resolve(local, text).map(Some)
    }

    /// The civil hour of day at a moment.
    pub(crate) fn hour_of_day(&self, at: WallTime) -> Option<i8> {
        let at = jiff::Timestamp::from_microsecond(at.0).ok()?;
        Some(self.zone.to_datetime(at).hour())
    }

    fn local(&mut self, civil: Civil, text: &str) -> Result<Stamp, TimeError> {
        let key = civil.hour_key();
        let start = match self.hours.iter().find(|hour| hour.key == key) {
            Some(hour) => hour.start_secs,
            None => self.learn_hour(civil, key, text)?,
        };
        match start {
            Some(start) => {
                let secs = start + i64::from(civil.minute) * 60 + i64::from(civil.second.min(59));
                let at = WallTime(secs * 1_000_000 + i64::from(civil.micros));
                Ok(Stamp { at, ambiguous: false })
            }
            None => self.resolve(civil.date_time().ok_or_else(|| no_such(text))?, text),
        }
    }

    fn learn_hour(&mut self, civil: Civil, key: u32, text: &str) -> Result<Option<i64>, TimeError> {
        let first = Civil { minute: 0, second: 0, micros: 0, ..civil };
        let last = Civil { minute: 59, second: 59, micros: 0, ..civil };
        let first = self.resolve(first.date_time().ok_or_else(|| no_such(text))?, text)?;
        let last = self.resolve(last.date_time().ok_or_else(|| no_such(text))?, text)?;
        let uniform =
            !first.ambiguous && !last.ambiguous && last.at.as_secs() - first.at.as_secs() == 3_599;
        let start_secs = uniform.then_some(first.at.as_secs());
        if let Some(slot) = self.hours.get_mut(self.next) {
            *slot = Hour { key, start_secs };
        }
        self.next = (self.next + 1) % self.hours.len();
        Ok(start_secs)
    }

    /// In a gap the time after it is taken, in a fold the first of the two (RFC 5545 §3.3.5).
    fn resolve(&self, local: DateTime, text: &str) -> Result<Stamp, TimeError> {
        let candidates = self.zone.to_ambiguous_timestamp(local);
        let ambiguous = candidates.is_ambiguous();
        let at = candidates.compatible().map_err(|e| error(text, &e.to_string()))?;
        Ok(Stamp { at: WallTime(at.as_microsecond()), ambiguous })
    }

    fn fixed(&self, civil: Civil, offset_secs: i64, text: &str) -> Result<Stamp, TimeError> {
        let local = civil.date_time().ok_or_else(|| no_such(text))?;
        let utc = TimeZone::UTC.to_ambiguous_timestamp(local).compatible();
        let utc = utc.map_err(|e| error(text, &e.to_string()))?.as_microsecond();
        Ok(Stamp { at: WallTime(utc - offset_secs * 1_000_000), ambiguous: false })
    }
}

impl Civil {
    fn hour_key(self) -> u32 {
        let days = (i32::from(self.year) * 16 + i32::from(self.month)) * 32 + i32::from(self.day);
        (days * 32 + i32::from(self.hour)).unsigned_abs()
    }

    fn date_time(self) -> Option<DateTime> {
        // A leap second is written :60; it belongs to the minute before.
        let second = self.second.min(59);
        let nanos = self.micros * 1_000;
        DateTime::new(self.year, self.month, self.day, self.hour, self.minute, second, nanos).ok()
    }
}

fn error(text: &str, why: &str) -> TimeError {
    TimeError { text: text.chars().take(40).collect(), why: why.to_owned() }
}

fn no_such(text: &str) -> TimeError {
    error(text, "no such date or time of day")
}

/// Epoch seconds with up to six decimals, or milli- or microseconds by the number of digits.
fn epoch(text: &str) -> Result<Stamp, TimeError> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let number: i64 = whole.parse().map_err(|_| error(text, "too large for a time"))?;
    let micros = match whole.len() {
        10..=11 => number * 1_000_000 + micros_of(fraction.as_bytes()),
        12..=14 => number * 1_000,
        15..=17 => number,
        _ => return Err(error(text, "epoch times have 10 to 17 digits")),
    };
    Ok(Stamp { at: WallTime(micros), ambiguous: false })
}

/// The civil time at the start of the text, and what follows it.
fn civil(text: &[u8]) -> Option<(Civil, &[u8])> {
    let (date, rest) = text.split_at_checked(10)?;
    let mut civil = match *date {
        [a, b, c, d, b'-' | b'/', e, f, b'-' | b'/', g, h] => Civil {
            year: i16::from(two(a, b)?) * 100 + i16::from(two(c, d)?),
            month: two(e, f)?,
            day: two(g, h)?,
            ..Civil::default()
        },
        [a, b, b'.', c, d, b'.', e, f, g, h] => Civil {
            year: i16::from(two(e, f)?) * 100 + i16::from(two(g, h)?),
            month: two(c, d)?,
            day: two(a, b)?,
            ..Civil::default()
        },
        _ => return None,
    };
    let (time, mut rest) = rest.split_at_checked(9)?;
    let &[b' ' | b'T', a, b, b':', c, d, b':', e, f] = time else { return None };
    (civil.hour, civil.minute, civil.second) = (two(a, b)?, two(c, d)?, two(e, f)?);
    if civil.hour > 23 || civil.minute > 59 || civil.second > 60 {
        return None;
    }
    if let Some((b'.' | b',', after)) = rest.split_first() {
        let digits = after.iter().take_while(|b| b.is_ascii_digit()).count();
        let (fraction, after) = after.split_at_checked(digits)?;
        civil.micros = i32::try_from(micros_of(fraction)).ok()?;
        rest = after;
    }
    Some((civil, rest))
}

/// The first six decimals as microseconds.
fn micros_of(fraction: &[u8]) -> i64 {
    let digits = fraction.iter().map(|b| i64::from(b.wrapping_sub(b'0').min(9)));
    digits.chain(std::iter::repeat(0)).take(6).fold(0, |sum, digit| sum * 10 + digit)
}

fn two(a: u8, b: u8) -> Option<i8> {
    let digit = |b: u8| b.is_ascii_digit().then(|| (b - b'0') as i8);
    Some(digit(a)? * 10 + digit(b)?)
}

/// `Some(None)` without an offset, `None` when the text is something else.
fn offset_secs(rest: &[u8]) -> Option<Option<i64>> {
    let sign = match rest {
        [] => return Some(None),
        b"Z" | b"z" | b" UTC" | b" GMT" => return Some(Some(0)),
        [b'+', ..] => 1,
        [b'-', ..] => -1,
        _ => return None,
    };
    let (hours, minutes) = match *rest.get(1..)? {
        [a, b] => (two(a, b)?, 0),
        [a, b, c, d] | [a, b, b':', c, d] => (two(a, b)?, two(c, d)?),
        _ => return None,
    };
    Some(Some(sign * (i64::from(hours) * 3_600 + i64::from(minutes) * 60)))
}

/// A duration: seconds with decimals, or `hh:mm:ss`. Empty means unknown.
pub(crate) fn duration_ms(text: &str) -> Result<Option<u64>, TimeError> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let bad = || error(text, "expected seconds or hh:mm:ss");
    let mut ms = 0u64;
    for part in text.split(':') {
        let (whole, fraction) = part.split_once('.').unwrap_or((part, ""));
        // Nobody talks for a century; the bound keeps the sum from overflowing.
        if whole.is_empty() || whole.len() > 10 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
            return Err(bad());
        }
        let whole: u64 = whole.parse().map_err(|_| bad())?;
        let part_ms = whole * 1_000 + micros_of(fraction.as_bytes()).unsigned_abs() / 1_000;
        ms = ms.checked_mul(60).and_then(|ms| ms.checked_add(part_ms)).ok_or_else(bad)?;
    }
    Ok(Some(ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(zone: &str) -> Clock {
        Clock::new(TimeZone::get(zone).unwrap())
    }

    fn at(clock: &mut Clock, text: &str) -> (i64, bool) {
        let stamp = clock.read(text).unwrap().unwrap();
        (stamp.at.0, stamp.ambiguous)
    }

    #[test]
    fn every_form_of_one_moment_is_that_moment() {
        let mut ams = clock("Europe/Amsterdam");
        for text in [
            "2026-11-21 23:50:23",
            "2026/11/21 23:50:23",
            "21.11.2026 23:50:23",
            "2026-11-21T23:50:23",
            "2026-11-21T22:50:23Z",
            "2026-11-21 22:50:23+00",
            "2026-11-21 17:50:23.000-0500",
            "2026-11-22T04:20:23+05:30",
            "1795301423",
            "1795301423.0",
            "1795301423000",
            "1795301423000000",
        ] {
            assert_eq!(at(&mut ams, text), (1_795_301_423_000_000, false), "{text}");
        }
        assert_eq!(at(&mut ams, "1795301423.936").0, 1_795_301_423_936_000);
        assert_eq!(at(&mut ams, "2026-11-21 23:50:23.9361239").0, 1_795_301_423_936_123);
        let by_format = ams.read_as("%m/%d/%y %I:%M:%S %p", "11/21/26 11:50:23 PM").unwrap();
        assert_eq!(by_format.unwrap().at.0, 1_795_301_423_000_000);
    }

    #[test]
    fn a_fold_takes_the_first_and_a_gap_the_time_after() {
        let mut ams = clock("Europe/Amsterdam");
        // 2026-10-25 03:00 CEST becomes 02:00 CET; 00:30 UTC is the first 02:30.
        assert_eq!(at(&mut ams, "2026-10-25 02:30:00"), (1_792_888_200_000_000, true));
        assert_eq!(at(&mut ams, "2026-10-25 03:00:00"), (1_792_893_600_000_000, false));
        // 2026-03-29 02:30 never was: 03:30 CEST is 01:30 UTC.
        assert_eq!(at(&mut ams, "2026-03-29 02:30:00"), (1_774_747_800_000_000, true));
        // Half an hour only.
        let mut lord_howe = clock("Australia/Lord_Howe");
        assert!(at(&mut lord_howe, "2026-10-04 02:15:00").1);
        assert!(!at(&mut lord_howe, "2026-10-04 02:45:00").1);
    }

    #[test]
    fn never_and_nonsense_are_told_apart() {
        let mut utc = clock("UTC");
        for never in ["", "  ", "0", "0000-00-00 00:00:00", "0.000"] {
            assert_eq!(utc.read(never).unwrap(), None, "{never:?}");
        }
        for bad in [
            "yesterday",
            "2026-13-01 00:00:00",
            "2026-02-30 10:00:00",
            "2026-11-21 24:00:00",
            "2026-11-21 23:50:23 noon",
            "2026-11-21",
            "12",
            "123456789012345678901",
            "é026-11-21 23:50:2",
        ] {
            assert!(utc.read(bad).is_err(), "{bad}");
        }
        assert!(utc.read_as("%d %Y", "x").is_err());
    }

    #[test]
    fn durations() {
        assert_eq!(duration_ms("3").unwrap(), Some(3_000));
        assert_eq!(duration_ms("1.509").unwrap(), Some(1_509));
        assert_eq!(duration_ms("00:05:36").unwrap(), Some(336_000));
        assert_eq!(duration_ms("").unwrap(), None);
        for bad in ["-3", "1:x", "::", "99999999999", "1.x"] {
            assert!(duration_ms(bad).is_err(), "{bad}");
        }
    }
}
