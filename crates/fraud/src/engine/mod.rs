//! The engine: facts about calls in, verdicts and orders out. One value, no clock, no I/O.
//!
//! `outbound` judges an attempt, `follow` keeps up with a running call, `act` turns a weighing into blocks and
//! alerts, `people` takes in what persons say, `access` notes what changes around the calls, `learn` moves the
//! profiles.

mod access;
mod act;
mod follow;
mod learn;
mod money;
mod ordinary;
mod outbound;
mod people;

use crate::calendar::Civil;
use crate::running::Running;
use crate::settings::Settings;
use crate::tenant::{Tenant, TenantState};
use ordinary::Ordinary;
use ringfence_model::{
    Alert, Attempt, Block, BlockId, CallId, Destination, Money, Reason, TenantId, TenantStart,
    WallTime,
};
use ringfence_numbering::Rate;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

pub(crate) type Map<K, V> = HashMap<K, V, foldhash::fast::FixedState>;

/// What the engine is told about an attempt besides its own words.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The attempt.
    pub attempt: &'a Attempt,
    /// What numbering says of its number.
    pub destination: &'a Destination,
    /// Its price.
    pub rate: &'a Rate,
    /// Whether the price is of the shipped default tariff.
    pub default_tariff: bool,
}

/// What the engine wants done, besides its verdict on an attempt.
#[derive(Clone, PartialEq, Debug)]
pub enum Act {
    /// End a running call.
    Cut {
        /// The call.
        call: CallId,
        /// Why.
        reasons: Vec<Reason>,
        /// What it has cost so far.
        cost: Money,
    },
    /// A block came into force.
    Blocked {
        /// The block.
        block: Block,
        /// Why.
        reasons: Vec<Reason>,
        /// The call that tipped the scale.
        call: CallId,
    },
    /// A block ended.
    Lifted {
        /// The block.
        block: Block,
        /// The person who lifted it; `None`: its time was over, what it was set for is explained, or it was replaced.
        by: Option<Arc<str>>,
        /// The block that took its place.
        replaced_by: Option<BlockId>,
    },
    /// Ask people.
    Alerted(Alert),
}

/// All tenants of one shard.
#[derive(Debug)]
pub struct Engine {
    tenants: Map<TenantId, Tenant>,
    running: Map<CallId, Running>,
    /// Tenants with running paid calls: those a tick looks at.
    busy: BTreeSet<TenantId>,
    /// Inbound calls that are up: whose they are, for their end.
    inbound: Map<CallId, TenantId>,
    blocks_made: u64,
    /// The settings of tenants that have none of their own.
    settings: Arc<Settings>,
    own_settings: Map<TenantId, Arc<Settings>>,
    /// Running calls nobody earns from.
    ordinary: Map<CallId, Ordinary>,
}

/// Everything the engine has learned and counts, as a value that can be stored.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct EngineState {
    /// Layout version; see [`EngineState::VERSION`].
    pub version: u32,
    tenants: Vec<(TenantId, TenantState)>,
    running: Vec<(CallId, Running)>,
    inbound: Vec<(CallId, TenantId)>,
    ordinary: Vec<(CallId, Ordinary)>,
    blocks_made: u64,
    /// The latest wall time that was handled: a clock that steps back is not believed after a restart either.
    pub wall: WallTime,
}

impl EngineState {
    /// The layout this program writes. It reads no other: an older state is kept aside and learning starts again.
    pub const VERSION: u32 = 1;
}

/// A stored state of another layout.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the state has layout {found}, this version reads {}", EngineState::VERSION)]
pub struct WrongVersion {
    /// Its layout.
    pub found: u32,
}

impl Engine {
    /// An engine whose tenants get `settings` until they have their own.
    #[must_use]
    pub fn new(settings: Arc<Settings>) -> Self {
        Self {
            tenants: Map::default(),
            running: Map::default(),
            busy: BTreeSet::new(),
            inbound: Map::default(),
            blocks_made: 0,
            settings,
            own_settings: Map::default(),
            ordinary: Map::default(),
        }
    }

    /// Puts policies in force: `own` for the tenants it names, `default` for all others.
    pub fn adopt(
        &mut self,
        default: Arc<Settings>,
        own: impl Iterator<Item = (TenantId, Arc<Settings>)>,
    ) {
        self.settings = default;
        self.own_settings = own.collect();
        for (id, tenant) in &mut self.tenants {
            let settings = self.own_settings.get(id).unwrap_or(&self.settings);
            if !Arc::ptr_eq(settings, &tenant.settings) {
                tenant.set_settings(Arc::clone(settings));
            }
        }
    }

