//! Habits: on how many days something (a destination, a number, a way of calling) was normal.

use super::faded;
use ringfence_model::{Country, Destination, E164, Kind};
use serde::{Deserialize, Serialize};

/// Country and sort of line, in one word: the grain at which destinations are familiar or new.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default, Serialize, Deserialize,
)]
pub struct DestinationKey(pub u32);

impl DestinationKey {
    /// The key of a destination. Fixed and mobile lines of a country are one: people call both.
    #[must_use]
    pub fn of(destination: &Destination) -> Self {
        let group = match destination.kind {
            Kind::Premium | Kind::PremiumAdult | Kind::PremiumEntertainment | Kind::Directory => 1,
            Kind::Satellite | Kind::Network => 2,
            Kind::Personal | Kind::SharedCost => 3,
            _ => 0,
        };
        let country: Country = destination.country;
        let code = country.as_str().bytes().fold(0u32, |code, b| code << 8 | u32::from(b));
        Self(code << 8 | group << 1 | u32::from(destination.home))
    }

    /// The key of one number, for habits of single numbers: a mix of all its digits.
    #[must_use]
    pub const fn of_number(number: E164) -> Self {
        let mixed = number.packed().wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Self((mixed >> 32) as u32)
    }

    /// The country of a destination key.
    #[must_use]
    pub const fn country(self) -> Country {
        Country::from_bytes([(self.0 >> 16) as u8, (self.0 >> 8) as u8])
    }
}

/// How well something is known.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Habit {
    /// What.
    pub key: DestinationKey,
    /// Days on which it happened, faded.
    pub days: f32,
    /// Money spent on it since `first`, in currency units, faded.
    pub spend: f32,
    /// What it had cost when people were last asked about it.
    pub asked: f32,
    /// First local day, since 1970.
    pub first: u16,
    /// Last local day.
    pub last: u16,
}

/// A bounded table of habits; the ones used longest ago make room.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Habits {
    habits: Vec<Habit>,
}

impl Habits {
    /// The habit of `key`, faded to `day`.
    #[must_use]
    pub fn get(&self, key: DestinationKey, day: i32) -> Option<Habit> {
        let habit = self.habits.iter().find(|h| h.key == key)?;
        let age = day - i32::from(habit.last);
        Some(Habit { days: faded(habit.days, age), spend: faded(habit.spend, age), ..*habit })
    }

    /// Notes that `key` happened on `day`, worth `weight` of a day (at most one a day), and cost `spend`.
    pub fn note(&mut self, key: DestinationKey, day: i32, weight: f32, spend: f32, cap: usize) {
        let today = u16::try_from(day.max(0)).unwrap_or(u16::MAX);
        if let Some(habit) = self.habits.iter_mut().find(|h| h.key == key) {
            let age = i32::from(today) - i32::from(habit.last);
            if age > 0 {
                habit.days = faded(habit.days, age) + weight;
                habit.spend = faded(habit.spend, age);
                habit.last = today;
            }
            habit.spend += spend;
            return;
        }
        if self.habits.len() >= cap {
            let oldest = self.habits.iter().enumerate().min_by_key(|(_, h)| h.last).map(|(i, _)| i);
            if let Some(oldest) = oldest {
                self.habits.swap_remove(oldest);
            }
        }
        self.habits.push(Habit { key, days: weight, spend, asked: 0.0, first: today, last: today });
    }

    /// Whether people should be asked about `key`: it cost at least `from`, and twice what it had at the last time.
    pub fn ask(&mut self, key: DestinationKey, from: f32) -> bool {
        let habit = self.habits.iter_mut().find(|h| h.key == key);
        let Some(habit) = habit.filter(|h| h.spend >= from && h.spend >= 2.0 * h.asked) else {
            return false;
        };
        habit.asked = habit.spend;
        true
    }

    /// A person said that `key` is expected: it counts as known for long.
    pub fn confirm(&mut self, key: DestinationKey, day: i32, cap: usize) {
        self.note(key, day, 0.0, 0.0, cap);
        let today = u16::try_from(day.max(0)).unwrap_or(u16::MAX);
        if let Some(habit) = self.habits.iter_mut().find(|h| h.key == key) {
            habit.days = habit.days.max(CONFIRMED_DAYS);
            habit.first = habit.first.min(today.saturating_sub(CONFIRMED_AGE_DAYS));
            habit.spend = 0.0;
        }
    }

    /// A person said that `key` was fraud: nothing of it is normal.
    pub fn forget(&mut self, key: DestinationKey) {
        self.habits.retain(|h| h.key != key);
    }

    /// How many different things are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.habits.len()
    }

    /// Whether nothing is known yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.habits.is_empty()
    }

    /// Every habit, in no order that means anything.
    pub fn iter(&self) -> impl Iterator<Item = &Habit> {
        self.habits.iter()
    }
}

/// What one "this is ours" from a person is worth, in days.
const CONFIRMED_DAYS: f32 = 6.0;
/// How old a confirmed habit counts.
const CONFIRMED_AGE_DAYS: u16 = 30;

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: DestinationKey = DestinationKey(7);

    #[test]
    fn a_busy_day_is_one_day() {
        let mut habits = Habits::default();
        for _ in 0..500 {
            habits.note(KEY, 20_000, 1.0, 0.1, 8);
        }
        let habit = habits.get(KEY, 20_000).unwrap();
        assert_eq!(habit.days, 1.0);
        assert!((habit.spend - 50.0).abs() < 0.01);
    }

    #[test]
    fn one_call_a_week_becomes_a_habit_and_fades() {
        let mut habits = Habits::default();
        for week in 0..8 {
            habits.note(KEY, 20_000 + 7 * week, 1.0, 0.0, 8);
        }
        assert!(habits.get(KEY, 20_050).unwrap().days > 4.5);
        assert!(habits.get(KEY, 20_050 + 180).unwrap().days < 0.6);
    }

    #[test]
    fn the_table_is_bounded_and_keeps_what_is_used() {
        let mut habits = Habits::default();
        for day in 0..100u32 {
            habits.note(DestinationKey(1), 20_000 + day as i32, 1.0, 0.0, 8);
            habits.note(DestinationKey(100 + day), 20_000 + day as i32, 1.0, 0.0, 8);
        }
        assert_eq!(habits.len(), 8);
        assert!(habits.get(DestinationKey(1), 20_100).is_some());
    }

    #[test]
    fn a_person_can_confirm_and_forget() {
        let mut habits = Habits::default();
        habits.confirm(KEY, 20_000, 8);
        assert!(habits.get(KEY, 20_000).unwrap().days >= 5.0);
        habits.forget(KEY);
        assert_eq!(habits.get(KEY, 20_000), None);
    }
}
