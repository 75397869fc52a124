//! Civil time of a tenant: weekday and hour where it works, office hours, public holidays, own closures.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use ringfence_model::{Country, Hours, WallTime, Weekday, When};
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Public holidays of 32 countries, 2025 to 2035.
const HOLIDAYS_CSV: &str = include_str!("../data/holidays.csv");

static HOLIDAYS: LazyLock<BTreeSet<(Country, Date)>> = LazyLock::new(|| {
    HOLIDAYS_CSV
        .lines()
        .filter_map(|line| {
            let (country, date) = line.split_once(',')?;
            Some((country.parse().ok()?, date.trim().parse().ok()?))
        })
        .collect()
});

/// A setting of time that cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CalendarError {
    /// Not an IANA name.
    #[error("time_zone {0:?} is not known; use an IANA name such as Europe/Amsterdam")]
    UnknownZone(String),
    /// Not a time of day.
    #[error("{0:?} is not a time of day such as 08:30 (24:00 is the end of the day)")]
    BadTime(String),
    /// Not a date or a range of dates.
    #[error("closure {0:?} is not a date such as 2026-12-24 or a range 2026-07-20/2026-08-07")]
    BadClosure(String),
}

/// One moment in civil terms.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Civil {
    /// Days since 1970-01-01, local.
    pub day: i32,
    /// 0 = Monday.
    pub weekday: u8,
    /// Minute of the local day, 0 to 1439.
    pub minute: u16,
    /// Whether it is a public holiday or an own closure.
    pub holiday: bool,
    /// Whether people normally work.
    pub office: bool,
}

impl Civil {
    /// Hour of the week, 0 to 167; a holiday counts as the same hour of a Sunday.
    #[must_use]
    pub fn hour_of_week(&self) -> usize {
        let weekday = if self.holiday { 6 } else { usize::from(self.weekday) };
        weekday * 24 + usize::from(self.minute / 60)
    }

    /// The day of the week.
    #[must_use]
    pub const fn weekday(&self) -> Weekday {
        match self.weekday {
            0 => Weekday::Mon,
            1 => Weekday::Tue,
            2 => Weekday::Wed,
            3 => Weekday::Thu,
            4 => Weekday::Fri,
            5 => Weekday::Sat,
            _ => Weekday::Sun,
        }
    }

    /// Whether a rule for `when` holds now.
    #[must_use]
    pub const fn is(&self, when: When) -> bool {
        match when {
            When::Always => true,
            When::Office => self.office,
            When::Closed => !self.office,
        }
    }
}

/// A tenant's hours, compiled, with the current hour's offset from UTC remembered.
#[derive(Clone, Debug)]
pub struct Calendar {
    zone: TimeZone,
    /// Minutes of the local day in which people work, per weekday.
    open: [Vec<(u16, u16)>; 7],
    holidays: Option<Country>,
    closures: Vec<(Date, Date)>,
    hour: Hour,
}

/// What is the same all through one quarter of an hour (offsets change on such boundaries).
#[derive(Clone, Copy, Debug, Default)]
struct Hour {
    quarter: i64,
    offset_secs: i64,
    holiday: bool,
    known: bool,
}

impl Calendar {
    /// Compiles zone and hours.
    ///
    /// # Errors
    /// When a name, time or date cannot be read.
    pub fn new(zone: &str, hours: &Hours) -> Result<Self, CalendarError> {
        let zone = TimeZone::get(zone).map_err(|_| CalendarError::UnknownZone(zone.to_owned()))?;
        let mut open: [Vec<(u16, u16)>; 7] = Default::default();
        for range in &hours.open {
            let (from, to) = (minute_of_day(&range.from)?, minute_of_day(&range.to)?);
            for &day in &range.days {
                let day = weekday_index(day);
                if from < to {
                    if let Some(ranges) = open.get_mut(day) {
                        ranges.push((from, to));
                    }
                    continue;
                }
                // Past midnight: the rest of this day, and the beginning of the next.
                if let Some(ranges) = open.get_mut(day) {
                    ranges.push((from, 1440));
                }
                if let Some(ranges) = open.get_mut((day + 1) % 7) {
                    ranges.push((0, to));
                }
            }
        }
        let closures = hours.closures.iter().map(|c| closure(c)).collect::<Result<_, _>>()?;
        Ok(Self { zone, open, holidays: hours.holidays, closures, hour: Hour::default() })
    }

