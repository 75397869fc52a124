//! `cargo xtask eval`: euros lost and harm done on recorded streams with known attacks.
//!
//! A set is loaded once and can be replayed often: `run(&set, &mut detector)` is all it takes.

mod course;
mod curve;
mod deck;
mod detectors;
mod document;
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

use anyhow::{Context, Result, ensure};
use ringfence_model::{Money, Policy};

use crate::bench::Bench;
pub use detectors::Detector;
use replay::Replay;
use score::Score;
pub use set::Set;

#[derive(Debug, clap::Args)]
pub struct Options {
    /// Folder with one folder per set (events.jsonl[.xz], truth.json[.xz], rates.csv); without it the small set of
    /// the tree.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Sets to replay; with `--data` the default is dev,val,calm.
    #[arg(long, value_delimiter = ',')]
    sets: Vec<String>,
    /// Who judges: `ringfence`, `unheard` (the same where nobody answers alerts), `null` (nobody), `day-cost` (EUR 40 a day) or `stress` (nonsense).
    #[arg(long, default_value = "ringfence")]
    detector: String,
    /// The policy of every customer, as TOML; without it the default one.
    #[arg(long)]
    policy: Option<PathBuf>,
    /// Replaces the policy's money one is willing to lose per attack, in EUR.
    #[arg(long, value_name = "EUR")]
    loss_accept: Option<Money>,
    /// Replaces the policy's wrong stops one accepts per 1000 customers and month.
    #[arg(long, value_name = "N")]
    wrong_stops: Option<f64>,
    /// Write all figures of all sets to this file.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Print a row per attack.
    #[arg(long)]
    per_attack: bool,
    /// Replay over a grid of the policy's two steering figures and print what each buys.
    #[arg(long)]
    curve: bool,
    /// Write docs/reference/evaluation.md and its chart anew. Takes the sets dev, val and calm.
    #[arg(long)]
    write: bool,
    /// Also run the folder's score.py over the real pipe, and fail if any figure differs.
    #[arg(long)]
    official: bool,
    /// The program that `--official` runs in the data folder, with its arguments.
    #[arg(long, default_value = "target/release/ringfence judge")]
    cmd: String,
}

/// Replays the asked sets and prints their scores.
pub fn command(options: &Options) -> Result<()> {
    let policy = options.policy()?;
    let sets = options.load()?;
    if options.write {
        return options.write(&sets, &policy);
    }
    let mut out = std::io::stdout().lock();
    if options.curve {
        let points = curve::points(&sets, &policy)?;
        return Ok(write!(out, "{}", curve::tables(&points, &policy.steering))?);
    }
    let mut scores = Vec::new();
    for set in &sets {
        let clock = Instant::now();
        let mut detector = detectors::by_name(&options.detector, set, &policy)?;
        let score =
            run(set, detector.as_mut()).with_context(|| format!("replaying {}", set.name))?;
        writeln!(out, "{}: {} events in {:.2?}", set.name, score.events, clock.elapsed())?;
        scores.push(score);
    }
    if let Some(path) = &options.json {
        std::fs::write(path, serde_json::to_vec_pretty(&scores)?)
            .with_context(|| format!("writing {}", path.display()))?;
    }
    writeln!(out)?;
    table::print(&mut out, &scores, options.per_attack)?;
    if options.official {
        options.official(&scores, &policy)?;
    }
    Ok(())
}

