//! Agreement with rlibphonenumber, an independent reading of the same plans (of a later edition).
//!
//! The short run is part of every test; `--ignored` runs 400,000 numbers and prints each kind of difference,
//! which `docs/reference/numbering.md` explains.

#![allow(clippy::unwrap_used, clippy::panic)] // in the helpers of tests too

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use ringfence_model::{Country, E164, Kind};
use ringfence_numbering::Numbering;
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, PhoneNumberType};
use std::collections::BTreeMap;

/// libphonenumber's word for our kind.
fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Fixed => "FixedLine",
        Kind::Mobile => "Mobile",
        Kind::FixedOrMobile => "FixedLineOrMobile",
        Kind::Voip => "VoIP",
        Kind::Company => "UAN",
        Kind::Pager => "Pager",
        Kind::Personal => "PersonalNumber",
        Kind::Freephone => "TollFree",
        Kind::SharedCost => "SharedCost",
        Kind::Premium => "PremiumRate",
        Kind::Service => "VoiceMail",
        other => panic!("{other:?} is the overlay's"),
    }
}

fn their_word(kind: PhoneNumberType) -> &'static str {
    match kind {
        PhoneNumberType::FixedLine => "FixedLine",
        PhoneNumberType::Mobile => "Mobile",
        PhoneNumberType::FixedLineOrMobile => "FixedLineOrMobile",
        PhoneNumberType::VoIP => "VoIP",
        PhoneNumberType::UAN => "UAN",
        PhoneNumberType::Pager => "Pager",
        PhoneNumberType::PersonalNumber => "PersonalNumber",
        PhoneNumberType::TollFree => "TollFree",
        PhoneNumberType::SharedCost => "SharedCost",
        PhoneNumberType::PremiumRate => "PremiumRate",
        PhoneNumberType::VoiceMail => "VoiceMail",
        PhoneNumberType::Unknown => "none",
    }
}

/// The ranges for which the overlay is there to differ.
fn is_overlay(number: &str) -> bool {
    const RANGES: [&str; 15] = [
        "870", "878", "881", "882", "883", "888", "3114", "3118", "31676", "3182", "3184", "3187",
        "31906", "31909", "3197",
    ];
    RANGES.iter().any(|range| number.starts_with(range))
}

struct Comparison {
    runner: TestRunner,
    same: usize,
    differences: BTreeMap<(String, &'static str, &'static str), (usize, String)>,
}

impl Comparison {
    fn new() -> Self {
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
        let runner = TestRunner::new_with_rng(Config::default(), rng);
        Self { runner, same: 0, differences: BTreeMap::new() }
    }

    /// Draws numbers: half exist, and half are those with one digit changed.
    fn run(&mut self, count: usize) {
        let pool = examples();
        let shares = (0usize..10, 0usize..pool.dutch.len(), 0usize..pool.world.len());
        let tail = (1usize..6, prop::collection::vec(b'0'..=b'9', 6), 2usize..15, b'0'..=b'9');
        let strategy = (shares, tail);
        while self.total() < count {
            let drawn = strategy.new_tree(&mut self.runner).unwrap().current();
            let ((share, dutch, world), (tail, digits, at, digit)) = drawn;
            let example: &String = if share < 4 { &pool.dutch[dutch] } else { &pool.world[world] };
            let keep = example.len().saturating_sub(tail).max(3);
            let mut number = example.as_bytes()[..keep].to_vec();
            number.extend(&digits[..example.len() - keep]);
            let number = String::from_utf8(number).unwrap();
            if is_overlay(&number) || theirs(&number) == "none" {
                continue;
            }
            self.compare(&number);
            let mut changed = number.into_bytes();
            let at = at.min(changed.len() - 1);
            changed[at] = digit;
            let changed = String::from_utf8(changed).unwrap();
            if !is_overlay(&changed) {
                self.compare(&changed);
            }
        }
    }

    fn total(&self) -> usize {
        self.same + self.differences.values().map(|(count, _)| count).sum::<usize>()
    }

    fn compare(&mut self, number: &str) {
        let packed: E164 = number.parse().unwrap();
        let found = Numbering::embedded().destination(packed, Country::NL);
        let ours = if found.valid { word(found.kind) } else { "none" };
        let theirs = theirs(number);
        if ours == theirs {
            self.same += 1;
            return;
        }
        let key = (found.country.to_string(), ours, theirs);
        self.differences.entry(key).or_insert_with(|| (0, number.to_owned())).0 += 1;
    }

    fn share(&self) -> f64 {
        self.same as f64 / self.total() as f64
    }
}

fn theirs(number: &str) -> &'static str {
    match PHONE_NUMBER_UTIL.parse(format!("+{number}"), None) {
        Ok(parsed) => their_word(PHONE_NUMBER_UTIL.get_number_type(&parsed)),
        Err(_) => "none",
    }
}

struct Examples {
    dutch: Vec<String>,
    world: Vec<String>,
}

/// The metadata's own example of each type in each country.
fn examples() -> Examples {
    let xml = include_str!("../data/libphonenumber/PhoneNumberMetadata.xml");
    let mut code = String::new();
    let (mut dutch, mut world) = (Vec::new(), Vec::new());
    for line in xml.lines() {
        if let Some((_, rest)) = line.split_once("countryCode=\"") {
            code = rest.split('"').next().unwrap_or_default().to_owned();
        }
        if let Some((_, rest)) = line.split_once("<exampleNumber>") {
            let national = rest.split('<').next().unwrap_or_default();
            let list = if code == "31" { &mut dutch } else { &mut world };
            list.push(format!("{code}{national}"));
        }
    }
    assert!(dutch.len() >= 7 && world.len() > 900, "{} {}", dutch.len(), world.len());
    Examples { dutch, world }
}

#[test]
fn same_type_as_rlibphonenumber() {
    let mut comparison = Comparison::new();
    comparison.run(40_000);
    assert!(comparison.share() >= 0.998, "{} {:?}", comparison.share(), comparison.differences);
}

#[test]
#[ignore = "takes a while; its result is recorded in docs/reference/numbering.md"]
fn same_type_on_400_000_numbers() {
    let mut comparison = Comparison::new();
    comparison.run(400_000);
    println!("{} numbers, {:.3} % the same", comparison.total(), comparison.share() * 100.0);
    let mut differences: Vec<_> = comparison.differences.iter().collect();
    differences.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
    for ((country, ours, theirs), (count, example)) in differences {
        let parsed = PHONE_NUMBER_UTIL.parse(format!("+{example}"), None);
        let read =
            parsed.map(|p| PHONE_NUMBER_UTIL.format(&p, PhoneNumberFormat::E164).into_owned());
        let read = read.unwrap_or_default();
        println!(
            "{count:6} {country} ours {ours}, theirs {theirs}: +{example}, which they read as {read}"
        );
    }
    assert!(comparison.share() >= 0.998);
}
