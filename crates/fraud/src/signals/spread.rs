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
    let normal = c.openness();
    let countries = excess(f.new_destinations_day, 1.3 + 3.0 * normal);
    let extensions = excess(f.extensions_unexplained, 1.6);
    let weight = 1.3 * countries + 0.6 * extensions;
    signal(SignalKind::Spread, weight.min(3.5), f.new_destinations_day, normal)
}
