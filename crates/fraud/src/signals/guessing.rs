//! Password guessing just before.
//!
//! Seen: failed registrations of this extension in the last three days. Normal: 0.
//!
//! Scanners try everyone all the time, so failures alone say little. A success or a call from the network that
//! failed before says that a password was found.
//!
//! Source: honeypot studies (760,493 failed logins from 63 addresses in a month); McInnes 2019.

use super::signal;
use crate::context::Context;
use crate::profile::Familiar;
use crate::tenant::Access;
use ringfence_model::{Signal, SignalKind};

/// The finding about failed registrations.
pub fn observe(c: &Context<'_>) -> Option<Signal> {
    let mut failed = 0u32;
    let mut same_network = false;
    for event in c.tenant.access.iter().rev() {
        if c.now.secs_since(event.at) > 72.0 * 3_600.0 {
            break;
        }
        let Access::Failed(count) = event.what else { continue };
        if event.extension == c.call.extension {
            failed += count;
        }
        same_network |= event.origin.zip(c.origin).is_some_and(|(a, b)| a.network == b.network);
    }
    // From the customer's own network it was a typing error.
    same_network &= c.familiar() != Some(Familiar::Network);
    let tried = (0.25 * (1.0 + failed as f32).ln()).min(1.2);
    let weight = if same_network { 3.0 + tried } else { tried };
    signal(SignalKind::Guessing, weight, failed as f32, 0.0)
}
