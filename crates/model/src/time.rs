//! Time as an argument: a monotonic [`Moment`] for durations and a [`WallTime`] for civil time.

use serde::{Deserialize, Serialize};
use std::ops::{Add, Sub};
use std::time::Duration;

/// Microseconds since some fixed start; never runs backwards. Durations are measured with it.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Moment(pub u64);

/// Microseconds since 1970-01-01T00:00:00 UTC. May be stepped by the clock's owner.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct WallTime(pub i64);

/// The one reading of both clocks that an input is handled at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Now {
    /// For durations.
    pub moment: Moment,
    /// For civil time, and for what must survive a restart.
    pub wall: WallTime,
}

impl WallTime {
    /// From milliseconds since the epoch, saturating.
    #[must_use]
    pub const fn from_millis(ms: i64) -> Self {
        Self(ms.saturating_mul(1_000))
    }

    /// From seconds since the epoch, saturating.
    #[must_use]
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1_000_000))
    }

    /// Whole milliseconds since the epoch.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// Whole seconds since the epoch.
    #[must_use]
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Seconds from `earlier` to `self`, negative when `self` is earlier.
    #[must_use]
    #[inline]
    pub fn secs_since(self, earlier: Self) -> f64 {
        self.0.saturating_sub(earlier.0) as f64 / 1e6
    }
}

impl Now {
    /// Both clocks from one wall reading: for replay and simulation, where virtual time never steps back.
    #[must_use]
    pub fn from_wall(wall: WallTime) -> Self {
        Self { moment: Moment(wall.0.max(0).unsigned_abs()), wall }
    }
}

macro_rules! arithmetic {
    ($time:ident, $inner:ty) => {
        impl Add<Duration> for $time {
            type Output = Self;
            fn add(self, by: Duration) -> Self {
                Self(
                    self.0.saturating_add(
                        <$inner>::try_from(by.as_micros()).unwrap_or(<$inner>::MAX),
                    ),
                )
            }
        }

        impl Sub<Duration> for $time {
            type Output = Self;
            fn sub(self, by: Duration) -> Self {
                Self(
                    self.0.saturating_sub(
                        <$inner>::try_from(by.as_micros()).unwrap_or(<$inner>::MAX),
                    ),
                )
            }
        }

        impl Sub for $time {
            type Output = Duration;
            /// The time from `earlier` to `self`; zero when `earlier` is the later one.
            fn sub(self, earlier: Self) -> Duration {
                Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
            }
        }
    };
}
arithmetic!(Moment, u64);
arithmetic!(WallTime, i64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_never_negative() {
        assert_eq!(WallTime(5) - WallTime(9), Duration::ZERO);
        assert_eq!(WallTime::from_secs(9) - WallTime::from_secs(5), Duration::from_secs(4));
        assert_eq!(Moment(9) - Moment(12), Duration::ZERO);
    }

    #[test]
    fn extremes_saturate() {
        assert_eq!(WallTime::from_secs(i64::MAX).0, i64::MAX);
        assert_eq!(Moment(u64::MAX) + Duration::MAX, Moment(u64::MAX));
        assert_eq!(WallTime(-1).as_millis(), -1, "before 1970 rounds down, not towards zero");
    }
}
