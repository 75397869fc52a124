//! What is wrong at the moment: for the status, for readiness and for metrics.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What is wrong at the moment, by what it is about.
#[derive(Debug, Default)]
pub struct Troubles(Mutex<BTreeMap<&'static str, String>>);

impl Troubles {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<&'static str, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something is wrong; whether that is news.
    pub fn begin(&self, about: &'static str, what: String) -> bool {
        self.lock().insert(about, what).is_none()
    }

    /// It is well again; whether that is news.
    pub fn end(&self, about: &'static str) -> bool {
        self.lock().remove(about).is_some()
    }

    /// In words.
    #[must_use]
    pub fn all(&self) -> Vec<String> {
        self.lock().iter().map(|(about, what)| format!("{about}: {what}")).collect()
    }

    /// What they are about.
    #[must_use]
    pub fn about(&self) -> Vec<&'static str> {
        self.lock().keys().copied().collect()
    }

    /// How many.
    #[must_use]
    pub fn count(&self) -> usize {
        self.lock().len()
    }
}
