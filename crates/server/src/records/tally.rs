//! What was decided and written, counted for metrics.

use crate::busy::Busy;
use std::sync::atomic::{AtomicU64, Ordering};

/// A figure that goes up.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// One more.
    pub fn up(&self) {
        self.add(1);
    }

    /// So many more.
    pub fn add(&self, by: u64) {
        self.0.fetch_add(by, Ordering::Relaxed);
    }

    /// Replaces it.
    pub fn set(&self, to: u64) {
        self.0.store(to, Ordering::Relaxed);
    }

    /// The figure.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What was decided and written.
#[derive(Debug, Default)]
#[allow(missing_docs)] // each name says it; metrics have the words
pub(crate) struct Tally {
    pub allowed: Count,
    pub rejected: Count,
    pub would_reject: Count,
    pub cuts: Count,
    pub blocks_set: Count,
    pub blocks_lifted: Count,
    pub alerts: Count,
    pub cdrs_answered: Count,
    pub cdrs_unanswered: Count,
    pub records_dropped: Count,
    pub lines_lost: Count,
    pub write_errors: Count,
    pub journal_bytes: Count,
    pub snapshots: Count,
    pub snapshot_pause_us_max: Count,
    pub writer: Busy,
}
