//! `cargo xtask eval`: euros lost and harm done on recorded streams with known attacks.
//!
//! A set is loaded once and can be replayed often: `run(&set, &mut detector)` is all it takes.

mod deck;
mod detectors;
mod enforce;
mod harm;
mod official;
mod replay;
mod reply;
#[cfg(test)]
mod scenes;
mod score;
mod set;
mod table;
mod tally;
mod truth;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};

use crate::bench::Bench;
pub use detectors::Detector;
use replay::Replay;
use score::Score;
use set::Set;

#[derive(Debug, clap::Args)]
pub struct Options {
    /// Folder with one folder per set (events.jsonl[.xz], truth.json[.xz], rates.csv).
    #[arg(long)]
    data: PathBuf,
    /// Sets to replay.
    #[arg(long, value_delimiter = ',', default_value = "dev,val,calm")]
    sets: Vec<String>,
    /// Who judges: `null` (nobody), `day-cost` (EUR 40 a day) or `stress` (nonsense).
    #[arg(long, default_value = "null")]
    detector: String,
    /// Write all figures of all sets to this file.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Print a row per attack.
    #[arg(long)]
    per_attack: bool,
    /// Also run the folder's score.py over the real pipe, and fail if any figure differs.
    #[arg(long)]
    official: bool,
    /// The program that `--official` runs in the data folder, with its arguments.
    #[arg(long, default_value = "target/release/ringfence judge")]
    cmd: String,
}

/// Replays the asked sets and prints their scores.
pub fn command(options: &Options) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let mut scores = Vec::new();
    for name in &options.sets {
        let clock = Instant::now();
        let set = Set::load(&options.data.join(name))?;
        let loaded = clock.elapsed();
        let mut detector = detectors::by_name(&options.detector, &set)?;
        let score = run(&set, detector.as_mut()).with_context(|| format!("replaying {name}"))?;
        let replayed = clock.elapsed() - loaded;
        writeln!(out, "{name}: {} events, load {loaded:.2?}, replay {replayed:.2?}", score.events)?;
        scores.push(score);
    }
    if let Some(path) = &options.json {
        std::fs::write(path, serde_json::to_vec_pretty(&scores)?)
            .with_context(|| format!("writing {}", path.display()))?;
    }
    writeln!(out)?;
    table::print(&mut out, &scores, options.per_attack)?;
    if options.official {
        let cmd = absolute(&options.cmd)?;
        let cmd = (options.detector != "null").then_some(cmd.as_str());
        for (name, score) in options.sets.iter().zip(&scores) {
            official::check(&options.data, name, cmd, score)?;
        }
    }
    Ok(())
}

/// The figures of one detector on one set.
pub fn run(set: &Set, detector: &mut dyn Detector) -> Result<Score> {
    let mut replay = Replay::new(set, detector);
    replay.run()?;
    Ok(Score::new(replay))
}

/// What the scorer itself costs, so that tuning measures the detector and not its judge.
pub fn benches() -> Vec<Bench> {
    let bench = |name: &'static str| Bench {
        group: "scorer",
        name: name.to_owned(),
        unit: "events",
        prepare: Box::new(move || {
            let set = Set::load(&small())?;
            Ok(Box::new(move || {
                let mut detector = detectors::by_name(name, &set)?;
                run(&set, detector.as_mut()).map(|score| score.events as u64)
            }))
        }),
    };
    vec![bench("null"), bench("day-cost")]
}

/// The small set in the tree, with the figures of the reference scorer beside it.
fn small() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/small")
}

/// The command with its program as an absolute path: score.py runs from the data folder.
fn absolute(command: &str) -> Result<String> {
    let (program, arguments) = command.split_once(' ').unwrap_or((command, ""));
    let path = if program.contains('/') { std::path::absolute(program)? } else { program.into() };
    Ok(format!("{} {arguments}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_equal_those_of_the_reference_scorer() {
        let set = Set::load(&small()).unwrap();
        for name in ["null", "day-cost", "stress"] {
            let mut detector = detectors::by_name(name, &set).unwrap();
            let ours = serde_json::to_value(run(&set, detector.as_mut()).unwrap()).unwrap();
            let theirs = std::fs::read(small().join(format!("expected-{name}.json"))).unwrap();
            let theirs = serde_json::from_slice(&theirs).unwrap();
            let differences = official::differences(&ours, &theirs);
            assert!(differences.is_empty(), "{name}:\n{}", differences.join("\n"));
        }
    }
}
