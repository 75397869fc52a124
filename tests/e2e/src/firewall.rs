//! Ringfence itself: `ringfence serve`, and the commands operators give it.

use crate::attempt::within;
use crate::place::Place;
use crate::program::{Ended, Program};
use nix::sys::signal::Signal;
use serde_json::Value;
use std::io::ErrorKind;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

/// A running Ringfence.
#[derive(Debug)]
pub struct Firewall {
    program: Program,
    config: PathBuf,
    binary: PathBuf,
    variables: Vec<(String, String)>,
}

impl Firewall {
    /// Starts `binary` with these settings and waits until it says that it is ready, as it does to systemd.
    ///
    /// # Panics
    /// When it ends instead, or takes longer than ten seconds.
    pub fn start(place: &Place, binary: &Path, settings: &str) -> Self {
        Self::start_as(place, binary, ("ringfence", settings), &[])
    }

    /// The same for one of several, whose settings are `<name>.toml`, with variables in its environment.
    ///
    /// # Panics
    /// As [`Self::start`].
    pub fn start_as(
        place: &Place,
        binary: &Path,
        (name, settings): (&str, &str),
        variables: &[(&str, &str)],
    ) -> Self {
        let config = place.file(&format!("{name}.toml"), settings);
        let variables: Vec<_> = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let program = launch(place, binary, &config, &variables);
        Self { program, config, binary: binary.to_owned(), variables }
    }

    /// The same once more, after its end.
    pub fn start_again(&mut self, place: &Place) {
        self.program = launch(place, &self.binary, &self.config, &self.variables);
    }

    /// Starts it with settings that cannot work, and waits for its end.
    ///
    /// # Panics
    /// When it does not end within ten seconds.
    pub fn refuses(place: &Place, binary: &Path, settings: &str) -> Ended {
        let config = place.file("ringfence.toml", settings);
        let mut command = serve(binary, &config);
        Program::start(place, "ringfence", &mut command).end(Duration::from_secs(10))
    }

    /// Gives it other settings, without telling it.
    pub fn rewrite(&self, settings: &str) {
        std::fs::write(&self.config, settings).expect("its settings");
    }

    /// An operator's command, such as `["calls", "list", "--json"]`.
    pub fn command(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(&self.binary);
        command.args(arguments).arg("--config").arg(&self.config);
        command.output().expect("the operator's program")
    }

    /// The same, which must succeed; gives what it printed.
    ///
    /// # Panics
    /// When it fails.
    pub fn told(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "ringfence {arguments:?}: {}\n{errors}", output.status);
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// A list, as JSON.
    ///
    /// # Panics
    /// When it fails, or prints something else.
    pub fn list(&self, what: &str) -> Vec<Value> {
        let said = self.told(&[what, "list", "--json"]);
        let parsed: Value = serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said:?}"));
        parsed.as_array().unwrap_or_else(|| panic!("no list: {said}")).clone()
    }

    /// Call records written so far, oldest first.
    pub fn cdrs(&self) -> Vec<Value> {
        self.records("cdr")
    }

    /// Records of one sort: files `<sort>-<day>.jsonl` in the data folder.
    pub fn records(&self, sort: &str) -> Vec<Value> {
        let data = self.config.with_file_name("data");
        let mut files: Vec<PathBuf> = Vec::new();
        collect(&data, sort, &mut files);
        files.sort();
        let text: String =
            files.iter().map(|file| std::fs::read_to_string(file).unwrap_or_default()).collect();
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// All it logged.
    pub fn said(&self) -> String {
        self.program.said()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        self.program.signal(signal);
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.program.kill();
    }

    /// Waits for its end.
    pub fn end(&mut self, limit: Duration) -> Ended {
        self.program.end(limit)
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        self.program.ended().is_none()
    }
}

fn serve(binary: &Path, config: &Path) -> Command {
    let mut command = Command::new(binary);
    command.arg("serve").arg("--config").arg(config);
    command
}

fn launch(place: &Place, binary: &Path, config: &Path, variables: &[(String, String)]) -> Program {
    let path = place.folder().join("notify.sock");
    let _ = std::fs::remove_file(&path);
    let notify = UnixDatagram::bind(&path).expect("a socket for its notice");
    notify.set_nonblocking(true).expect("no waiting");
    let mut command = serve(binary, config);
    command.envs(variables.iter().map(|(name, value)| (name, value))).env("NOTIFY_SOCKET", &path);
    let mut program = Program::start(place, "ringfence", &mut command);
    let ready = within(Duration::from_secs(10), || {
        let mut notice = [0; 512];
        match notify.recv(&mut notice) {
            Ok(n) => notice[..n].split(|b| *b == b'\n').any(|l| l == b"READY=1").then_some(true),
            Err(error) if error.kind() == ErrorKind::WouldBlock => program.ended().map(|_| false),
            Err(error) => panic!("its notice: {error}"),
        }
    });
    match ready {
        Some(true) => program,
        Some(false) => panic!("ringfence ended at its start: {}", program.said()),
        None => panic!("ringfence was not ready within ten seconds"),
    }
}

fn collect(folder: &Path, sort: &str, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let named = entry.file_name().to_string_lossy().starts_with(sort);
        match path.is_dir() {
            true => collect(&path, sort, files),
            false if named && path.extension().is_some_and(|e| e == "jsonl") => files.push(path),
            false => {}
        }
    }
}
