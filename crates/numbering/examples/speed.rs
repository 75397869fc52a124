//! Prints the size of the table and how many numbers a second are looked up, on one core.
//!
//! `cargo run --release -p ringfence-numbering --example speed`

#![allow(clippy::disallowed_methods, clippy::print_stdout)] // a measurement reads the clock and prints

use ringfence_model::{Country, E164, Weekday};
use ringfence_numbering::{Columns, DialPlan, ImportOptions, Numbering, Tariff};
use std::hint::black_box;
use std::time::Instant;

const NUMBERS: [&str; 16] = [
    "+31201234567",
    "+31612345678",
    "+31881234567",
    "+319001234",
    "+31850123456",
    "+31101234567",
    "+31652345678",
    "+3225551234",
    "+4930123456",
    "+447911123456",
    "+33612345678",
    "+34910123456",
    "+12025550123",
    "+18095551234",
    "+5352123456",
    "+881612345678",
];
const DIALLED: [&str; 8] = [
    "0201234567",
    "0612345678",
    "0031201234567",
    "+442071234567",
    "sip:+31612345678@example.com",
    "205",
    "112",
    "09001234",
];
const ROUNDS: usize = 400_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let numbering = Numbering::embedded();
    println!("table: {} bytes", numbering.table_bytes());

    let numbers: Vec<E164> = NUMBERS.iter().map(|n| n.parse()).collect::<Result<_, _>>()?;
    measure("destination", NUMBERS.len(), || {
        for &number in &numbers {
            black_box(numbering.destination(black_box(number), Country::NL));
        }
    });

    let plan = DialPlan::default();
    measure("classify", DIALLED.len(), || {
        for text in DIALLED {
            black_box(numbering.classify(black_box(text), &plan));
        }
    });

    let deck = include_bytes!("../tests/data/eval_deck.csv");
    let start = Instant::now();
    let (tariff, report) = Tariff::import(deck, &Columns::default(), &ImportOptions::default())?;
    println!("import: {} rows in {:?}", report.rows, start.elapsed());
    let destinations: Vec<_> =
        numbers.iter().map(|&number| numbering.destination(number, Country::NL)).collect();
    measure("rate", destinations.len(), || {
        for destination in &destinations {
            black_box(tariff.rate(black_box(destination), Weekday::Mon, 600));
        }
    });
    Ok(())
}

fn measure(name: &str, per_round: usize, mut round: impl FnMut()) {
    let start = Instant::now();
    (0..ROUNDS).for_each(|_| round());
    let each = start.elapsed().as_secs_f64() / (ROUNDS * per_round) as f64;
    println!("{name}: {:.1} M/s, {:.0} ns each", 1e-6 / each, each * 1e9);
}
