//! One scope's spending: what is settled in each window and what is reserved for calls that still run.

use super::Sliding;
use ringfence_model::{Money, WallTime, Window};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::hash::Hash;

/// Settled and reserved money, calls at once, and calls in the last minute, of one scope.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Spend {
    hour: Sliding<13, 300>,
    day: Sliding<25, 3_600>,
    week: Sliding<29, 21_600>,
    month: Sliding<31, 86_400>,
    minute: Sliding<13, 5>,
    reserved: Money,
    active: u32,
    touched: WallTime,
}

impl Spend {
    /// Takes a call in: counts it and reserves for it.
    pub fn admit(&mut self, wall: WallTime, reserve: Money) {
        self.minute.add(wall, Money(1));
        self.active += 1;
        self.reserved += reserve;
        self.touched = wall;
    }

    /// Moves `settle` from thought to spent, and changes the reservation from `old` to `new`.
    pub fn renew(&mut self, wall: WallTime, settle: Money, old: Money, new: Money) {
        if settle > Money::ZERO {
            self.hour.add(wall, settle);
            self.day.add(wall, settle);
            self.week.add(wall, settle);
            self.month.add(wall, settle);
        }
        self.reserved = (self.reserved + new - old).max(Money::ZERO);
        self.touched = wall;
    }

    /// Lets a call go: its last reservation is `old`, the rest of its cost is `settle`.
    pub fn release(&mut self, wall: WallTime, settle: Money, old: Money) {
        self.renew(wall, settle, old, Money::ZERO);
        self.active = self.active.saturating_sub(1);
    }

    /// Settled and reserved money in `window`; for one call there is none but its own.
    pub fn exposure(&mut self, wall: WallTime, window: Window) -> Money {
        let settled = match window {
            Window::Call => Money::ZERO,
            Window::Hour => self.hour.sum(wall),
            Window::Day => self.day.sum(wall),
            Window::Week => self.week.sum(wall),
            Window::Month => self.month.sum(wall),
        };
        settled + self.reserved
    }

    /// Calls that run or ring.
    #[must_use]
    pub const fn active(&self) -> u32 {
        self.active
    }

    /// Money reserved for calls that run or ring.
    #[must_use]
    pub const fn reserved(&self) -> Money {
        self.reserved
    }

    /// Calls started in the last 60 to 65 seconds.
    pub fn per_minute(&mut self, wall: WallTime) -> u32 {
        u32::try_from(self.minute.sum(wall).0).unwrap_or(u32::MAX)
    }

    fn is_idle(&mut self, wall: WallTime) -> bool {
        self.active == 0 && self.month.sum(wall) == Money::ZERO
    }
}

/// The spending of every value of one kind of scope, such as every source address; bounded.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Ledger<K: Eq + Hash> {
    spends: HashMap<K, Spend, foldhash::fast::FixedState>,
}

impl<K: Eq + Hash> Default for Ledger<K> {
    fn default() -> Self {
        Self { spends: HashMap::default() }
    }
}

impl<K: Eq + Hash + Ord + Clone> Ledger<K> {
    /// Most scopes kept. Beyond it the idle ones go, then those touched longest ago that have no call running:
    /// an attacker with many addresses can thin out old sums, never the tenant's own, which is no entry here.
    pub const CAP: usize = 4_096;

    /// The spending of `key`.
    pub fn spend(&mut self, key: &K, wall: WallTime) -> &mut Spend {
        if !self.spends.contains_key(key) {
            self.make_room(wall);
        }
        self.spends.entry(key.clone()).or_default()
    }

    /// The spending of `key`, when there is any.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut Spend> {
        self.spends.get_mut(key)
    }

    /// How many scopes are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.spends.len()
    }

    /// Whether nothing was spent anywhere.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spends.is_empty()
    }

    fn make_room(&mut self, wall: WallTime) {
        if self.spends.len() < Self::CAP {
            return;
        }
        self.spends.retain(|_, spend| !spend.is_idle(wall));
        if self.spends.len() < Self::CAP {
            return;
        }
        let mut idle: Vec<(WallTime, K)> = self
            .spends
            .iter()
            .filter(|(_, spend)| spend.active == 0)
            .map(|(key, spend)| (spend.touched, key.clone()))
            .collect();
        idle.sort_unstable();
        for (_, key) in idle.into_iter().take(Self::CAP / 4) {
            self.spends.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(secs: i64) -> WallTime {
        WallTime::from_secs(1_800_000_000 + secs)
    }

    #[test]
    fn ringing_and_running_calls_count() {
        let mut spend = Spend::default();
        spend.admit(at(0), Money::cents(50));
        assert_eq!(spend.exposure(at(0), Window::Hour), Money::cents(50));
        spend.renew(at(60), Money::cents(30), Money::cents(50), Money::cents(40));
        assert_eq!(spend.exposure(at(60), Window::Day), Money::cents(70));
        spend.release(at(90), Money::cents(20), Money::cents(40));
        assert_eq!(spend.exposure(at(90), Window::Month), Money::cents(50));
        assert_eq!((spend.active(), spend.reserved()), (0, Money::ZERO));
    }

    #[test]
    fn the_table_is_bounded() {
        let mut ledger = Ledger::<u32>::default();
        for key in 0..20_000u32 {
            ledger.spend(&key, at(i64::from(key))).admit(at(i64::from(key)), Money(1));
            ledger.spend(&key, at(i64::from(key))).release(at(i64::from(key)), Money(1), Money(1));
        }
        assert!(ledger.len() <= Ledger::<u32>::CAP);
    }

    proptest! {
        #[test]
        fn exposure_is_never_negative(steps in prop::collection::vec((0i64..100_000, 0i64..500, 0i64..500, 0u8..3), 0..80)) {
            let mut spend = Spend::default();
            for (secs, a, b, what) in steps {
                match what {
                    0 => spend.admit(at(secs), Money(a)),
                    1 => spend.renew(at(secs), Money(a), Money(b), Money(a)),
                    _ => spend.release(at(secs), Money(a), Money(b)),
                }
                for window in [Window::Hour, Window::Day, Window::Week, Window::Month] {
                    prop_assert!(spend.exposure(at(secs), window) >= Money::ZERO);
                }
            }
        }
    }
}
