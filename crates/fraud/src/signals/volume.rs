//! More paid calls than normal, of this extension or of the tenant.
//!
//! Seen: paid calls of the extension in an hour. Normal: the most it honestly made.
//!
//! Source: published attack rates (500 calls an hour from one PBX; one call per 2.67 s over four lines), and the
//! complaint about fixed thresholds that need endless exceptions: hence own maxima.

use super::{excess, signal};
use crate::context::Context;
use ringfence_model::{Signal, SignalKind};

/// The finding about the number of calls.
pub fn observe(c: &Context<'_>) -> Option<Signal> {
    let f = &c.figures;
    let own = c.extension.peaks.normal.hour_calls;
    let all = c.tenant.peaks.normal.hour_calls;
    let burst = excess(f.extension_10min, 4.0 + own.max(0.25 * all));
    let hour = excess(f.extension_hour, 4.0 + 1.2 * own.max(0.25 * all));
    let tenant = excess(f.tenant_hour, 5.0 + 1.3 * all);
    let day = excess(f.tenant_day, 8.0 + 1.3 * c.tenant.peaks.normal.day_calls);
    // A campaign to known or cheap places is work; a burst that nothing explains is not.
    let share = 0.25 + 0.75 * c.call.unexplained;
    let weight = share * (1.0 * burst.max(hour) + 0.6 * tenant.max(day));
    signal(SignalKind::Volume, weight.min(4.0), f.extension_hour, own)
}
