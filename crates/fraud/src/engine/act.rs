//! Turns a weighing into blocks, cuts and alerts.

use super::{Act, Engine, Facts, next_block};
use crate::decide::Weighing;
use crate::ladder;
use ringfence_model::{
    Alert, Block, CallId, Level, Money, Now, Origin, Reason, Scope, TenantId, TrafficClass,
    WallTime,
};
use std::time::Duration;

/// The call a weighing is about.
#[derive(Clone, Copy)]
pub struct About<'a> {
    /// The call.
    pub call: CallId,
    /// Whose.
    pub tenant: &'a TenantId,
    /// To which class.
    pub class: TrafficClass,
}

impl<'a> From<&'a Facts<'a>> for About<'a> {
    fn from(facts: &'a Facts<'a>) -> Self {
        let attempt = facts.attempt;
        Self { call: attempt.call, tenant: &attempt.tenant, class: facts.destination.class() }
    }
}

/// After an alert, people are asked again only when the evidence has grown by this, in nats, or a day later.
const ALERT_GROWTH: f32 = 1.5;
const ALERT_AGAIN: Duration = Duration::from_secs(24 * 3_600);

impl Engine {
    /// Blocks or alerts when `weighing` asks for it. Says whether the call is stopped.
    pub(super) fn act(
        &mut self,
        now: Now,
        about: About<'_>,
        weighing: &Weighing,
        acts: &mut Vec<Act>,
    ) -> bool {
        // National service numbers are asked about, never stopped: at home everything but premium keeps working.
        if weighing.stops() && about.class != TrafficClass::Service {
            self.block_for(now, about, weighing, acts);
            return true;
        }
        if weighing.alerts() {
            self.alert(now.wall, about, weighing, acts);
        }
        false
    }

    /// A limit stopped a call: people hear of it, so that a limit too low for an honest customer is raised.
    pub(super) fn after_limit(
        &mut self,
        wall: WallTime,
        facts: &Facts<'_>,
        weighing: &Weighing,
        acts: &mut Vec<Act>,
    ) {
        self.alert(wall, facts.into(), weighing, acts);
    }

    pub(super) fn alert(
        &mut self,
        wall: WallTime,
        about: About<'_>,
        weighing: &Weighing,
        acts: &mut Vec<Act>,
    ) {
        let Some(tenant) = self.tenants.get_mut(about.tenant) else { return };
        let margin = weighing.margin();
        let told = tenant
            .state
            .alerted
            .is_some_and(|(at, before)| wall - at < ALERT_AGAIN && margin < before + ALERT_GROWTH);
        if told {
            return;
        }
        tenant.state.alerted = Some((wall, margin));
        let extension = self.extension_of(about.call).or_else(|| {
            let tenant = self.tenants.get(about.tenant)?;
            let paid = tenant.state.recent.iter().rev().find(|c| c.call == about.call)?;
            tenant.state.extensions.get(paid.extension as usize)?.id.clone()
        });
        acts.push(Act::Alerted(Alert {
            tenant: about.tenant.clone(),
            extension,
            call: Some(about.call),
            reasons: weighing.reasons(),
            evidence: weighing.evidence,
            at_stake: Money::from_f64(f64::from(weighing.at_stake)),
            spent: Money::from_f64(f64::from(weighing.spent)),
        }));
    }

    fn extension_of(&self, call: CallId) -> Option<ringfence_model::ExtensionId> {
        let running = self.running.get(&call)?;
        let tenant = self.tenants.get(&running.tenant)?;
        tenant.state.extensions.get(running.extension as usize)?.id.clone()
    }

    fn block_for(&mut self, now: Now, about: About<'_>, weighing: &Weighing, acts: &mut Vec<Act>) {
        let Some(tenant) = self.tenants.get_mut(about.tenant) else { return };
        let Some(paid) = tenant.state.recent.iter().rev().find(|c| c.call == about.call).copied()
        else {
            return;
        };
        let figures = tenant.state.recent.figures(now.wall, &paid);
        let own = tenant.state.extensions.get(paid.extension as usize).and_then(|e| e.id.clone());
        // Others than this one, in the last hours.
        let stays_in_one = figures.extensions_unexplained < 1.0;
        let shadow = !tenant.settings.enforces();
        let already = tenant.state.blocks.iter().any(|b| b.shadow == shadow);
        let scope = match own {
            Some(extension) if stays_in_one && !already => {
                Scope::Extension(about.tenant.clone(), extension)
            }
            _ => Scope::Tenant(about.tenant.clone()),
        };
        // Paid services at home are cut alone where the evidence is about them alone.
        let level = match about.class {
            TrafficClass::Premium => Level::Guarded,
            _ => Level::National,
        };
        let policy = tenant.settings.policy();
        let block = Block {
            id: next_block(&mut self.blocks_made),
            scope,
            level,
            since: now.wall,
            until: Some(now.wall + Duration::from_secs(3_600 * u64::from(policy.block_hours))),
            origin: Origin::Engine,
            shadow,
        };
        self.put_in_force(now, block, about.call, weighing.reasons(), acts);
    }

