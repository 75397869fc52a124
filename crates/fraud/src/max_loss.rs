//! The most a customer can lose before a stop, under the limits in force: known in advance, whatever the behaviour
//! of the attacker and however little the engine suspects.

use crate::settings::Settings;
use ringfence_model::{Limits, Money};
use serde::Serialize;

/// An upper bound of paid spending per window; `None` where nothing bounds it.
///
/// It holds because every call reserves its cost one lease ahead at every scope before it is let through and at each
/// tick ([`crate::running::LEASE`]), and is cut when the reservation finds no room. Windows slide, so there is no
/// hole at midnight.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct MaxLoss {
    /// On one call.
    pub call: Option<Money>,
    /// In any 60 minutes.
    pub hour: Option<Money>,
    /// In any 24 hours.
    pub day: Option<Money>,
    /// In any 7 days.
    pub week: Option<Money>,
    /// In any 30 days.
    pub month: Option<Money>,
}

/// The bound for a tenant.
#[must_use]
pub fn max_loss(settings: &Settings) -> MaxLoss {
    let own = settings.policy().limits;
    let all = settings.policy();
    // A longer window is bounded by as many shorter ones as cover it; a shorter one by any longer one around it.
    let hour = least([own.per_hour, own.per_day, own.per_week, own.per_month]);
    let day = least([own.per_day, times(own.per_hour, 24), own.per_week, own.per_month]);
    let week = least([own.per_week, times(day, 7), own.per_month]);
    let month = least([own.per_month, times(week, 5), times(day, 30)]);
    let call = least([own.per_call, each_extension(settings, all.extension_limits), month]);
    MaxLoss { call, hour, day, week, month }
}

/// The highest limit per call that some extension has; unbounded when one of them is.
fn each_extension(settings: &Settings, default: Limits) -> Option<Money> {
    let own = settings.policy().extensions.values().filter_map(|e| e.limits);
    own.chain([default]).map(|limits| limits.per_call).reduce(|a, b| Some(a?.max(b?))).flatten()
}

fn least<const N: usize>(limits: [Option<Money>; N]) -> Option<Money> {
    limits.into_iter().flatten().min()
}

fn times(limit: Option<Money>, count: i64) -> Option<Money> {
    limit.map(|limit| limit.times(count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_model::Policy;

    fn of(limits: Limits) -> MaxLoss {
        max_loss(&Settings::new(Policy { limits, ..Policy::default() }).unwrap())
    }

    #[test]
    fn nothing_bounds_an_unlimited_customer() {
        let loss = of(Limits::default());
        assert_eq!((loss.hour, loss.day, loss.month), (None, None, None));
    }

    #[test]
    fn the_tightest_window_counts() {
        let loss = of(Limits {
            per_hour: Some(Money::units(10)),
            per_week: Some(Money::units(50)),
            ..Limits::default()
        });
        assert_eq!(loss.hour, Some(Money::units(10)));
        assert_eq!(loss.day, Some(Money::units(50)));
        assert_eq!(loss.week, Some(Money::units(50)));
        assert_eq!(loss.month, Some(Money::units(250)));
    }

    #[test]
    fn the_default_policy_bounds_everything() {
        let loss = max_loss(&Settings::new(Policy::default()).unwrap());
        assert!(loss.hour.is_some() && loss.day.is_some() && loss.month.is_some());
        assert!(loss.call.is_some());
    }
}
