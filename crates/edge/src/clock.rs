//! The one place where clocks are read.

use ringfence_model::{Moment, Now, WallTime};
use std::time::{Instant, SystemTime};

/// Both clocks, with one start for all shards, so that their moments compare.
///
/// Moments count from 1970 as civil time stood at the start: what was stored by an earlier run compares with what this
/// one reads, and a call that was answered then has lasted as long as it has.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
    base: Moment,
}

impl Clock {
    /// Moments count from here.
    pub fn start() -> Self {
        Self { start: Instant::now(), base: Now::from_wall(wall()).moment }
    }

    /// Reads both clocks.
    pub fn now(&self) -> Now {
        Now { moment: self.base + self.start.elapsed(), wall: wall() }
    }

    /// The instant of a moment, for the runtime's timers.
    pub fn instant(&self, moment: Moment) -> tokio::time::Instant {
        let after = moment - self.base;
        // A moment beyond what the platform can count is one that never comes: a day is as good.
        let day = std::time::Duration::from_secs(86_400);
        self.start.checked_add(after).unwrap_or_else(|| Instant::now() + day).into()
    }
}

/// The civil time.
pub fn wall() -> WallTime {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    WallTime(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
