//! Many calls at once.
//!
//! Seen: running paid calls of the extension. Normal: the most it honestly had.
//!
//! One person holds one call, at times two. Money flows as fast as the channels allow.
//!
//! Source: BNetzA case 2019 (about 98 calls at once); operator rule "2 channels to dear destinations" stopped
//! 95 to 98 % of losses (Balashov, voiceops 2014).

use super::{excess, signal};
use crate::context::Context;
use ringfence_model::{Signal, SignalKind};

/// The finding about calls at once.
pub fn observe(c: &Context<'_>) -> Option<Signal> {
    let f = &c.figures;
    let own = c.extension.peaks.normal.active;
    let is_person = c.extension.id.is_some();
    let person = if is_person { excess(f.active_extension, 1.0 + own.max(0.4)) } else { 0.0 };
    let tenant = excess(f.active_unexplained, 1.5 + 0.7 * c.tenant.peaks.normal.active);
    let weight = 1.8 * person + 1.1 * tenant;
    signal(SignalKind::Parallel, weight.min(4.0), f.active_extension, own)
}
