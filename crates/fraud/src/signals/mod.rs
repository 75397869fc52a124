//! The signals: each looks at one paid call in its surroundings and says how much likelier what it sees is under
//! fraud than under honest use.
//!
//! One file each. A weight is a log-likelihood ratio in nats; a signal that sees nothing says nothing. To add one,
//! see CONTRIBUTING.md.

mod call_back;
mod destination;
mod dial_through;
mod drift;
mod guessing;
mod hours;
mod long_call;
mod new_access;
mod parallel;
mod per_call_charge;
mod prefix_spray;
mod probe;
mod range_sweep;
mod source;
mod spend;
mod spread;
mod volume;

use crate::context::Context;
use ringfence_model::{Signal, SignalKind};

pub use call_back::lure_range;
pub use dial_through::way;

/// What one signal does.
pub type Observe = fn(&Context<'_>) -> Option<Signal>;

/// The signals that look at the call itself. They also say how little the profile explains it.
pub const OF_THE_CALL: [Observe; 6] = [
    destination::observe,
    hours::observe,
    source::observe,
    new_access::observe,
    guessing::observe,
    dial_through::observe,
];

/// The signals that look at several calls, or at the course of this one.
pub const OF_SEVERAL: [Observe; 11] = [
    volume::observe,
    spend::observe,
    probe::observe,
    prefix_spray::observe,
    range_sweep::observe,
    per_call_charge::observe,
    long_call::observe,
    parallel::observe,
    spread::observe,
    call_back::observe,
    drift::observe,
];

/// A finding, when it weighs anything.
fn signal(kind: SignalKind, weight: f32, seen: f32, normal: f32) -> Option<Signal> {
    (weight.abs() >= 0.05).then_some(Signal { kind, weight, seen, normal })
}

/// How much `seen` exceeds what is normal, in nats: 0 up to `normal`, then the logarithm of the ratio.
fn excess(seen: f32, normal: f32) -> f32 {
    (seen / normal.max(0.01)).ln().max(0.0)
}
