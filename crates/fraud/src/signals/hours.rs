//! An hour of the week in which this tenant does not normally call.
//!
//! Seen: how busy this hour is, 1 is the tenant's average hour. Normal: 1.
//!
//! Source: nearly every published case runs at night, in weekends and on holidays, because nobody looks then;
//! but night shifts, taxis and hotels call at night, so the tenant's own hours decide.

use super::signal;
use crate::context::Context;
use ringfence_model::{Signal, SignalKind};

/// The finding about the hour.
pub fn observe(c: &Context<'_>) -> Option<Signal> {
    let intensity = c.tenant.hours.intensity(c.civil.hour_of_week(), c.civil.office);
    let weight = (-0.35 * intensity.max(0.005).ln()).clamp(-0.35, 1.3);
    signal(SignalKind::Hours, weight, intensity, 1.0)
}
