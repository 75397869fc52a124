//! Gives recorded facts to a gate, with looks on a fixed grid of time: what is said depends on the facts alone.

use crate::scenario::Scenario;
use anyhow::Result;
use ringfence_gate::{Gate, Input, Output, Snapshot};
use ringfence_model::{CallEvent, Now, WallTime};
use std::sync::Arc;

/// What a gate said, and when.
pub type Said = Vec<(WallTime, Output)>;

/// The facts of a run of `scenario`, as they happened.
///
/// # Errors
/// When a checker objects.
pub fn record(scenario: &Scenario) -> Result<Vec<(WallTime, CallEvent)>> {
    let mut facts = Vec::new();
    crate::run(scenario, &mut |at, turn| {
        if let crate::Turn::Event(event) = turn {
            facts.push((at, event.clone()));
        }
    })?;
    Ok(facts)
}

/// Gives `facts` to a new gate and writes down what it says. Running calls are looked at every ten seconds by the
/// wall clock, from the first fact on.
#[must_use]
pub fn replay<'a>(
    snapshot: Snapshot,
    facts: impl IntoIterator<Item = &'a (WallTime, CallEvent)>,
) -> (Said, Gate) {
    let grid = i64::try_from(Gate::TICK.as_micros()).unwrap_or(i64::MAX);
    let mut gate = Gate::new(Arc::new(snapshot));
    let mut said = Said::new();
    let mut looked = None;
    for (at, event) in facts {
        while gate.engine().is_busy() {
            let next = WallTime((looked.unwrap_or(at.0).div_euclid(grid) + 1) * grid);
            if next > *at {
                break;
            }
            looked = Some(next.0);
            tell(&mut gate, next, Input::Tick, &mut said);
        }
        tell(&mut gate, *at, Input::Event(event), &mut said);
        looked = Some(at.0);
    }
    (said, gate)
}

fn tell(gate: &mut Gate, at: WallTime, input: Input<'_>, said: &mut Said) {
    gate.handle(Now::from_wall(at), input);
    loop {
        match gate.poll() {
            Output::Sleep(_) => return,
            output => said.push((at, output)),
        }
    }
}
