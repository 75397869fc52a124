//! The committed table is what the compiler makes of the data, and says what a plain scan of the data says.

#![allow(clippy::unwrap_used, clippy::panic)] // in the helpers of tests too
#![allow(clippy::disallowed_methods)] // reads the committed files

#[path = "../examples/compile/compiler/mod.rs"]
#[allow(dead_code)]
mod compiler;

use compiler::metadata::{Territory, territories};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use regex_lite::Regex;
use ringfence_model::{Country, E164, Kind};
use ringfence_numbering::Numbering;
use std::collections::HashMap;
use std::path::Path;

#[test]
fn regenerating_gives_the_same_bytes() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut size = 0;
    for (path, bytes) in compiler::compile(root).unwrap() {
        let same = std::fs::read(root.join(path)).unwrap() == bytes;
        assert!(same, "{path}: run `cargo run -p ringfence-numbering --example compile`");
        size += if path.ends_with(".bin") { bytes.len() } else { 0 };
    }
    assert_eq!(size, Numbering::embedded().table_bytes());
    assert!(size <= 1 << 20, "{size} bytes");
}

/// The metadata as it stands: every pattern a regular expression, every question a scan.
struct Plain {
    territories: Vec<(Territory, HashMap<String, Regex>)>,
    overlay: Vec<(compiler::overlay::Overlay, Regex)>,
}

impl Plain {
    fn read() -> Self {
        let whole = |pattern: &str| Regex::new(&format!("^(?:{pattern})$")).unwrap();
        let xml = include_str!("../data/libphonenumber/PhoneNumberMetadata.xml");
        let mut all = territories(xml).unwrap();
        all.sort_by_key(|t| !t.is_main());
        let compiled = all.into_iter().map(|territory| {
            let named = |t: &compiler::metadata::NumberType| (t.name.clone(), whole(&t.pattern));
            let usable =
                |t: &&compiler::metadata::NumberType| !matches!(t.pattern.as_str(), "" | "NA");
            let regexes = territory.types.iter().filter(usable).map(named).collect();
            (territory, regexes)
        });
        let overlay = compiler::overlay::read(include_str!("../data/overlay.csv")).unwrap();
        Self {
            territories: compiled.collect(),
            overlay: overlay
                .into_iter()
                .map(|row| (whole(&row.pattern), row))
                .map(|(r, o)| (o, r))
                .collect(),
        }
    }

    /// Country and kind of a number, `None` when there is no such number.
    fn scan(&self, number: &str) -> Option<(Country, Kind)> {
        let members: Vec<_> = self
            .territories
            .iter()
            .filter(|(t, _)| !t.calling_code().is_empty() && number.starts_with(t.calling_code()))
            .collect();
        let code = members.first()?.0.calling_code();
        let national = &number[code.len()..];
        let kind_in = |(territory, regexes): &(Territory, HashMap<String, Regex>)| {
            let is = |name: &str| {
                let lengths = territory.number_type(name).map_or(0, |t| t.lengths);
                let length =
                    lengths == 0 || national.len() < 32 && lengths >> national.len() & 1 == 1;
                length && regexes.get(name).is_some_and(|regex| regex.is_match(national))
            };
            if !is("generalDesc") {
                return None;
            }
            for (name, kind) in [
                ("premiumRate", Kind::Premium),
                ("tollFree", Kind::Freephone),
                ("sharedCost", Kind::SharedCost),
                ("voip", Kind::Voip),
                ("personalNumber", Kind::Personal),
                ("pager", Kind::Pager),
                ("uan", Kind::Company),
                ("voicemail", Kind::Service),
            ] {
                if is(name) {
                    return Some(kind);
                }
            }
            match (is("fixedLine"), is("mobile")) {
                (true, true) => Some(Kind::FixedOrMobile),
                (true, false) => Some(Kind::Fixed),
                (false, true) => Some(Kind::Mobile),
                (false, false) => None,
            }
        };
        let owner = members.iter().find(|member| match member.0.attribute("leadingDigits") {
            "" => members.len() == 1 || kind_in(member).is_some(),
            leading => Regex::new(&format!("^(?:{leading})")).unwrap().is_match(national),
        });
        let kind = owner.and_then(|owner| kind_in(owner));
        let ours = self.overlay.iter().find(|(row, regex)| {
            row.plan == code && regex.is_match(national) && (row.adds || kind.is_some())
        });
        let kind = match ours.map(|(row, _)| row.class) {
            Some(compiler::class::Class::Kind(kind)) => kind,
            _ => kind?,
        };
        let country = owner.unwrap_or(&members[0]).0.id.parse().unwrap();
        Some((country, kind))
    }
}

#[test]
fn a_look_up_is_a_scan_of_all_patterns() {
    let plain = Plain::read();
    let numbering = Numbering::embedded();
    let codes: Vec<String> =
        plain.territories.iter().map(|(t, _)| t.calling_code().to_owned()).collect();
    let examples: Vec<String> = include_str!("data/number_test_vectors.csv")
        .lines()
        .filter_map(|line| line.strip_prefix('+')?.split(',').next())
        .map(str::to_owned)
        .collect();
    let random = (prop::sample::select(codes), "[0-9]{4,12}").prop_map(|(c, d)| format!("{c}{d}"));
    let near = (prop::sample::select(examples), 2usize..9, "[0-9]{1,3}").prop_map(|(e, at, d)| {
        let at = at.min(e.len());
        let rest = e.get(at + d.len()..).unwrap_or_default();
        format!("{}{d}{rest}", &e[..at])
    });
    let mut valid = 0;
    let mut runner = TestRunner::new(Config::with_cases(1));
    let strategy = prop::collection::vec(prop_oneof![random, near], 3_000);
    runner
        .run(&strategy, |numbers| {
            for text in &numbers {
                let number: E164 = text.parse().unwrap();
                let found = numbering.destination(number, Country::WORLD);
                // Taking out a trunk prefix is a step of its own: compare the number it leaves.
                let meant = found.number.unwrap().full();
                let expected = plain.scan(&meant[1..]);
                let said = found.valid.then_some((found.country, found.kind));
                prop_assert_eq!(said, expected, "{} {:?}", text, found);
                prop_assert!(meant[1..] == *text || plain.scan(text).is_none());
            }
            Ok(())
        })
        .unwrap();
    for text in ["31201234567", "18095551234", "881612345678"] {
        valid += usize::from(plain.scan(text).is_some());
    }
    assert_eq!(valid, 3, "the scan itself finds numbers");
}
