//! How much is normal: the highest hour and day of paid calls and of money, fading slowly.

use super::faded;
use serde::{Deserialize, Serialize};

/// The figures of one day.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct DayFigures {
    /// Most paid calls in an hour.
    pub hour_calls: f32,
    /// Paid calls in 24 hours.
    pub day_calls: f32,
    /// Money in 24 hours, in currency units.
    pub day_spend: f32,
    /// Most paid calls at once.
    pub active: f32,
    /// Longest paid call, in seconds.
    pub call_secs: f32,
}

/// Fading maxima of what a tenant or extension honestly does. Today's figures count from tomorrow on.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Peaks {
    /// The maxima of the days before today, faded.
    pub normal: DayFigures,
    today: DayFigures,
    /// Today, since 1970.
    day: u16,
    /// Whether today was only observed.
    observed: bool,
}

/// How far one day may lift what is normal beyond half of it: nothing becomes normal in one leap.
const STEP: DayFigures = DayFigures {
    hour_calls: 5.0,
    day_calls: 10.0,
    day_spend: 4.0,
    active: 1.0,
    call_secs: 1_800.0,
};

impl Peaks {
    /// Notes what was seen on `day`. While only `observing`, a day counts in full: that is what the time is for.
    pub fn note(&mut self, day: i32, seen: DayFigures, observing: bool) {
        let today = u16::try_from(day.max(0)).unwrap_or(u16::MAX);
        if self.day != today {
            self.close_day(i32::from(today) - i32::from(self.day));
            self.day = today;
        }
        self.today = self.today.with(seen, f32::max);
        self.observed = observing;
    }

    fn close_day(&mut self, age: i32) {
        let lift = self.normal.with(STEP, |normal, step| normal * 1.5 + step);
        let learned = if self.observed { self.today } else { self.today.with(lift, f32::min) };
        self.normal = self.normal.with(learned, f32::max).with(STEP, |peak, _| faded(peak, age));
        self.today = DayFigures::default();
    }
}

impl DayFigures {
    fn with(self, other: Self, join: impl Fn(f32, f32) -> f32) -> Self {
        Self {
            hour_calls: join(self.hour_calls, other.hour_calls),
            day_calls: join(self.day_calls, other.day_calls),
            day_spend: join(self.day_spend, other.day_spend),
            active: join(self.active, other.active),
            call_secs: join(self.call_secs, other.call_secs),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spent(amount: f32) -> DayFigures {
        DayFigures { day_spend: amount, ..DayFigures::default() }
    }

    #[test]
    fn a_burst_is_not_normal_on_its_own_day_and_not_at_once_the_day_after() {
        let mut peaks = Peaks::default();
        (0..100).for_each(|_| peaks.note(20_000, spent(500.0), false));
        assert_eq!(peaks.normal.day_spend, 0.0);
        peaks.note(20_001, spent(500.0), false);
        assert!((peaks.normal.day_spend - 4.0).abs() < 0.1);
        peaks.note(20_002, spent(0.0), false);
        assert!((peaks.normal.day_spend - 10.0).abs() < 0.3);
    }

    #[test]
    fn fades() {
        let mut peaks = Peaks::default();
        peaks.note(20_000, spent(4.0), true);
        peaks.note(20_001, spent(0.0), true);
        peaks.note(20_091, spent(0.0), true);
        assert!((peaks.normal.day_spend - 1.0).abs() < 0.1, "{}", peaks.normal.day_spend);
    }
}
