//! A mail server that keeps what it takes: aiosmtpd.

use crate::place::{Place, listens};
use crate::program::Program;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;

/// A running mail server.
#[derive(Debug)]
pub struct MailServer {
    _program: Program,
    folder: PathBuf,
}

/// A letter as it came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Letter {
    /// To whom it was sent.
    pub to: String,
    /// What names it.
    pub id: String,
    /// All of it.
    pub text: String,
}

impl MailServer {
    /// Starts one that keeps its letters in a folder of the place, where those of an earlier one still are.
    ///
    /// # Panics
    /// When it does not listen within five seconds.
    pub fn start(place: &Place, local: SocketAddr) -> Self {
        let folder = place.folder().join("mail");
        let mut command = Command::new("/usr/bin/python3");
        command.args(["-m", "aiosmtpd", "-n", "-l", &local.to_string()]);
        command.args(["-c", "aiosmtpd.handlers.Mailbox"]).arg(&folder);
        let program = Program::start(place, "mail", &mut command);
        listens("tcp", local);
        Self { _program: program, folder }
    }

    /// What came so far.
    ///
    /// # Panics
    /// When a letter has no receiver or no name.
    pub fn letters(&self) -> Vec<Letter> {
        let files = std::fs::read_dir(self.folder.join("new")).into_iter().flatten().flatten();
        let read = |file: std::fs::DirEntry| {
            let text = std::fs::read_to_string(file.path()).expect("a letter");
            let field = |name: &str| {
                let line = text.lines().find_map(|line| line.strip_prefix(name));
                line.unwrap_or_else(|| panic!("no {name} in {text}")).trim().to_owned()
            };
            Letter { to: field("X-RcptTo:"), id: field("Message-ID:"), text: text.clone() }
        };
        files.map(read).collect()
    }
}
