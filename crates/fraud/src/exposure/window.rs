//! A sliding sum of money without an edge at midnight.
//!
//! Time is cut into slots and the window is the running slot and the `N - 1` whole ones before it. With one slot
//! more than the span needs, the window is never shorter than its name says and at most one slot longer.

use ringfence_model::{Money, WallTime};
use serde::{Deserialize, Serialize};

/// `N` slots of `SLOT_SECS` seconds each.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Sliding<const N: usize, const SLOT_SECS: i64> {
    #[serde(with = "slots")]
    slots: [i64; N],
    /// Index of the newest slot since the epoch.
    newest: i64,
    sum: i64,
}

impl<const N: usize, const SLOT_SECS: i64> Default for Sliding<N, SLOT_SECS> {
    fn default() -> Self {
        Self { slots: [0; N], newest: 0, sum: 0 }
    }
}

impl<const N: usize, const SLOT_SECS: i64> Sliding<N, SLOT_SECS> {
    /// Adds `amount` at `wall`. A time before the newest slot counts there: money never gets lost by a clock step.
    pub fn add(&mut self, wall: WallTime, amount: Money) {
        self.slide(wall);
        if let Some(slot) = self.slots.get_mut(self.newest.rem_euclid(N as i64) as usize) {
            *slot = slot.saturating_add(amount.0);
            self.sum = self.sum.saturating_add(amount.0);
        }
    }

    /// The sum of the window that ends at `wall`.
    pub fn sum(&mut self, wall: WallTime) -> Money {
        self.slide(wall);
        Money(self.sum)
    }

    /// When enough has slid out of the window that the sum is at most `target`; `None` when it is already.
    pub fn falls_to(&mut self, wall: WallTime, target: Money) -> Option<WallTime> {
        self.slide(wall);
        let mut left = self.sum;
        if left <= target.0 {
            return None;
        }
        for age in (0..N as i64).rev() {
            let slot = self.newest - age;
            left -= self.slots.get(slot.rem_euclid(N as i64) as usize).copied().unwrap_or(0);
            if left <= target.0 {
                return Some(WallTime::from_secs((slot + N as i64) * SLOT_SECS));
            }
        }
        Some(WallTime::from_secs((self.newest + N as i64) * SLOT_SECS))
    }

    fn slide(&mut self, wall: WallTime) {
        let now = wall.as_secs().div_euclid(SLOT_SECS);
        if now <= self.newest {
            return;
        }
        let steps = (now - self.newest).min(N as i64);
        for step in 0..steps {
            let slot = (now - step).rem_euclid(N as i64) as usize;
            if let Some(slot) = self.slots.get_mut(slot) {
                self.sum -= *slot;
                *slot = 0;
            }
        }
        self.newest = now;
    }
}

/// Serde for arrays of any length.
mod slots {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub fn serialize<const N: usize, S: Serializer>(
        slots: &[i64; N],
        to: S,
    ) -> Result<S::Ok, S::Error> {
        slots.as_slice().serialize(to)
    }

    pub fn deserialize<'de, const N: usize, D: Deserializer<'de>>(
        from: D,
    ) -> Result<[i64; N], D::Error> {
        let slots = Vec::<i64>::deserialize(from)?;
        <[i64; N]>::try_from(slots).map_err(|_| D::Error::custom("a window of another length"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Hour = Sliding<13, 300>;

    fn at(secs: i64) -> WallTime {
        WallTime::from_secs(1_800_000_000 + secs)
    }

    #[test]
    fn money_leaves_after_the_window_and_not_before() {
        let mut hour = Hour::default();
        hour.add(at(0), Money(7));
        assert_eq!(hour.sum(at(3_600)), Money(7));
        assert_eq!(hour.sum(at(3_900)), Money(0));
    }

    #[test]
    fn a_clock_that_steps_back_loses_nothing() {
        let mut hour = Hour::default();
        hour.add(at(1_000), Money(5));
        hour.add(at(0), Money(5));
        assert_eq!(hour.sum(at(0)), Money(10));
    }

    #[test]
    fn says_when_there_is_room_again() {
        let mut hour = Hour::default();
        hour.add(at(0), Money(6));
        hour.add(at(600), Money(4));
        assert_eq!(hour.falls_to(at(700), Money(10)), None);
        assert_eq!(hour.falls_to(at(700), Money(4)), Some(at(3_900)));
        assert_eq!(hour.falls_to(at(700), Money(0)), Some(at(4_500)));
    }

    proptest! {
        /// Never less than the true sliding sum, never more than that of one slot longer.
        #[test]
        fn between_the_exact_sums(mut adds in prop::collection::vec((0i64..9_000, 0i64..100), 1..60)) {
            adds.sort_unstable();
            let mut hour = Hour::default();
            for &(secs, amount) in &adds {
                hour.add(at(secs), Money(amount));
            }
            let end = adds.last().unwrap().0;
            let exact = |span: i64| adds.iter().filter(|a| a.0 > end - span).map(|a| a.1).sum::<i64>();
            let got = hour.sum(at(end)).0;
            prop_assert!(exact(3_600) <= got && got <= exact(3_900));
        }
    }
}
