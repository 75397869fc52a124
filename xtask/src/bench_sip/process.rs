//! A server as a child: on its core, watched from outside, gone with us.

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

/// Clock ticks a second in `/proc`; Linux shows 100 to programs on every machine we know (`getconf CLK_TCK`).
const TICKS: f64 = 100.0;
const START: Duration = Duration::from_secs(15);
const STOP: Duration = Duration::from_secs(5);

/// A running server.
pub struct Server {
    pub name: &'static str,
    pub address: SocketAddr,
    /// Its settings, its data and what it says.
    pub folder: PathBuf,
    child: Child,
}

/// How to start one.
pub struct Recipe {
    pub name: &'static str,
    pub address: SocketAddr,
    pub program: PathBuf,
    pub arguments: Vec<String>,
    /// What it says goes there, into `log`.
    pub folder: PathBuf,
}

impl Recipe {
    /// Starts it on `core` and waits until it listens.
    pub fn start(self, core: usize) -> Result<Server> {
        ensure!(!listens(self.address), "{} is taken; is another bench running?", self.address);
        let log = File::create(self.folder.join("log")).context("writing a log")?;
        // The kernel ends the server when this process dies, whatever it dies of.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "TERM", "taskset", "--cpu-list", &core.to_string()]);
        command.arg(&self.program).args(&self.arguments);
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let child = command.spawn().context("starting setpriv (util-linux)")?;
        let Self { name, address, folder, .. } = self;
        let mut server = Server { name, address, folder, child };
        server.until_it_listens()?;
        Ok(server)
    }
}

impl Server {
    fn until_it_listens(&mut self) -> Result<()> {
        let begin = Instant::now();
        while !listens(self.address) {
            if let Some(status) = self.child.try_wait()? {
                bail!("{} ended at once ({status}):\n{}", self.name, self.said());
            }
            ensure!(begin.elapsed() < START, "{} does not listen:\n{}", self.name, self.said());
            pause(Duration::from_millis(20));
        }
        // Bound is not yet served: workers and timers start after the socket.
        pause(Duration::from_millis(500));
        Ok(())
    }

    /// Processor time of the server and all its children and threads, user and kernel.
    pub fn cpu(&self) -> Result<Duration> {
        let mut ticks = 0.0;
        for pid in self.family() {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            ticks += ticks_of(&stat).unwrap_or(0.0);
        }
        let lives = Path::new("/proc").join(self.pid().to_string()).join("exe").exists();
        ensure!(lives, "{} is gone:\n{}", self.name, self.said());
        Ok(Duration::from_secs_f64(ticks / TICKS))
    }

    /// Bytes in memory that are the server's own.
    pub fn resident(&self) -> Result<u64> {
        let kib = self.family().into_iter().filter_map(|pid| {
            let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
            let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
            line.split_whitespace().next()?.parse::<u64>().ok()
        });
        let kib: u64 = kib.sum();
        ensure!(kib > 0, "{} is gone:\n{}", self.name, self.said());
        Ok(kib * 1024)
    }

    /// The process, of all that belong to it, that we started.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The last lines of its log.
    pub fn said(&self) -> String {
        let text = std::fs::read(self.folder.join("log")).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<_> = text.lines().collect();
        lines
            .iter()
            .skip(lines.len().saturating_sub(15))
            .map(|line| format!("    {line}\n"))
            .collect()
    }

    fn family(&self) -> Vec<u32> {
        let mut all = vec![self.child.id()];
        let mut next = 0;
        while let Some(pid) = all.get(next).copied() {
            all.extend(children(pid));
            next += 1;
        }
        all
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let family = self.family();
        let _ = run_quietly("kill", &["-TERM", &self.child.id().to_string()]);
        let begin = Instant::now();
        while begin.elapsed() < STOP {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            pause(Duration::from_millis(20));
        }
        for pid in family {
            let _ = run_quietly("kill", &["-KILL", &pid.to_string()]);
        }
        let _ = self.child.wait();
    }
}

/// Children of all threads of a process.
fn children(pid: u32) -> Vec<u32> {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let lists =
        threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok());
    lists
        .flat_map(|list| {
            list.split_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>()
        })
        .collect()
}

/// utime and stime: the 14th and 15th field of proc_pid_stat(5), counted after the name in brackets.
fn ticks_of(stat: &str) -> Option<f64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let kernel: f64 = fields.next()?.parse().ok()?;
    Some(user + kernel)
}

/// Whether some UDP socket is bound to this IPv4 address.
fn listens(address: SocketAddr) -> bool {
    let SocketAddr::V4(address) = address else { return false };
    let [a, b, c, d] = address.ip().octets();
    let entry = format!(" {d:02X}{c:02X}{b:02X}{a:02X}:{:04X} ", address.port());
    std::fs::read_to_string("/proc/net/udp").is_ok_and(|table| table.contains(&entry))
}

/// Runs a small tool and says what it said when it fails.
pub fn run_quietly(program: &str, arguments: &[&str]) -> Result<()> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    let output = output.with_context(|| format!("starting {program}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{program} {}: {}", arguments.join(" "), said.trim());
    Ok(())
}

/// Where a program of Debian is, or which package has it.
pub fn installed(program: &str, package: &str) -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    folders.extend(["/usr/sbin", "/sbin"].map(PathBuf::from));
    let found = folders.iter().map(|folder| folder.join(program)).find(|path| Path::is_file(path));
    found.with_context(|| format!("{program} is not installed: apt-get install {package}"))
}

/// Waits without an event to wait for: a process from outside gives none.
pub fn pause(time: Duration) {
    let until = Instant::now() + time;
    while let Some(left) =
        until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    {
        std::thread::park_timeout(left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_found_after_any_name() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 1 0 0 0 250 50 0 0 20 0 3 0 1 1 1";
        assert_eq!(ticks_of(stat), Some(300.0));
        assert_eq!(ticks_of("7 (a) S 1"), None);
    }

    #[test]
    fn own_sockets_are_seen() {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        assert!(listens(address));
        drop(socket);
        assert!(!listens(address));
    }

    #[test]
    fn a_server_that_cannot_start_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let recipe = Recipe {
            name: "ls",
            address: "127.21.9.9:25061".parse().unwrap(),
            program: "ls".into(),
            arguments: vec!["/nowhere/at/all".into()],
            folder: folder.path().to_owned(),
        };
        let error = recipe.start(0).err().unwrap().to_string();
        assert!(error.contains("/nowhere/at/all"), "{error}");
    }
}
