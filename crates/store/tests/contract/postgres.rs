//! A PostgreSQL of the test's own, in a temporary folder, on a socket there.

#[path = "cluster.rs"]
mod cluster;

use cluster::{owner, programs};
use ringfence_store::Place;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// Runs until it is dropped.
pub struct Server {
    folder: tempfile::TempDir,
    process: Option<Child>,
    programs: PathBuf,
    user: u32,
}

impl Server {
    /// Makes a cluster and starts it. Fails, rather than being left out, where PostgreSQL is not installed.
    pub fn start() -> Self {
        let programs = programs();
        let folder = tempfile::tempdir().unwrap();
        let user = owner(folder.path());
        let mut server = Self { folder, process: None, programs, user };
        let data = server.folder.path().join("data");
        let made = server
            .command("initdb")
            .args(["--auth=trust", "--username=ringfence", "--encoding=UTF8", "--no-sync", "-D"])
            .arg(&data)
            .stdout(Stdio::null())
            .status();
        assert!(made.unwrap().success(), "initdb failed");
        server.run();
        server
    }

    /// Starts it, and waits until it answers.
    pub fn run(&mut self) {
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.folder.path().join("data")).arg("-k").arg(self.folder.path());
        // Nothing here outlives the test, so nothing needs to reach the disk.
        command.args(["-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=40"]);
        let log = std::fs::File::create(self.folder.path().join("log")).unwrap();
        command.stdout(Stdio::null()).stderr(log);
        self.process = Some(command.spawn().unwrap());
        let at = self.at();
        let ready = || postgres::Client::connect(&at, postgres::NoTls).is_ok();
        let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
        while !ready() {
            assert!(
                std::time::Instant::now() < until,
                "PostgreSQL does not answer: {}",
                self.log()
            );
            std::thread::yield_now();
        }
    }

    /// Ends it at once, as a machine does that fails.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            // SIGQUIT: its children end with it.
            let id = process.id().to_string();
            let _ = Command::new("kill").args(["-QUIT", &id]).status();
            let _ = process.wait();
        }
    }

    /// An empty place for a store: a schema, for making a database copies a thousand files.
    pub fn place(&self, name: &str) -> Place {
        self.run_sql(&format!("CREATE SCHEMA {name}"));
        Place::Postgres(format!("{} options='-c search_path={name}'", self.at()))
    }

    /// Does something behind the store's back.
    pub fn run_sql(&self, sql: &str) {
        let mut client = postgres::Client::connect(&self.at(), postgres::NoTls).unwrap();
        client.batch_execute(sql).unwrap();
    }

    fn at(&self) -> String {
        format!("host='{}' user=ringfence dbname=postgres", self.folder.path().display())
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// It refuses to run as root.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.current_dir(self.folder.path()).uid(self.user).env("LC_ALL", "C.UTF-8");
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
