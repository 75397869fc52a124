//! When a tenant calls: counts per hour of the week, halved when they grow large.

use serde::{Deserialize, Serialize};

/// Calls per hour of the week (0 = Monday 00:00 local), of any direction.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct HourProfile {
    counts: Vec<u8>,
    total: u32,
    /// Today's calls per hour of the week: they count from tomorrow on, so that a night's burst does not make its
    /// own hour normal.
    today: Vec<(u8, u8)>,
    day: i32,
}

impl Default for HourProfile {
    fn default() -> Self {
        Self { counts: vec![0; HOURS], total: 0, today: Vec::new(), day: 0 }
    }
}

const HOURS: usize = 168;
/// What the prior is worth, in calls: a tenant with a few dozen calls is judged half by it.
const PRIOR_CALLS: f32 = 40.0;

impl HourProfile {
    /// Counts a call on local day `day`.
    pub fn note(&mut self, day: i32, hour_of_week: usize) {
        if day != self.day {
            self.close_day();
            self.day = day;
        }
        let Ok(hour) = u8::try_from(hour_of_week) else { return };
        match self.today.iter_mut().find(|(h, _)| *h == hour) {
            Some((_, count)) => *count = count.saturating_add(1),
            None => self.today.push((hour, 1)),
        }
    }

    fn close_day(&mut self) {
        for (hour, calls) in std::mem::take(&mut self.today) {
            let Some(count) = self.counts.get_mut(usize::from(hour)) else { continue };
            *count = count.saturating_add(calls);
            self.total += u32::from(calls);
            if *count == u8::MAX {
                self.counts.iter_mut().for_each(|c| *c /= 2);
                self.total = self.counts.iter().map(|&c| u32::from(c)).sum();
            }
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
        for day in 0..300 {
            hours.note(day, (day as usize % 5) * 24 + 2);
        }
        (0..50).for_each(|_| hours.note(300, 12));
        hours.note(301, 2);
        assert!(before < 0.2);
        assert!(hours.intensity(2, false) > 5.0);
        assert!(hours.intensity(36, true) < 0.5, "and its noon odd");
    }

    #[test]
    fn counting_for_years_stays_bounded() {
        let mut hours = HourProfile::default();
        (0..100_000).for_each(|n| hours.note(n / 100, n as usize % 50));
        assert!(hours.total() < 168 * 255);
        hours.note(0, 5_000);
    }
}
