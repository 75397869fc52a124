//! A very long call.
//!
//! Seen: seconds answered. Normal: the longest honest paid call of the tenant.
//!
//! A few calls of many hours cost as much as hundreds of short ones and trip no count.
//!
//! Source: Flensburg case (one 10-hour call to Cuba, 890 euros); Atlanta case (1,500 calls of 1 to 4 hours).

use super::{excess, signal};
use crate::context::Context;
use ringfence_model::{Signal, SignalKind};

/// The finding about the length of the call.
pub fn observe(c: &Context<'_>) -> Option<Signal> {
    if c.call.over {
        return None;
    }
    let normal = c.tenant.peaks.normal.call_secs;
    let weight = 0.9 * excess(c.call.secs, 2_700.0 + 1.3 * normal);
    signal(SignalKind::LongCall, weight.min(3.0), c.call.secs, normal)
}
