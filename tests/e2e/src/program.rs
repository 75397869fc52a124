//! Another program, started for one test and ended with it.

use crate::attempt::within;
use crate::place::Place;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

/// A running program. Both its outputs go to one file; dropped, it is killed, and in a failing test its last words are
/// shown.
#[derive(Debug)]
pub struct Program {
    name: String,
    child: Child,
    log: PathBuf,
    asked_first: bool,
    quiet: bool,
}

/// How a program ended.
#[derive(Debug)]
pub struct Ended {
    /// Exit code or signal.
    pub status: ExitStatus,
    /// What it said on both outputs.
    pub said: String,
}

impl Program {
    /// Starts `command`; `name` is for people and for its log in the place's folder.
    ///
    /// # Panics
    /// When there is no such program: `tools/need` installs all.
    pub fn start(place: &Place, name: &str, command: &mut Command) -> Self {
        let log = (1..)
            .map(|n| place.folder().join(format!("{name}-{n}.log")))
            .find(|path| !path.exists())
            .expect("a free name");
        let output = File::create(&log).expect("a log");
        let errors = output.try_clone().expect("the log once more");
        // Where Debian keeps servers is not on everybody's path.
        let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
        command.env("PATH", path).stdin(Stdio::null()).stdout(output).stderr(errors);
        let child = command.spawn().unwrap_or_else(|error| {
            panic!("cannot start {:?}: {error}; tools/need installs it", command.get_program())
        });
        Self { name: name.to_owned(), child, log, asked_first: false, quiet: false }
    }

    /// Ask it to end before killing it: it has children to end.
    #[must_use]
    pub const fn ends_by_itself(mut self) -> Self {
        self.asked_first = true;
        self
    }

    /// Do not show its last words: they say nothing.
    #[must_use]
    pub const fn quiet(mut self) -> Self {
        self.quiet = true;
        self
    }

    /// All it said so far.
    pub fn said(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// Where that is kept.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Waits until it said `words`.
    ///
    /// # Panics
    /// When it ends before, or does not say them within ten seconds.
    pub fn says(&mut self, words: &str) {
        let heard = within(Duration::from_secs(10), || {
            let said = self.said().contains(words);
            (said || self.ended().is_some()).then_some(said)
        });
        match heard {
            Some(true) => {}
            Some(false) => panic!("{} ended and never said {words:?}", self.name),
            None => panic!("{} did not say {words:?} within ten seconds", self.name),
        }
    }

    /// How it ended, if it did.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("its state")
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it takes longer than `limit`.
    pub fn end(&mut self, limit: Duration) -> Ended {
        let status = within(limit, || self.ended());
        let status = status.unwrap_or_else(|| panic!("{} runs after {limit:?}", self.name));
        Ended { status, said: self.said() }
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).expect("a pid");
        kill(Pid::from_raw(pid), signal).expect("a signal");
    }

    /// Sends it and what it started a signal.
    pub fn signal_all(&self, signal: Signal) {
        self.signal(signal);
        for child in self.children() {
            // One may have ended by now.
            let _ = kill(child, signal);
        }
    }

    /// The processes it started itself.
    fn children(&self) -> Vec<Pid> {
        let pid = self.child.id();
        let list = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
        let list = list.unwrap_or_default();
        list.split_whitespace().filter_map(|pid| Some(Pid::from_raw(pid.parse().ok()?))).collect()
    }

    /// `kill -9`, and waits until it is gone.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let children = self.children();
        if self.asked_first && self.ended().is_none() {
            self.signal(Signal::SIGTERM);
            within(Duration::from_secs(2), || self.ended());
        }
        self.kill();
        // One that ended in a hurry may have forgotten them.
        for child in children {
            let _ = kill(child, Signal::SIGKILL);
        }
        if std::thread::panicking() && !self.quiet {
            let said = self.said();
            let tail: Vec<&str> = said.lines().rev().take(60).collect();
            eprintln!("---- {} said last:", self.name);
            tail.iter().rev().for_each(|line| eprintln!("{line}"));
        }
    }
}
