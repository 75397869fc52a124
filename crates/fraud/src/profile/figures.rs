//! How much is normal: the highest hour and day of paid calls and of money, fading slowly.

use super::faded;
use serde::{Deserialize, Serialize};

/// Fading maxima of what a tenant or extension honestly does.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Peaks {
    /// Most paid calls in an hour.
    pub hour_calls: f32,
    /// Most paid calls in a day.
    pub day_calls: f32,
    /// Most money in an hour, in currency units.
    pub hour_spend: f32,
    /// Most money in a day.
    pub day_spend: f32,
    /// Most paid calls at once.
    pub active: f32,
    /// Longest paid call, in seconds.
    pub call_secs: f32,
    /// The day of the last fading.
    day: u16,
    /// Days with a paid call, faded.
    pub days: f32,
}

impl Peaks {
    /// Fades to `day` and counts it as a day with paid calls.
    pub fn open_day(&mut self, day: i32) {
        let today = u16::try_from(day.max(0)).unwrap_or(u16::MAX);
        if self.day == today {
            return;
        }
        let age = i32::from(today) - i32::from(self.day);
        for peak in [
            &mut self.hour_calls,
            &mut self.day_calls,
            &mut self.hour_spend,
            &mut self.day_spend,
            &mut self.active,
            &mut self.call_secs,
            &mut self.days,
        ] {
            *peak = faded(*peak, age);
        }
        self.day = today;
        self.days += 1.0;
    }

    /// Raises `peak` towards `seen`, by at most half of what is normal already plus `step`: nothing becomes normal
    /// in one leap.
    pub fn raise(peak: &mut f32, seen: f32, step: f32) {
        *peak = peak.max(seen.min(*peak * 1.5 + step));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_in_steps_and_fades() {
        let mut peaks = Peaks::default();
        peaks.open_day(20_000);
        Peaks::raise(&mut peaks.day_spend, 500.0, 5.0);
        assert_eq!(peaks.day_spend, 5.0);
        Peaks::raise(&mut peaks.day_spend, 500.0, 5.0);
        assert_eq!(peaks.day_spend, 12.5);
        peaks.open_day(20_090);
        assert!((peaks.day_spend - 3.1).abs() < 0.1, "{}", peaks.day_spend);
        assert!(peaks.days < 1.3);
    }
}
