//! What a number is and costs.

use std::hint::black_box;
use std::path::Path;

use anyhow::{Result, ensure};
use ringfence_model::{Country, Destination, E164, Target, Weekday};
use ringfence_numbering::{DialPlan, Numbering};

use super::gauge::{Bound, Gauge, Reading};
use super::stream::Stream;
use super::{Bench, Work};

/// Passes over the numbers in one run, so that a run is long enough for the clock.
const PASSES: u64 = 20;
/// Numbers of one pass, taken evenly from the set; few enough to stay in the cache with what is looked up.
const NUMBERS: usize = 20_000;

/// Over the numbers called in the set of `folder`.
pub fn benches(folder: &Path) -> Vec<Bench> {
    let bench = |name: &str, must, prepare: fn(&Stream) -> Result<Work>| {
        let folder = folder.to_owned();
        Bench {
            group: "numbering",
            name: name.to_owned(),
            unit: "numbers",
            must,
            prepare: Box::new(move || prepare(&Stream::record(&folder)?)),
        }
    };
    vec![
        bench("destination", Some(5e6), destinations),
        bench("classify-dialled", None, dialled),
        bench("tariff", None, rates),
    ]
}

fn called(stream: &Stream) -> Vec<&str> {
    let step = (stream.dialled().count() / NUMBERS).max(1);
    stream.dialled().step_by(step).collect()
}

fn destinations(stream: &Stream) -> Result<Work> {
    let numbers: Vec<E164> = called(stream).iter().filter_map(|text| text.parse().ok()).collect();
    ensure!(!numbers.is_empty(), "the set has no call to an E.164 number");
    let table = Numbering::embedded();
    Ok(passes(numbers, move |number| {
        black_box(table.destination(*number, Country::NL));
    }))
}

fn dialled(stream: &Stream) -> Result<Work> {
    let texts: Vec<String> = called(stream).into_iter().map(str::to_owned).collect();
    let (table, plan) = (Numbering::embedded(), DialPlan::default());
    Ok(passes(texts, move |text| {
        black_box(table.classify(text, &plan));
    }))
}

fn rates(stream: &Stream) -> Result<Work> {
    let (table, plan) = (Numbering::embedded(), DialPlan::default());
    let destinations: Vec<Destination> = called(stream)
        .into_iter()
        .filter_map(|text| match table.classify(text, &plan) {
            Target::Outside(destination) => Some(destination),
            _ => None,
        })
        .collect();
    let tariff = std::sync::Arc::clone(&stream.setup.tariff);
    Ok(passes(destinations, move |destination| {
        black_box(tariff.rate(destination, Weekday::Mon, 600));
    }))
}

fn passes<T: 'static>(items: Vec<T>, mut one: impl FnMut(&T) + 'static) -> Work {
    Box::new(move || {
        for _ in 0..PASSES {
            items.iter().for_each(|item| one(black_box(item)));
        }
        Ok(PASSES * items.len() as u64)
    })
}

/// The size of the embedded table.
pub fn gauge() -> Gauge {
    let measure = || {
        Ok(vec![Reading {
            what: "numbering table".to_owned(),
            value: Numbering::embedded().table_bytes() as f64 / 1024.0,
            unit: "KiB".to_owned(),
            must: Some(Bound::AtMost(1024.0)),
        }])
    };
    Gauge { name: "numbering-table", measure: Box::new(measure) }
}
