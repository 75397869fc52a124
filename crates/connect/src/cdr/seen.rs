//! Ids already seen, in bounded memory.

use foldhash::quality::RandomState;
use std::collections::{HashSet, VecDeque};
use std::hash::BuildHasher;

/// Remembers the last ids by a keyed 64-bit hash: among four million ids the chance that two of them are taken for
/// one is below one in a million.
pub(crate) struct Seen {
    hasher: RandomState,
    known: HashSet<u64, foldhash::fast::RandomState>,
    order: VecDeque<u64>,
    count_max: usize,
}

impl Seen {
    pub(crate) fn new(count_max: usize) -> Self {
        let count_max = count_max.max(1);
        Self {
            hasher: RandomState::default(),
            known: HashSet::default(),
            order: VecDeque::new(),
            count_max,
        }
    }

    /// Whether the id is new.
    pub(crate) fn is_new(&mut self, id: &str) -> bool {
        let hash = self.hasher.hash_one(id);
        if !self.known.insert(hash) {
            return false;
        }
        self.order.push_back(hash);
        if self.order.len() > self.count_max
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forgets_the_oldest() {
        let mut seen = Seen::new(2);
        assert!(seen.is_new("a") && seen.is_new("b"));
        assert!(!seen.is_new("a"));
        assert!(seen.is_new("c"), "pushes out a");
        assert!(seen.is_new("a"));
        assert_eq!(seen.known.len(), 2);
    }
}
