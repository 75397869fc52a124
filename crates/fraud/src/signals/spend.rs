//! More money than normal.
//!
//! Seen: money in 24 hours. Normal: the most the tenant honestly spent in a day.
//!
//! Source: the best known rule, "cost over the daily average by a fixed amount", made relative to the tenant's own
//! maximum so that an importer and a dentist need no rule of their own.

use super::{excess, signal};
use crate::context::Context;
use ringfence_model::{Signal, SignalKind};

/// The finding about money.
pub fn observe(c: &Context<'_>) -> Option<Signal> {
    let normal = c.tenant.peaks.normal.day_spend;
    let weight = 0.4 * excess(c.figures.spend_day, 8.0 + 1.5 * normal);
    signal(SignalKind::Spend, weight.min(3.0), c.figures.spend_day, normal)
}
