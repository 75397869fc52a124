//! One line on the terminal for work that takes long.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// Work shorter than this shows nothing.
const SILENT: Duration = Duration::from_millis(600);
/// How often the line is written anew.
const EVERY: Duration = Duration::from_millis(120);

/// A line on stderr, when that is a terminal.
pub struct Progress {
    shown: bool,
    begun: Instant,
    last: Option<Instant>,
}

impl Progress {
    pub fn new() -> Self {
        Self { shown: std::io::stderr().is_terminal(), begun: Instant::now(), last: None }
    }

    /// Says how far the work is.
    pub fn tell(&mut self, say: impl FnOnce() -> String) {
        let now = Instant::now();
        let soon = self.last.is_some_and(|last| now - last < EVERY);
        if !self.shown || soon || now - self.begun < SILENT {
            return;
        }
        self.last = Some(now);
        // Progress is a courtesy: where it cannot be written, the work goes on.
        let _ = write!(std::io::stderr(), "\r\x1b[2K{}", say());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.last.is_some() {
            let _ = write!(std::io::stderr(), "\r\x1b[2K");
        }
    }
}
