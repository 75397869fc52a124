//! What is normal for an extension and for a tenant: where they call, when, from where and how much.
//!
//! Everything is counted in *days on which it happened*, not in calls: one busy night cannot make itself normal,
//! and a customer with one call a week still has a profile after a month. Days fade with a half-life.

mod figures;
mod habit;
mod hours;
mod origins;

pub use figures::{DayFigures, Peaks};
pub use habit::{DestinationKey, Habit, Habits};
pub use hours::HourProfile;
pub use origins::{Familiar, Origin, Origins};

/// Half-life of a habit, in days: a supplier called every few weeks stays known, a holiday is forgotten in a season.
pub const HALF_LIFE_DAYS: f32 = 45.0;

/// What is left of a count after `days`.
#[must_use]
pub fn faded(count: f32, days: i32) -> f32 {
    if days <= 0 { count } else { count * (-(days as f32) / HALF_LIFE_DAYS).exp2() }
}
