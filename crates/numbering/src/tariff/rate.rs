//! One price and what a call of some length costs at it.

use ringfence_model::{Money, Weekday};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// The price of calls to one prefix.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Rate {
    /// Charged once for each answered call.
    pub connect: Money,
    /// Charged per minute.
    pub per_minute: Money,
    /// Calls are charged as if they lasted at least so long, in seconds.
    pub minimum_secs: u32,
    /// The first increment, in seconds: charged whole. 0 when the first is like all others.
    pub first_secs: u32,
    /// The following increments, in seconds: each one begun is charged whole. 0 is taken as 1.
    pub step_secs: u32,
    /// The most one call can cost.
    pub cap: Option<Money>,
    /// What the deck calls the destination.
    pub name: Option<Arc<str>>,
    /// The deck's own class of the destination.
    pub class: Option<Arc<str>>,
}

impl Rate {
    /// Price per minute, without the connect fee.
    #[must_use]
    pub const fn per_minute(&self) -> Money {
        self.per_minute
    }

    /// The cost of a call with this much charged time; nothing for a call that was never answered (zero).
    ///
    /// Exact: increments are counted in whole microseconds, and the price is rounded once, to the nearest
    /// micro-unit, halves up.
    #[must_use]
    pub fn cost(&self, charged: Duration) -> Money {
        if charged.is_zero() {
            return Money::ZERO;
        }
        let secs = i128::from(self.charged_secs(charged));
        let talk = (secs * i128::from(self.per_minute.0) + 30).div_euclid(60);
        let talk = Money(i64::try_from(talk).unwrap_or(i64::MAX));
        let cost = self.connect + talk;
        self.cap.map_or(cost, |cap| cost.min(cap))
    }

    /// Seconds paid for.
    fn charged_secs(&self, charged: Duration) -> u64 {
        const SECOND: u64 = 1_000_000;
        // Half a million years of call: saturation is no loss.
        let micros = u64::try_from(charged.as_micros()).unwrap_or(u64::MAX).max(1);
        let micros = micros.max(u64::from(self.minimum_secs) * SECOND);
        let step = u64::from(self.step_secs.max(1));
        let beyond_first = micros.saturating_sub(u64::from(self.first_secs) * SECOND);
        u64::from(self.first_secs) + beyond_first.div_ceil(step * SECOND) * step
    }
}

/// When the higher of two prices holds, in the tenant's local time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PeakHours {
    /// Bit 0 is Monday.
    days: u8,
    from_minute: u16,
    to_minute: u16,
}

impl PeakHours {
    /// On these days from one minute of the day up to another.
    #[must_use]
    pub fn new(days: &[Weekday], from_minute: u16, to_minute: u16) -> Self {
        let days = days.iter().fold(0, |set, &day| set | 1 << day as u8);
        Self { days, from_minute, to_minute }
    }

    pub(crate) const fn contains(self, day: Weekday, minute: u16) -> bool {
        self.days >> day as u8 & 1 == 1 && minute >= self.from_minute && minute < self.to_minute
    }
}

impl Default for PeakHours {
    /// Monday to Friday, 08:00 to 20:00.
    fn default() -> Self {
        use Weekday::{Fri, Mon, Thu, Tue, Wed};
        Self::new(&[Mon, Tue, Wed, Thu, Fri], 8 * 60, 20 * 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rate(connect: i64, per_minute: i64, minimum: u32, first: u32, step: u32) -> Rate {
        Rate {
            connect: Money(connect),
            per_minute: Money(per_minute),
            minimum_secs: minimum,
            first_secs: first,
            step_secs: step,
            cap: None,
            name: None,
            class: None,
        }
    }

    #[test]
    fn increments_begin_exactly() {
        let per_minute = rate(0, 600_000, 0, 0, 60);
        let cost = |ms| per_minute.cost(Duration::from_millis(ms)).0;
        assert_eq!(cost(0), 0, "never answered");
        assert_eq!(cost(1), 600_000);
        assert_eq!(cost(60_000), 600_000, "a call of 60.000 s is one increment");
        assert_eq!(cost(60_001), 1_200_000);
    }

    #[test]
    fn first_and_following_increments_differ() {
        let rate = rate(0, 600_000, 0, 30, 6);
        let cost = |ms| rate.cost(Duration::from_millis(ms)).0;
        assert_eq!(cost(1_000), 300_000, "30 s");
        assert_eq!(cost(30_000), 300_000);
        assert_eq!(cost(30_001), 360_000, "36 s");
        assert_eq!(cost(42_000), 420_000);
    }

    #[test]
    fn connect_fee_minimum_and_cap() {
        let mut rate = rate(50_000, 900_000, 60, 0, 60);
        assert_eq!(rate.cost(Duration::from_secs(2)).0, 950_000);
        rate.cap = Some(Money(1_000_000));
        assert_eq!(rate.cost(Duration::from_secs(3_600)).0, 1_000_000);
        assert_eq!(rate.cost(Duration::ZERO), Money::ZERO);
    }

    #[test]
    fn rounds_once_to_the_nearest() {
        assert_eq!(rate(0, 1, 0, 0, 1).cost(Duration::from_secs(29)).0, 0);
        assert_eq!(rate(0, 1, 0, 0, 1).cost(Duration::from_secs(30)).0, 1);
        assert_eq!(rate(0, 15_000, 0, 0, 1).cost(Duration::from_secs(7)).0, 1_750);
    }

    #[test]
    fn extremes_saturate() {
        let dear = rate(i64::MAX, i64::MAX, u32::MAX, u32::MAX, u32::MAX);
        assert_eq!(dear.cost(Duration::MAX), Money::MAX);
        assert_eq!(rate(0, 60, 0, 0, 0).cost(Duration::from_secs(5)).0, 5, "step 0 is a second");
    }

    proptest! {
        /// The formula in words: the least number of whole increments that covers the time.
        #[test]
        fn charged_time_covers_the_call(ms in 1u64..100_000_000, min in 0u32..200, first in 0u32..200, step in 1u32..200) {
            let secs = rate(0, 0, min, first, step).charged_secs(Duration::from_millis(ms));
            let time = ms.max(u64::from(min) * 1_000);
            prop_assert!(secs * 1_000 >= time);
            let beyond = secs - u64::from(first);
            prop_assert_eq!(beyond % u64::from(step), 0);
            prop_assert!(beyond == 0 || (secs - u64::from(step)) * 1_000 < time);
        }
    }
}
