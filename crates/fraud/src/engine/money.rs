//! Exposure of one call at every scope it falls under.

use crate::exposure::{Asked, LimitHit, Standing, check};
use crate::running::Running;
use crate::settings::Settings;
use crate::tenant::TenantState;
use ringfence_model::{LimitKind, Limits, Money, Pass, Reason, WallTime};

/// A tenant that had a block lifted a short while ago may spend this much a day beyond its own honest maximum.
const PROBATION_ALLOWANCE: Money = Money::units(25);

/// Paid calls of one tenant that are followed at once: more than any trunk carries. Also what keeps every table of
/// scopes within its cap when ends get lost, because a scope with a call up is never dropped.
const ACTIVE_MAX: u32 = 4_096;

/// The first limit that `call` would pass by `asked`, over all scopes.
pub fn in_the_way(
    settings: &Settings,
    state: &mut TenantState,
    call: &Running,
    wall: WallTime,
    asked: Asked,
) -> Option<LimitHit> {
    if asked.new && state.active.len() >= ACTIVE_MAX as usize {
        let (whose, active) = (LimitKind::Tenant, ACTIVE_MAX + 1);
        return Some(LimitHit {
            reason: Reason::TooManyActive { whose, active, limit: ACTIVE_MAX },
            pass: Pass::MoreCalls { whose, to: active },
        });
    }
    let policy = settings.policy();
    let extension = state.extensions.get(call.extension as usize).and_then(|e| e.id.clone());
    let own = settings.extension_limits(extension.as_ref());
    let ask = |whose, limits: Limits, spend: &mut crate::exposure::Spend| {
        check(&mut Standing { whose, limits, spend }, wall, asked)
    };
    let none = Limits::default();
    if wall < state.probation_until {
        let normal = Money::from_f64(f64::from(state.peaks.normal.day_spend));
        let tight = Limits { per_day: Some(normal + PROBATION_ALLOWANCE), ..none };
        if let Some(hit) = ask(LimitKind::Probation, tight, &mut state.spend) {
            return Some(hit);
        }
    }
    if let Some(hit) = ask(LimitKind::Tenant, policy.limits, &mut state.spend) {
        return Some(hit);
    }
    if own != none {
        let spend = state.extension_spend.spend(&call.extension, wall);
        if let Some(hit) = ask(LimitKind::Extension, own, spend) {
            return Some(hit);
        }
    }
    if policy.trunk_limits != none
        && let Some(trunk) = &call.trunk
    {
        let spend = state.trunk_spend.spend(trunk, wall);
        if let Some(hit) = ask(LimitKind::Trunk, policy.trunk_limits, spend) {
            return Some(hit);
        }
    }
    if policy.destination_limits != none {
        let spend = state.destination_spend.spend(&call.key, wall);
        if let Some(hit) = ask(LimitKind::Destination, policy.destination_limits, spend) {
            return Some(hit);
        }
    }
    if policy.source_limits != none
        && let Some(ip) = &call.ip
    {
        let spend = state.source_spend.spend(ip, wall);
        return ask(LimitKind::Source, policy.source_limits, spend);
    }
    None
}

/// Applies `change` to the spending of every scope of `call`.
pub fn at_every_scope(
    state: &mut TenantState,
    call: &Running,
    wall: WallTime,
    change: impl Fn(&mut crate::exposure::Spend),
) {
    change(&mut state.spend);
    change(state.extension_spend.spend(&call.extension, wall));
    change(state.destination_spend.spend(&call.key, wall));
    if let Some(trunk) = &call.trunk {
        change(state.trunk_spend.spend(trunk, wall));
    }
    if let Some(ip) = &call.ip {
        change(state.source_spend.spend(ip, wall));
    }
}
