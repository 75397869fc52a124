//! A table with a cap: what was put in longest ago makes room.

use foldhash::quality::RandomState;
use std::borrow::Borrow;
use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// A table with a cap.
#[derive(Debug)]
pub(super) struct Recent<K, V> {
    entries: HashMap<K, (u64, V), RandomState>,
    /// Who came when; of those that left meanwhile too.
    order: VecDeque<(u64, K)>,
    came: u64,
    most: usize,
}

impl<K: Hash + Eq + Clone, V> Recent<K, V> {
    pub fn new(most: usize) -> Self {
        Self { entries: HashMap::default(), order: VecDeque::new(), came: 0, most: most.max(1) }
    }

    /// Puts something in, as the newest; gives what had to make room, or stood there before.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.came += 1;
        let before = self.entries.insert(key.clone(), (self.came, value)).map(|(_, value)| value);
        self.order.push_back((self.came, key));
        if self.order.len() > 2 * self.most {
            let entries = &self.entries;
            self.order.retain(|(came, key)| entries.get(key).is_some_and(|(of, _)| of == came));
        }
        if self.entries.len() <= self.most {
            return before;
        }
        while let Some((came, key)) = self.order.pop_front() {
            if self.entries.get(&key).is_some_and(|(of, _)| *of == came) {
                return self.remove(&key);
            }
        }
        None
    }

    pub fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.entries.get(key).map(|(_, value)| value)
    }

    pub fn get_mut<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        self.entries.get_mut(key).map(|(_, value)| value)
    }

    pub fn remove<Q: Hash + Eq + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.entries.remove(key).map(|(_, value)| value)
    }

    /// All keys, in no order.
    pub fn keys(&self) -> impl Iterator<Item = &K> {
        self.entries.keys()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_makes_room_and_nothing_grows() {
        let mut recent = Recent::new(2);
        assert_eq!((recent.insert("a", 1), recent.insert("b", 2)), (None, None));
        assert_eq!(recent.insert("a", 3), Some(1), "as the newest");
        assert_eq!(recent.insert("c", 4), Some(2), "b came longest ago");
        assert_eq!(recent.remove("c"), Some(4));
        assert_eq!((recent.get("a"), recent.get("b")), (Some(&3), None));
        for n in 0..10_000 {
            recent.insert("d", n);
            recent.remove("d");
        }
        assert!(recent.order.len() <= 5 && recent.keys().count() == 1, "{recent:?}");
    }
}
