//! A process that is killed at any moment loses no order it acknowledged and no call record it wrote, and leaves no
//! damaged file.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)] // a test may

use ringfence_model::WallTime;
use ringfence_store::{
    Act, CdrFilter, Chain, Draft, Expected, Feeder, Grain, Place, Section, SettingFilter,
    SettingKey, Store, UsageFilter,
};
use std::collections::{BTreeSet, HashMap};
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const KILLS: u32 = 200;
const FOLDER: &str = "RINGFENCE_KILLED_FOLDER";
const RUN: &str = "RINGFENCE_KILLED_RUN";

fn open(folder: &Path) -> Store {
    Store::open(Place::File(folder.join("store.db")), WallTime(1)).unwrap()
}

fn cdr(name: &str) -> String {
    // Some in another month, so that tables are made while being killed.
    let started = 1_795_334_400_000_000i64 + name.len() as i64 * 86_400_000_000 * 9;
    format!(
        "{{\"native_id\":\"{name}\",\"correlation_id\":null,\"tenant\":\"office\",\"trunk\":null,\
         \"extension\":\"205\",\"direction\":\"outbound\",\"a_number\":\"+31201234567\",\
         \"dialled\":\"0031687654321\",\"c_number\":null,\"via\":\"pbx\",\"source\":null,\
         \"started\":{started},\"answered\":null,\"ended\":{started},\"billable_ms\":0,\"code\":486}}\n"
    )
}

/// What is killed: one thread writes records and feeds them, the other makes changes; each says what it has done.
#[test]
#[ignore = "the victim of the other test"]
fn victim() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let (folder, run) = (Path::new(&folder), std::env::var(RUN).unwrap());
    let store = open(folder);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let spool = folder.join("cdr-2026-11-22.jsonl");
            let mut spool = OpenOptions::new().create(true).append(true).open(spool).unwrap();
            let mut feeder = Feeder::new(store.clone(), folder, 0);
            // A line the last one may have left half.
            spool.write_all(b"\n").unwrap();
            for n in 0.. {
                let name = format!("{run}-{n}");
                spool.write_all(cdr(&name).as_bytes()).unwrap();
                println!("cdr {name}");
                if n % 7 == 0 {
                    feeder.turn().unwrap();
                }
            }
        });
        for n in 0.. {
            let name = format!("{run}-{n}");
            let key = SettingKey::new(Section::Contact, None, &name);
            let act = Act {
                who: "ada".into(),
                what: "contact.add".into(),
                why: run.clone(),
                address: None,
                at: WallTime(n),
            };
            store.put_setting(&act, &key, Draft::default(), Expected::New).unwrap();
            println!("order {name}");
        }
    });
}

/// Numbers that look random and are the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// Lets a victim work for a while and kills it; what it said it did.
fn run_and_kill(folder: &Path, run: u32, chance: &mut Chance) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "victim", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .env(RUN, run.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
    let (told, heard) = std::sync::mpsc::channel();
    let reader = std::thread::spawn(move || {
        let mut done = Vec::new();
        while let Some(Ok(line)) = said.next() {
            if line.starts_with("cdr ") || line.starts_with("order ") {
                // Nobody listens any more once it is dead.
                let _ = told.send(());
                done.push(line);
            }
        }
        done
    });
    // Now and then before it has done anything, while it opens the database.
    if !run.is_multiple_of(8) {
        let _ = heard.recv_timeout(Duration::from_secs(20));
    }
    let until = Instant::now() + Duration::from_micros(chance.below(25_000));
    while let Some(left) = until.checked_duration_since(Instant::now()) {
        // Only the end of that time matters.
        let _ = heard.recv_timeout(left);
    }
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap()
}

#[test]
fn nothing_that_was_acknowledged_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    let (mut orders, mut cdrs) = (BTreeSet::new(), BTreeSet::new());
    for run in 0..KILLS {
        for line in run_and_kill(folder.path(), run, &mut chance) {
            match line.split_once(' ') {
                Some(("order", name)) => orders.insert(name.to_owned()),
                Some((_, name)) => cdrs.insert(name.to_owned()),
                None => false,
            };
        }
        if (run + 1).is_multiple_of(40) {
            check(folder.path(), &orders, &cdrs);
        }
    }
    println!("{KILLS} kills, {} orders, {} records", orders.len(), cdrs.len());
    assert!(orders.len() > 50 && cdrs.len() > 200, "the victims did too little");
}

fn check(folder: &Path, orders: &BTreeSet<String>, cdrs: &BTreeSet<String>) {
    let whole: String = rusqlite::Connection::open(folder.join("store.db"))
        .unwrap()
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(whole, "ok");
    let store = open(folder);
    assert!(matches!(store.verify_audit().unwrap(), Chain::Whole { .. }));
    let stored = store.settings(&SettingFilter::default(), u32::MAX).unwrap();
    let stored: BTreeSet<String> = stored.into_iter().map(|setting| setting.key.id).collect();
    assert!(orders.is_subset(&stored), "lost: {:?}", orders.difference(&stored));

    let mut feeder = Feeder::new(store.clone(), folder, 0);
    while feeder.turn().unwrap().behind > 0 {}
    let mut times: HashMap<String, u32> = HashMap::new();
    for row in store.cdrs(&CdrFilter::default(), u32::MAX).unwrap() {
        *times.entry(row.native_id).or_default() += 1;
    }
    let lost: Vec<_> = cdrs.iter().filter(|name| !times.contains_key(*name)).collect();
    assert!(lost.is_empty(), "lost: {lost:?}");
    assert!(times.values().all(|count| *count == 1), "some are there twice");
    let (from, until) = (WallTime(0), WallTime(i64::MAX));
    let whole = UsageFilter {
        grain: Grain::Day,
        tenant: None,
        by: Vec::new(),
        extension: None,
        from,
        until,
    };
    let attempts = store.usage(&whole).unwrap().first().map_or(0, |sum| sum.attempts);
    assert_eq!(attempts, times.len() as u64, "sums and records agree");
}
