//! Texts that come back again and again are kept once.

use foldhash::fast::RandomState;
use std::borrow::Borrow;
use std::collections::HashSet;
use std::hash::Hash;

/// A bounded set of shared texts: asking for a known one costs a hash and a reference count.
///
/// When full it starts again empty; texts already handed out live on with their holders, so a stranger who sends
/// ever new names costs time but no memory.
pub(crate) struct Interned<T> {
    known: HashSet<T, RandomState>,
    count_max: usize,
}

impl<T: Clone + Eq + Hash + Borrow<str> + for<'a> From<&'a str>> Interned<T> {
    pub(crate) fn new(count_max: usize) -> Self {
        Self { known: HashSet::default(), count_max }
    }

    pub(crate) fn get(&mut self, text: &str) -> T {
        if let Some(known) = self.known.get(text) {
            return known.clone();
        }
        if self.known.len() >= self.count_max {
            self.known.clear();
        }
        let new = T::from(text);
        self.known.insert(new.clone());
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn keeps_one_copy_and_a_bound() {
        let mut names: Interned<Arc<str>> = Interned::new(2);
        let first = names.get("a");
        assert!(Arc::ptr_eq(&first, &names.get("a")));
        for name in ["b", "c", "d", "e"] {
            names.get(name);
            assert!(names.known.len() <= 2);
        }
        assert!(!Arc::ptr_eq(&first, &names.get("a")), "forgotten, yet equal");
    }
}
