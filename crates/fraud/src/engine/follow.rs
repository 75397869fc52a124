//! Keeps up with running calls: answer, tick, release.

use super::{Act, Engine, civil, forbidding, money};
use crate::exposure::Asked;
use crate::running::Running;
use ringfence_model::{CallId, Money, Now, Reason, Release, TenantId, WallTime};
use std::sync::Arc;
use std::time::Duration;

/// A running call this far below a stop, in nats, is left alone for a while: what it does itself cannot bring it there
/// sooner, and each new call is weighed anyway.
const AT_EASE: f32 = 4.0;
const AT_EASE_FOR: Duration = Duration::from_secs(60);

impl Engine {
    /// The far end answered: charging starts.
    pub fn answered(&mut self, now: Now, call: CallId) {
        if let Some(running) = self.running.get_mut(&call) {
            running.answered.get_or_insert(now.moment);
            return;
        }
        self.inbound_answered(call);
    }

    /// A call is over. Questions it gives rise to are added to `acts`.
    pub fn released(&mut self, now: Now, release: &Release, acts: &mut Vec<Act>) {
        let Some(running) = self.running.remove(&release.call) else {
            if self.ordinary.remove(&release.call).is_some() {
                return;
            }
            self.inbound_released(release);
            return;
        };
        self.settle(now, release.call, &running, Duration::from_millis(release.billable_ms), acts);
    }

    /// Closes the books of a call that lasted `charged`, and learns from it.
    fn settle(
        &mut self,
        now: Now,
        call: CallId,
        running: &Running,
        charged: Duration,
        acts: &mut Vec<Act>,
    ) {
        let cost = running.rate.cost(charged);
        let Some(tenant) = self.tenants.get_mut(&running.tenant) else { return };
        let (settle, old) = (cost - running.settled, running.reserved);
        money::at_every_scope(&tenant.settings, &mut tenant.state, running, now.wall, |spend| {
            spend.release(now.wall, settle, old);
        });
        tenant.state.take_back(running, cost);
        tenant.state.active.retain(|&id| id != call);
        if tenant.state.active.is_empty() {
            self.busy.remove(&running.tenant);
        }
        let civil = civil(tenant, running.started);
        let paid = tenant.state.recent.get_mut(call).map(|paid| {
            paid.over = true;
            paid.secs = charged.as_secs_f32();
            paid.cost = cost.as_f64() as f32;
            *paid
        });
        let Some(paid) = paid else { return };
        tenant.learn_paid(&civil, running, &paid);
        if tenant.should_ask(&civil, running) {
            self.ask_about_habit(now.wall, call, running, acts);
        }
    }

    /// A new destination is growing dear: people are asked whether it is theirs before it looks normal.
    fn ask_about_habit(
        &mut self,
        wall: WallTime,
        call: CallId,
        running: &Running,
        acts: &mut Vec<Act>,
    ) {
        let Some(tenant) = self.tenants.get_mut(&running.tenant) else { return };
        let civil = civil(tenant, wall);
        let Some(paid) = tenant.state.recent.get_mut(call).copied() else { return };
        let weighing = tenant.weigh(wall, civil, running, paid);
        let class = running.destination.class();
        let about = super::act::About { call, tenant: &running.tenant, class };
        self.alert(wall, about, &weighing, acts);
    }

    /// Looks at every running call: what it costs now, whether its limits still hold, whether it should go on.
    pub fn tick(&mut self, now: Now, acts: &mut Vec<Act>) {
        let busy: Vec<TenantId> = self.busy.iter().cloned().collect();
        for tenant in busy {
            self.expire_blocks(&tenant, now.wall, acts);
            self.tick_tenant(now, &tenant, acts);
        }
    }

