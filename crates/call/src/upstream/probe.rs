//! Whether a trunk lives, by what it answers to OPTIONS.

use std::time::Duration;

/// No trunk is asked more often, whatever settings say.
pub const EVERY_MIN: Duration = Duration::from_secs(2);

/// Any answer shows that somebody is there; 408 and 503 say that calls are not taken (RFC 3261 §21.4.9, §21.5.4).
pub const fn is_alive(code: u16) -> bool {
    !matches!(code, 408 | 503)
}
