//! Many new destinations at once, or many extensions calling where nobody called before.
//!
//! Seen: destinations new for the tenant in a day. Normal: new ones a day so far.
//!
//! Spreading a campaign over countries and extensions keeps each count low.
//!
//! Source: cases with 600 to 1,500 numbers over many countries; misses of per-country, per-extension counters in the
//! measured comparison.

use super::{excess, signal};
use crate::context::Context;
use ringfence_model::{Signal, SignalKind};

/// The finding about spread.
pub fn observe(c: &Context<'_>) -> Option<Signal> {
    let f = &c.figures;
    let per_day = c.openness();
    // The first days of a customer bring new destinations by nature.
    let young = 2.0 * (-c.tenant_age_days() / 5.0).exp();
    let hour = surprise(f.new_destinations_hour, 0.6 + 0.5 * per_day + young);
    let day = surprise(f.new_destinations_day, 1.5 + 1.5 * per_day + 2.0 * young);
    let extensions = 0.6 * excess(f.extensions_unexplained, 1.6);
    let weight = hour.max(0.5 * day) + extensions;
    signal(SignalKind::Spread, weight.min(5.0), f.new_destinations_day, per_day)
}

/// Poisson log-likelihood ratio of `seen` at its own rate against `expected`; 0 up to what is expected.
fn surprise(seen: f32, expected: f32) -> f32 {
    if seen <= expected { 0.0 } else { seen * (seen / expected).ln() - (seen - expected) }
}
