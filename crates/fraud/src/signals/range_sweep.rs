//! Many numbers of one range.
//!
//! Seen: other numbers of the same thousand called in a day. Normal: 0.
//!
//! Revenue-share numbers are rented in blocks, and a campaign walks through the block.
//!
//! Source: NDSS 2021 (Sahin and Francillon) on test numbers; cases with 200 to 1,500 numbers in few ranges.

use super::signal;
use crate::context::Context;
use ringfence_model::{Signal, SignalKind};

/// The finding about one range.
pub fn observe(c: &Context<'_>) -> Option<Signal> {
    let others = c.figures.range_numbers;
    let weight = (1.3 * (1.0 + others).ln()).min(3.5) * c.call.unexplained;
    signal(SignalKind::RangeSweep, weight, others, 0.0)
}
