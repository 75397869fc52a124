//! When a tenant calls: counts per hour of the week, halved when they grow large.

use serde::{Deserialize, Serialize};

/// Calls per hour of the week (0 = Monday 00:00 local), of any direction.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct HourProfile {
    counts: Vec<u8>,
    total: u32,
}

impl Default for HourProfile {
    fn default() -> Self {
        Self { counts: vec![0; HOURS], total: 0 }
    }
}

const HOURS: usize = 168;
/// What the prior is worth, in calls: a tenant with a few dozen calls is judged half by it.
const PRIOR_CALLS: f32 = 40.0;

impl HourProfile {
    /// Counts a call.
    pub fn note(&mut self, hour_of_week: usize) {
        let Some(count) = self.counts.get_mut(hour_of_week) else { return };
        *count += 1;
        self.total += 1;
        if *count == u8::MAX {
            self.counts.iter_mut().for_each(|c| *c /= 2);
            self.total = self.counts.iter().map(|&c| u32::from(c)).sum();
        }
    }

    /// How busy this hour is compared with the average hour of the week: 1 is average, 0 never.
    ///
    /// The neighbouring hours count half, so that the edge of a working day is no cliff. `office` says what the
    /// prior expects: a business calls in office hours.
    #[must_use]
    pub fn intensity(&self, hour_of_week: usize, office: bool) -> f32 {
        let count = |h: usize| f32::from(self.counts.get(h % HOURS).copied().unwrap_or(0));
        let around = count(hour_of_week)
            + 0.5 * count(hour_of_week + 1)
            + 0.5 * count(hour_of_week + HOURS - 1);
        let seen = around / 2.0 * HOURS as f32;
        let expected = if office { 3.0 } else { 0.15 };
        (seen + PRIOR_CALLS * expected) / (self.total as f32 + PRIOR_CALLS)
    }

    /// How many calls stand behind the profile.
    #[must_use]
    pub const fn total(&self) -> u32 {
        self.total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_night_shift_finds_its_nights_normal() {
        let mut hours = HourProfile::default();
        let before = hours.intensity(2, false);
        for _ in 0..300 {
            (0..5).for_each(|day| hours.note(day * 24 + 2));
        }
        assert!(before < 0.2);
        assert!(hours.intensity(2, false) > 5.0);
        assert!(hours.intensity(12, true) < 0.5, "and its noon odd");
    }

    #[test]
    fn counting_for_years_stays_bounded() {
        let mut hours = HourProfile::default();
        (0..100_000).for_each(|n| hours.note(n % 50));
        assert!(hours.total() < 168 * 255);
        hours.note(5_000);
    }
}
