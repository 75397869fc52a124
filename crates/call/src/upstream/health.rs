//! How trunks are, for people to look at.

use crate::directory::Hop;
use ringfence_model::Moment;
use std::sync::Arc;

/// How a trunk is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Health {
    /// Whether calls go there first; one that is not alive is tried last.
    pub alive: bool,
    /// Addresses, and whether each answers.
    pub hops: Vec<(Hop, bool)>,
    /// Our registration there, when this shard keeps one.
    pub registration: Option<Standing>,
}

/// How a registration of ours stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Standing {
    /// It is being made.
    Trying,
    /// It holds until then.
    Registered {
        /// The end, unless it is refreshed.
        until: Moment,
    },
    /// It was refused or not answered.
    Failed {
        /// In words.
        why: Arc<str>,
        /// When it is tried again.
        again: Moment,
    },
}