    /// Adds a block, and cuts the running calls it forbids, and only those.
    pub(super) fn put_in_force(
        &mut self,
        now: Now,
        block: Block,
        call: CallId,
        reasons: Vec<Reason>,
        acts: &mut Vec<Act>,
    ) {
        let Some(tenant) = self.tenants.get_mut(block.scope.tenant()) else { return };
        let blocks = &mut tenant.state.blocks;
        let mut replaced: Vec<Block> = blocks.extract_if(.., |b| replaces(&block, b)).collect();
        if blocks.len() >= BLOCKS_MAX {
            replaced.push(blocks.remove(0));
        }
        blocks.push(block.clone());
        let by = Some(block.id);
        acts.extend(replaced.into_iter().map(|b| Act::Lifted {
            block: b,
            by: None,
            replaced_by: by,
        }));
        acts.push(Act::Blocked { block: block.clone(), reasons: reasons.clone(), call });
        // A person's block waits for `enforce` too: in `observe` nothing acts.
        if block.shadow || !tenant.settings.enforces() {
            return;
        }
        let active = tenant.state.active.clone();
        // A person owes the engine no reasons; the record of a call that is cut says at least by what.
        let (level, until) = (block.level, block.until);
        let whole_tenant = matches!(block.scope, Scope::Tenant(_));
        let by_hand = || vec![Reason::Blocked { level, until, whole_tenant }];
        let reasons = if reasons.is_empty() { by_hand() } else { reasons };
        self.cut_ordinary(&block, &reasons, acts);
        for id in active {
            let Some(running) = self.running.get(&id) else { continue };
            let extension = self.tenants.get(&running.tenant).and_then(|t| {
                t.state.extensions.get(running.extension as usize).and_then(|e| e.id.clone())
            });
            let forbidden = block.scope.covers(extension.as_ref())
                && !ladder::permits(block.level, &running.destination);
            // What a contact approved, a person's block ends all the same.
            let spared =
                running.permitted && (running.promised.is_none() || block.origin == Origin::Engine);
            if forbidden && !spared {
                self.cut(now, id, reasons.clone(), acts);
            }
        }
    }

    /// Orders the end of a running call, once.
    pub(super) fn cut(
        &mut self,
        now: Now,
        call: CallId,
        reasons: Vec<Reason>,
        acts: &mut Vec<Act>,
    ) {
        let Some(running) = self.running.get_mut(&call).filter(|r| r.cut.is_none()) else { return };
        running.cut = Some(now.moment);
        acts.push(Act::Cut { call, reasons, cost: running.settled });
    }

    /// Ends the blocks of a tenant whose time is over.
    pub(super) fn expire_blocks(&mut self, tenant: &TenantId, wall: WallTime, acts: &mut Vec<Act>) {
        let Some(tenant) = self.tenants.get_mut(tenant) else { return };
        if tenant.state.blocks.is_empty() {
            return;
        }
        let over = |b: &Block| b.until.is_some_and(|until| until <= wall);
        let ended: Vec<Block> = tenant.state.blocks.iter().filter(|b| over(b)).cloned().collect();
        if ended.is_empty() {
            return;
        }
        tenant.state.blocks.retain(|b| !over(b));
        tenant.begin_probation(wall);
        acts.extend(ended.into_iter().map(|block| Act::Lifted {
            block,
            by: None,
            replaced_by: None,
        }));
    }
}

/// Whether nothing is left for `old` to do beside `new`: the same scope, no stricter, and over no later. What a person
/// set stays for a person to lift.
fn replaces(new: &Block, old: &Block) -> bool {
    let ends_later = match (old.until, new.until) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(old), Some(new)) => old > new,
    };
    let may = old.origin == Origin::Engine || new.origin != Origin::Engine;
    old.scope == new.scope
        && old.shadow == new.shadow
        && old.level <= new.level
        && !ends_later
        && may
}

/// Most blocks in force at one tenant; beyond it the oldest goes.
const BLOCKS_MAX: usize = 256;
