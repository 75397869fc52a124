//! What a gate is told while a set is replayed: recorded once, told as often as wanted.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use ringfence_connect::judge_line::{Hello, Line, Parser};
use ringfence_fraud::Settings;
use ringfence_gate::{Gate, Input, Output, Setup, Snapshot};
use ringfence_model::{CallEvent, Direction, Mode, Now, Policy, WallTime};
use ringfence_numbering::{Columns, DialPlan, ImportOptions, Tariff};

use crate::eval::{Detector, Set, judge, run};

/// One thing told, in the order of time.
pub enum Turn {
    Event(CallEvent),
    Tick,
    /// The time of learning is over.
    Enforce,
}

/// A recorded replay.
pub struct Stream {
    pub turns: Vec<(Now, Turn)>,
    /// The same as lines of the judge's protocol.
    pub lines: Vec<Vec<u8>>,
    pub setup: Setup,
    watching: Arc<Snapshot>,
    enforcing: Arc<Snapshot>,
}

impl Stream {
    /// Replays the set of `folder` with the default policy, reactions to every verdict included, and keeps what was
    /// told.
    pub fn record(folder: &Path) -> Result<Self> {
        let set = Set::load(folder)?;
        let mut recorder = Recorder { judge: judge(&Policy::default()), lines: Vec::new() };
        run(&set, &mut recorder)?;
        Self::parse(recorder.lines)
    }

    fn parse(lines: Vec<Vec<u8>>) -> Result<Self> {
        let mut parser = Parser::default();
        let mut turns = Vec::with_capacity(lines.len());
        let mut hello = None;
        let mut warmup = None;
        for line in &lines {
            let (wall, turn) = match parser.parse(line)? {
                Line::Hello(told) => {
                    warmup = Some(told.warmup_until);
                    hello = Some(told);
                    continue;
                }
                Line::Tick { t } => (t, Turn::Tick),
                Line::Event { t, event, .. } => (t, Turn::Event(event)),
                Line::Other => continue,
            };
            if let Some(until) = warmup.filter(|until| wall >= *until) {
                warmup = None;
                turns.push((Now::from_wall(until), Turn::Enforce));
            }
            turns.push((Now::from_wall(wall), turn));
        }
        let hello = hello.context("the stream has no first line")?;
        let setup = setup(&hello)?;
        let watching = Arc::new(Snapshot::of(in_mode(&setup, Mode::Observe)?));
        let enforcing = Arc::new(Snapshot::of(setup.clone()));
        Ok(Self { turns, lines, setup, watching, enforcing })
    }

    /// A gate that knows nothing yet.
    pub fn gate(&self) -> Gate {
        Gate::new(Arc::clone(&self.watching))
    }

    /// Tells `gate` one turn and takes what it says. Gives whether a verdict on an outbound attempt was among it,
    /// and if so, whether anything was weighed for it.
    pub fn tell(&self, gate: &mut Gate, now: Now, turn: &Turn) -> Option<bool> {
        match turn {
            Turn::Event(event) => gate.handle(now, Input::Event(event)),
            Turn::Tick => gate.handle(now, Input::Tick),
            Turn::Enforce => gate.handle(now, Input::Snapshot(Arc::clone(&self.enforcing))),
        }
        let mut verdict = None;
        loop {
            match gate.poll() {
                Output::Sleep(_) => return verdict,
                Output::Verdict(said) => verdict = Some(!said.reasons.is_empty()),
                _ => {}
            }
        }
    }

    /// The outbound attempts, as dialled.
    pub fn dialled(&self) -> impl Iterator<Item = &str> {
        self.turns.iter().filter_map(|(_, turn)| match turn {
            Turn::Event(CallEvent::Attempt(attempt)) => {
                (attempt.direction == Direction::Outbound).then_some(&*attempt.dialled)
            }
            _ => None,
        })
    }
}

fn setup(hello: &Hello) -> Result<Setup> {
    let deck = std::fs::read(&hello.rates).with_context(|| format!("reading {}", hello.rates))?;
    let (tariff, _) = Tariff::import(&deck, &Columns::default(), &ImportOptions::default())?;
    let policy = Policy { time_zone: hello.tz.clone(), ..Policy::default() };
    Ok(Setup {
        settings: Arc::new(Settings::new(policy)?),
        dial_plan: Arc::new(DialPlan::default()),
        tariff: Arc::new(tariff),
    })
}

/// The same setup in another mode.
pub fn in_mode(setup: &Setup, mode: Mode) -> Result<Setup> {
    let policy = Policy { mode, ..setup.settings.policy().clone() };
    Ok(Setup { settings: Arc::new(Settings::new(policy)?), ..setup.clone() })
}

/// Passes lines on and keeps them.
struct Recorder {
    judge: Box<dyn Detector>,
    lines: Vec<Vec<u8>>,
}

impl Detector for Recorder {
    fn line(&mut self, line: &[u8], reply: &mut Vec<u8>) -> Result<()> {
        self.lines.push(line.to_vec());
        self.judge.line(line, reply)
    }
}

/// A moment `secs` into the year 2026.
pub fn at(secs: i64) -> Now {
    Now::from_wall(WallTime::from_secs(1_767_225_600 + secs))
}