    /// The civil reading of `wall`.
    pub fn civil(&mut self, wall: WallTime) -> Civil {
        let secs = wall.as_secs();
        let quarter = secs.div_euclid(900);
        if !self.hour.known || self.hour.quarter != quarter {
            self.hour = self.read_hour(secs, quarter);
        }
        let local = secs + self.hour.offset_secs;
        let day = local.div_euclid(86_400);
        let minute = (local.rem_euclid(86_400) / 60) as u16;
        let weekday = (day + 3).rem_euclid(7) as u8; // 1970-01-01 was a Thursday
        let holiday = self.hour.holiday;
        let open = self.open.get(usize::from(weekday));
        let office = !holiday
            && open.is_some_and(|ranges| ranges.iter().any(|&(a, b)| a <= minute && minute < b));
        Civil { day: day as i32, weekday, minute, holiday, office }
    }

    fn read_hour(&self, secs: i64, quarter: i64) -> Hour {
        let stamp = Timestamp::from_second(secs).unwrap_or(Timestamp::UNIX_EPOCH);
        let offset_secs = i64::from(self.zone.to_offset(stamp).seconds());
        let date = self.zone.to_datetime(stamp).date();
        let holiday = self.holidays.is_some_and(|c| HOLIDAYS.contains(&(c, date)))
            || self.closures.iter().any(|&(from, to)| from <= date && date <= to);
        Hour { quarter, offset_secs, holiday, known: true }
    }
}

const fn weekday_index(day: Weekday) -> usize {
    match day {
        Weekday::Mon => 0,
        Weekday::Tue => 1,
        Weekday::Wed => 2,
        Weekday::Thu => 3,
        Weekday::Fri => 4,
        Weekday::Sat => 5,
        Weekday::Sun => 6,
    }
}

fn minute_of_day(text: &str) -> Result<u16, CalendarError> {
    let bad = || CalendarError::BadTime(text.chars().take(16).collect());
    let (hour, minute) = text.trim().split_once(':').ok_or_else(bad)?;
    let hour: u16 = hour.parse().map_err(|_| bad())?;
    let minute: u16 = minute.parse().map_err(|_| bad())?;
    if minute > 59 || hour > 24 || (hour == 24 && minute > 0) {
        return Err(bad());
    }
    Ok(hour * 60 + minute)
}

fn closure(text: &str) -> Result<(Date, Date), CalendarError> {
    let bad = || CalendarError::BadClosure(text.chars().take(32).collect());
    let (from, to) = text.split_once('/').unwrap_or((text, text));
    let from: Date = from.trim().parse().map_err(|_| bad())?;
    let to: Date = to.trim().parse().map_err(|_| bad())?;
    if to < from { Err(bad()) } else { Ok((from, to)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_model::TimeRange;

    fn wall(text: &str) -> WallTime {
        WallTime::from_secs(text.parse::<Timestamp>().unwrap().as_second())
    }

    fn dutch() -> Calendar {
        Calendar::new("Europe/Amsterdam", &Hours::default()).unwrap()
    }

    #[test]
    fn office_hours_follow_summer_time() {
        let mut calendar = dutch();
        // Monday 6:30 UTC is 7:30 in winter and 8:30 in summer.
        assert!(!calendar.civil(wall("2026-01-12T06:30:00Z")).office);
        let summer = calendar.civil(wall("2026-07-13T06:30:00Z"));
        assert!(summer.office);
        assert_eq!((summer.weekday, summer.minute), (0, 8 * 60 + 30));
    }

    #[test]
    fn a_holiday_is_a_closed_day() {
        let kings_day = dutch().civil(wall("2026-04-27T10:00:00Z"));
        assert!(kings_day.holiday && !kings_day.office);
        assert_eq!(kings_day.hour_of_week(), 6 * 24 + 12);
    }

    #[test]
    fn own_closures_and_night_shifts() {
        let hours = Hours {
            open: vec![TimeRange {
                days: vec![Weekday::Fri],
                from: "22:00".into(),
                to: "06:00".into(),
            }],
            holidays: None,
            closures: vec!["2026-07-20/2026-08-07".into()],
        };
        let mut calendar = Calendar::new("UTC", &hours).unwrap();
        assert!(calendar.civil(wall("2026-06-05T23:00:00Z")).office);
        assert!(calendar.civil(wall("2026-06-06T05:59:00Z")).office, "Saturday morning still");
        assert!(!calendar.civil(wall("2026-06-06T06:00:00Z")).office);
        assert!(!calendar.civil(wall("2026-07-24T23:00:00Z")).office, "closed for summer");
    }

    #[test]
    fn says_what_cannot_be_read() {
        let error = Calendar::new("Europe/Amsterdm", &Hours::default()).unwrap_err();
        assert!(error.to_string().contains("Europe/Amsterdm"));
        assert_eq!(minute_of_day("24:01"), Err(CalendarError::BadTime("24:01".into())));
        assert!(closure("2026-08-07/2026-07-20").is_err());
    }
}
