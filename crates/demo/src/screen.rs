//! What the terminal shows: lines that stay, and on a terminal one line below them that is written anew.

use std::io::{self, IsTerminal, Write};

/// The terminal, or whatever standard output is.
pub struct Screen {
    is_terminal: bool,
    status: String,
}

impl Screen {
    /// Standard output.
    #[must_use]
    pub fn stdout() -> Self {
        Self { is_terminal: io::stdout().is_terminal(), status: String::new() }
    }

    /// A line that stays.
    pub fn say(&mut self, line: &str) {
        let status = std::mem::take(&mut self.status);
        // Whoever reads it may be gone.
        let _ = match self.is_terminal {
            true => write!(io::stdout().lock(), "\r\x1b[K{line}\n{status}"),
            false => writeln!(io::stdout().lock(), "{line}"),
        };
        let _ = io::stdout().flush();
        self.status = status;
    }

    /// The line below the others, as far as it has room. It is not there where there is no terminal.
    pub fn status(&mut self, line: &str) {
        let size = rustix::termios::tcgetwinsize(io::stdout());
        // Some do not know how wide they are.
        let columns = size.ok().map(|size| usize::from(size.ws_col)).filter(|of| *of > 0);
        let line: String = line.chars().take(columns.unwrap_or(80) - 1).collect();
        if self.is_terminal && line != self.status {
            let mut out = io::stdout().lock();
            let _ = write!(out, "\r\x1b[K{line}").and_then(|()| out.flush());
            self.status = line;
        }
    }

    /// Ends the line below.
    pub fn end(&mut self) {
        if !self.status.is_empty() {
            let _ = writeln!(io::stdout().lock());
            self.status.clear();
        }
    }
}
