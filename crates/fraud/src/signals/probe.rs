//! A short test call, then more to the same place.
//!
//! Seen: short or failed unexplained calls there in three days. Normal: 0.
//!
//! Attackers test whether a route pays before they pump it, 30 minutes to a day later.
//!
//! Source: PRISM test-number data (frslabs, yatesfraudconsulting): 30 min to 24 h from test call to pumping; the
//! two-second test calls of the provu.co.uk case.

use super::signal;
use crate::context::Context;
use ringfence_model::{Signal, SignalKind};

/// The finding about test calls.
pub fn observe(c: &Context<'_>) -> Option<Signal> {
    // Where each call is charged as a whole, short calls are the thing itself.
    let probes = if c.call.per_call { 0.0 } else { c.figures.probes };
    let weight = (0.25 * (1.0 + probes).ln()).min(0.8) * c.call.unexplained;
    signal(SignalKind::Probe, weight, probes, 0.0)
}
