//! How long somebody has been at one thing: who waits for a disk or a network cannot tell so itself.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Somebody's work, as others see it.
#[derive(Debug, Default)]
pub(crate) struct Busy(Mutex<Option<Instant>>);

impl Busy {
    /// A piece of it begins.
    pub fn begin(&self) {
        *self.lock() = Some(Instant::now());
    }

    /// It is done.
    pub fn end(&self) {
        *self.lock() = None;
    }

    /// How long it has lasted.
    pub fn lasts(&self) -> Option<Duration> {
        self.lock().map(|since| since.elapsed())
    }

    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
