//! `ringfence demo` as a newcomer meets it: one command, a link, calls, an attack that is stopped, and nothing left behind.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)] // a test may

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);
/// What a newcomer should wait for it to end.
const SOON: Duration = Duration::from_secs(2);

fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ringfence"));
    command.arg("demo").args(args).env("TMPDIR", folder).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A running demo; killed with the test.
struct Demo {
    child: Child,
    said: Receiver<String>,
    url: String,
    cookie: String,
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

impl Demo {
    fn start(folder: &Path, args: &[&str]) -> Self {
        let mut child = command(folder, args).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (tell, said) = channel();
        std::thread::spawn(move || {
            out.lines().map_while(Result::ok).for_each(|line| drop(tell.send(line)));
        });
        let mut demo = Self { child, said, url: String::new(), cookie: String::new() };
        let line = demo.says("portal ");
        let link = line.split_whitespace().find(|word| word.starts_with("http")).unwrap();
        let place = link.strip_prefix("http://localhost:").unwrap();
        let (port, path) = place.split_once('/').unwrap();
        demo.url = format!("127.0.0.1:{port}");
        let entered = demo.get(&format!("/{path}"));
        assert!(entered.starts_with("HTTP/1.1 303"), "{entered}");
        let cookie = entered.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
        assert!(cookie.contains("HttpOnly; SameSite=Strict"), "{cookie}");
        demo.cookie = cookie.split(';').next().unwrap().to_owned();
        let again = demo.get(&format!("/{path}"));
        assert!(again.starts_with("HTTP/1.1 410"), "{again}");
        demo
    }

    /// The next line with that in it.
    fn says(&self, what: &str) -> String {
        let until = Instant::now() + PATIENCE;
        let mut all = String::new();
        while let Ok(line) = self.said.recv_timeout(until.saturating_duration_since(Instant::now()))
        {
            if line.contains(what) {
                return line;
            }
            all += &line;
        }
        panic!("never said {what:?}: {all}");
    }

    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.url).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {}\r\n", self.cookie);
        write!(stream, "{head}Connection: close\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    }

    fn items(&self, path: &str) -> Vec<Value> {
        let answer = self.get(path);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{path}: {answer}");
        // Long answers come in pieces, each after its length.
        let body: String = body.split("\r\n").filter(|line| line.starts_with('{')).collect();
        let page: Value = serde_json::from_str(&body).unwrap_or_else(|e| panic!("{e}: {answer}"));
        page["items"].as_array().unwrap_or_else(|| panic!("{page}")).clone()
    }

    fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let until = Instant::now() + PATIENCE;
        while !holds(self) {
            assert!(Instant::now() < until, "never: {what}");
            std::thread::park_timeout(Duration::from_millis(100));
        }
    }
}

/// Millionths of a euro.
fn sum(items: &[Value], of: &str) -> i64 {
    items.iter().map(|item| item[of].as_i64().unwrap()).sum()
}

#[test]
fn a_newcomer_sees_calls_and_an_attack_that_is_stopped_within_cents() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["--weeks", "2", "--speed", "10", "--attack-after", "4s", "--seed", "5"];
    let mut demo = Demo::start(folder.path(), &args);
    demo.until("calls run", |it| it.items("/v1/live-calls").len() >= 5);
    demo.until("the past is there", |it| {
        let answered = it.items("/v1/cases?limit=50");
        answered.iter().filter(|case| case["alerts"].as_u64() > Some(0)).count() >= 2
    });
    let before: Vec<Value> = demo.items("/v1/cases?limit=50");
    let attacked = demo.says("ATTACK");
    let stopped = demo.says("STOPPED");
    let case = stopped.rsplit('/').next().unwrap().to_owned();
    assert!(
        before.iter().all(|old| old["id"] != case.as_str()),
        "a new case: {attacked}, {stopped}"
    );
    let find = |it: &Demo| it.items("/v1/cases?limit=50").into_iter().find(|of| of["id"] == *case);
    demo.until("calls of the attack are refused", |it| {
        find(it).is_some_and(|case| case["calls"].as_u64() >= Some(5))
    });
    let case = find(&demo).unwrap();
    let (tenant, extension) =
        (case["tenant"].as_str().unwrap(), case["extension"].as_str().unwrap());
    let own =
        format!("/v1/calls?tenant={tenant}&extension={extension}&direction=outbound&limit=100");
    let stopped = demo.items(&format!("{own}&stopped=true"));
    let country = stopped[0]["country"].as_str().unwrap().to_owned();
    let refused: Vec<_> = stopped.into_iter().filter(|of| of["outcome"] == "refused").collect();
    assert!(refused.iter().all(|of| of["code"] == 486 || of["code"] == 603), "{refused:?}");
    let all = demo.items(&format!("{own}&country={country}"));
    let (lost, prevented) = (sum(&all, "cost"), sum(&refused, "prevented"));
    assert!(lost < 1_000_000 && prevented > lost, "{lost} {prevented} {case}");
    // Honest calls go on meanwhile.
    demo.until("calls run", |it| it.items("/v1/live-calls").len() >= 5);

    let told = Instant::now();
    let pid = demo.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let code = demo.child.wait().unwrap();
    let mut stderr = String::new();
    demo.child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert!(code.success(), "{stderr}");
    assert!(told.elapsed() < SOON, "{:?}", told.elapsed());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left");
    assert_eq!(stderr, "", "nothing went wrong");
}

#[test]
fn it_is_for_this_machine_alone_and_takes_no_folder_that_holds_something() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |args: &[&str]| {
        let output = command(folder.path(), args).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    for address in ["0.0.0.0:0", "192.0.2.1:8443", "[::]:0"] {
        let said = refused(&["--listen", address]);
        assert!(said.contains("not an address of this machine alone"), "{said}");
    }
    std::fs::write(folder.path().join("mine"), "mine").unwrap();
    let said = refused(&["--data", folder.path().to_str().unwrap()]);
    assert!(said.contains("is not empty"), "{said}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let said = refused(&["--listen", &taken.local_addr().unwrap().to_string()]);
    assert!(said.contains("cannot be had"), "{said}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left");
}

#[test]
fn what_is_kept_is_a_firewall_with_its_settings_and_records() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept");
    let data = kept.to_str().unwrap();
    let args = ["--weeks", "1", "--no-attack", "--data", data];
    let mut demo = Demo::start(folder.path(), &args);
    let pid = demo.child.id().to_string();
    let control = kept.join("data/control.sock");
    demo.until("phones have registered", |_| {
        let mut list = Command::new(env!("CARGO_BIN_EXE_ringfence"));
        list.args(["registrations", "list", "--json", "--control"]).arg(&control);
        let output = list.output().unwrap();
        let list: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        list.as_array().is_some_and(|list| list.len() >= 20)
    });
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert!(demo.child.wait().unwrap().success());
    assert!(kept.join("ringfence.toml").exists() && kept.join("data/ringfence.db").exists());
    let days = std::fs::read_dir(kept.join("data")).unwrap();
    let cdrs = days
        .filter(|file| file.as_ref().unwrap().file_name().to_string_lossy().starts_with("cdr-"));
    assert!(cdrs.count() >= 5, "a file of records for each day");
}
