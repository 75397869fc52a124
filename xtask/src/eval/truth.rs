//! What really happened in an evaluation set, and when the operator's desk is open.

use std::collections::BTreeSet;
use std::fmt;

use anyhow::{Context, Result};
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::de::{Deserializer, MapAccess, Visitor};

/// 24 h: how long after its last call an attack still explains a stop.
pub const DAY_MS: i64 = 86_400_000;

/// The ground truth of one set. Times are UTC milliseconds.
#[derive(Debug, serde::Deserialize)]
pub struct Truth {
    pub name: Option<String>,
    pub tz: String,
    pub t0: i64,
    pub score_from: i64,
    pub end: i64,
    pub holidays: BTreeSet<String>,
    #[serde(deserialize_with = "in_file_order")]
    pub tenants: Vec<(String, Tenant)>,
    pub attacks: Vec<Attack>,
    pub hard_negatives: Vec<OddEvent>,
}

#[derive(Debug, serde::Deserialize)]
pub struct Tenant {
    #[serde(rename = "type")]
    pub kind: String,
    pub onboard: i64,
}

#[derive(Debug, serde::Deserialize)]
pub struct Attack {
    pub id: u64,
    pub kind: String,
    pub tenant: String,
    t_prelude: i64,
    pub t_first: i64,
    t_last: i64,
    pub potential_eur: f64,
    pub call_ids: Vec<u64>,
    pub inbound_ids: Vec<u64>,
}

impl Attack {
    /// From the first trace to a day after the last call: a stop in here is not a wrong stop.
    pub fn window(&self) -> (i64, i64) {
        (self.t_prelude, self.t_last + DAY_MS)
    }
}

/// Odd but honest behaviour that a detector is tempted to stop.
#[derive(Debug, serde::Deserialize)]
pub struct OddEvent {
    pub id: u64,
    pub kind: String,
    pub tenant: String,
    pub call_ids: Vec<u64>,
}

/// When people look at what was blocked: Mon-Fri 08:30 to 17:30 local time, not on holidays.
#[derive(Debug)]
pub struct Desk {
    open: Vec<(i64, i64)>,
    end: i64,
    tz: TimeZone,
}

impl Desk {
    pub fn new(truth: &Truth) -> Result<Self> {
        let tz = TimeZone::get(&truth.tz).with_context(|| format!("time zone {}", truth.tz))?;
        let first = Timestamp::from_millisecond(truth.t0)?.to_zoned(tz.clone()).date();
        let days = (truth.end - truth.t0) / DAY_MS + 12;
        let mut open = Vec::new();
        for day in 0..days {
            let date = first.checked_add(day.days())?;
            let weekend = matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday);
            if weekend || truth.holidays.contains(&date.to_string()) {
                continue;
            }
            let from = date.at(8, 30, 0, 0).to_zoned(tz.clone())?.timestamp().as_millisecond();
            open.push((from, from + 9 * 3_600_000));
        }
        Ok(Self { open, end: truth.end, tz })
    }

    /// Local date and time, for people.
    pub fn local(&self, t: i64) -> String {
        Timestamp::from_millisecond(t).map_or_else(
            |_| t.to_string(),
            |at| at.to_zoned(self.tz.clone()).strftime("%a %Y-%m-%d %H:%M:%S").to_string(),
        )
    }

    /// First moment at or after `t` with someone at the desk; after the end of the set if never.
    pub fn attended(&self, t: i64) -> i64 {
        let next = self.open.partition_point(|(from, _)| *from <= t);
        let now = next.checked_sub(1).and_then(|at| self.open.get(at));
        if now.is_some_and(|(_, to)| t < *to) {
            return t;
        }
        self.open.get(next).map_or(self.end + 1, |(from, _)| *from)
    }
}

/// Keeps the order of the file: sums of floats below run in it, as the reference scorer's do.
fn in_file_order<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<(String, Tenant)>, D::Error> {
    struct Entries;
    impl<'de> Visitor<'de> for Entries {
        type Value = Vec<(String, Tenant)>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object of tenants")
        }
        fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
            let mut entries = Vec::new();
            while let Some(entry) = map.next_entry()? {
                entries.push(entry);
            }
            Ok(entries)
        }
    }
    d.deserialize_map(Entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn desk() -> Desk {
        let truth: Truth = serde_json::from_str(
            r#"{"name":"x","tz":"Europe/Amsterdam","t0":1742770800000,"score_from":0,
                "end":1745186400000,"holidays":["2025-04-18"],"tenants":{},"attacks":[],
                "hard_negatives":[]}"#,
        )
        .unwrap();
        Desk::new(&truth).unwrap()
    }

    fn at(local: &str) -> i64 {
        format!("{local}[Europe/Amsterdam]")
            .parse::<jiff::Zoned>()
            .unwrap()
            .timestamp()
            .as_millisecond()
    }

    #[test]
    fn the_desk_answers_in_office_hours_only() {
        let desk = desk();
        for (asked, answered) in [
            ("2025-03-26T10:00:00", "2025-03-26T10:00:00"), // Wednesday
            ("2025-03-26T08:29:59", "2025-03-26T08:30:00"),
            ("2025-03-26T17:30:00", "2025-03-27T08:30:00"),
            ("2025-03-28T18:00:00", "2025-03-31T08:30:00"), // over a weekend with a clock change
            ("2025-04-17T19:00:00", "2025-04-21T08:30:00"), // over a holiday on Friday
        ] {
            assert_eq!(desk.attended(at(asked)), at(answered), "asked at {asked}");
        }
        assert_eq!(desk.attended(at("2025-07-01T12:00:00")), desk.end + 1);
    }
}
