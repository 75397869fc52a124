//! Trunks as they are now: where they are, whether they live, whether we are registered there.

use crate::directory::Hop;
use ringfence_model::TrunkId;
use std::collections::HashMap;

/// The trunks of one shard.
#[derive(Debug, Default)]
pub struct Trunks {
    states: HashMap<TrunkId, State>,
}

#[derive(Debug, Default)]
struct State {
    hops: Vec<Hop>,
    dead: bool,
}

impl Trunks {
    /// Where a trunk is, in the order to be tried.
    #[must_use]
    pub fn hops(&self, trunk: &TrunkId) -> &[Hop] {
        self.states.get(trunk).map(|state| state.hops.as_slice()).unwrap_or_default()
    }

    /// Whether it answered lately, or is never asked.
    #[must_use]
    pub fn is_alive(&self, trunk: &TrunkId) -> bool {
        self.states.get(trunk).is_none_or(|state| !state.dead)
    }
}
