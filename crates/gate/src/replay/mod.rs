//! Replay: recorded calls through the gate, as if it had stood in their path.
//!
//! Each record becomes the events of a call again, in one order of time. At first nothing is stopped and everything
//! is learned; from then on a refused call has no further events, a cut one ends at the cut, and blocks stand until
//! they expire, for nobody answers an alert in a replay. What a stopped call would have cost beyond counts as
//! prevented.
//!
//! `survey` reads what each record is and costs, `drive` runs the gate over them, `cases` groups what it said,
//! `account` adds up, `doubt` looks for stops that may have been wrong.

mod account;
mod cases;
mod doubt;
mod drive;
mod findings;
mod fit;
mod survey;

pub use findings::{
    Case, CaseEvent, DayMoney, DestinationMoney, Doubt, ExtensionMoney, Fate, Findings, Happening,
    Judged, Known, Totals, Watched,
};

use crate::{Setup, Snapshot};
use ringfence_fraud::{Settings, SettingsError};
use ringfence_model::{Cdr, Mode, Policy, TenantId, WallTime};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// What a replay needs to know besides policies and prices.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whose the records are that name no tenant.
    pub tenant: TenantId,
    /// Until then calls are only learned from; `None` takes a fifth of the time span, at most 14 days.
    pub learn_until: Option<WallTime>,
    /// The record whose verdict is kept in full.
    pub watch: Option<usize>,
    /// Whether limits are raised to what was normal while learning: for customers that declared none.
    pub fit_limits: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { tenant: TenantId::new("company"), learn_until: None, watch: None, fit_limits: false }
    }
}

/// Runs records through a gate.
#[derive(Clone, Debug)]
pub struct Replay {
    watching: Arc<Snapshot>,
    enforcing: Arc<Snapshot>,
    options: Options,
}

/// The longest time of learning nobody asked for.
const LEARN_MAX: Duration = Duration::from_secs(14 * 86_400);
/// The share of the time span that is learned from, as a divisor.
const LEARN_SHARE: u32 = 5;

impl Replay {
    /// A replay by the policies, dial plans and tariffs of `snapshot`. Policies that only observe are replayed as if
    /// they were enforced: that is the question a replay answers.
    ///
    /// # Errors
    /// When a policy cannot be compiled.
    pub fn new(snapshot: &Snapshot, options: Options) -> Result<Self, SettingsError> {
        Ok(Self {
            watching: Arc::new(in_mode(snapshot, Mode::Observe)?),
            enforcing: Arc::new(in_mode(snapshot, Mode::Enforce)?),
            options,
        })
    }

    /// When learning ends for records from `first` to `last`, if nothing is asked for.
    #[must_use]
    pub fn learning_end(first: WallTime, last: WallTime) -> WallTime {
        first + ((last - first) / LEARN_SHARE).min(LEARN_MAX)
    }

    /// Replays `cdrs`, in any order. `progress` is told how many of them are done.
    pub fn run(&self, cdrs: &[Cdr], progress: &mut dyn FnMut(usize)) -> Findings {
        let done = self.run_while(cdrs, &mut |done| {
            progress(done);
            true
        });
        done.unwrap_or_default()
    }

    /// The same, for as long as `progress` says so; `None` when it did not to the end.
    pub fn run_while(
        &self,
        cdrs: &[Cdr],
        progress: &mut dyn FnMut(usize) -> bool,
    ) -> Option<Findings> {
        let order = in_time(cdrs);
        let asked = self.options.learn_until;
        let learn_until = asked.or_else(|| default_end(cdrs, &order)).unwrap_or(WallTime(i64::MIN));
        let survey = survey::survey(cdrs, &order, &self.enforcing, &self.options.tenant);
        let driven = drive::Drive::new(self, cdrs, survey, learn_until).run(&order, progress)?;
        Some(account::add_up(driven, cdrs, &order, learn_until))
    }
}

/// The end of learning by the records themselves. One in two hundred may have a wrong clock without moving it.
fn default_end(cdrs: &[Cdr], order: &[u32]) -> Option<WallTime> {
    let started = |at: usize| Some(cdrs.get(*order.get(at)? as usize)?.started);
    let strays = order.len() / 200;
    Some(Replay::learning_end(started(strays)?, started(order.len() - 1 - strays)?))
}

/// Positions of the records by their start; those of one moment stay as they are.
fn in_time(cdrs: &[Cdr]) -> Vec<u32> {
    let mut order: Vec<u32> = (0..u32::try_from(cdrs.len()).unwrap_or(u32::MAX)).collect();
    if !cdrs.is_sorted_by_key(|cdr| cdr.started) {
        order.sort_by_key(|&index| cdrs.get(index as usize).map(|cdr| cdr.started));
    }
    order
}

fn in_mode(snapshot: &Snapshot, mode: Mode) -> Result<Snapshot, SettingsError> {
    let of = |setup: &Setup| -> Result<Setup, SettingsError> {
        let policy = Policy { mode, ..setup.settings.policy().clone() };
        Ok(Setup { settings: Arc::new(Settings::new(policy)?), ..setup.clone() })
    };
    let mut tenants = HashMap::new();
    for (id, setup) in &snapshot.tenants {
        tenants.insert(id.clone(), of(setup)?);
    }
    Ok(Snapshot { default: of(&snapshot.default)?, tenants, ..snapshot.clone() })
}
