//! A PostgreSQL of the test's own, on a socket in a folder of its own.

use crate::attempt::eventually;
use crate::cluster::{owner, programs};
use crate::place::Place;
use crate::program::Program;
use nix::sys::signal::Signal;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// A database server, until it is dropped.
#[derive(Debug)]
pub struct Postgres {
    folder: TempDir,
    programs: PathBuf,
    user: u32,
    program: Option<Program>,
}

impl Postgres {
    /// Makes a cluster and starts it.
    ///
    /// # Panics
    /// When PostgreSQL is not installed: `tools/need` does that.
    pub fn start(place: &Place) -> Self {
        let folder = tempfile::Builder::new().prefix("ringfence-e2e-").tempdir().expect("a folder");
        let user = owner(folder.path());
        let mut server = Self { folder, programs: programs(), user, program: None };
        let made = server
            .command("initdb")
            .args(["--auth=trust", "--username=ringfence", "--encoding=UTF8", "--no-sync"])
            .args(["-D", "data"])
            .output()
            .expect("initdb");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        server.start_again(place);
        server
    }

    /// Starts it once more, and waits until it answers.
    pub fn start_again(&mut self, place: &Place) {
        let mut command = self.command("postgres");
        command.args(["-D", "data", "-c", "listen_addresses=", "-c", "fsync=off", "-k"]);
        command.arg(self.folder.path());
        self.program = Some(Program::start(place, "postgres", &mut command));
        eventually("PostgreSQL", || self.psql("SELECT 1").status.success().then_some(()));
    }

    /// Ends it at once, as a machine does that fails.
    pub fn kill(&mut self) {
        if let Some(mut program) = self.program.take() {
            // Its children end with it.
            program.signal(Signal::SIGQUIT);
            program.end(Duration::from_secs(5));
        }
    }

    /// It and all its connections stand still, and go on.
    pub fn stands_still(&self, still: bool) {
        let program = self.program.as_ref().expect("it runs");
        program.signal_all(if still { Signal::SIGSTOP } else { Signal::SIGCONT });
    }

    /// Where it is, for the settings of the firewall.
    pub fn url(&self) -> String {
        let folder = self.folder.path().display().to_string().replace('/', "%2F");
        format!("postgres://ringfence@{folder}/postgres")
    }

    /// Tells it something behind the firewall's back.
    ///
    /// # Panics
    /// When it does not understand.
    pub fn told(&self, sql: &str) {
        let output = self.psql(sql);
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn psql(&self, sql: &str) -> std::process::Output {
        let mut command = Command::new("psql");
        command.args(["-X", "-q", "-U", "ringfence", "-d", "postgres", "-c", sql, "-h"]);
        // Whatever the firewall may do, this may.
        command.env("PGOPTIONS", "-c default_transaction_read_only=off");
        command.arg(self.folder.path()).output().expect("psql: tools/need installs it")
    }

    /// It refuses to run as root.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.current_dir(self.folder.path()).uid(self.user).env("LC_ALL", "C.UTF-8");
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if self.program.is_some() {
            self.stands_still(false);
        }
        self.kill();
    }
}