impl Options {
    fn policy(&self) -> Result<Policy> {
        let mut policy = match &self.policy {
            None => Policy::default(),
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .with_context(|| format!("reading {}", path.display()))?;
                toml::from_str(&text).with_context(|| format!("the policy {}", path.display()))?
            }
        };
        let steering = &mut policy.steering;
        steering.loss_accept = self.loss_accept.unwrap_or(steering.loss_accept);
        steering.wrong_stops_accept = self.wrong_stops.unwrap_or(steering.wrong_stops_accept);
        Ok(policy)
    }

    fn load(&self) -> Result<Vec<Set>> {
        let data = self.data.clone().unwrap_or_else(|| small().with_file_name(""));
        let default = if self.data.is_some() { &document::SETS[..] } else { &["small"] };
        let default = default.iter().map(|name| (*name).to_owned()).collect();
        let names = if self.sets.is_empty() { default } else { self.sets.clone() };
        names.iter().map(|name| Set::load(&data.join(name))).collect()
    }

    fn write(&self, sets: &[Set], policy: &Policy) -> Result<()> {
        let names: Vec<&str> = sets.iter().map(|set| set.name.as_str()).collect();
        ensure!(names == document::SETS, "--write takes the sets {:?}", document::SETS);
        ensure!(*policy == Policy::default(), "--write is about the default policy");
        let points = curve::points(sets, policy)?;
        if self.official {
            let own = points.iter().find(|point| point.steering == policy.steering);
            self.official(&own.context("the grid lacks the policy")?.scores, policy)?;
        }
        document::write(sets, policy, &points, self.official)
    }

    fn official(&self, scores: &[Score], policy: &Policy) -> Result<()> {
        let data = self.data.as_deref().context("--official needs the folder --data")?;
        let file = tempfile::NamedTempFile::new()?;
        std::fs::write(file.path(), toml::to_string(policy)?)?;
        let judge = absolute(&self.cmd)?;
        let judge = format!("{judge} --policy {}", file.path().display());
        let command = match self.detector.as_str() {
            "ringfence" => Some(judge.as_str()),
            "null" => None,
            other => anyhow::bail!("--official can run ringfence and null, not {other}"),
        };
        scores.iter().try_for_each(|score| official::check(data, &score.data, command, score))
    }
}

/// The figures of one detector on one set.
pub fn run(set: &Set, detector: &mut dyn Detector) -> Result<Score> {
    let mut replay = Replay::new(set, detector);
    replay.run()?;
    Ok(Score::new(replay))
}

/// The product as a detector.
pub fn judge(policy: &Policy) -> Box<dyn Detector> {
    Box::new(detectors::Ringfence::new(policy))
}

/// What the scorer itself costs, so that tuning measures the detector and not its judge.
pub fn benches() -> Vec<Bench> {
    let bench = |name: &'static str| Bench {
        group: "scorer",
        name: name.to_owned(),
        unit: "events",
        must: None,
        prepare: Box::new(move || {
            let set = Set::load(&small())?;
            Ok(Box::new(move || {
                let mut detector = detectors::by_name(name, &set, &Policy::default())?;
                run(&set, detector.as_mut()).map(|score| score.events as u64)
            }))
        }),
    };
    vec![bench("null"), bench("day-cost"), bench("ringfence")]
}

/// The small set in the tree, with the figures of the reference scorer beside it.
pub fn small() -> PathBuf {
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
            let mut detector = detectors::by_name(name, &set, &Policy::default()).unwrap();
            let ours = serde_json::to_value(run(&set, detector.as_mut()).unwrap()).unwrap();
            let theirs = std::fs::read(small().join(format!("expected-{name}.json"))).unwrap();
            let theirs = serde_json::from_slice(&theirs).unwrap();
            let differences = official::differences(&ours, &theirs);
            assert!(differences.is_empty(), "{name}:\n{}", differences.join("\n"));
        }
    }

    /// What it lost and stopped when the evaluation was last written, with slack for honest changes.
    #[test]
    fn the_product_gets_no_worse_on_the_small_set() {
        let set = Set::load(&small()).unwrap();
        let mut detector = detectors::by_name("ringfence", &set, &Policy::default()).unwrap();
        let score = run(&set, detector.as_mut()).unwrap();
        let lost: f64 = score.per_attack.iter().map(|attack| attack.loss).sum();
        let dearest = score.attacks.0.as_ref().unwrap().loss_max;
        assert_eq!(score.per_attack.len(), 7);
        // 23.87 lost, 15.90 of them by one attack.
        assert!(lost < 30.0 && dearest < 20.0, "{lost} lost, {dearest} by one attack");
        // No wrong stop, 2 honest calls refused beside one, 3 false alerts.
        assert_eq!(score.harm.wrong_episodes, 0);
        assert!(score.harm.refused <= 4, "{} honest calls refused", score.harm.refused);
        assert!(score.harm.false_alerts_per_1000cm < 500.0);
        assert_eq!(score.harm.collateral_refused_national, 0);
        assert_eq!(score.detail.refused_national, 0);
        assert_eq!(score.detail.emergency_touched, 0);
    }
}
