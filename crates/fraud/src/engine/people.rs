//! What persons say: a review of what was suspected, a block set or lifted by hand.

use super::learn::{EXTENSION_DESTINATIONS, TENANT_DESTINATIONS, TENANT_NUMBERS, WAYS};
use super::{Act, Engine, civil, next_block};
use crate::approved::Approved;
use crate::profile::DestinationKey;
use crate::recent::PaidCall;
use crate::signals;
use crate::tenant::Tenant;
use ringfence_model::{
    Block, BlockId, CallId, Level, Now, Origin, Review, Scope, TenantId, Via, WallTime,
};
use std::sync::Arc;
use std::time::Duration;

/// How long a "this was right" makes the engine more patient with the tenant.
const PATIENT_FOR: Duration = Duration::from_secs(7 * 86_400);
/// Calls less explained than this are what a review speaks of.
const SUSPECTED: f32 = 0.25;

impl Engine {
    /// A person answered what was suspected: it moves the profile at once and lifts the engine's blocks.
    pub fn reviewed(&mut self, review: &Review, wall: WallTime, acts: &mut Vec<Act>) {
        let tenant = self.tenant(&review.tenant, wall);
        let day = civil(tenant, wall).day;
        let spoken_of: Vec<PaidCall> = tenant
            .state
            .recent
            .iter()
            .filter(|c| review.call.map_or(c.unexplained > SUSPECTED, |call| c.call == call))
            .copied()
            .collect();
        for call in &spoken_of {
            if review.fraud { tenant.forget(call) } else { tenant.confirm(call, day) }
        }
        tenant.state.alerted = None;
        if review.fraud {
            tenant.begin_probation(wall);
        } else {
            tenant.state.patience_until = wall + PATIENT_FOR;
            tenant.state.probation_until = WallTime::default();
        }
        // What was asked is answered: it is at stake no longer.
        tenant.state.recent.explain_all();
        let blocks = std::mem::take(&mut tenant.state.blocks);
        let (engine, by_hand): (Vec<_>, Vec<_>) =
            blocks.into_iter().partition(|b| b.origin == Origin::Engine);
        tenant.state.blocks = by_hand;
        acts.extend(engine.into_iter().map(|block| Act::Lifted {
            block,
            by: None,
            replaced_by: None,
        }));
    }

    /// A person sets a block.
    pub fn block(
        &mut self,
        scope: Scope,
        level: Level,
        until: Option<WallTime>,
        by: Arc<str>,
        now: Now,
        acts: &mut Vec<Act>,
    ) -> BlockId {
        self.tenant(scope.tenant(), now.wall);
        let id = next_block(&mut self.blocks_made);
        let origin = Origin::Person(by);
        let block = Block { id, scope, level, since: now.wall, until, origin, shadow: false };
        self.put_in_force(now, block, CallId(0), Vec::new(), acts);
        id
    }

    /// A contact approves calls for a while.
    pub fn approve(&mut self, of: &TenantId, approved: Approved, wall: WallTime) {
        self.tenant(of, wall).state.approve(approved);
    }

    /// A person lifts a block; limits stay tight for a while. Says whether there was one.
    pub fn unblock(
        &mut self,
        id: BlockId,
        by: Arc<str>,
        wall: WallTime,
        acts: &mut Vec<Act>,
    ) -> bool {
        for tenant in self.tenants.values_mut() {
            let Some(at) = tenant.state.blocks.iter().position(|b| b.id == id) else { continue };
            let block = tenant.state.blocks.remove(at);
            tenant.begin_probation(wall);
            acts.push(Act::Lifted { block, by: Some(by), replaced_by: None });
            return true;
        }
        false
    }
}

impl Tenant {
    /// The call was right: where it went, from where and how it was made are known from now on.
    fn confirm(&mut self, call: &PaidCall, day: i32) {
        let state = &mut self.state;
        state.destinations.confirm(call.destination, day, TENANT_DESTINATIONS);
        if let Some(number) = call.number {
            state.numbers.confirm(DestinationKey::of_number(number), day, TENANT_NUMBERS);
        }
        if matches!(call.via, Via::Disa | Via::Voicemail | Via::Forward) {
            state.ways.confirm(signals::way(call.via), day, WAYS);
        }
        if let Some(own) = state.extensions.get_mut(call.extension as usize) {
            own.destinations.confirm(call.destination, day, EXTENSION_DESTINATIONS);
        }
    }

    /// The call was fraud: nothing of it is normal.
    fn forget(&mut self, call: &PaidCall) {
        let state = &mut self.state;
        state.destinations.forget(call.destination);
        if let Some(number) = call.number {
            state.numbers.forget(DestinationKey::of_number(number));
        }
        if matches!(call.via, Via::Disa | Via::Voicemail | Via::Forward) {
            state.ways.forget(signals::way(call.via));
        }
        if let Some(own) = state.extensions.get_mut(call.extension as usize) {
            own.destinations.forget(call.destination);
        }
    }
}
