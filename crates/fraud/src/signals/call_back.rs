//! Calling back missed calls from abroad.
//!
//! Seen: missed calls from that range in a day. Normal: 1.
//!
//! "Wangiri": a machine rings once at many extensions from a dear number and hopes for call-backs. The callers are
//! honest, so the answer is to close the range, not the customer.
//!
//! Source: Consumentenbond, Opgelicht (waves to Dutch numbers); iBasis (191 million such calls blocked in half a year).

use super::signal;
use crate::context::Context;
use ringfence_model::{E164, Signal, SignalKind};

/// The finding about a lure.
pub fn observe(c: &Context<'_>) -> Option<Signal> {
    if c.number_habit().is_some() {
        return None;
    }
    let missed = missed_from(c);
    // One missed call and a call back is what people do.
    let weight = if missed < 4.0 { 0.0 } else { 2.5 + (missed / 4.0).ln() };
    signal(SignalKind::CallBack, weight.min(5.0), missed, 1.0)
}

/// The range to close when [`observe`] fired: the number without its last four digits.
#[must_use]
pub fn lure_range(number: E164) -> E164 {
    number.prefix(number.len().saturating_sub(4).max(4))
}

fn missed_from(c: &Context<'_>) -> f32 {
    let Some(number) = c.call.number else { return 0.0 };
    let range = lure_range(number);
    c.tenant
        .inbound
        .iter()
        .rev()
        .take_while(|i| c.now.secs_since(i.at) < 86_400.0)
        .filter(|i| !i.answered && i.a_number.is_some_and(|a| a.starts_with(range)))
        .count() as f32
}
