//! Hours in which somebody is told of nothing that can wait.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use ringfence_model::WallTime;
use std::fmt;
use std::str::FromStr;

/// Hours of each day, in somebody's own time. They may run past midnight.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Quiet {
    from: Time,
    until: Time,
}

/// Why a text is no quiet hours.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("is no span of hours; write such as \"22:00-07:00\"")]
pub struct ReadQuietError;

impl FromStr for Quiet {
    type Err = ReadQuietError;

    fn from_str(text: &str) -> Result<Self, ReadQuietError> {
        let (from, until) = text.split_once('-').ok_or(ReadQuietError)?;
        let time = |text: &str| Time::strptime("%H:%M", text.trim()).map_err(|_| ReadQuietError);
        let (from, until) = (time(from)?, time(until)?);
        if from == until { Err(ReadQuietError) } else { Ok(Self { from, until }) }
    }
}

impl fmt::Display for Quiet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.from.strftime("%H:%M"), self.until.strftime("%H:%M"))
    }
}

impl Quiet {
    /// When something may be told that is there at `at`: then, or when the quiet hours end.
    #[must_use]
    pub fn over(&self, at: WallTime, zone: &TimeZone) -> WallTime {
        let Ok(stamp) = Timestamp::from_microsecond(at.0) else { return at };
        let local = stamp.to_zoned(zone.clone());
        let now = local.time();
        let (in_evening, in_morning) = (now >= self.from, now < self.until);
        let is_quiet = if self.from < self.until {
            in_evening && in_morning
        } else {
            in_evening || in_morning
        };
        if !is_quiet {
            return at;
        }
        let tomorrow = self.from > self.until && in_evening;
        let day = local.date().checked_add(Span::new().days(i64::from(tomorrow)));
        let end = day.and_then(|day| day.to_datetime(self.until).to_zoned(zone.clone()));
        end.map_or(at, |end| WallTime(end.timestamp().as_microsecond()).max(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn over(quiet: &str, at: &str) -> String {
        let zone = TimeZone::get("Europe/Amsterdam").unwrap();
        let at: jiff::Zoned = format!("{at}[Europe/Amsterdam]").parse().unwrap();
        let quiet: Quiet = quiet.parse().unwrap();
        let end = quiet.over(WallTime(at.timestamp().as_microsecond()), &zone);
        Timestamp::from_microsecond(end.0).unwrap().to_zoned(zone).strftime("%d %H:%M").to_string()
    }

    #[test]
    fn what_can_wait_waits_until_the_morning() {
        assert_eq!(over("22:00-07:00", "2026-11-22T23:15"), "23 07:00");
        assert_eq!(over("22:00-07:00", "2026-11-22T06:59"), "22 07:00");
        assert_eq!(over("22:00-07:00", "2026-11-22T07:00"), "22 07:00");
        assert_eq!(over("22:00-07:00", "2026-11-22T12:00"), "22 12:00");
        assert_eq!(over("12:00-13:30", "2026-11-22T12:10"), "22 13:30");
        // A night with a change of the clock (25 October 2026) is as long as it is.
        assert_eq!(over("22:00-07:00", "2026-10-24T23:00"), "25 07:00");
    }

    #[test]
    fn only_a_span_of_hours_is_read() {
        for wrong in ["", "22:00", "22:00-22:00", "25:00-07:00", "22-7", "-", "22:00-07:00-"] {
            assert_eq!(wrong.parse::<Quiet>(), Err(ReadQuietError), "{wrong}");
        }
        assert_eq!("22:00-07:00".parse::<Quiet>().unwrap().to_string(), "22:00-07:00");
    }
}
