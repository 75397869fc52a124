//! Short calls to numbers charged per call.
//!
//! Seen: short calls charged per call in an hour. Normal: 1.
//!
//! Where each call pays, an attacker makes many that last seconds. People do redial a contest line too, a few
//! times and in the day.
//!
//! Source: FritzBox case 2014 (seconds-long calls, thousands of euros in half an hour); ACM on fixed-price 0900.

use super::signal;
use crate::context::Context;
use ringfence_model::{Signal, SignalKind};

/// The finding about calls charged per call.
pub fn observe(c: &Context<'_>) -> Option<Signal> {
    if !c.call.per_call {
        return None;
    }
    let short = c.figures.short_per_call;
    let weight = (0.7 * (short / 2.0).max(0.01).ln()).clamp(0.0, 2.5);
    signal(SignalKind::PerCallCharge, weight, short, 1.0)
}
