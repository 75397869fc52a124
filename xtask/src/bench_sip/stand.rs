//! The stand the figures are measured on: fresh servers, and what several figures want to know.

use std::cell::{Cell, OnceCell};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use tempfile::TempDir;

use super::ground::{CARRIER, Cores, PBX, PHONES};
use super::load::wording::Voice;
use super::load::{Beside, Outcome, Plan, Tally, run};
use super::process::Server;
use super::{capacity, peers};

/// Who is measured.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Who {
    Kamailio,
    Ringfence,
}

impl Who {
    pub const BOTH: [Self; 2] = [Self::Kamailio, Self::Ringfence];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Kamailio => "Kamailio",
            Self::Ringfence => "Ringfence",
        }
    }
}

pub struct Stand {
    cores: Cores,
    folder: TempDir,
    starts: Cell<u32>,
    program: OnceCell<PathBuf>,
    given: Option<PathBuf>,
    pub workers: usize,
    /// Ramps, runs and repetitions of which the median is taken.
    pub runs: usize,
    capacities: std::cell::RefCell<BTreeMap<Who, f64>>,
}

impl Stand {
    pub fn new(cores: Cores, given: Option<PathBuf>, workers: usize, runs: usize) -> Result<Self> {
        Ok(Self {
            cores,
            folder: tempfile::tempdir().context("making a folder for logs and data")?,
            starts: Cell::new(0),
            program: OnceCell::new(),
            given,
            workers,
            runs: runs.max(1),
            capacities: Default::default(),
        })
    }

    /// A server that knows nothing of earlier loads.
    pub fn start(&self, who: Who) -> Result<Server> {
        let folder = self.fresh_folder()?;
        let recipe = match who {
            Who::Kamailio => peers::kamailio(&folder, self.workers)?,
            Who::Ringfence => peers::ringfence(&folder, self.program()?)?,
        };
        recipe.start(self.cores.server)
    }

    pub fn fresh_folder(&self) -> Result<PathBuf> {
        self.starts.set(self.starts.get() + 1);
        let folder = self.folder.path().join(self.starts.get().to_string());
        std::fs::create_dir(&folder)?;
        Ok(folder)
    }

    /// The program that is measured, built first unless one was given.
    pub fn program(&self) -> Result<&Path> {
        if let Some(program) = self.program.get() {
            return Ok(program);
        }
        let program = match &self.given {
            Some(program) => program.clone(),
            None => {
                let arguments = ["--profile", "dist", "--package", "ringfence-cli"];
                peers::built(&arguments, "dist/ringfence")?
            }
        };
        Ok(self.program.get_or_init(|| program))
    }

    /// The highest clean rate, the median of as many ramps as there are runs; measured once.
    pub fn capacity(&self, who: Who) -> Result<f64> {
        if let Some(known) = self.capacities.borrow().get(&who) {
            return Ok(*known);
        }
        let found = capacity::of(self, who)?;
        self.capacities.borrow_mut().insert(who, found);
        Ok(found)
    }
}

/// Calls through `server`, or straight from the caller to the called.
pub fn voice(server: Option<&Server>) -> Voice {
    let server = server.map_or(CARRIER, |server| server.address);
    Voice { caller: PBX, called: CARRIER, server }
}

/// Phones that register at `server`.
pub fn phones(server: &Server) -> Voice {
    Voice { caller: PHONES, ..voice(Some(server)) }
}

/// Short calls at `rate` for `secs`.
pub fn short_calls(server: Option<&Server>, rate: f64, secs: u64) -> Plan {
    Plan {
        voice: voice(server),
        rate,
        lasting: Duration::from_secs(secs),
        talk: Duration::from_millis(100),
        patience: Duration::from_millis(1_500),
    }
}

/// A load and what it cost the server, the first second left out.
pub fn costed(server: &Server, plan: Plan) -> Result<(Outcome, Duration)> {
    let mut window = Window { server, plan, from: None, until: None };
    let outcome = run(plan, &mut window)?;
    let (from, until) =
        window.from.zip(window.until).context("the run was shorter than its window")?;
    let calls = until.1.saturating_sub(from.1).max(1);
    Ok((outcome, until.0.saturating_sub(from.0).div_f64(calls as f64)))
}

/// Processor time and completed calls at both ends of the steady part of a run.
struct Window<'s> {
    server: &'s Server,
    plan: Plan,
    from: Option<(Duration, u64)>,
    until: Option<(Duration, u64)>,
}

impl Beside for Window<'_> {
    fn turn(&mut self, elapsed: Duration, tally: &Tally) -> Result<()> {
        if self.from.is_none() && elapsed >= Duration::from_secs(1) {
            self.from = Some((self.server.cpu()?, tally.completed));
        }
        if self.until.is_none() && elapsed >= self.plan.lasting {
            self.until = Some((self.server.cpu()?, tally.completed));
        }
        Ok(())
    }
}

/// The middle of some values.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The delay, in microseconds, that this share of them keeps; sorts them.
pub fn quantile(delays: &mut [u32], share: f64) -> f64 {
    delays.sort_unstable();
    let last = delays.len().saturating_sub(1);
    let at = (share * last as f64).round() as usize;
    delays.get(at).map_or(f64::NAN, |nanos| f64::from(*nanos) / 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_and_the_tail() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        let mut delays: Vec<u32> = (0..=100).rev().map(|n| n * 1_000).collect();
        assert_eq!((quantile(&mut delays, 0.5), quantile(&mut delays, 0.99)), (50.0, 99.0));
        assert!(quantile(&mut [], 0.5).is_nan());
    }

    /// The whole path of a load: calls straight from the caller to the called.
    #[test]
    fn straight_calls_are_clean() {
        let free = |port| std::net::SocketAddr::from(([127, 21, 7, 7], port));
        let voice = Voice { caller: free(25_061), called: free(25_062), server: free(25_062) };
        let plan = Plan {
            voice,
            rate: 200.0,
            lasting: Duration::from_millis(200),
            talk: Duration::from_millis(10),
            patience: Duration::from_secs(5),
        };
        let outcome = run(plan, &mut ()).unwrap();
        assert_eq!(
            (outcome.tally.begun, outcome.tally.completed, outcome.delays.len()),
            (40, 40, 40)
        );
        assert_eq!(
            outcome.tally.bye_refused + outcome.tally.given_up + outcome.tally.unfinished,
            0
        );
    }
}
