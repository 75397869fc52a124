//! The store and its disk in trouble: calls go on, it is said where people and machines look, nothing that was
//! acknowledged is lost, and all is well again when the cause is gone.

use crate::flows;
use crate::operate::long_call;
use crate::web::{address, api, first_person, items};
use crate::world::{CARRIER, FIREWALL, PBX, binary, call, falls_quiet, serve, trunk_guard};
use ringfence_e2e::{Browser, Disk, Firewall, Place, Postgres, Sipp, eventually, within};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;

const METRICS: u16 = 29_090;
const NATIONAL: &str = "0201234567";
const NO_DISK: &str = "not tested: only root may mount a disk";

/// The usual, with metrics and API, and its store there.
fn settings(place: &Place, store: &str) -> String {
    let metrics = SocketAddr::new(place.ip(FIREWALL), METRICS);
    let store = format!("\n[store]\nurl = \"{store}\"\n");
    format!("metrics = \"{metrics}\"\n") + &trunk_guard(place, "") + &api(place) + &store
}

/// Whether status and metrics say that something is wrong about it.
fn is_ill(place: &Place, firewall: &Firewall, about: &str) -> [bool; 2] {
    let metrics = SocketAddr::new(place.ip(FIREWALL), METRICS);
    let metrics = Browser::new(metrics, "localhost").get("/metrics").text;
    let in_metrics = metrics.contains(&format!("ringfence_trouble{{about=\"{about}\"}} 1"));
    [firewall.told(&["status"]).contains(&format!("{about}: ")), in_metrics]
}

/// Waits until they say so, or no longer; where it is the store, the API's health follows.
fn becomes(place: &Place, firewall: &Firewall, about: &str, ill: bool) {
    let both = || (is_ill(place, firewall, about) == [ill; 2]).then_some(());
    let seen = within(Duration::from_secs(25), both);
    let now = is_ill(place, firewall, about);
    assert!(seen.is_some(), "{about}: ill = {ill} is not seen: {now:?}");
    if about == "store" {
        let status = if ill { 503 } else { 200 };
        let mut monitor = Browser::new(address(place), "localhost");
        let seen = || (monitor.get("/v1/readyz").status == status).then_some(());
        eventually("the API's health", seen);
    }
}

fn one_call(place: &Place, firewall: &Firewall) {
    let flow = flows::basic();
    call(place, NATIONAL, flow.caller, flow.callee);
    falls_quiet(firewall);
}

/// The API has so many call records.
fn has_calls(root: &mut Browser, count: usize) {
    let has = || (items(&root.get("/v1/calls").is(200)).len() == count).then_some(());
    assert!(within(Duration::from_secs(20), has).is_some(), "not {count} call records");
}

fn blocks(root: &mut Browser) -> Vec<Value> {
    items(&root.get("/v1/blocks?in_force=true").is(200)).to_vec()
}

#[test]
fn a_store_without_room_takes_what_happened_when_there_is_room() {
    let place = Place::new();
    let Some(disk) = Disk::new(&place.folder().join("small"), 16) else {
        return eprintln!("{NO_DISK}");
    };
    let mut firewall = serve(&place, &settings(&place, "sqlite:small/ringfence.db"));
    let mut root = first_person(&place, &firewall);
    one_call(&place, &firewall);
    has_calls(&mut root, 1);
    disk.fill();
    one_call(&place, &firewall);
    becomes(&place, &firewall, "store", true);
    assert!(
        firewall.said().contains("the store takes no records: the disk of the database is full")
    );
    // What is ordered now holds, and it is said that the audit log has no word of it.
    let order = ["blocks", "add", "office", "--level", "national", "--by", "Olga"];
    let ordered = firewall.command(&order);
    let said = String::from_utf8_lossy(&ordered.stderr).into_owned();
    assert!(!ordered.status.success() && said.contains("it is done and holds"), "{said}");
    assert_eq!(firewall.list("blocks").len(), 1);
    root.post("/v1/blocks", &json!({"tenant": "office", "extension": "201", "level": "national"}))
        .is(503);
    one_call(&place, &firewall);
    disk.empty();
    becomes(&place, &firewall, "store", false);
    has_calls(&mut root, 3);
    firewall.kill();
    firewall.start_again(&place);
    has_calls(&mut root, 3);
    assert!(!firewall.list("blocks").is_empty());
    assert_eq!(blocks(&mut root).len(), firewall.list("blocks").len());
}

