//! The way of a call through one shard, on one core.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Result;
use ringfence_model::{CallEvent, Policy};

use super::gauge::{Bound, Gauge, Reading};
use super::stream::{Stream, Turn};
use super::{Bench, Work};
use crate::eval::judge;

/// Verdicts and lines a second, over the set of `folder`.
pub fn benches(folder: &Path) -> Vec<Bench> {
    let bench = |name: &str, unit, must, prepare: fn(Stream) -> Work| {
        let folder = folder.to_owned();
        Bench {
            group: "engine",
            name: name.to_owned(),
            unit,
            must,
            prepare: Box::new(move || Ok(prepare(Stream::record(&folder)?))),
        }
    };
    vec![
        bench("gate", "verdicts", Some(300_000.0), verdicts),
        bench("gate-turns", "turns", None, turns),
        bench("judge", "lines", None, lines),
    ]
}

/// Everything else that happens between two attempts (answers, ends, ticks, reviews) is in the time too.
fn verdicts(stream: Stream) -> Work {
    Box::new(move || {
        let mut gate = stream.gate();
        let told = stream.turns.iter();
        let said = told.filter(|(now, turn)| stream.tell(&mut gate, *now, turn).is_some());
        Ok(said.count() as u64)
    })
}

fn turns(stream: Stream) -> Work {
    Box::new(move || {
        let mut gate = stream.gate();
        for (now, turn) in &stream.turns {
            stream.tell(&mut gate, *now, turn);
        }
        Ok(stream.turns.len() as u64)
    })
}

fn lines(stream: Stream) -> Work {
    Box::new(move || {
        let mut judge = judge(&Policy::default());
        let mut reply = Vec::new();
        for line in &stream.lines {
            reply.clear();
            judge.line(line, &mut reply)?;
        }
        Ok(stream.lines.len() as u64)
    })
}

/// How long a single verdict takes.
pub fn gauge(folder: PathBuf) -> Gauge {
    Gauge { name: "latency", measure: Box::new(move || latency(&Stream::record(&folder)?)) }
}

fn latency(stream: &Stream) -> Result<Vec<Reading>> {
    let (mut all, mut weighed) = (Vec::new(), Vec::new());
    let mut spent = [(0_u64, Duration::ZERO); SORTS.len()];
    // Caches and branch predictors are warm in production too; the second pass counts.
    for pass in 0..2 {
        let mut gate = stream.gate();
        for (now, turn) in &stream.turns {
            let clock = Instant::now();
            let verdict = stream.tell(&mut gate, *now, turn);
            let took = clock.elapsed();
            if pass == 0 {
                continue;
            }
            all.extend(verdict.map(|_| took));
            weighed.extend(verdict.filter(|weighed| *weighed).map(|_| took));
            if let Some((count, time)) = spent.get_mut(sort_of(turn, verdict)) {
                *count += 1;
                *time += took;
            }
        }
    }
    let mean = all.iter().sum::<Duration>().as_secs_f64() / all.len().max(1) as f64;
    let mut readings = vec![Reading {
        what: "verdicts on one core, the attempts alone".to_owned(),
        value: 1.0 / mean.max(f64::MIN_POSITIVE),
        unit: "/s".to_owned(),
        must: Some(Bound::AtLeast(300_000.0)),
    }];
    readings.extend(quantiles("verdict", &mut all, Some(Bound::AtMost(50.0))));
    readings.extend(quantiles("verdict on a paid call", &mut weighed, None));
    let whole: Duration = spent.iter().map(|(_, time)| time).sum();
    readings.extend(SORTS.iter().zip(spent).map(|(sort, (count, time))| Reading {
        what: format!("share of the engine's time: {sort} ({count})"),
        value: 100.0 * time.as_secs_f64() / whole.as_secs_f64().max(f64::MIN_POSITIVE),
        unit: "%".to_owned(),
        must: None,
    }));
    Ok(readings)
}

/// The sorts of turns whose share of the time is told.
const SORTS: [&str; 6] = [
    "paid attempts",
    "other attempts",
    "inbound attempts",
    "answers and ends",
    "ticks",
    "the rest",
];

fn sort_of(turn: &Turn, verdict: Option<bool>) -> usize {
    match (turn, verdict) {
        (_, Some(true)) => 0,
        (_, Some(false)) => 1,
        (Turn::Event(CallEvent::Attempt(_)), None) => 2,
        (Turn::Event(CallEvent::Answered { .. } | CallEvent::Released(_)), None) => 3,
        (Turn::Tick, None) => 4,
        (Turn::Event(_) | Turn::Enforce, None) => 5,
    }
}

fn quantiles(what: &str, times: &mut [Duration], p99: Option<Bound>) -> [Reading; 4] {
    times.sort_unstable();
    [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0)].map(|(name, share)| Reading {
        what: format!("{what}, {name}"),
        value: micros(quantile(times, share)),
        unit: "µs".to_owned(),
        must: p99.filter(|_| name == "p99"),
    })
}

fn quantile(sorted: &[Duration], share: f64) -> Duration {
    let last = sorted.len().saturating_sub(1);
    sorted.get((share * last as f64).round() as usize).copied().unwrap_or_default()
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
