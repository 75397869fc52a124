//! What the store promises, on SQLite and on PostgreSQL: the same functions run on both.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // helpers of tests
mod calls;
mod notices;
mod people;
mod postgres;
mod queue;
mod retention;
mod settings;

use ringfence_model::WallTime;
use ringfence_store::{
    Act, CdrFilter, Chain, Draft, Expected, Feeder, Place, Section, SettingFilter, SettingKey,
    Store, StoreError,
};
use serde_json::json;
use std::time::{Duration, Instant};

type Promise = (&'static str, fn(&Store));

fn promises() -> impl Iterator<Item = &'static Promise> {
    [
        settings::PROMISES,
        people::PROMISES,
        queue::PROMISES,
        notices::PROMISES,
        calls::PROMISES,
        retention::PROMISES,
    ]
    .into_iter()
    .flatten()
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
    for (n, (name, promise)) in promises().enumerate() {
        println!("{name}");
        promise(&Store::open(server.place(&format!("s{n}")), at(0)).unwrap());
    }
}

#[test]
fn a_newer_database_is_refused_on_postgresql_too() {
    let server = postgres::Server::start();
    let place = server.place("newer");
    drop(Store::open(place.clone(), at(0)).unwrap());
    drop(Store::open(place.clone(), at(0)).unwrap());
    server.run_sql("INSERT INTO newer.migration VALUES (99, 'later', sha256('later'), 0)");
    let told = Store::open(place, at(0)).unwrap_err();
    assert!(matches!(told, StoreError::Newer { found: 99, .. }), "{told}");
}

/// The database goes away and comes back, again and again, while orders and records keep coming.
#[test]
fn a_postgresql_that_fails_loses_nothing() {
    let mut server = postgres::Server::start();
    let store = Store::open(server.place("fails"), at(0)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut feeder = Feeder::new(store.clone(), folder.path(), 0);
    let (mut orders, mut written) = (Vec::new(), 0);
    for round in 0..5 {
        let until = Instant::now() + Duration::from_millis(150);
        let stop = std::thread::scope(|scope| {
            let orders =
                scope.spawn(|| orders_until(&store, round, until + Duration::from_millis(100)));
            while Instant::now() < until {
                let lines: String =
                    (0..50).map(|n| calls::cdr(written + n, at(n), &json!({}))).collect();
                calls::add(folder.path(), "cdr-2026-11-22.jsonl", &lines);
                written += 50;
                feeder.turn().unwrap();
            }
            server.kill();
            let gone = feeder_fails(&mut feeder, folder.path());
            assert!(gone.is_passing(), "{gone}");
            orders.join().unwrap()
        });
        orders.extend(stop);
        server.run();
        // It is tried again by itself.
        let patience = Instant::now() + Duration::from_secs(30);
        while let Err(error) = store.ping() {
            assert!(error.is_passing() && Instant::now() < patience, "{error}");
            std::thread::yield_now();
        }
        while feeder.turn().unwrap().behind > 0 {}
    }
    assert!(orders.len() > 20, "{}", orders.len());
    let stored = store.settings(&SettingFilter::default(), u32::MAX).unwrap();
    let stored: Vec<_> = stored.into_iter().map(|setting| setting.key.id).collect();
    assert!(orders.iter().all(|order| stored.contains(order)));
    assert!(matches!(store.verify_audit().unwrap(), Chain::Whole { .. }));
    let rows = store.cdrs(&CdrFilter::default(), u32::MAX).unwrap();
    let mut natives: Vec<i64> = rows.iter().map(|row| row.native_id.parse().unwrap()).collect();
    natives.sort_unstable();
    // The one that was to fail each time is numbered below 0.
    let once = natives.iter().filter(|native| **native >= 0).copied().collect::<Vec<_>>();
    assert_eq!(once, (0..written).collect::<Vec<_>>());
}

fn orders_until(store: &Store, round: u32, until: Instant) -> Vec<String> {
    let mut done = Vec::new();
    for n in 0.. {
        if Instant::now() >= until {
            break;
        }
        let name = format!("{round}-{n}");
        let key = SettingKey::new(Section::Contact, None, &name);
        let act = act("ada", "contact.add", n);
        match store.put_setting(&act, &key, Draft::default(), Expected::New) {
            Ok(_) => done.push(name),
            Err(error) => assert!(error.is_passing(), "{error}"),
        }
    }
    done
}

fn feeder_fails(feeder: &mut Feeder, folder: &std::path::Path) -> StoreError {
    calls::add(folder, "cdr-2026-11-22.jsonl", &calls::cdr(-1, at(0), &json!({})));
    feeder.turn().unwrap_err()
}
