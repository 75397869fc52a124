//! From where and when people of a reach may come in.

use ipnet::IpNet;
use jiff::civil::Weekday;
use jiff::{Timestamp, tz::TimeZone};
use ringfence_model::WallTime;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use utoipa::ToSchema;

/// When and from where access is open. Empty lists leave it open.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Access {
    /// Networks, such as `192.0.2.0/24`.
    #[schema(value_type = Vec<String>)]
    pub nets: Vec<IpNet>,
    /// Hours of the week.
    pub hours: Vec<OpenHours>,
    /// The time zone of the hours, such as `Europe/Amsterdam`; UTC when empty.
    pub zone: String,
}

/// Some hours of some days.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenHours {
    /// Days, Monday is 1.
    pub days: Vec<u8>,
    /// From this minute of the day.
    pub from_minute: u16,
    /// Until before this minute of the day; up to 1440.
    pub until_minute: u16,
}

/// Most networks and most hours of one rule.
const LIST_MAX: usize = 100;

impl Access {
    /// Whether it is open for this address now. A zone that is unknown leaves it shut: it was refused when it was set.
    #[must_use]
    pub fn is_open(&self, from: IpAddr, at: WallTime) -> bool {
        admits(&self.nets, from) && (self.hours.is_empty() || self.in_hours(at).unwrap_or(false))
    }

    fn in_hours(&self, at: WallTime) -> Option<bool> {
        let stamp = Timestamp::from_microsecond(at.0).ok()?;
        let civil = stamp.to_zoned(self.zone()?).datetime();
        let (day, minute) = (day_number(civil.weekday()), minute_of(civil.hour(), civil.minute())?);
        Some(self.hours.iter().any(|open| {
            open.days.contains(&day) && (open.from_minute..open.until_minute).contains(&minute)
        }))
    }

    fn zone(&self) -> Option<TimeZone> {
        if self.zone.is_empty() { Some(TimeZone::UTC) } else { TimeZone::get(&self.zone).ok() }
    }

    /// What is wrong with it.
    ///
    /// # Errors
    /// A sentence for who set it.
    pub fn check(&self) -> Result<(), String> {
        if self.nets.len() > LIST_MAX || self.hours.len() > LIST_MAX {
            return Err(format!("more than {LIST_MAX} networks or hours"));
        }
        if self.zone().is_none() {
            let zone: String = self.zone.chars().take(40).collect();
            return Err(format!("{zone:?} is no time zone such as Europe/Amsterdam"));
        }
        for open in &self.hours {
            if open.days.is_empty() || open.days.iter().any(|day| !(1..=7).contains(day)) {
                return Err("days are numbers from 1 (Monday) to 7 (Sunday)".into());
            }
            if open.from_minute >= open.until_minute || open.until_minute > 1440 {
                return Err("from_minute must be below until_minute, and that at most 1440".into());
            }
        }
        Ok(())
    }
}

/// Whether an address is in one of these networks; an empty list admits everybody.
#[must_use]
pub fn admits(nets: &[IpNet], from: IpAddr) -> bool {
    nets.is_empty() || nets.iter().any(|net| net.contains(&from.to_canonical()))
}

fn day_number(day: Weekday) -> u8 {
    day.to_monday_one_offset().unsigned_abs()
}

fn minute_of(hour: i8, minute: i8) -> Option<u16> {
    Some(u16::try_from(hour).ok()? * 60 + u16::try_from(minute).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> WallTime {
        WallTime(text.parse::<Timestamp>().unwrap().as_microsecond())
    }

    #[test]
    fn open_hours_are_civil_ones_of_the_zone() {
        let office = OpenHours { days: vec![1, 2, 3, 4, 5], from_minute: 480, until_minute: 1080 };
        let access =
            Access { hours: vec![office], zone: "Europe/Amsterdam".into(), ..Access::default() };
        let open = |text| access.is_open("192.0.2.1".parse().unwrap(), at(text));
        access.check().unwrap();
        assert!(open("2026-11-20T07:00:00Z"), "eight in winter, on a Friday");
        assert!(!open("2026-11-20T06:59:59Z"));
        assert!(open("2026-07-17T06:00:00Z"), "eight in summer");
        assert!(!open("2026-11-20T17:00:00Z"), "six in the evening");
        assert!(!open("2026-11-22T10:00:00Z"), "a Sunday");
    }

    #[test]
    fn networks_of_both_families_and_mapped_addresses() {
        let nets = ["192.0.2.0/24", "2001:db8::/32"].map(|net| net.parse().unwrap());
        let admitted = |text: &str| admits(&nets, text.parse().unwrap());
        assert!(admitted("192.0.2.9") && admitted("::ffff:192.0.2.9") && admitted("2001:db8::1"));
        assert!(!admitted("192.0.3.9") && !admitted("::1"));
        assert!(admits(&[], "::1".parse().unwrap()));
    }

    #[test]
    fn nonsense_is_refused_when_it_is_set() {
        let hours = |days: &[u8], from_minute, until_minute| Access {
            hours: vec![OpenHours { days: days.to_vec(), from_minute, until_minute }],
            ..Access::default()
        };
        for (wrong, why) in [
            (hours(&[0], 0, 10), "Monday"),
            (hours(&[], 0, 10), "Monday"),
            (hours(&[1], 10, 10), "below"),
            (hours(&[1], 0, 1441), "1440"),
            (Access { zone: "Mars/Base".into(), ..Access::default() }, "Mars/Base"),
        ] {
            assert!(wrong.check().unwrap_err().contains(why), "{wrong:?}");
        }
        let shut = Access { zone: "Mars/Base".into(), ..hours(&[1, 2, 3, 4, 5, 6, 7], 0, 1440) };
        assert!(!shut.is_open("::1".parse().unwrap(), at("2026-11-20T07:00:00Z")));
    }
}
