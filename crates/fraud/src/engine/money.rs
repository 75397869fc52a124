//! Exposure of one call at every scope it falls under.

use crate::exposure::{Asked, Ledger, LimitHit, Spend, Standing, check};
use crate::running::Running;
use crate::settings::Settings;
use crate::tenant::TenantState;
use ringfence_model::{LimitKind, Limits, Money, Pass, Reason, TrafficClass, WallTime};
use std::hash::Hash;

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
    let ask = |whose, limits: Limits, spend: &mut Spend| {
        check(&mut Standing { whose, limits, spend }, wall, asked)
    };
    let none = Limits::default();
    // National service numbers keep working in probation.
    let foreign_or_premium = call.destination.class() > TrafficClass::Service;
    if wall < state.probation_until && foreign_or_premium {
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
        let mut alone = Spend::default();
        let spend = kept(&mut state.extension_spend, &call.extension, own, wall);
        if let Some(hit) = ask(LimitKind::Extension, own, spend.unwrap_or(&mut alone)) {
            return Some(hit);
        }
    }
    if policy.trunk_limits != none
        && let Some(trunk) = &call.trunk
    {
        let mut alone = Spend::default();
        let spend = kept(&mut state.trunk_spend, trunk, policy.trunk_limits, wall);
        if let Some(hit) = ask(LimitKind::Trunk, policy.trunk_limits, spend.unwrap_or(&mut alone)) {
            return Some(hit);
        }
    }
    if policy.destination_limits != none {
        let mut alone = Spend::default();
        let spend = kept(&mut state.destination_spend, &call.key, policy.destination_limits, wall);
        if let Some(hit) =
            ask(LimitKind::Destination, policy.destination_limits, spend.unwrap_or(&mut alone))
        {
            return Some(hit);
        }
    }
    if policy.source_limits != none
        && let Some(ip) = &call.ip
    {
        let mut alone = Spend::default();
        let spend = kept(&mut state.source_spend, ip, policy.source_limits, wall);
        return ask(LimitKind::Source, policy.source_limits, spend.unwrap_or(&mut alone));
    }
    None
}

/// Applies `change` to the spending of every scope of `call` that has limits over more than one call, or has been
/// kept before. Without such limits no sums are kept: a provider has a million extensions.
pub fn at_every_scope(
    settings: &Settings,
    state: &mut TenantState,
    call: &Running,
    wall: WallTime,
    change: impl Fn(&mut Spend),
) {
    change(&mut state.spend);
    let policy = settings.policy();
    let id = state.extensions.get(call.extension as usize).and_then(|e| e.id.as_ref());
    let own = settings.extension_limits(id);
    kept(&mut state.extension_spend, &call.extension, own, wall).into_iter().for_each(&change);
    let to = policy.destination_limits;
    kept(&mut state.destination_spend, &call.key, to, wall).into_iter().for_each(&change);
    if let Some(trunk) = &call.trunk {
        let limits = policy.trunk_limits;
        kept(&mut state.trunk_spend, trunk, limits, wall).into_iter().for_each(&change);
    }
    if let Some(ip) = &call.ip {
        let limits = policy.source_limits;
        kept(&mut state.source_spend, ip, limits, wall).into_iter().for_each(&change);
    }
}

fn kept<'a, K: Eq + Hash + Ord + Clone>(
    ledger: &'a mut Ledger<K>,
    key: &K,
    limits: Limits,
    wall: WallTime,
) -> Option<&'a mut Spend> {
    if adds_up(&limits) { Some(ledger.spend(key, wall)) } else { ledger.get_mut(key) }
}

/// Whether these limits are about more than one call, so that a sum must be kept for them.
fn adds_up(limits: &Limits) -> bool {
    Limits { per_call: None, ..*limits } != Limits::default()
}
