//! A new, costly habit that keeps growing.
//!
//! Seen: money spent on the destination since it was first called. Normal: 5.
//!
//! A patient attacker calls a little each day until it looks normal. A destination stays under watch until it is
//! grown up, and what it has cost since its first call counts as a whole.
//!
//! Source: low-and-slow case of two lines over a weekend (Co. Clare); profile poisoning in the anomaly-detection literature.

use super::{excess, signal};
use crate::context::Context;
use ringfence_model::{Signal, SignalKind};

/// Money on a new destination that nobody asks about, in currency units.
const UNASKED: f32 = 5.0;

/// The finding about drift.
pub fn observe(c: &Context<'_>) -> Option<Signal> {
    let habit = c.tenant_habit();
    let spent = habit.map_or(0.0, |h| h.spend * (1.0 - 0.8 * c.maturity(&h)));
    let weight = 0.4 * excess(spent, UNASKED);
    signal(SignalKind::Drift, weight.min(2.0), spent, UNASKED)
}
