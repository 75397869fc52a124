//! An inbound call dialling out again: DISA, voicemail call-back, a forward.
//!
//! Seen: days on which this way was used before. Normal: 3.
//!
//! A voice system that puts callers through is guessed by its PIN; the many short inbound calls of the guessing
//! come first, and then calls go where the customer never called.
//!
//! Source: DISA and voicemail cases in the reference study; inbound-to-outbound correlation needs no Diversion header.

use super::signal;
use crate::context::Context;
use crate::profile::DestinationKey;
use ringfence_model::{Signal, SignalKind, Via};

/// The finding about dialling through.
pub fn observe(c: &Context<'_>) -> Option<Signal> {
    if !c.dials_through() {
        return None;
    }
    let known = c.tenant.ways.get(way(c.call.via), c.civil.day);
    let days = known.map_or(0.0, |h| h.days);
    let unknown = match c.call.via {
        Via::Disa | Via::Voicemail => 2.4,
        Via::Forward => 0.6,
        _ => 0.4,
    };
    let trust = ((1.0 + days).ln() / 4f32.ln()).min(1.0);
    let weight = unknown * (1.0 - trust) + guesses(c);
    signal(SignalKind::DialThrough, weight, days, 3.0)
}

/// The key of a way of dialling through, for habits.
pub const fn way(via: Via) -> DestinationKey {
    DestinationKey(via as u32)
}

/// Nats for short inbound calls to the same extension in the last day: somebody trying PINs.
fn guesses(c: &Context<'_>) -> f32 {
    let short = c
        .tenant
        .inbound
        .iter()
        .rev()
        .take_while(|i| c.now.secs_since(i.at) < 72.0 * 3_600.0)
        .filter(|i| i.extension == c.call.extension && i.answered && i.over && i.secs < 25.0)
        .count() as f32;
    (0.5 * ((short + 1.0) / 6.0).ln()).clamp(0.0, 1.5)
}
