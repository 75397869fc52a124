//! Waiting for what another process does.

use std::time::{Duration, Instant};

/// How often a condition is looked at.
const PERIOD: Duration = Duration::from_millis(10);

/// Waits until `look` gives something, at most `limit`.
pub fn within<T>(limit: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let until = Instant::now() + limit;
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        if Instant::now() >= until {
            return None;
        }
        std::thread::sleep(PERIOD);
    }
}

/// Waits until `look` gives something.
///
/// # Panics
/// After five seconds, saying `what` was waited for.
pub fn eventually<T>(what: &str, look: impl FnMut() -> Option<T>) -> T {
    let found = within(Duration::from_secs(5), look);
    found.unwrap_or_else(|| panic!("waited five seconds for {what}"))
}
