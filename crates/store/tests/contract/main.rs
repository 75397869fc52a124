//! What the store promises, on SQLite and on PostgreSQL: the same functions run on both.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // helpers of tests
mod calls;
mod people;
mod postgres;
mod queue;
mod settings;

use ringfence_model::WallTime;
use ringfence_store::{Act, Place, Store};

type Promise = (&'static str, fn(&Store));

fn promises() -> impl Iterator<Item = &'static Promise> {
    [settings::PROMISES, people::PROMISES, queue::PROMISES, calls::PROMISES].into_iter().flatten()
}

/// Seconds after a fixed moment: 2026-11-22T08:00:00Z.
fn at(secs: i64) -> WallTime {
    WallTime::from_secs(1_795_334_400 + secs)
}

fn act(who: &str, what: &str, secs: i64) -> Act {
    let address = Some([192, 0, 2, 7].into());
    Act { who: who.into(), what: what.into(), why: "asked for".into(), address, at: at(secs) }
}

#[test]
fn sqlite_keeps_every_promise() {
    for (name, promise) in promises() {
        println!("{name}");
        let folder = tempfile::tempdir().unwrap();
        let place = Place::File(folder.path().join("store.db"));
        promise(&Store::open(place, at(0)).unwrap());
    }
}

#[test]
fn memory_keeps_every_promise() {
    for (name, promise) in promises() {
        println!("{name}");
        promise(&Store::open(Place::Memory, at(0)).unwrap());
    }
}

#[test]
fn postgresql_keeps_every_promise() {
    let server = postgres::Server::start();
    for (name, promise) in promises() {
        println!("{name}");
        promise(&Store::open(server.database(name), at(0)).unwrap());
    }
}
