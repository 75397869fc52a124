//! SIPp as a party.

use crate::ladder::Ladder;
use crate::place::Place;
use crate::program::Program;
use crate::scenario::Scenario;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// How a party speaks. For TLS a [`crate::tls_into`] stands between: SIPp here has none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Transport {
    Udp,
    Tcp,
    Tls,
}

/// Settings of a SIPp party before it is started.
#[derive(Debug)]
pub struct Sipp<'p> {
    place: &'p Place,
    local: SocketAddr,
    scenario: Scenario,
    transport: Transport,
    calls: u32,
    per_second: u32,
    dialled: String,
    caller: String,
    login: Option<(String, String)>,
    domain: Option<String>,
    call_ids: Option<&'static str>,
    patience: Duration,
}

/// A started one. In a failing test its ladder is shown.
#[derive(Debug)]
pub struct Party {
    name: String,
    program: Program,
    messages: PathBuf,
    errors: PathBuf,
    patience: Duration,
}

impl<'p> Sipp<'p> {
    /// A party at an address that acts out a scenario once.
    pub fn new(place: &'p Place, local: SocketAddr, scenario: Scenario) -> Self {
        Self {
            place,
            local,
            scenario,
            transport: Transport::Udp,
            calls: 1,
            per_second: 50,
            dialled: "0201234567".into(),
            caller: "0301111111".into(),
            login: None,
            domain: None,
            call_ids: None,
            patience: Duration::from_secs(10),
        }
    }

    /// How it speaks; UDP unless said.
    #[must_use]
    pub const fn over(mut self, transport: Transport) -> Self {
        self.transport = transport;
        self
    }

    /// How many calls, and how many may begin per second.
    #[must_use]
    pub const fn calls(mut self, calls: u32, per_second: u32) -> Self {
        self.calls = calls;
        self.per_second = per_second;
        self
    }

    /// What it dials.
    #[must_use]
    pub fn dials(mut self, dialled: &str) -> Self {
        dialled.clone_into(&mut self.dialled);
        self
    }

    /// Who it says it is.
    #[must_use]
    pub fn says_it_is(mut self, caller: &str) -> Self {
        caller.clone_into(&mut self.caller);
        self
    }

    /// What it answers challenges with.
    #[must_use]
    pub fn login(mut self, user: &str, password: &str) -> Self {
        self.login = Some((user.to_owned(), password.to_owned()));
        self
    }

    /// The domain it and those it calls belong to; the address it sends to unless said.
    #[must_use]
    pub fn of_domain(mut self, domain: &str) -> Self {
        self.domain = Some(domain.to_owned());
        self
    }

    /// How long all of it may last.
    #[must_use]
    pub const fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Its Call-IDs have this in them.
    #[must_use]
    pub const fn call_ids_with(mut self, text: &'static str) -> Self {
        self.call_ids = Some(text);
        self
    }

    /// Starts it; a callee needs no `remote`. A callee is started before its caller, and hears from then on.
    pub fn start(self, remote: Option<SocketAddr>) -> Party {
        let port = self.place.port();
        let file = |sort: &str| format!("sipp-{port}{sort}");
        let scenario = self.place.file(&file(".xml"), &self.scenario.xml());
        let messages = self.place.folder().join(file("-messages.log"));
        let errors = self.place.folder().join(file("-errors.log"));
        let (mode, via) = match self.transport {
            Transport::Udp => ("u1", "UDP"),
            Transport::Tcp => ("t1", "TCP"),
            Transport::Tls => ("t1", "TLS"),
        };
        let mut command = Command::new("sipp");
        command.current_dir(self.place.folder()).env("TERM", "dumb");
        command.args(remote.map(|remote| remote.to_string()));
        command.arg("-sf").arg(scenario).args(["-t", mode, "-nostdin", "-bind_local"]);
        command.args(["-i", &self.local.ip().to_string(), "-p", &self.local.port().to_string()]);
        command.args(["-mi", &self.local.ip().to_string(), "-mp", &port.to_string()]);
        // It cannot be controlled over IPv6.
        let control = match self.local.ip() {
            IpAddr::V4(ip) => ip,
            IpAddr::V6(_) => Ipv4Addr::LOCALHOST,
        };
        command.args(["-ci", &control.to_string(), "-cp", &(port + 3).to_string()]);
        command.args(["-m", &self.calls.to_string(), "-r", &self.per_second.to_string()]);
        command.args(["-l", &self.calls.to_string(), "-s", &self.dialled]);
        command.args(["-key", "caller", &self.caller, "-key", "via", via]);
        let remote_host = remote.unwrap_or(self.local).to_string();
        let remote_ip = match remote.unwrap_or(self.local).ip() {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        };
        let host = self.domain.as_ref().unwrap_or(&remote_host);
        command.args(["-key", "host", host, "-key", "domain"]);
        command.arg(self.domain.as_ref().unwrap_or(&remote_ip));
        // What answers to challenges are for must be what is asked for (RFC 2617 §3.2.2.5).
        let asked = match self.scenario.registers() {
            true => host.clone(),
            false => format!("{}@{host}", self.dialled),
        };
        command.args(["-auth_uri", &asked]);
        if let Some((user, password)) = &self.login {
            command.args(["-au", user, "-ap", password]);
        }
        if let Some(text) = self.call_ids {
            command.args(["-cid_str", &format!("%u-%p{text}@%s")]);
        }
        command.args(["-timeout", &self.patience.as_secs().to_string(), "-timeout_error"]);
        command.args(["-trace_msg", "-trace_err", "-message_file"]).arg(&messages);
        command.arg("-error_file").arg(&errors);
        let name = if remote.is_some() { "caller" } else { "callee" };
        let name = format!("{name}-{}", self.local.ip());
        // What it prints are screens of counters.
        let program = Program::start(self.place, &name, &mut command).quiet();
        let party = Party { name, program, messages, errors, patience: self.patience };
        if remote.is_none() {
            party.listens(self.local, self.transport);
        }
        party
    }
}

impl Party {
    /// Waits until its socket is bound: Linux lists all of them.
    fn listens(&self, local: SocketAddr, transport: Transport) {
        let table = if transport == Transport::Udp { "udp" } else { "tcp" };
        crate::place::listens(table, local);
    }

    /// Waits for its end, which must be a success, and gives all it sent and heard.
    ///
    /// # Panics
    /// When a message did not come, or another one did.
    pub fn done(mut self) -> Ladder {
        let status = self.program.end(self.patience + Duration::from_secs(2)).status;
        assert!(status.success(), "{}: {status}", self.name);
        self.ladder()
    }

    /// Waits for its end, however it comes.
    pub fn over(mut self) -> Ladder {
        self.program.end(self.patience + Duration::from_secs(2));
        self.ladder()
    }

    /// What it sent and heard so far.
    pub fn ladder(&self) -> Ladder {
        Ladder::read(&String::from_utf8_lossy(&std::fs::read(&self.messages).unwrap_or_default()))
    }
}

impl Drop for Party {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let errors = std::fs::read_to_string(&self.errors).unwrap_or_default();
            eprintln!("---- {}\n{}\n{errors}", self.name, self.ladder());
        }
    }
}
