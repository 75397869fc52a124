//! The example company in `examples/dutch-company` is what its seed makes, reads as Asterisk's own records, and
//! holds the attack that its page tells of.

#![allow(clippy::unwrap_used, clippy::panic)]

use jiff::tz::TimeZone;
use ringfence_connect::cdr::{ImportOptions, import_bytes};
use ringfence_model::{Country, Money, Weekday};
use ringfence_numbering::{Numbering, Tariff};
use ringfence_sim::dutch_company::{SEED, Side, calls, master_csv};
use ringfence_sim::wish::Purpose;
use std::time::Duration;

const COMMITTED: &str = include_str!("../../../examples/dutch-company/Master.csv");

#[test]
fn the_committed_file_is_what_the_seed_makes() {
    assert!(master_csv(SEED).unwrap() == COMMITTED, "write it anew: see examples/dutch-company");
    assert!(COMMITTED.len() < 1_500_000, "{}", COMMITTED.len());
    assert!(COMMITTED.lines().all(|line| line.len() < 1_024), "Asterisk drops longer lines");
}

#[test]
fn the_attack_costs_what_the_page_says() {
    let tariff = Tariff::default_bands(Country::NL);
    let cost = |number: &str, secs: u32| -> Money {
        let to = Numbering::embedded().destination(number.parse().unwrap(), Country::NL);
        let rate = tariff.rate(&to, Weekday::Sun, 60).unwrap();
        rate.cost(Duration::from_secs(u64::from(secs)))
    };
    let calls = calls(SEED).unwrap();
    let attack = calls.iter().filter(|call| call.purpose == Purpose::Attack(0));
    let lost: Money = attack.map(|call| cost(&call.other, call.talk_secs)).sum();
    assert!((2_300..2_700).contains(&(lost.0 / 1_000_000)), "{lost}");
}

#[test]
fn the_importer_reads_every_row_and_every_direction() {
    let options = ImportOptions::new(TimeZone::get("Europe/Amsterdam").unwrap());
    let mut refused = |reject| panic!("{reject:?}");
    let (records, summary) =
        import_bytes("Master.csv", COMMITTED.into(), options, &mut refused).unwrap();
    let calls = calls(SEED).unwrap();
    let count = |side| calls.iter().filter(|call| call.side == side).count() as u64;
    assert_eq!(records.len(), calls.len());
    assert_eq!(summary.outbound, count(Side::Out));
    assert_eq!(summary.inbound, count(Side::In));
    assert_eq!(summary.internal, count(Side::Inside));
    assert_eq!(summary.warnings, []);
}
