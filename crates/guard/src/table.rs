//! A table that never grows: sets of eight, and in a full set the least worth keeping makes room.
//!
//! The hash is keyed, so that nobody outside can aim at one set.

use foldhash::quality::FixedState;
use std::hash::{BuildHasher, Hash};

/// Slots per set: one look-up reads at most these.
const WAYS: usize = 8;

/// What a table keeps of a key.
pub(crate) trait Entry: Default {
    /// Lower goes first.
    fn worth(&self) -> u64;
}

type Set<K, V> = [Option<(K, V)>; WAYS];

#[derive(Debug)]
pub(crate) struct Table<K, V> {
    sets: Box<[Set<K, V>]>,
    hash: FixedState,
    len: usize,
    evicted: u64,
}

impl<K: Copy + Eq + Hash, V: Entry> Table<K, V> {
    /// At most `cap` entries, rounded up to whole sets. Memory is taken at once.
    pub(crate) fn new(cap: usize, seed: u64) -> Self {
        let sets = (0..cap.div_ceil(WAYS).max(1)).map(|_| std::array::from_fn(|_| None)).collect();
        Self { sets, hash: FixedState::with_seed(seed), len: 0, evicted: 0 }
    }

    pub(crate) fn get(&self, key: K) -> Option<&V> {
        let set = self.sets.get(self.set_of(key))?;
        set.iter().flatten().find(|(own, _)| *own == key).map(|(_, value)| value)
    }

    pub(crate) fn get_mut(&mut self, key: K) -> Option<&mut V> {
        let at = self.set_of(key);
        let set = self.sets.get_mut(at)?;
        set.iter_mut().flatten().find(|(own, _)| *own == key).map(|(_, value)| value)
    }

    /// The entry of `key`, made when there is none, at the cost of the least worthy of its set.
    pub(crate) fn entry(&mut self, key: K) -> &mut V {
        // In range: scaled to the number of sets, and there is at least one.
        let set = &mut self.sets[scale(&self.hash, key, self.sets.len())];
        let way = match set.iter().position(|slot| matches!(slot, Some((own, _)) if *own == key)) {
            Some(way) => way,
            None => {
                let way = place(set);
                if set[way].replace((key, V::default())).is_none() {
                    self.len += 1;
                } else {
                    self.evicted += 1;
                }
                way
            }
        };
        &mut set[way].get_or_insert_with(|| (key, V::default())).1
    }

    pub(crate) fn remove(&mut self, key: K) -> Option<V> {
        let at = self.set_of(key);
        let slot = self
            .sets
            .get_mut(at)?
            .iter_mut()
            .find(|slot| matches!(slot, Some((own, _)) if *own == key))?;
        self.len -= 1;
        slot.take().map(|(_, value)| value)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (K, &V)> {
        self.sets.iter().flatten().flatten().map(|(key, value)| (*key, value))
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// How many entries had to make room.
    pub(crate) fn evicted(&self) -> u64 {
        self.evicted
    }

    /// The same entries under another cap.
    pub(crate) fn resize(&mut self, cap: usize) {
        if cap.div_ceil(WAYS).max(1) == self.sets.len() {
            return;
        }
        let mut resized = Self::new(cap, 0);
        resized.hash = self.hash.clone();
        for (key, value) in std::mem::take(&mut self.sets).into_iter().flatten().flatten() {
            *resized.entry(key) = value;
        }
        resized.evicted += self.evicted;
        *self = resized;
    }

    fn set_of(&self, key: K) -> usize {
        scale(&self.hash, key, self.sets.len())
    }
}

/// A free slot of the set, or that of the entry least worth keeping.
fn place<K, V: Entry>(set: &Set<K, V>) -> usize {
    let worth = |slot: &Option<(K, V)>| slot.as_ref().map(|(_, value)| value.worth());
    (0..WAYS).min_by_key(|way| set.get(*way).and_then(worth)).unwrap_or(0)
}

/// The hash scaled to the number of sets, so always below it.
fn scale<K: Hash>(hash: &FixedState, key: K, sets: usize) -> usize {
    ((u128::from(hash.hash_one(key)) * sets as u128) >> 64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    #[derive(Default, Clone, Copy, PartialEq, Debug)]
    struct Worth(u64);
    impl Entry for Worth {
        fn worth(&self) -> u64 {
            self.0
        }
    }

    #[test]
    fn the_least_worthy_makes_room() {
        let mut table = Table::<u64, Worth>::new(8, 7);
        (1..=8).for_each(|key| table.entry(key).0 = key * 10);
        table.entry(99).0 = 99;
        assert_eq!((table.len(), table.evicted()), (8, 1));
        assert!(table.get(1).is_none() && table.get(2).is_some() && table.get(99).is_some());
    }

    #[test]
    fn resizing_keeps_the_entries() {
        let mut table = Table::<u64, Worth>::new(4_096, 7);
        (0..500).for_each(|key| table.entry(key).0 = key);
        table.resize(8_192);
        assert_eq!(table.len(), 500);
        assert!((0..500).all(|key| table.get(key) == Some(&Worth(key))));
        table.resize(16);
        assert!(table.len() <= 16 && table.get(499).is_some());
    }

    #[test]
    fn another_seed_is_another_order() {
        let order = |seed| {
            let mut table = Table::<u64, Worth>::new(4_096, seed);
            (0..100).for_each(|key| table.entry(key).0 = key);
            table.iter().map(|(key, _)| key).collect::<Vec<_>>()
        };
        assert_eq!(order(1), order(1));
        assert_ne!(order(1), order(2));
    }

    proptest! {
        #[test]
        fn equals_a_map_but_for_what_was_evicted(
            steps in proptest::collection::vec((0_u64..64, 0_u8..4), 0..400), cap in 0_usize..64,
        ) {
            let (mut table, mut map) = (Table::<u64, Worth>::new(cap, 3), HashMap::new());
            for (i, (key, what)) in steps.into_iter().enumerate() {
                if what == 0 {
                    let (own, theirs) = (table.remove(key), map.remove(&key));
                    prop_assert!(own.is_none() || own == theirs);
                } else {
                    table.entry(key).0 = i as u64;
                    map.insert(key, Worth(i as u64));
                }
                prop_assert_eq!(table.iter().count(), table.len());
                prop_assert!(table.len() <= cap.div_ceil(WAYS).max(1) * WAYS);
                prop_assert!(table.iter().all(|(key, value)| map.get(&key) == Some(value)));
            }
        }
    }
}
