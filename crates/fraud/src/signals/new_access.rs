//! A new forward, extension or registration just before.
//!
//! Seen: hours since the change. Normal: 72 and more.
//!
//! An attacker first gets in, then calls: a forward to a foreign number, a registration from an unknown place.
//!
//! Source: call-forward hijack and DISA cases in the reference study; extension hijack in police reports (provu.co.uk).

use super::signal;
use crate::context::Context;
use crate::tenant::Access;
use ringfence_model::{Signal, SignalKind, Via};

/// The finding about changed access.
pub fn observe(c: &Context<'_>) -> Option<Signal> {
    let mut weight = 0.0f32;
    let mut seen = 72.0f32;
    let oddity = |a: &Access| matches!(a, Access::Registered(odd) if *odd > 0.5);
    if let Some(hours) = c.access_hours(oddity) {
        weight += 2.0 * fresh(hours) * c.away_from_home_share();
        seen = seen.min(hours);
    }
    if c.call.via == Via::Forward
        && let Some((hours, odd)) = newest_forward(c)
    {
        weight += (1.2 + 2.8 * odd) * fresh(hours);
        seen = seen.min(hours);
    }
    signal(SignalKind::NewAccess, weight, seen, 72.0)
}

/// How fresh a change is, 1 to 0 over three days.
fn fresh(hours: f32) -> f32 {
    (-hours / 36.0).exp()
}

/// Hours since the newest forward to where somebody earns, and how odd its source was.
fn newest_forward(c: &Context<'_>) -> Option<(f32, f32)> {
    let event = c.tenant.access.iter().rev().find(|e| {
        e.extension == c.call.extension && matches!(e.what, Access::Forward { to: Some(_), .. })
    })?;
    let Access::Forward { odd, .. } = event.what else { return None };
    let hours = (c.now.secs_since(event.at) / 3_600.0) as f32;
    (hours <= 72.0).then_some((hours, odd))
}
