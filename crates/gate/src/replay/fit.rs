//! Limits for a customer that has declared none: its own highest day, with room.
//!
//! The limits of a new customer suit a small company. A replay without a policy would stop a large one at them, and
//! say nothing about fraud.

use crate::{Setup, Snapshot};
use ringfence_fraud::{Engine, Settings};
use ringfence_model::{Limits, Money, Policy, TenantId};
use std::sync::Arc;

/// How often the highest day of the learning time fits into a limit per day; an hour may take half of that.
const ROOM: f64 = 3.0;

/// The snapshot with limits raised for the tenants that need it, and which these are.
pub fn fitted(
    snapshot: &Snapshot,
    engine: &Engine,
    tenants: &[TenantId],
) -> (Snapshot, Vec<(TenantId, Limits)>) {
    let mut fitted = snapshot.clone();
    let mut raised = Vec::new();
    for tenant in tenants {
        let setup = snapshot.setup(tenant);
        let policy = setup.settings.policy();
        let highest = engine.tenant_state(tenant).map_or(0.0, |s| s.peaks.normal.day_spend);
        let limits = with_room(policy.limits, f64::from(highest));
        if limits == policy.limits {
            continue;
        }
        let policy = Policy { limits, ..policy.clone() };
        // Only limits were raised, in proportion: what compiled before compiles again.
        let Ok(settings) = Settings::new(policy) else { continue };
        let setup = Setup { settings: Arc::new(settings), ..setup.clone() };
        fitted.tenants.insert(tenant.clone(), setup);
        raised.push((tenant.clone(), limits));
    }
    (fitted, raised)
}

fn with_room(limits: Limits, highest_day: f64) -> Limits {
    let at_least = |limit: Option<Money>, amount: f64| limit.map(|l| l.max(whole(amount)));
    Limits {
        per_hour: at_least(limits.per_hour, highest_day * ROOM / 2.0),
        per_day: at_least(limits.per_day, highest_day * ROOM),
        per_week: at_least(limits.per_week, highest_day * ROOM * 4.0),
        per_month: at_least(limits.per_month, highest_day * ROOM * 12.0),
        ..limits
    }
}

/// Whole units, as a person would set it.
fn whole(amount: f64) -> Money {
    Money::from_f64(amount.ceil())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_company_keeps_the_default_and_a_large_one_gets_room() {
        let limits = Policy::default().limits;
        assert_eq!(with_room(limits, 10.0), limits);
        let large = with_room(limits, 2_000.0);
        assert_eq!(large.per_day, Some(Money::units(6_000)));
        assert!(large.per_hour < large.per_day && large.per_week < large.per_month);
        assert_eq!(with_room(Limits::default(), 2_000.0), Limits::default(), "unlimited stays so");
    }
}
