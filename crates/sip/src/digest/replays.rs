//! Which counts of which nonces were already used (RFC 7616 §3.4).

use super::challenger::Accepted;
use super::nonce::NonceId;
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

/// The last count seen per nonce, for accepted requests only: a stranger cannot put anything in.
///
/// Bounded: the oldest entry makes room for the newest, and from then on no unknown nonce as old as the
/// forgotten one is admitted, so that forgetting never opens a door. Such a phone is challenged once more.
#[derive(Debug)]
pub struct Replays {
    capacity: usize,
    lifetime_us: u64,
    // Keys are outputs of a keyed hash: nobody can aim at a bucket, so a fixed seed does.
    last: HashMap<NonceId, u32, foldhash::fast::FixedState>,
    oldest_first: VecDeque<(NonceId, u64)>,
    forgotten_us: Option<u64>,
}

/// The count was used before, or the nonce is older than what is remembered: challenge with `stale`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the nonce was used before with this or a higher count")]
pub struct Replayed;

impl Replays {
    /// Remembers up to `capacity` nonces (at least one; about 80 bytes each) for `lifetime`, which must
    /// not be shorter than that of the [`super::Challenger`].
    #[must_use]
    pub fn new(capacity: usize, lifetime: Duration) -> Self {
        Self {
            capacity: capacity.max(1),
            lifetime_us: u64::try_from(lifetime.as_micros()).unwrap_or(u64::MAX),
            last: HashMap::default(),
            oldest_first: VecDeque::new(),
            forgotten_us: None,
        }
    }

    /// Admits each pair of nonce and count once, and counts only upwards. `now_us` is of the clock given
    /// to [`super::Challenger::verify`].
    ///
    /// # Errors
    /// [`Replayed`]: the request must not be acted upon.
    pub fn admit(&mut self, now_us: u64, accepted: &Accepted) -> Result<(), Replayed> {
        self.forget_expired(now_us);
        if let Some(last) = self.last.get_mut(&accepted.nonce) {
            if accepted.nc <= *last {
                return Err(Replayed);
            }
            *last = accepted.nc;
            return Ok(());
        }
        // A clock set back must not lock everyone out until it has caught up.
        let ahead_us = now_us.saturating_add(self.lifetime_us);
        self.forgotten_us = self.forgotten_us.filter(|forgotten| *forgotten <= ahead_us);
        if self.forgotten_us.is_some_and(|forgotten| accepted.issued_us <= forgotten) {
            return Err(Replayed);
        }
        if self.last.len() >= self.capacity {
            self.forget_oldest();
        }
        self.last.insert(accepted.nonce, accepted.nc);
        self.oldest_first.push_back((accepted.nonce, accepted.issued_us));
        Ok(())
    }

    /// How many nonces are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.last.len()
    }

    /// Whether no nonce is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.last.is_empty()
    }

    fn forget_expired(&mut self, now_us: u64) {
        while let Some((_, issued_us)) = self.oldest_first.front() {
            if issued_us.saturating_add(self.lifetime_us) >= now_us {
                return;
            }
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((nonce, issued_us)) = self.oldest_first.pop_front() {
            self.last.remove(&nonce);
            self.forgotten_us = self.forgotten_us.max(Some(issued_us));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Algorithm;

    fn used(id: u8, issued_us: u64, nc: u32) -> Accepted {
        Accepted { nonce: NonceId([id; 16]), issued_us, nc, algorithm: Algorithm::Md5 }
    }

    #[test]
    fn counts_only_go_up() {
        let mut replays = Replays::new(10, Duration::from_secs(1));
        assert_eq!(replays.admit(0, &used(1, 0, 1)), Ok(()));
        assert_eq!(replays.admit(0, &used(1, 0, 1)), Err(Replayed));
        assert_eq!(replays.admit(0, &used(1, 0, 5)), Ok(()));
        assert_eq!(replays.admit(0, &used(1, 0, 4)), Err(Replayed));
        assert_eq!(replays.admit(0, &used(2, 0, 1)), Ok(()));
    }

    #[test]
    fn a_nonce_without_count_serves_once() {
        let mut replays = Replays::new(10, Duration::from_secs(1));
        assert_eq!(replays.admit(0, &used(1, 0, 0)), Ok(()));
        assert_eq!(replays.admit(0, &used(1, 0, 0)), Err(Replayed));
    }

    #[test]
    fn the_table_is_bounded_and_forgetting_opens_no_door() {
        let mut replays = Replays::new(3, Duration::from_secs(1));
        for id in 0..20 {
            assert_eq!(replays.admit(20, &used(id, u64::from(id), 1)), Ok(()));
            assert!(replays.len() <= 3);
        }
        for id in 0..20 {
            assert_eq!(replays.admit(20, &used(id, u64::from(id), 1)), Err(Replayed), "{id}");
        }
        assert_eq!(replays.admit(20, &used(19, 19, 2)), Ok(()));
    }

    #[test]
    fn a_clock_set_back_locks_nobody_out() {
        let mut replays = Replays::new(1, Duration::from_secs(1));
        let (late, early) = (10_000_000_000, 5_000_000_000);
        replays.admit(late, &used(1, late, 1)).unwrap();
        replays.admit(late, &used(2, late, 1)).unwrap();
        assert_eq!(replays.admit(late, &used(3, late, 1)), Err(Replayed));
        assert_eq!(replays.admit(early, &used(4, early, 1)), Ok(()));
        assert_eq!(replays.admit(early, &used(4, early, 1)), Err(Replayed));
    }

    #[test]
    fn expired_nonces_leave() {
        let mut replays = Replays::new(100, Duration::from_micros(10));
        for id in 0..50 {
            replays.admit(id.into(), &used(id, id.into(), 1)).unwrap();
        }
        assert_eq!(replays.len(), 11);
        replays.admit(1_000, &used(99, 1_000, 1)).unwrap();
        assert_eq!(replays.len(), 1);
    }
}
