//! Rate decks: those of settings in the store, and what was made of all that were read.
//!
//! A deck has up to hundreds of thousands of rows. Settings are read anew at every change; decks only when they, or how
//! they are read, are new.

use ringfence_numbering::Tariff;
use ringfence_store::Store;
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// Rate decks of settings in the store, by tenant.
#[derive(Clone, Debug, Default)]
pub struct Decks {
    store: Option<Store>,
    sums: BTreeMap<String, String>,
    new: BTreeMap<String, Vec<u8>>,
}

impl Decks {
    /// None yet; what is not brought is asked of `store`.
    #[must_use]
    pub fn of(store: &Store) -> Self {
        Self { store: Some(store.clone()), ..Self::default() }
    }

    /// This tenant's is the stored one with that SHA-256, in hex.
    pub fn name(&mut self, tenant: &str, sha256: &str) {
        self.sums.insert(tenant.to_owned(), sha256.to_owned());
    }

    /// This tenant's is a new one.
    pub fn bring(&mut self, tenant: &str, sha256: &str, deck: Vec<u8>) {
        self.name(tenant, sha256);
        self.new.insert(sha256.to_owned(), deck);
    }

    /// Whether this tenant has one.
    #[must_use]
    pub fn has(&self, tenant: &str) -> bool {
        self.sums.contains_key(tenant)
    }

    /// What a tenant's is known by.
    pub(super) fn sha256(&self, tenant: &str) -> Option<&str> {
        self.sums.get(tenant).map(String::as_str)
    }

    /// What is in a tenant's.
    pub(super) fn read(&self, tenant: &str) -> io::Result<Vec<u8>> {
        let gone = || io::Error::new(io::ErrorKind::NotFound, "the store has no such deck");
        let sha256 = self.sha256(tenant).ok_or_else(gone)?;
        if let Some(deck) = self.new.get(sha256) {
            return Ok(deck.clone());
        }
        let store = self.store.as_ref().ok_or_else(gone)?;
        store.attached(sha256).map_err(io::Error::other)?.ok_or_else(gone)
    }
}

/// What was made of rate decks, as long as somebody uses it.
#[derive(Clone, Debug, Default)]
pub struct Imported(Arc<Mutex<HashMap<String, Known>>>);

#[derive(Debug)]
struct Known {
    tariff: Weak<Tariff>,
    rows: Rows,
}

/// Rows of a deck.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Rows {
    pub all: u64,
    pub bad: u64,
}

impl Imported {
    /// What was made of the deck with this `name`, which says what is in it and how it is read; else it is made.
    pub(super) fn get_or<E>(
        &self,
        name: String,
        make: impl FnOnce() -> Result<(Tariff, Rows), E>,
    ) -> Result<(Arc<Tariff>, Rows), E> {
        let known = |known: &Known| Some((known.tariff.upgrade()?, known.rows));
        if let Some(known) = self.lock().get(&name).and_then(known) {
            return Ok(known);
        }
        let (tariff, rows) = make()?;
        let tariff = Arc::new(tariff);
        let mut all = self.lock();
        all.retain(|_, known| known.tariff.strong_count() > 0);
        all.insert(name, Known { tariff: Arc::downgrade(&tariff), rows });
        Ok((tariff, rows))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_model::Country;

    #[test]
    fn a_deck_is_read_once_while_it_is_in_use() {
        let imported = Imported::default();
        let mut made = 0;
        let mut get = |name: &str| {
            let made = || {
                made += 1;
                Ok::<_, ()>((Tariff::default_bands(Country::NL), Rows { all: 3, bad: 1 }))
            };
            let got = imported.get_or(name.to_owned(), made).unwrap();
            assert_eq!(got.1, Rows { all: 3, bad: 1 });
            got.0
        };
        let one = get("one");
        assert!(Arc::ptr_eq(&one, &get("one")));
        let two = get("two");
        assert!(!Arc::ptr_eq(&one, &two));
        drop(one);
        get("one");
        assert_eq!(made, 3);
        assert!(imported.lock().len() <= 2);
    }
}
