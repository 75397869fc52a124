//! What the adviser counts.

use std::sync::atomic::{AtomicU64, Ordering};

/// What the adviser counts.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Questions answered by a shard.
    pub judged: Count,
    /// Questions answered without one: too many, too slow, or no questions.
    pub failed: Count,
    /// Requests without a key that is taken.
    pub strangers: Count,
    /// Things that were told of calls.
    pub told: Count,
    /// Call records that were posted.
    pub records: Count,
    /// Calls that a PBX ended as it was told.
    pub ended: Count,
    /// Orders to end a call that a PBX did not follow.
    pub refused: Count,
}

/// Goes up only.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub fn up(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
