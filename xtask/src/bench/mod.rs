//! `cargo xtask bench`: how fast, and compared with what.
//!
//! A bench is a closure that does a known amount of work; the runner repeats it and shows the
//! spread. Figures that depend on the machine are shown, never asserted.

pub mod document;
mod engine;
mod extensions;
mod gauge;
mod numbers;
mod records;
mod runner;
mod stream;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::table::table;
use gauge::Gauge;
pub use gauge::{Bound, Reading};
use runner::{Timing, measure};

/// One bench: a named piece of work, in a group whose members do the same work.
pub struct Bench {
    /// Members of a group are compared with its first.
    pub group: &'static str,
    pub name: String,
    /// What is counted, in the plural: `verdicts`, `rows`.
    pub unit: &'static str,
    /// Units a second that it must reach.
    pub must: Option<f64>,
    /// Prepares the work, outside the clock. The closure does it once and returns how many units
    /// it did.
    pub prepare: Box<dyn Fn() -> Result<Work>>,
}

/// A prepared piece of work.
pub type Work = Box<dyn FnMut() -> Result<u64>>;

#[derive(Debug, clap::Args)]
pub struct Options {
    /// Only benches whose `group/name` contains this.
    filter: Option<String>,
    /// Timed runs per bench, after one that warms up.
    #[arg(long, default_value_t = 7)]
    runs: usize,
    /// List the benches and stop.
    #[arg(long)]
    list: bool,
    /// Folder of one evaluation set, for what the engine is told; without it the small set of the tree.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Write docs/reference/performance.md anew.
    #[arg(long, conflicts_with = "filter")]
    write: bool,
}

/// The options of `cargo xtask gauge`.
#[derive(Debug, clap::Args)]
pub struct GaugeOptions {
    name: String,
    #[arg(long)]
    data: Option<PathBuf>,
}

/// Every bench of the workspace; each room adds its own here.
fn benches(data: &Path) -> Vec<Bench> {
    let mut all = Vec::new();
    all.extend(engine::benches(data));
    all.extend(numbers::benches(data));
    all.extend(crate::eval::benches());
    all
}

/// Every figure that needs a process of its own.
fn gauges(data: &Path) -> Vec<Gauge> {
    let mut all = vec![engine::gauge(data.to_owned()), records::gauge()];
    all.extend(extensions::gauges());
    all.push(numbers::gauge());
    all
}

pub fn command(options: &Options) -> Result<()> {
    let data = options.data.clone().unwrap_or_else(crate::eval::small);
    let wanted = options.filter.as_deref().unwrap_or_default();
    let mut benches = benches(&data);
    benches.retain(|bench| label(bench).contains(wanted));
    let mut gauges = gauges(&data);
    gauges.retain(|gauge| gauge.name.contains(wanted));
    ensure!(benches.len() + gauges.len() > 0, "no bench matches {wanted:?}");
    if options.list {
        benches.iter().for_each(|bench| println!("{}", label(bench)));
        gauges.iter().for_each(|gauge| println!("{}", gauge.name));
        return Ok(());
    }
    let optimised = !cfg!(debug_assertions);
    ensure!(optimised || !options.write, "built without optimisation: use `cargo bench-all`");
    if !optimised {
        println!("built without optimisation: use `cargo bench-all`, these figures mean little\n");
    }
    let mut results = Vec::new();
    for bench in benches {
        eprintln!("{}", label(&bench));
        let mut work = (bench.prepare)()?;
        let timing = measure(options.runs, &mut *work)
            .with_context(|| format!("running {}", label(&bench)))?;
        results.push((bench, timing));
    }
    let mut readings = Vec::new();
    let told: Vec<String> = ["--data".to_owned(), data.display().to_string()].into();
    for gauge in gauges {
        eprintln!("{}", gauge.name);
        readings.extend(gauge.ask(&told)?);
    }
    let report = [report(&results), figures(&readings)];
    print!("{}", report.join("\n"));
    if options.write {
        document::write(&data, &report)?;
    }
    Ok(())
}

/// Measures one gauge in this process.
pub fn gauge(options: &GaugeOptions) -> Result<()> {
    let data = options.data.clone().unwrap_or_else(crate::eval::small);
    let gauges = gauges(&data);
    let gauge = gauges.iter().find(|gauge| gauge.name == options.name);
    gauge.with_context(|| format!("no gauge is named {}", options.name))?.tell()
}

fn label(bench: &Bench) -> String {
    format!("{}/{}", bench.group, bench.name)
}

fn report(results: &[(Bench, Timing)]) -> String {
    let rows: Vec<_> = results
        .iter()
        .map(|(bench, timing)| {
            let first = results.iter().find(|(of, _)| of.group == bench.group);
            let ratio = first.map_or(1.0, |(_, first)| timing.per_second() / first.per_second());
            vec![
                label(bench),
                shown(timing.median),
                shown(timing.min),
                shown(timing.max),
                format!("{:.0} {}/s", timing.per_second(), bench.unit),
                format!("{ratio:.2}"),
                bench.must.map_or_else(String::new, |must| format!("≥ {must}")),
                bench.must.map_or_else(String::new, |must| yes(timing.per_second() >= must)),
            ]
        })
        .collect();
    table(&["bench", "median", "min", "max", "speed", "ratio", "must", "reached"], &rows)
}

/// A table of single figures.
pub fn figures(readings: &[Reading]) -> String {
    let rows: Vec<_> = readings
        .iter()
        .map(|reading| {
            let must = reading.must;
            vec![
                reading.what.clone(),
                format!("{} {}", short(reading.value), reading.unit),
                must.map_or_else(String::new, |must| format!("{} {}", must.shown(), reading.unit)),
                must.map_or_else(String::new, |must| yes(must.keeps(reading.value))),
            ]
        })
        .collect();
    table(&["figure", "value", "must", "reached"], &rows)
}

fn short(value: f64) -> String {
    if value < 100.0 { format!("{value:.2}") } else { format!("{value:.0}") }
}

fn yes(reached: bool) -> String {
    if reached { "yes" } else { "no" }.to_owned()
}

fn shown(time: Duration) -> String {
    format!("{time:.2?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(group: &'static str, name: &str, millis: u64) -> (Bench, Timing) {
        let prepare = Box::new(|| Ok(Box::new(|| Ok(1_u64)) as Work));
        let must = Some(1_500.0);
        let bench = Bench { group, name: name.to_owned(), unit: "calls", must, prepare };
        let time = Duration::from_millis(millis);
        (bench, Timing { median: time, min: time, max: time, units: 100 })
    }

    #[test]
    fn the_report_compares_each_bench_with_the_first_of_its_group() {
        let report = report(&[result("a", "x", 100), result("a", "y", 50), result("b", "z", 10)]);
        let cells = |line: &str| -> Vec<String> {
            line.split('|').map(|cell| cell.trim().to_owned()).collect()
        };
        let rows: Vec<_> = report.lines().skip(2).map(cells).collect();
        let column = |at: usize| rows.iter().map(|row| row[at].as_str()).collect::<Vec<_>>();
        assert_eq!(column(6), ["1.00", "2.00", "1.00"]);
        assert_eq!(column(8), ["no", "yes", "yes"]);
        assert!(report.contains("1000 calls/s"));
    }
}
