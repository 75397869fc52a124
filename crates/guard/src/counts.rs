//! What the guard did since it was made, for metrics.

use crate::admission::{Admission, Standing, Why};
use serde::Serialize;

/// Messages by what became of them, and what was done besides. Counters only grow.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Counts {
    /// Messages passed from trusted networks.
    pub passed_trusted: u64,
    /// Messages passed from known sources.
    pub passed_known: u64,
    /// Messages passed from strangers.
    pub passed_stranger: u64,
    /// Keep-alives let through.
    pub keep_alives: u64,
    /// Evidence reported or found.
    pub evidence: u64,
    /// Bans by evidence.
    pub bans: u64,
    /// Passwords proven.
    pub successes: u64,
    /// Wrong passwords.
    pub failures: u64,
    /// Tries answered without looking at the password.
    pub failures_unchecked: u64,
    /// Entries that made room in full tables.
    pub evicted: u64,
    dropped: [u64; Why::ALL.len()],
}

/// How many entries the tables hold now.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Sizes {
    /// Sources of strangers.
    pub strangers: usize,
    /// Networks of strangers.
    pub networks: usize,
    /// Trusted sources.
    pub trusted: usize,
    /// Known sources.
    pub known: usize,
    /// Pairs of source and account that succeeded.
    pub pairs: usize,
    /// Bans, those that ended but are remembered included.
    pub bans: usize,
    /// Entries of failed passwords: pairs, sources and accounts.
    pub guessing: usize,
}

impl Counts {
    /// Messages dropped for one reason.
    #[must_use]
    pub fn dropped(&self, why: Why) -> u64 {
        self.dropped.get(why as usize).copied().unwrap_or(0)
    }

    /// Messages dropped.
    #[must_use]
    pub fn dropped_total(&self) -> u64 {
        self.dropped.iter().sum()
    }

    pub(crate) fn admission(&mut self, admission: Admission) {
        match admission {
            Admission::Pass(Standing::Trusted) => self.passed_trusted += 1,
            Admission::Pass(Standing::Known) => self.passed_known += 1,
            Admission::Pass(Standing::Stranger) => self.passed_stranger += 1,
            Admission::KeepAlive => self.keep_alives += 1,
            Admission::Drop(why) => {
                if let Some(count) = self.dropped.get_mut(why as usize) {
                    *count += 1;
                }
            }
        }
    }
}
