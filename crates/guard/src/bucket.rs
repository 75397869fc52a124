//! A leaky bucket in eight bytes: it holds only the moment at which it will have run empty.
//!
//! This is the generic cell rate algorithm (ITU-T I.371): what comes in moves that moment on by its cost, time alone
//! brings it back. A bucket that was never used is empty, so a lost entry is a forgiven one.

use ringfence_model::Moment;

/// So many per time, and so many at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    cost_ns: u64,
    depth_ns: u64,
}

/// How far one source, network or account has used its limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Bucket(u64);

impl Limit {
    /// `events` in `per_secs` on average and `burst` at once; a zero in `events` or `burst` closes it for good.
    pub(crate) fn new(events: u32, per_secs: u32, burst: u32) -> Self {
        // The caps keep every sum below far from the end of u64.
        let per_ns = u64::from(per_secs.max(1)).saturating_mul(1_000_000_000);
        match per_ns.checked_div(u64::from(events)) {
            None => Self { cost_ns: 1, depth_ns: 0 },
            Some(cost) => {
                let cost_ns = cost.clamp(1, u64::MAX / 1024);
                Self {
                    cost_ns,
                    depth_ns: cost_ns.saturating_mul(u64::from(burst)).min(u64::MAX / 4),
                }
            }
        }
    }

    fn cost_of(self, weight: u32) -> u64 {
        self.cost_ns.saturating_mul(weight.into())
    }
}

impl Bucket {
    /// Takes one, if there is room.
    pub(crate) fn take(&mut self, now: Moment, limit: Limit) -> bool {
        let after = self.level_ns(now, limit) + limit.cost_ns;
        let fits = after <= limit.depth_ns;
        if fits {
            self.set(now, after);
        }
        fits
    }

    /// Whether `take` would succeed.
    pub(crate) fn has_room(self, now: Moment, limit: Limit) -> bool {
        self.level_ns(now, limit) + limit.cost_ns <= limit.depth_ns
    }

    /// Pours in `weight` without asking for room; whether that reached the rim. What lies above is lost.
    pub(crate) fn pour(&mut self, now: Moment, limit: Limit, weight: u32) -> bool {
        let after = self.level_ns(now, limit).saturating_add(limit.cost_of(weight));
        self.set(now, after.min(limit.depth_ns));
        after >= limit.depth_ns
    }

    /// Pours in `weight` unless that would fill more than half.
    pub(crate) fn pour_below_half(&mut self, now: Moment, limit: Limit, weight: u32) {
        let after = self.level_ns(now, limit).saturating_add(limit.cost_of(weight));
        if after <= limit.depth_ns / 2 {
            self.set(now, after);
        }
    }

    /// Orders buckets by how soon they are empty, and with that forgettable.
    pub(crate) const fn empty_at(self) -> u64 {
        self.0
    }

    /// At most full, also after a change of limits.
    fn level_ns(self, now: Moment, limit: Limit) -> u64 {
        self.0.saturating_sub(nanos(now)).min(limit.depth_ns)
    }

    fn set(&mut self, now: Moment, level_ns: u64) {
        self.0 = nanos(now).saturating_add(level_ns);
    }
}

const fn nanos(moment: Moment) -> u64 {
    moment.0.saturating_mul(1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;

    fn taken(bucket: &mut Bucket, at: u64, limit: Limit, tries: u32) -> usize {
        (0..tries).filter(|_| bucket.take(Moment(at), limit)).count()
    }

    #[test]
    fn a_burst_then_the_rate() {
        let (mut bucket, limit) = (Bucket::default(), Limit::new(20, 1, 60));
        assert_eq!(taken(&mut bucket, 5 * SECOND, limit, 100), 60);
        assert_eq!(taken(&mut bucket, 5 * SECOND, limit, 100), 0, "the clock does not move");
        assert_eq!(taken(&mut bucket, 6 * SECOND, limit, 100), 20);
        assert_eq!(taken(&mut bucket, 99 * SECOND, limit, 100), 60, "never more than the burst");
    }

    #[test]
    fn slow_and_closed_limits() {
        let (mut bucket, hourly) = (Bucket::default(), Limit::new(1, 3600, 2));
        assert_eq!(taken(&mut bucket, 0, hourly, 9), 2);
        assert_eq!(taken(&mut bucket, 3599 * SECOND, hourly, 9), 0);
        assert_eq!(taken(&mut bucket, 3600 * SECOND, hourly, 9), 1);
        for closed in [Limit::new(0, 1, 9), Limit::new(9, 1, 0), Limit::new(0, 0, 0)] {
            assert!(!Bucket::default().take(Moment(SECOND), closed));
        }
    }

    #[test]
    fn extremes_stay_limits() {
        let mut bucket = Bucket::default();
        let slowest = Limit::new(1, u32::MAX, u32::MAX);
        assert!(taken(&mut bucket, 0, slowest, 100_000) < 1_000);
        for limit in [slowest, Limit::new(u32::MAX, 1, u32::MAX), Limit::new(u32::MAX, 0, 1)] {
            let _ = bucket.take(Moment(u64::MAX), limit);
            let _ = bucket.pour(Moment(u64::MAX), limit, u32::MAX);
        }
    }

    #[test]
    fn evidence_reaches_the_rim_and_runs_out() {
        let (mut score, limit) = (Bucket::default(), Limit::new(1, 30, 10));
        assert!(!score.pour(Moment(0), limit, 4));
        assert!(!score.pour(Moment(0), limit, 4));
        assert!(score.pour(Moment(0), limit, 4));
        let mut slow = Bucket::default();
        assert!((0..100).all(|i| !slow.pour(Moment(i * 120 * SECOND), limit, 4)), "leaks away");
        let mut weak = Bucket::default();
        (0..100).for_each(|_| weak.pour_below_half(Moment(0), limit, 1));
        assert!(!weak.pour(Moment(0), limit, 4), "half at most");
    }
}