#[test]
fn a_data_folder_without_room_loses_no_call_record_and_acknowledges_no_order() {
    let place = Place::new();
    let Some(disk) = Disk::new(&place.folder().join("data"), 24) else {
        return eprintln!("{NO_DISK}");
    };
    let mut firewall = serve(&place, &settings(&place, "sqlite:elsewhere.db"));
    let mut root = first_person(&place, &firewall);
    one_call(&place, &firewall);
    disk.fill();
    one_call(&place, &firewall);
    becomes(&place, &firewall, "journal", true);
    let order = ["blocks", "add", "office", "--level", "national", "--by", "Olga"];
    assert!(!firewall.command(&order).status.success(), "it cannot be kept");
    disk.empty();
    becomes(&place, &firewall, "journal", false);
    becomes(&place, &firewall, "records", false);
    has_calls(&mut root, 2);
    firewall.told(&order);
    firewall.kill();
    firewall.start_again(&place);
    assert!(!firewall.list("blocks").is_empty());
    assert_eq!(firewall.cdrs().len(), 2);
}

#[test]
fn a_disk_that_stands_still_delays_no_call() {
    let place = Place::new();
    let Some(disk) = Disk::new(&place.folder().join("data"), 24) else {
        return eprintln!("{NO_DISK}");
    };
    let firewall = serve(&place, &settings(&place, "sqlite:data/ringfence.db"));
    let mut root = first_person(&place, &firewall);
    disk.stands_still(true);
    one_call(&place, &firewall);
    one_call(&place, &firewall);
    becomes(&place, &firewall, "records", true);
    assert!(firewall.said().contains("the records cannot be written: no answer for"));
    one_call(&place, &firewall);
    disk.stands_still(false);
    becomes(&place, &firewall, "records", false);
    has_calls(&mut root, 3);
    becomes(&place, &firewall, "store", false);
}

#[test]
fn a_store_that_may_only_be_read_is_told_and_used_again() {
    let place = Place::new();
    let Some(disk) = Disk::new(&place.folder().join("small"), 16) else {
        return eprintln!("{NO_DISK}");
    };
    let firewall = serve(&place, &settings(&place, "sqlite:small/ringfence.db"));
    let mut root = first_person(&place, &firewall);
    let files = ["ringfence.db", "ringfence.db-wal"];
    disk.read_only(&files, true);
    one_call(&place, &firewall);
    becomes(&place, &firewall, "store", true);
    root.post("/v1/blocks", &json!({"tenant": "office", "level": "national"})).is(503);
    disk.read_only(&files, false);
    becomes(&place, &firewall, "store", false);
    has_calls(&mut root, 1);
    assert_eq!(blocks(&mut root).len(), firewall.list("blocks").len());
}

#[test]
fn a_postgresql_that_goes_stands_still_or_may_only_be_read_comes_back() {
    let place = Place::new();
    let mut server = Postgres::start(&place);
    let firewall = serve(&place, &settings(&place, &server.url()));
    let mut root = first_person(&place, &firewall);
    one_call(&place, &firewall);
    has_calls(&mut root, 1);

    server.kill();
    one_call(&place, &firewall);
    becomes(&place, &firewall, "store", true);
    server.start_again(&place);
    becomes(&place, &firewall, "store", false);
    has_calls(&mut root, 2);

    let only = |set: &str| {
        // What a connection began with holds; when a database changes sides, they end.
        let to = if set == "SET" { "= on" } else { "" };
        server.told(&format!(
            "ALTER DATABASE postgres {set} default_transaction_read_only {to}; \
             SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE application_name = 'ringfence'"
        ));
    };
    only("SET");
    one_call(&place, &firewall);
    becomes(&place, &firewall, "store", true);
    only("RESET");
    becomes(&place, &firewall, "store", false);
    has_calls(&mut root, 3);

    server.stands_still(true);
    one_call(&place, &firewall);
    becomes(&place, &firewall, "store", true);
    assert!(firewall.said().contains("the store takes no records: no answer for"));
    one_call(&place, &firewall);
    server.stands_still(false);
    becomes(&place, &firewall, "store", false);
    has_calls(&mut root, 5);
}

/// One of several nodes, whose settings are in the store.
fn node(place: &Place, party: u8, server: &Postgres) -> String {
    format!(
        "data = \"data{party}\"\nshards = 1\ndrain_secs = 1\n\n[[listen]]\nudp = \"{}\"\n\n\
         [store]\nurl = \"{}\"\nnode = {party}\n\n[api]\nlisten = \"{}\"\n",
        place.at(party),
        server.url(),
        door(place, party),
    )
}

fn door(place: &Place, party: u8) -> SocketAddr {
    SocketAddr::new(place.ip(party), address(place).port())
}

