//! The same number under many prefixes.
//!
//! Seen: other numbers with the same last seven digits tried in a day. Normal: 0.
//!
//! Who does not know the dial plan tries +, 00, 900, 9011 … before the same number.
//!
//! Source: honeypot captures (about 90,000 attempts per prefix to one number); Intuitive Labs, SentryPeer.

use super::signal;
use crate::context::Context;
use ringfence_model::{Signal, SignalKind};

/// The finding about varied prefixes.
pub fn observe(c: &Context<'_>) -> Option<Signal> {
    let others = c.figures.same_tail;
    let weight = if others > 0.0 { 1.0 + (1.0 + others).ln() } else { 0.0 };
    signal(SignalKind::PrefixSpray, weight.min(4.0), others, 0.0)
}