    /// A tenant tells its shape.
    pub fn tenant_started(&mut self, start: &TenantStart, wall: WallTime) {
        let tenant = self.tenant(&start.tenant, wall);
        for extension in &start.extensions {
            tenant.extension(Some(extension));
        }
    }

    /// Everything that must survive a restart; `wall` is the latest time handled.
    #[must_use]
    pub fn state(&self, wall: WallTime) -> EngineState {
        let mut tenants: Vec<_> =
            self.tenants.iter().map(|(id, t)| (id.clone(), t.state.clone())).collect();
        tenants.sort_by(|a, b| a.0.cmp(&b.0));
        let mut running: Vec<_> = self.running.iter().map(|(id, r)| (*id, r.clone())).collect();
        running.sort_by_key(|(id, _)| *id);
        let mut inbound: Vec<_> = self.inbound.iter().map(|(id, t)| (*id, t.clone())).collect();
        inbound.sort_by_key(|(id, _)| *id);
        let mut ordinary: Vec<_> = self.ordinary.iter().map(|(id, c)| (*id, c.clone())).collect();
        ordinary.sort_by_key(|(id, _)| *id);
        EngineState {
            version: EngineState::VERSION,
            tenants,
            running,
            inbound,
            ordinary,
            wall,
            blocks_made: self.blocks_made,
        }
    }

    /// Takes up a stored state. Put the policies in force with [`Engine::adopt`] next.
    ///
    /// # Errors
    /// When the state has another layout.
    pub fn restore(state: EngineState, default: Arc<Settings>) -> Result<Self, WrongVersion> {
        if state.version != EngineState::VERSION {
            return Err(WrongVersion { found: state.version });
        }
        let mut engine = Self::new(Arc::clone(&default));
        engine.busy = state.running.iter().map(|(_, r)| r.tenant.clone()).collect();
        engine.running = state.running.into_iter().collect();
        engine.inbound = state.inbound.into_iter().collect();
        engine.ordinary = state.ordinary.into_iter().collect();
        engine.blocks_made = state.blocks_made;
        for (id, known) in state.tenants {
            let mut tenant = Tenant::new(Arc::clone(&default), known.since);
            tenant.state = known;
            engine.tenants.insert(id, tenant);
        }
        Ok(engine)
    }

    /// What is known of a tenant.
    #[must_use]
    pub fn tenant_state(&self, tenant: &TenantId) -> Option<&TenantState> {
        self.tenants.get(tenant).map(|t| &t.state)
    }

    /// Calls that are thought to run or ring.
    pub fn calls(&self) -> impl Iterator<Item = CallId> {
        let paid = self.running.keys().chain(self.ordinary.keys());
        paid.chain(self.inbound.keys()).copied()
    }

    /// Blocks in force, of all tenants.
    pub fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.tenants.values().flat_map(|tenant| tenant.state.blocks.iter())
    }

    /// The settings of a tenant.
    #[must_use]
    pub fn tenant_settings(&self, tenant: &TenantId) -> &Arc<Settings> {
        self.tenants.get(tenant).map_or(&self.settings, |t| &t.settings)
    }

    /// The civil reading of `wall` where a tenant works.
    pub fn civil(&mut self, tenant: &TenantId, wall: WallTime) -> Civil {
        civil(self.tenant(tenant, wall), wall)
    }

    /// The running paid call `call`.
    #[must_use]
    pub fn running(&self, call: CallId) -> Option<&Running> {
        self.running.get(&call)
    }

    /// Whether any paid call runs or rings, so that ticks are wanted.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        !self.busy.is_empty()
    }

    fn tenant(&mut self, id: &TenantId, wall: WallTime) -> &mut Tenant {
        self.tenants.entry(id.clone()).or_insert_with(|| {
            let settings = self.own_settings.get(id).unwrap_or(&self.settings);
            Tenant::new(Arc::clone(settings), wall)
        })
    }
}

/// The block in force that forbids a call of `extension` to `destination`, the strictest first. Who only watches
/// counts the blocks that only say what would have been, too.
fn forbidding<'a>(
    state: &'a TenantState,
    extension: Option<&ringfence_model::ExtensionId>,
    destination: &Destination,
    watching: bool,
) -> Option<&'a Block> {
    state
        .blocks
        .iter()
        .filter(|b| (watching || !b.shadow) && b.scope.covers(extension))
        .filter(|b| !crate::ladder::permits(b.level, destination))
        .max_by_key(|b| b.level)
}

/// The civil reading and the tenant's day at `wall`.
fn civil(tenant: &mut Tenant, wall: WallTime) -> Civil {
    tenant.calendar.civil(wall)
}

/// The next block's number.
const fn next_block(made: &mut u64) -> BlockId {
    *made += 1;
    BlockId(*made)
}