    fn tick_tenant(&mut self, now: Now, tenant: &TenantId, acts: &mut Vec<Act>) {
        let Some(known) = self.tenants.get(tenant) else { return };
        let active = known.state.active.clone();
        let cap = Duration::from_secs(u64::from(known.settings.policy().paid_call_secs_max));
        let mut worst: Option<(f32, CallId)> = None;
        for call in active {
            if self.running.get(&call).is_some_and(|running| running.is_lost(now, cap)) {
                if let Some(running) = self.running.remove(&call) {
                    self.settle(now, call, &running, running.charged(now.moment), acts);
                }
                continue;
            }
            let over = self.renew(now, call);
            let stake = self.stake_of(now, call);
            if let Some(reasons) = over {
                self.cut(now, call, reasons, acts);
            } else if let Some(stake) = stake
                && worst.is_none_or(|(most, _)| stake > most)
            {
                worst = Some((stake, call));
            }
        }
        if let Some((_, call)) = worst {
            self.weigh_running(now, call, acts);
        }
    }

    /// Settles what the call has cost, reserves for its next lease; gives reasons when it must end.
    fn renew(&mut self, now: Now, call: CallId) -> Option<Vec<Reason>> {
        let running = self.running.get_mut(&call)?;
        let tenant = self.tenants.get_mut(&running.tenant)?;
        let settings = Arc::clone(&tenant.settings);
        let cost = running.cost(now.moment);
        let reserve = running.cost_ahead(now.moment) - cost;
        let settle = cost - running.settled;
        let (old, more) = (running.reserved, settle + reserve - running.reserved);
        let asked = Asked { call: cost + reserve, more: more.max(Money::ZERO), new: false };
        let hit = money::in_the_way(&settings, &mut tenant.state, running, now.wall, asked);
        money::at_every_scope(&tenant.settings, &mut tenant.state, running, now.wall, |spend| {
            spend.renew(now.wall, settle, old, reserve);
        });
        running.settled = cost;
        running.reserved = reserve;
        if let Some(paid) = tenant.state.recent.get_mut(call) {
            paid.cost = cost.as_f64() as f32;
            paid.secs = running.charged(now.moment).as_secs_f32();
        }
        if !settings.enforces() {
            return None;
        }
        let cap = u64::from(settings.policy().paid_call_secs_max);
        if running.charged(now.moment).as_secs() >= cap {
            let secs = running.charged(now.moment).as_secs_f32();
            return Some(vec![Reason::Signal(ringfence_model::Signal {
                kind: ringfence_model::SignalKind::LongCall,
                weight: 0.0,
                seen: secs,
                normal: cap as f32,
            })]);
        }
        let id =
            tenant.state.extensions.get(running.extension as usize).and_then(|e| e.id.as_ref());
        let forbidden = forbidding(&tenant.state, id, &running.destination, false).is_some();
        if forbidden && !running.permitted {
            return Some(Vec::new());
        }
        hit.map(|hit| vec![hit.reason])
    }

    /// Unexplained money of a call that could be stopped; `None` for those nothing can be said of.
    fn stake_of(&self, now: Now, call: CallId) -> Option<f32> {
        let running = self.running.get(&call)?;
        let at_ease = now.moment < running.at_ease_until;
        if running.permitted || running.cut.is_some() || running.answered.is_none() || at_ease {
            return None;
        }
        let tenant = self.tenants.get(&running.tenant)?;
        let paid = tenant.state.recent.iter().rev().find(|p| p.call == call)?;
        Some(paid.cost * paid.unexplained)
    }

    fn weigh_running(&mut self, now: Now, call: CallId, acts: &mut Vec<Act>) {
        let Some(running) = self.running.get(&call).cloned() else { return };
        let Some(tenant) = self.tenants.get_mut(&running.tenant) else { return };
        let civil = civil(tenant, running.started);
        let Some(paid) = tenant.state.recent.get_mut(call).copied() else { return };
        let weighing = tenant.weigh(now.wall, civil, &running, paid);
        if let Some(running) = self.running.get_mut(&call) {
            running.teaches &= weighing.teaches(tenant.settings.enforces());
            if weighing.margin() < -AT_EASE {
                running.at_ease_until = now.moment + AT_EASE_FOR;
            }
        }
        let class = running.destination.class();
        let about = super::act::About { call, tenant: &running.tenant, class };
        let blocked = self.act(now, about, &weighing, acts);
        if blocked && self.tenant_settings(&running.tenant).enforces() {
            self.cut(now, call, weighing.reasons(), acts);
        }
    }
}
