//! `cargo xtask bench-adviser`: how long a PBX that asks over HTTP waits for its answer.
//!
//! Questions come at a fixed pace, whatever the answers do, and a wait is counted from the moment a question was due: a
//! server that stalls is not spared the questions it kept from being asked.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use jiff::Timestamp;
use ringfence_model::WallTime;
use ringfence_store::{Act, ApiKey, Place, Store};

use crate::bench::document::machine;
use crate::tidy::root;

/// 43 characters of 32 bytes: for this bench alone.
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
/// Its SHA-256.
const KEY_HASH: [u8; 32] = [
    0xea, 0x86, 0x6a, 0x75, 0x7e, 0x4c, 0x38, 0xba, 0xbf, 0xa8, 0x12, 0x7c, 0xbe, 0x9a, 0x40, 0x9d,
    0x3e, 0x1f, 0x93, 0xa0, 0x0f, 0xf1, 0x48, 0x8f, 0xf7, 0x35, 0xfc, 0xf9, 0x17, 0xaf, 0xff, 0xd0,
];
const TENANTS: u64 = 20;

#[derive(Debug, clap::Args)]
pub struct Options {
    /// Questions a second.
    #[arg(long, default_value_t = 2_000)]
    rate: u64,
    /// For how many seconds; at most 60.
    #[arg(long, default_value_t = 10)]
    secs: u64,
    /// Connections that are kept.
    #[arg(long, default_value_t = 16)]
    connections: u64,
    /// Write docs/reference/performance-adviser.md anew.
    #[arg(long)]
    write: bool,
    /// The program that is measured.
    #[arg(long)]
    program: PathBuf,
}

pub fn command(options: &Options) -> Result<()> {
    ensure!(options.secs <= 60 && options.rate > 0 && options.connections > 0, "see --help");
    let folder = tempfile::tempdir()?;
    let (sip, http) = (free()?, free()?);
    let mut server = start(options, folder.path(), sip, http)?;
    let waits = load(options, http);
    // Told to stop, and if it does not: it ends with us anyway.
    let _ = server.kill();
    let _ = server.wait();
    let waits = waits?;
    let text = page(options, &waits);
    println!("{text}");
    if options.write {
        std::fs::write(root()?.join("docs/reference/performance-adviser.md"), text)?;
    }
    Ok(())
}

fn free() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// The program with tenants that enforce, and a key for all of them.
fn start(options: &Options, folder: &Path, sip: SocketAddr, http: SocketAddr) -> Result<Child> {
    let mut settings = format!(
        "data = \"data\"\n[[listen]]\nudp = \"{sip}\"\n[adviser]\nlisten = \"{http}\"\nquestions_per_sec_max = 100000\n"
    );
    for n in 0..TENANTS {
        settings += &format!("[[tenant]]\nid = \"t{n}\"\ncountry = \"NL\"\nmode = \"enforce\"\n");
    }
    let file = folder.join("ringfence.toml");
    std::fs::write(&file, settings)?;
    std::fs::create_dir(folder.join("data"))?;
    let now = WallTime(Timestamp::now().as_microsecond());
    let store = Store::open(Place::File(folder.join("data/ringfence.db")), now)?;
    let act = Act {
        who: "bench".into(),
        what: "key.make".into(),
        why: String::new(),
        address: None,
        at: now,
    };
    let key = ApiKey {
        id: "bench".into(),
        name: "bench".into(),
        hash: KEY_HASH,
        scopes: vec!["decide".into()],
        tenant: None,
        nets: Vec::new(),
        made_by: "bench".into(),
        created: now,
        expires: None,
        used: None,
        revoked: None,
    };
    store.make_key(&act, &key)?;
    drop(store);
    let log = File::create(folder.join("log"))?;
    let mut server = Command::new("setpriv")
        .args(["--pdeathsig", "KILL"])
        .arg(&options.program)
        .args(["serve", "--config"])
        .arg(&file)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .context("starting setpriv (util-linux)")?;
    let begin = Instant::now();
    while TcpStream::connect(http).is_err() {
        let said = || std::fs::read_to_string(folder.join("log")).unwrap_or_default();
        if server.try_wait()?.is_some() || begin.elapsed() > Duration::from_secs(15) {
            bail!("it does not answer:\n{}", said());
        }
        std::thread::park_timeout(Duration::from_millis(50));
    }
    Ok(server)
}

