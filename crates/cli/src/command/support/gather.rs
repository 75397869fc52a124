//! What goes into a dump. Each piece that cannot be had says why in its place: a dump is most wanted when much is wrong.

use super::DumpArgs;
use super::archive::Piece;
use super::redact::Redactor;
use ringfence_server::config;
use ringfence_server::control::{Answer, Ask, Client};
use ringfence_server::doctor::{Reach, examine};
use serde::Serialize;
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;
use toml::Value;

const PATIENCE: Duration = Duration::from_secs(10);
/// Of a settings file, a secret in a file, and metrics.
const BYTES_MAX: u64 = 4 << 20;
/// Longer lines of a log become several.
const LINE_BYTES_MAX: u64 = 16 << 10;

pub fn all(args: &DumpArgs) -> Vec<Piece> {
    let mut redactor = Redactor::default();
    let mut pieces = vec![piece("about.txt", about())];
    pieces.push(piece("settings.toml", settings(&args.config, &mut redactor)));
    pieces.extend(state(&args.config, &mut redactor));
    let reach = if args.offline { Reach::Here } else { Reach::Trunks };
    pieces.push(json("doctor.json", &examine(&args.config, reach), &mut redactor));
    for (number, log) in args.log.iter().enumerate() {
        let text = last_lines(log, args.lines)
            .unwrap_or_else(|error| format!("{} cannot be read: {error}\n", log.display()));
        pieces.push(piece(&format!("log-{}.txt", number + 1), redactor.text(&text)));
    }
    pieces
}

fn piece(name: &str, text: String) -> Piece {
    Piece { name: name.to_owned(), text }
}

fn json(name: &str, value: &impl Serialize, redactor: &mut Redactor) -> Piece {
    let text = serde_json::to_value(value).and_then(|mut value| {
        redactor.json(&mut value);
        serde_json::to_string_pretty(&value)
    });
    piece(name, text.unwrap_or_else(|error| format!("left out: {error}")) + "\n")
}

fn about() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let release = read("/etc/os-release");
    let system = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let memory = read("/proc/meminfo").lines().next().unwrap_or_default().to_owned();
    format!(
        "ringfence {}\nwritten {}\nsystem {}\nkernel {}\ncores {cores}\n{memory}\n",
        env!("CARGO_PKG_VERSION"),
        jiff::Timestamp::now(),
        system.unwrap_or("unknown").trim_matches('"'),
        read("/proc/sys/kernel/osrelease").trim(),
    )
}

fn settings(file: &Path, redactor: &mut Redactor) -> String {
    let text = match limited(file) {
        Ok(text) => text,
        Err(error) => return format!("# {} cannot be read: {error}\n", file.display()),
    };
    // What is no TOML cannot be told apart into secrets and the rest.
    let Ok(table) = text.parse::<toml::Table>() else {
        return "# left out: it is no TOML; ringfence check-config says where\n".to_owned();
    };
    redactor.learn(&table, &|value| secret(file, value));
    redactor.settings(&table)
}

/// What a field of settings holds: in itself, in a file beside them, or in the environment.
fn secret(settings: &Path, value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Table(table) => {
            let text = |key: &str| table.get(key).and_then(Value::as_str);
            let file = text("file").map(|at| settings.parent().unwrap_or(settings).join(at));
            let read = file.and_then(|at| limited(&at).ok());
            let read = read.or_else(|| std::env::var(text("env")?).ok());
            read.map(|text| text.trim_end().to_owned())
        }
        _ => None,
    }
}

fn limited(file: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    std::fs::File::open(file)?.take(BYTES_MAX).read_to_string(&mut text)?;
    Ok(text)
}

/// What the running one says of itself. Calls and registrations are persons' and stay.
fn state(config: &Path, redactor: &mut Redactor) -> Vec<Piece> {
    let control = match config::control_of(config) {
        Ok(control) => control,
        Err(problems) => {
            let why = redactor.text(&problems.to_string());
            return vec![piece("state.txt", format!("the settings cannot be read:\n{why}\n"))];
        }
    };
    let mut pieces = Vec::new();
    for (name, ask) in [
        ("status.json", Ask::Status),
        ("trunks.json", Ask::Trunks),
        ("blocks.json", Ask::Blocks),
        ("bans.json", Ask::Bans),
    ] {
        match Client::connect(&control).and_then(|mut client| client.ask(ask, PATIENCE)) {
            Ok(Answer::Status(of)) => pieces.push(json(name, &of, redactor)),
            Ok(Answer::Trunks(of)) => pieces.push(json(name, &of, redactor)),
            Ok(Answer::Blocks(of)) => pieces.push(json(name, &of, redactor)),
            Ok(Answer::Bans(of)) => pieces.push(json(name, &of, redactor)),
            Ok(_) => {}
            Err(error) => {
                pieces.push(piece(
                    "state.txt",
                    format!("it does not run, or may not be asked: {error}\n"),
                ));
                return pieces;
            }
        }
    }
    // Metrics hold no numbers, names or addresses.
    if let Some(at) = metrics_address(config) {
        let text = metrics(at).unwrap_or_else(|error| format!("# {at}: {error}\n"));
        pieces.push(piece("metrics.txt", text));
    }
    pieces
}

fn metrics_address(config: &Path) -> Option<SocketAddr> {
    let table = limited(config).ok()?.parse::<toml::Table>().ok()?;
    table.get("metrics")?.as_str()?.parse().ok()
}

fn metrics(at: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&at, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(stream, "GET /metrics HTTP/1.0\r\nHost: {at}\r\n\r\n")?;
    let mut text = String::new();
    stream.take(BYTES_MAX).read_to_string(&mut text)?;
    match text.split_once("\r\n\r\n") {
        Some((_, body)) => Ok(body.to_owned()),
        None => Ok(text),
    }
}

/// The last lines of a log, in constant memory.
fn last_lines(log: &Path, count: usize) -> std::io::Result<String> {
    let mut input: Box<dyn BufRead> = if log == Path::new("-") {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(BufReader::new(std::fs::File::open(log)?))
    };
    let mut last = VecDeque::new();
    let mut line = Vec::new();
    loop {
        line.clear();
        if input.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if last.len() >= count {
            last.pop_front();
        }
        last.push_back(String::from_utf8_lossy(&line).trim_end().to_owned());
    }
    Ok(last.into_iter().fold(String::new(), |all, line| all + &line + "\n"))
}
