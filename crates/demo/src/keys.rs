//! Keys that are heard at once, without Enter, while the program has the terminal.

use rustix::stdio::stdin;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr};
use std::os::fd::BorrowedFd;

/// The terminal of standard input, put back as it was when this is dropped.
pub struct Keys {
    before: Termios,
}

impl Keys {
    /// `None` where standard input is no terminal, or another program has it.
    #[must_use]
    pub fn of_terminal() -> Option<Self> {
        let before = tcgetattr(stdin()).ok()?;
        // Who runs behind another program would be stopped for touching the terminal.
        if tcgetpgrp(stdin()).ok()? != rustix::process::getpgrp() {
            return None;
        }
        let mut mode = before.clone();
        mode.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
        tcsetattr(stdin(), OptionalActions::Now, &mode).ok()?;
        Some(Self { before })
    }

    /// Where they come from.
    #[must_use]
    pub fn source(&self) -> BorrowedFd<'static> {
        stdin()
    }

    /// The key that was pressed; `None` when there will be no more.
    #[must_use]
    pub fn read(&self) -> Option<char> {
        let mut key = [0];
        (rustix::io::read(stdin(), &mut key).ok()? == 1).then_some(char::from(key[0]))
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        // There is nothing more that could be done.
        let _ = tcsetattr(stdin(), OptionalActions::Now, &self.before);
    }
}
