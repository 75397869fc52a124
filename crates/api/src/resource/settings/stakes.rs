//! What of a change of settings one person may not do alone.

use crate::plan::{POLICY, RowChange};
use crate::refusal::Refusal;
use ringfence_model::{Limits, Mode, Money, Policy, TenantId, WallTime};
use ringfence_store::{AuditFilter, Audited, Section, SettingKey, Store, StoreError};
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::time::Duration;

/// A tenant that is made anew so long after it was removed is no new one: else removing and making would raise its limits
/// without a second person.
const REMEMBERED: Duration = Duration::from_secs(30 * 24 * 3600);

/// Tenants of which a limit is raised above `above`, or that are only watched from then on. A tenant that is new begins
/// with the default policy; whether it is only watched at first is its maker's choice.
pub fn at_stake(
    store: &Store,
    changes: &[RowChange],
    above: Money,
    at: WallTime,
) -> Result<Vec<TenantId>, Refusal> {
    let mut touched = BTreeSet::new();
    for RowChange { key, .. } in changes {
        match (key.section, &key.tenant) {
            (Section::Tenant, _) => drop(touched.insert(TenantId::new(&key.id))),
            (Section::Policy, Some(tenant)) => drop(touched.insert(tenant.clone())),
            _ => {}
        }
    }
    let mut grave = Vec::new();
    for tenant in touched {
        let own = SettingKey::new(Section::Tenant, None, tenant.as_str());
        let policy = SettingKey::new(Section::Policy, Some(&tenant), POLICY);
        let (mut own_before, own_after) = around(store, changes, &own)?;
        if own_after.is_none() {
            continue;
        }
        let (mut before, after) = around(store, changes, &policy)?;
        if own_before.is_none() {
            (own_before, before) = removed(store, &own, &policy, at)?;
        }
        let was_there = own_before.is_some();
        let read = |of: Option<Json>| of.map_or_else(|| Ok(Policy::default()), declared);
        let (before, after) = (read(before)?, read(after)?);
        let watched = was_there
            && mode(own_before.as_ref(), &before) == Mode::Enforce
            && mode(own_after.as_ref(), &after) == Mode::Observe;
        if watched || is_raised(&before, &after, above) {
            grave.push(tenant);
        }
    }
    Ok(grave)
}

/// A row before and after the changes.
fn around(
    store: &Store,
    changes: &[RowChange],
    key: &SettingKey,
) -> Result<(Option<Json>, Option<Json>), Refusal> {
    if let Some(change) = changes.iter().find(|change| change.key == *key) {
        return Ok((change.before.clone(), change.after.clone()));
    }
    match store.setting(key) {
        Ok(setting) => Ok((Some(setting.body.clone()), Some(setting.body))),
        Err(StoreError::NotFound(_)) => Ok((None, None)),
        Err(error) => Err(error.into()),
    }
}

/// What a tenant and its policy said when the tenant was removed, where that is not long ago.
fn removed(
    store: &Store,
    own: &SettingKey,
    policy: &SettingKey,
    at: WallTime,
) -> Result<(Option<Json>, Option<Json>), Refusal> {
    let last = |key: &SettingKey| -> Result<Option<Audited>, Refusal> {
        let (subject, from) = (Some(key.to_string()), Some(at - REMEMBERED));
        let filter = AuditFilter { subject, from, ..AuditFilter::default() };
        Ok(store.audit(&filter, 1)?.pop().filter(|row| row.after.is_none()))
    };
    let body = |row: Audited| row.before.and_then(|before| before.get("body").cloned());
    let Some(gone) = last(own)? else { return Ok((None, None)) };
    // A policy that went before its tenant did was not its policy then.
    let policy = last(policy)?.filter(|row| row.act.at == gone.act.at);
    Ok((body(gone), policy.and_then(body)))
}

/// A policy as settings write it.
///
/// # Errors
/// When something in it makes no sense.
pub fn declared(policy: Json) -> Result<Policy, Refusal> {
    serde_json::from_value(policy).map_err(|error| Refusal::Invalid(format!("policy: {error}")))
}

/// That of the tenant goes before that of its policy.
fn mode(tenant: Option<&Json>, policy: &Policy) -> Mode {
    match tenant.and_then(|tenant| tenant.get("mode")).and_then(Json::as_str) {
        Some("observe") => Mode::Observe,
        Some(_) => Mode::Enforce,
        None => policy.mode,
    }
}

fn is_raised(before: &Policy, after: &Policy, above: Money) -> bool {
    let all = |policy: &Policy| {
        [
            policy.limits,
            policy.extension_limits,
            policy.trunk_limits,
            policy.destination_limits,
            policy.source_limits,
            Limits { per_call: Some(policy.steering.loss_accept), ..Limits::default() },
        ]
    };
    let of_one = |policy: &Policy, id| {
        let own = policy.extensions.get(id).and_then(|extension| extension.limits);
        own.unwrap_or(policy.extension_limits)
    };
    let extensions = before.extensions.keys().chain(after.extensions.keys());
    let single = extensions.map(|id| (of_one(before, id), of_one(after, id)));
    all(before).into_iter().zip(all(after)).chain(single).any(|(before, after)| {
        money(&before).into_iter().zip(money(&after)).any(|(before, after)| match (before, after) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(before), Some(after)) => after > before && after > above,
        })
    })
}

const fn money(limits: &Limits) -> [Option<Money>; 5] {
    [limits.per_call, limits.per_hour, limits.per_day, limits.per_week, limits.per_month]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn raising_above_the_amount_or_to_no_limit_is_grave() {
        let policy = |body| declared(body).unwrap();
        let raised = |before, after| is_raised(&policy(before), &policy(after), Money::units(500));
        let day = |amount: i64| json!({"limits": {"per_day": amount}});
        assert!(raised(day(400), day(501)) && raised(day(600), day(601)));
        assert!(!raised(day(400), day(500)), "up to the amount one person may");
        assert!(!raised(day(900), day(600)), "lower is never grave");
        assert!(raised(day(10), json!({"limits": {}})), "no limit at all");
        assert!(!raised(json!({"limits": {}}), day(900)));
        let one = |amount: i64| {
            json!({"extension_limits": {"per_call": 5}, "extensions":
            {"205": {"limits": {"per_call": amount}}}})
        };
        assert!(raised(one(5), one(900)), "of one extension");
        assert!(raised(json!({"extension_limits": {"per_call": 5}}), one(900)));
        let steering = |amount: i64| json!({"steering": {"loss_accept": amount}});
        assert!(raised(steering(10), steering(1000)) && !raised(steering(10), steering(20)));
        assert!(!is_raised(&Policy::default(), &Policy::default(), Money::ZERO));
    }

    #[test]
    fn the_mode_of_the_tenant_goes_first() {
        let watched = Policy { mode: Mode::Observe, ..Policy::default() };
        assert_eq!(mode(Some(&json!({"mode": "enforce"})), &watched), Mode::Enforce);
        assert_eq!(mode(Some(&json!({})), &watched), Mode::Observe);
        assert_eq!(mode(None, &Policy::default()), Mode::Enforce);
    }
}