#[test]
fn nodes_of_one_database_have_the_same_settings_and_people() {
    const OTHER: u8 = 2;
    let place = Place::new();
    let server = Postgres::start(&place);
    let start = |party, name| {
        let settings = node(&place, party, &server);
        Firewall::start_as(&place, &binary(), (name, &settings), &[])
    };
    let one = start(FIREWALL, "one");
    let mut root = first_person(&place, &one);
    let other = start(OTHER, "other");
    // What was sealed on one opens on the other.
    let mut there = root.at_another(door(&place, OTHER));
    assert_eq!(there.get("/v1/me").is(200)["login"], "root");

    let plan = crate::world::tenant("")
        + &crate::world::trunk(&place, "pbx", "pbx", PBX, "")
        + &crate::world::trunk(&place, "carrier", "carrier", CARRIER, "");
    let apply = |firewall: &Firewall, text: &str| {
        let plan = place.file("plan.toml", text);
        firewall.told(&["apply", "--yes", plan.to_str().expect("a name")]);
    };
    apply(&one, &plan);
    eventually("the trunks on the other", || (other.list("trunks").len() == 2).then_some(()));
    let flow = flows::basic();
    let callee = Sipp::new(&place, place.at(CARRIER), flow.callee).start(None);
    let caller = Sipp::new(&place, place.at(PBX), flow.caller).dials(NATIONAL);
    caller.start(Some(place.at(OTHER))).done();
    callee.done();
    has_calls(&mut root, 1);

    let more = crate::world::trunk(&place, "second", "carrier", crate::world::OTHER_CARRIER, "");
    apply(&other, &(plan + &more));
    eventually("the new trunk on the first", || (one.list("trunks").len() == 3).then_some(()));
    // What no node could run with is not stored.
    let unfit = crate::world::tenant("")
        + &crate::world::trunk(&place, "pbx", "pbx", PBX, "listener = \"inside\"")
        + &crate::world::trunk(&place, "carrier", "carrier", CARRIER, "");
    let plan = place.file("plan.toml", &unfit);
    let refused = one.command(&["apply", "--yes", plan.to_str().expect("a name")]);
    assert!(!refused.status.success(), "there is no such listener");
    assert_eq!(there.get("/v1/tenants").is(200)["items"][0]["id"], "office");
}

/// What a clock that is set to another time does, by a library between the program and its clock.
#[test]
fn a_clock_that_is_set_ends_no_call_and_makes_none_dearer() {
    let place = Place::new();
    let library = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let library = library.map(|of| of.path().join("faketime/libfaketimeMT.so.1"));
    let library = library.into_iter().find(|path| path.exists()).expect("faketime: run tools/need");
    let clock = place.folder().join("clock");
    let set = |to: &str| {
        // Never half written.
        std::fs::rename(place.file("clock.new", to), &clock).expect("a clock");
    };
    set("+0");
    let variables = [
        ("LD_PRELOAD", library.to_str().expect("a name")),
        ("FAKETIME_TIMESTAMP_FILE", clock.to_str().expect("a name")),
        ("FAKETIME_NO_CACHE", "1"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    ];
    let settings = settings(&place, "sqlite:ringfence.db");
    let firewall = Firewall::start_as(&place, &binary(), ("ringfence", &settings), &variables);
    for (count, step) in [(1, "+3600"), (2, "-3600")] {
        let (caller, callee) = long_call(6);
        let callee = Sipp::new(&place, place.at(CARRIER), callee).start(None);
        let caller = Sipp::new(&place, place.at(PBX), caller).dials(NATIONAL);
        let caller = caller.start(Some(place.at(FIREWALL)));
        eventually("a call that is up", || {
            firewall.list("calls").iter().any(|call| call["state"] == "up").then_some(())
        });
        set(step);
        becomes(&place, &firewall, "clock", true);
        caller.done();
        callee.done();
        falls_quiet(&firewall);
        let cdrs = eventually("its record", || {
            let cdrs = firewall.cdrs();
            (cdrs.len() == count).then_some(cdrs)
        });
        for cdr in &cdrs {
            let lasted = cdr["billable_ms"].as_i64().expect("a time");
            assert!((5_000..9_000).contains(&lasted), "{step}: {cdr}");
        }
        set("+0");
        becomes(&place, &firewall, "clock", false);
    }
    assert!(firewall.said().contains("the clock went 3600 s forward"));
    assert!(firewall.said().contains("the clock went 3600 s back"));
    one_call(&place, &firewall);
}

/// Who starts it for the first time is told how to go on.
#[test]
fn with_next_to_nothing_in_its_file_it_starts_and_lets_the_first_person_in() {
    let place = Place::new();
    if !place.is_alone() {
        return eprintln!("not tested: port 8443 may be somebody's");
    }
    let firewall = serve(&place, "data = \"data\"\n");
    let said = firewall.said();
    assert!(said.contains("set up the first person at http://localhost:8443/setup#"), "{said}");
    assert!(said.contains("add [[listen]] with udp = "), "{said}");
    let mut root = Browser::new("127.0.0.1:8443".parse().expect("an address"), "localhost:8443");
    root.set_up(&crate::web::token(&firewall));
    assert!(items(&root.get("/v1/tenants").is(200)).is_empty());
    firewall.told(&[
        "apply",
        "--yes",
        place.file("plan.toml", &crate::world::tenant("")).to_str().expect("a name"),
    ]);
    assert_eq!(items(&root.get("/v1/tenants").is(200)).len(), 1);
}
