//! A source address, country or device not known for this extension.
//!
//! Seen: 1 a new network, 2 a new country with a known program, 3 an unknown program, 4 both. Normal: 0.
//!
//! Stolen credentials are used from elsewhere. People travel too, so a new country alone is no proof; a new
//! country with a new program for a trunk that always came from one address nearly is.
//!
//! Source: registration and call records of published cases; RFC 3261 §26.3.2 (credential theft).

use super::signal;
use crate::context::Context;
use crate::profile::Familiar;
use ringfence_model::{Signal, SignalKind, Via};

/// The finding about the source.
pub fn observe(c: &Context<'_>) -> Option<Signal> {
    // A forward is made by the PBX, wherever its owner is.
    let origin = c.origin.filter(|_| c.call.via != Via::Forward)?;
    let familiar = c.familiar()?;
    let country_known = c.tenant.origins.knows_country(origin, c.civil.day);
    let program_known = c.tenant.origins.knows_program(origin, c.civil.day);
    let (weight, seen) = match familiar {
        Familiar::Network => (-0.6, 0.0),
        Familiar::Country => (0.3, 1.0),
        Familiar::Program if country_known => (0.7, 2.0),
        Familiar::Program => (1.8, 2.0),
        Familiar::Nothing if country_known && program_known => (1.0, 3.0),
        Familiar::Nothing if country_known => (1.8, 3.0),
        Familiar::Nothing => (3.6, 4.0),
    };
    // A PBX does not travel.
    let fixed = if c.call.via == Via::Pbx && seen >= 2.0 { 1.0 } else { 0.0 };
    let against = (weight + fixed) * c.away_from_home_share();
    signal(SignalKind::Source, if weight > 0.0 { against } else { weight }, seen, 0.0)
}
