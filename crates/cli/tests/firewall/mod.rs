//! A running `ringfence serve` in a folder of its own, on loopback addresses of its own, and SIP peers around it.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may; not every test uses all

use std::io::{BufRead, BufReader, Read};
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(20);

/// Settings, data and the running program.
pub struct Firewall {
    pub folder: tempfile::TempDir,
    /// `127.a.b`, ours alone while the test runs.
    pub net: String,
    running: Option<Child>,
}

impl Firewall {
    /// A trunk guard between a PBX at `.2` and a carrier at `.3`, not started; `more` goes into its tenant.
    pub fn new(number: u8, more: &str) -> Self {
        let pid = std::process::id();
        let net = format!("127.{}.{}", 64 + (pid / 8) % 128, (pid % 8) * 32 + u32::from(number));
        let new = Self { folder: tempfile::tempdir().unwrap(), net, running: None };
        new.write("ringfence.toml", &new.settings(more));
        new
    }

    pub fn settings(&self, more: &str) -> String {
        let net = &self.net;
        format!(
            "data = \"data\"\nshards = 2\ndrain_secs = 20\nmetrics = \"{net}.1:29090\"\n\
             [[listen]]\nudp = \"{net}.1:25060\"\n\
             [[trunk]]\nid = \"pbx\"\nside = \"pbx\"\naddress = \"{net}.2\"\ntarget = \"{net}.2:25070\"\nprobe_secs = 0\n\
             [[trunk]]\nid = \"carrier\"\nside = \"carrier\"\naddress = \"{net}.3\"\ntarget = \"{net}.3:25080\"\nprobe_secs = 0\n\
             [[tenant]]\nid = \"office\"\n{more}\n"
        )
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// Starts it and waits until it takes calls.
    pub fn start(&mut self) {
        let log =
            std::fs::File::options().create(true).append(true).open(self.path("log")).unwrap();
        let mut serve = self.command(&["serve", "--config", "ringfence.toml"]);
        let child = serve.stdout(Stdio::null()).stderr(log).spawn().unwrap();
        self.running = Some(child);
        self.until("it answers", |it| it.tell(&["status"]).status.success());
    }

    /// Kills it like a crash.
    pub fn kill(&mut self) {
        let mut child = self.running.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    pub fn signal(&self, name: &str) {
        let pid = self.running.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args([name, &pid]).status().unwrap().success());
    }

    /// Waits for its end; gives the exit code.
    pub fn ended(&mut self) -> Option<i32> {
        let mut child = self.running.take().unwrap();
        // The test runner ends a test that waits for ever.
        child.wait().unwrap().code()
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ringfence"));
        command.args(args).current_dir(self.folder.path()).env_remove("NOTIFY_SOCKET");
        command
    }

    pub fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// An operator's command.
    pub fn tell(&self, args: &[&str]) -> Output {
        self.run(&[args, &["--control", "data/control.sock"]].concat())
    }

    /// An operator's question, answered as JSON.
    pub fn json(&self, args: &[&str]) -> serde_json::Value {
        let output = self.tell(&[args, &["--json"]].concat());
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {stderr}"))
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// Waits until something holds.
    pub fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let until = Instant::now() + PATIENCE;
        while !holds(self) {
            assert!(Instant::now() < until, "never: {what}\n{}", self.log());
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }

    /// `GET` of the metrics address.
    pub fn get(&self, path: &str) -> String {
        use std::io::Write;
        let mut stream = std::net::TcpStream::connect(format!("{}.1:29090", self.net)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    }

    pub fn peer(&self, host: u8, port: u16) -> Peer {
        let here = format!("{}.{host}:{port}", self.net);
        let socket = UdpSocket::bind(&here).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.connect(format!("{}.1:25060", self.net)).unwrap();
        Peer { socket, here, there: format!("{}.1:25060", self.net) }
    }
}

impl Drop for Firewall {
    fn drop(&mut self) {
        if let Some(mut child) = self.running.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The other end of a trunk, as plain as can be.
pub struct Peer {
    socket: UdpSocket,
    pub here: String,
    there: String,
}

impl Peer {
    pub fn send(&self, message: &str) {
        self.socket.send(message.as_bytes()).unwrap();
    }

    /// The next message that begins so; others are passed over.
    pub fn hear(&self, begins: &str) -> String {
        let until = Instant::now() + PATIENCE;
        let mut buffer = vec![0; 65_536];
        loop {
            let length = self.socket.recv(&mut buffer).unwrap_or_else(|e| panic!("{begins}: {e}"));
            let message = String::from_utf8_lossy(&buffer[..length]).into_owned();
            if message.starts_with(begins) {
                return message;
            }
            assert!(Instant::now() < until, "no {begins}; heard {message}");
        }
    }

    /// A request of a call that this side began. `to` is the To field.
    pub fn request(&self, method: &str, uri: &str, to: &str, call: &str, number: u32) {
        let Self { here, .. } = self;
        let branch = if method == "ACK" { "ack" } else { method };
        self.send(&format!(
            "{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bK-{call}-{number}-{branch}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:205@{here}>;tag={call}\r\nTo: {to}\r\nCall-ID: {call}@pbx\r\n\
             CSeq: {number} {method}\r\nContact: <sip:205@{here}>\r\nContent-Length: 0\r\n\r\n"
        ));
    }

    pub fn invite(&self, number: &str, call: &str) {
        let uri = format!("sip:{number}@{}", self.there);
        self.request("INVITE", &uri, &format!("<{uri}>"), call, 1);
    }

    /// Answers a request.
    pub fn answer(&self, request: &str, status: &str) {
        let mut text = format!("SIP/2.0 {status}\r\n");
        for line in request.lines().take_while(|line| !line.is_empty()) {
            let name = line.split(':').next().unwrap_or_default().to_ascii_lowercase();
            match name.as_str() {
                "via" | "from" | "call-id" | "cseq" | "record-route" => {
                    text += &format!("{line}\r\n")
                }
                "to" if line.contains("tag=") => text += &format!("{line}\r\n"),
                "to" => text += &format!("{line};tag=callee\r\n"),
                _ => {}
            }
        }
        let here = &self.here;
        self.send(&format!("{text}Contact: <sip:callee@{here}>\r\nContent-Length: 0\r\n\r\n"));
    }
}

/// A field of a message.
pub fn field(message: &str, name: &str) -> String {
    let prefix = format!("{}:", name.to_ascii_lowercase());
    let line = message.lines().find(|line| line.to_ascii_lowercase().starts_with(&prefix));
    line.unwrap_or_else(|| panic!("no {name} in {message}"))[prefix.len()..].trim().to_owned()
}

/// What a Contact leads to.
pub fn contact(message: &str) -> String {
    let contact = field(message, "Contact");
    let inner = contact.split('<').nth(1).and_then(|rest| rest.split('>').next());
    inner.unwrap_or(&contact).to_owned()
}

/// Sets a call up; gives the answer as the PBX heard it.
pub fn call(pbx: &Peer, carrier: &Peer, number: &str, id: &str) -> String {
    pbx.invite(number, id);
    let invite = carrier.hear("INVITE");
    carrier.answer(&invite, "180 Ringing");
    pbx.hear("SIP/2.0 180");
    carrier.answer(&invite, "200 OK");
    let answered = pbx.hear("SIP/2.0 200");
    pbx.request("ACK", &contact(&answered), &field(&answered, "To"), id, 1);
    carrier.hear("ACK");
    answered
}

/// Lines of a file of the data folder that begins so.
pub fn lines(data: &Path, begins: &str) -> Vec<serde_json::Value> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(data).unwrap().flatten() {
        if entry.file_name().to_string_lossy().starts_with(begins) {
            let file = std::fs::File::open(entry.path()).unwrap();
            let read = BufReader::new(file).lines();
            all.extend(
                read.map(|line| serde_json::from_str::<serde_json::Value>(&line.unwrap()).unwrap()),
            );
        }
    }
    all
}