/// All waits, shortest first.
fn load(options: &Options, http: SocketAddr) -> Result<Vec<Duration>> {
    let begin = Instant::now() + Duration::from_millis(200);
    let waits: Vec<Result<Vec<Duration>>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..options.connections)
            .map(|n| scope.spawn(move || one(options, http, n, begin)))
            .collect();
        let died = |_| Err(anyhow::anyhow!("a connection's thread failed"));
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(died)).collect()
    });
    let mut all: Vec<Duration> =
        waits.into_iter().collect::<Result<Vec<_>>>()?.into_iter().flatten().collect();
    all.sort_unstable();
    Ok(all)
}

/// One connection's share: each question when it is due.
fn one(options: &Options, http: SocketAddr, n: u64, begin: Instant) -> Result<Vec<Duration>> {
    let mut stream = TcpStream::connect(http)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let count = options.rate * options.secs;
    let mut waits = Vec::new();
    for question in (n..count).step_by(usize::try_from(options.connections)?) {
        let due = begin + Duration::from_secs_f64(question as f64 / options.rate as f64);
        while let Some(left) = due.checked_duration_since(Instant::now()).filter(|l| !l.is_zero()) {
            std::thread::park_timeout(left);
        }
        ask(&mut stream, question)?;
        // The first second warms up caches and connections.
        if question >= options.rate {
            waits.push(due.elapsed());
        }
    }
    Ok(waits)
}

fn ask(stream: &mut TcpStream, question: u64) -> Result<()> {
    // Half of them are paid calls, which are weighed.
    let to = if question.is_multiple_of(2) { "0031201234567" } else { "004930123456" };
    let body = format!(
        r#"{{"tenant":"t{}","call_id":"{question}@bench","from":"2{:02}","to":"{to}","src_ip":"192.0.2.7"}}"#,
        question % TENANTS,
        question % 50
    );
    let request = format!(
        "POST /v1/decide HTTP/1.1\r\nHost: bench\r\nX-API-Key: rf_{KEY}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::with_capacity(1_024);
    let mut part = [0; 2_048];
    loop {
        let count = stream.read(&mut part)?;
        ensure!(count > 0, "the connection was closed");
        answer.extend_from_slice(part.get(..count).unwrap_or_default());
        if answer.ends_with(b"}") {
            break;
        }
    }
    let judged = memchr::memmem::find(&answer, b"\"mode\":\"enforce\"").is_some();
    ensure!(judged, "not judged: {}", String::from_utf8_lossy(&answer));
    Ok(())
}

fn page(options: &Options, waits: &[Duration]) -> String {
    let at = |share: f64| {
        let index = ((waits.len() as f64 * share) as usize).min(waits.len().saturating_sub(1));
        waits.get(index).map_or(0.0, |wait| wait.as_secs_f64() * 1e3)
    };
    format!(
        "# Performance of the adviser\n\n\
         Measured by `cargo xtask bench-adviser --program PROGRAM --write` on {}; every figure on this page comes from that\n\
         run. Machine: {}. Program and load share it, and other work may have: figures are what was to be had, not the best\n\
         there is.\n\n\
         {} questions a second for {} s over {} kept connections, {TENANTS} tenants that enforce, half of the calls paid ones.\n\
         Each question has a new Call-ID, is judged by the shard of its tenant, and leaves its records on the disk. A wait is\n\
         counted from the moment a question was due.\n\n\
         | figure | value | must |\n|---|---:|---:|\n\
         | questions that were judged | {} | all |\n\
         | wait, p50 | {:.2} ms | |\n\
         | wait, p90 | {:.2} ms | |\n\
         | wait, p99 | {:.2} ms | < 2 ms at 2000/s |\n\
         | wait, p99.9 | {:.2} ms | |\n\
         | wait, longest | {:.2} ms | |\n",
        Timestamp::now().strftime("%Y-%m-%d"),
        machine(),
        options.rate,
        options.secs,
        options.connections,
        waits.len(),
        at(0.5),
        at(0.9),
        at(0.99),
        at(0.999),
        at(1.0),
    )
}
