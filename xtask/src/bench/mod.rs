//! `cargo xtask bench`: how fast, and compared with what.
//!
//! A bench is a closure that does a known amount of work; the runner repeats it and shows the
//! spread. Figures that depend on the machine are shown, never asserted.

mod runner;

use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::table::table;
use runner::{Timing, measure};

/// One bench: a named piece of work, in a group whose members do the same work.
pub struct Bench {
    /// Members of a group are compared with its first.
    pub group: &'static str,
    pub name: String,
    /// What is counted, in the plural: `verdicts`, `rows`.
    pub unit: &'static str,
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
}

/// Every bench of the workspace; each room adds its own here.
fn benches() -> Vec<Bench> {
    let mut all = Vec::new();
    all.extend(crate::eval::benches());
    all
}

pub fn command(options: &Options) -> Result<()> {
    let mut chosen = benches();
    let wanted = options.filter.as_deref().unwrap_or_default();
    chosen.retain(|bench| label(bench).contains(wanted));
    ensure!(!chosen.is_empty(), "no bench matches {wanted:?}");
    if options.list {
        chosen.iter().for_each(|bench| println!("{}", label(bench)));
        return Ok(());
    }
    if cfg!(debug_assertions) {
        println!("built without optimisation: use `cargo bench-all`, these figures mean little\n");
    }
    let mut results = Vec::new();
    for bench in chosen {
        let mut work = (bench.prepare)()?;
        let timing = measure(options.runs, &mut *work)
            .with_context(|| format!("running {}", label(&bench)))?;
        results.push((bench, timing));
    }
    print!("{}", report(&results));
    Ok(())
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
            ]
        })
        .collect();
    table(&["bench", "median", "min", "max", "speed", "ratio"], &rows)
}

fn shown(time: Duration) -> String {
    format!("{time:.2?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(group: &'static str, name: &str, millis: u64) -> (Bench, Timing) {
        let prepare = Box::new(|| Ok(Box::new(|| Ok(1_u64)) as Work));
        let bench = Bench { group, name: name.to_owned(), unit: "calls", prepare };
        let time = Duration::from_millis(millis);
        (bench, Timing { median: time, min: time, max: time, units: 100 })
    }

    #[test]
    fn the_report_compares_each_bench_with_the_first_of_its_group() {
        let report = report(&[result("a", "x", 100), result("a", "y", 50), result("b", "z", 10)]);
        let ratios: Vec<_> = report.lines().skip(2).map(|l| l.rsplit("| ").next()).collect();
        assert_eq!(ratios, [Some(" 1.00 |"), Some(" 2.00 |"), Some(" 1.00 |")]);
        assert!(report.contains("1000 calls/s"));
    }
}
