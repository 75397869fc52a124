//! Limits that are nearly used up: told once a day, while there is time to raise them.

use super::{local, spread, zone};
use crate::running::Running;
use ringfence_model::{Money, TenantId, WallTime, Window};
use ringfence_notify::{News, What};
use ringfence_store::StoreError;
use std::collections::{BTreeMap, HashSet};
use tokio::task::block_in_place;

/// So much of a limit, in hundredths, is told of.
const PERCENT: i64 = 80;

type Limits = Vec<(Window, Money)>;

/// Tells of limits that are nearly used up.
pub(super) async fn look(
    running: &Running,
    made: &mut HashSet<String>,
    now: WallTime,
) -> Result<(), StoreError> {
    for (shard, tenants) in limited(running) {
        let found = running.shards.ask(shard, move |gate, now| {
            let mut near = Vec::new();
            for (tenant, limits) in tenants {
                // Where nothing runs nothing grows.
                let state = gate.engine().tenant_state(&tenant).filter(|of| !of.active.is_empty());
                let Some(state) = state else { continue };
                // Sums of windows forget what slid out of them: a copy does.
                let mut spend = state.spend.clone();
                for (window, limit) in limits {
                    let used = spend.exposure(now.wall, window);
                    if is_near(used, limit) {
                        near.push((tenant.clone(), window, used, limit));
                    }
                }
            }
            near
        });
        // A shard that does not answer is in other trouble, which is told.
        for (tenant, window, used, limit) in found.await.unwrap_or_default() {
            let day = local(now, &zone(running, Some(&tenant))).date();
            let id = format!("limit-{tenant}-{}-{day}", name(window));
            if !made.insert(id.clone()) {
                continue;
            }
            let what = What::Nearly { window, used, limit };
            let news = News { id, tenant: Some(tenant), at: now, case: None, what };
            block_in_place(|| running.store.notify(&spread::to_all(running, &news, now)?))?;
        }
    }
    Ok(())
}

/// The limits of tenants with somebody to tell, by shard.
fn limited(running: &Running) -> BTreeMap<u8, Vec<(TenantId, Limits)>> {
    let config = running.config();
    let mut all: BTreeMap<u8, Vec<(TenantId, Limits)>> = BTreeMap::new();
    let owners = config.telling.contacts.iter().map(|of| &of.tenant);
    let owners = owners.chain(config.telling.programs.iter().map(|of| &of.tenant));
    let owners: HashSet<&TenantId> = owners.flatten().collect();
    for tenant in owners {
        let setup = config.snapshot.setup(tenant);
        let of = &setup.settings.policy().limits;
        let limits = [
            (Window::Hour, of.per_hour),
            (Window::Day, of.per_day),
            (Window::Week, of.per_week),
            (Window::Month, of.per_month),
        ];
        let limits = limits.into_iter().filter_map(|(window, limit)| Some((window, limit?)));
        let shard = config.snapshot.directory.shard_of(tenant);
        all.entry(shard).or_default().push((tenant.clone(), limits.collect()));
    }
    all
}

const fn is_near(used: Money, limit: Money) -> bool {
    limit.0 > 0 && used.0.saturating_mul(100) >= limit.0.saturating_mul(PERCENT)
}

const fn name(window: Window) -> &'static str {
    match window {
        Window::Call => "call",
        Window::Hour => "hour",
        Window::Day => "day",
        Window::Week => "week",
        Window::Month => "month",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_fifths_of_a_limit_are_near() {
        assert!(!is_near(Money::cents(7_999), Money::units(100)));
        assert!(is_near(Money::cents(8_000), Money::units(100)));
        assert!(!is_near(Money::ZERO, Money::ZERO));
    }
}
