//! A destination this tenant does or does not normally call.
//!
//! Seen: price per minute. Normal: days on which the destination was called.
//!
//! Honest calls go where the tenant called before; fraud goes where it pays. A number called on an earlier day
//! speaks for the call, a known country does by the number of days, and for a new one the price and the published
//! risk of the country speak against it, less so for a tenant that calls new countries all the time.
//!
//! Source: reference study of published fraud data (country tiers); IRSF targets change faster than lists
//! (the ten most used countries fell from 50 % to 14.5 % of test numbers, 2013 to 2020), hence history first.

use super::signal;
use crate::context::Context;
use ringfence_model::{Kind, RiskTier, Signal, SignalKind, TrafficClass};

/// The finding about the destination.
pub fn observe(c: &Context<'_>) -> Option<Signal> {
    let price = c.call.per_minute + c.per_call;
    let known = c.tenant_habit();
    let days = known.map_or(0.0, |h| h.days);
    let weight = match (known, c.number_habit()) {
        (_, Some(number)) => -1.6 - 3.0 * c.maturity(&number) * depth(number.days, 4.0),
        (Some(habit), None) => {
            let own = c.extension_habit().map_or(0.0, |h| depth(h.days, 8.0));
            let trust = depth(habit.days, 12.0) * (0.35 + 0.65 * c.maturity(&habit));
            newness(c, price) * (1.0 - trust) - 2.2 * trust - 1.0 * own * trust
        }
        (None, None) => newness(c, price),
    };
    signal(SignalKind::Destination, weight, price, days)
}

/// Trust earned by `days`, 0 to 1; full at `full` days.
fn depth(days: f32, full: f32) -> f32 {
    ((1.0 + days).ln() / (1.0 + full).ln()).min(1.0)
}

/// Nats against a destination nothing is known of.
fn newness(c: &Context<'_>, price: f32) -> f32 {
    let by_price = (0.9 * (price.max(0.01) / 0.06).ln()).clamp(-0.8, 3.0);
    let by_tier = match c.destination.tier {
        RiskTier::A => 0.7,
        RiskTier::B => 0.4,
        RiskTier::C => 0.1,
        RiskTier::D => -0.2,
    };
    let by_class = match c.destination.class() {
        TrafficClass::HighRisk => 0.9,
        TrafficClass::Premium if c.destination.kind != Kind::Premium => 0.4,
        _ => 0.0,
    };
    let unallocated = if c.destination.valid { 0.0 } else { 0.3 };
    let open = (1.0 + 6.0 * c.openness()).ln();
    by_price + by_tier + by_class + unallocated - open
}
