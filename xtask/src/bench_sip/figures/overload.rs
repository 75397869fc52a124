//! Twice as many calls as there is room for.

use std::time::Duration;

use anyhow::Result;

use super::{Reading, at_least, told};
use crate::bench_sip::load::{Beside, Outcome, Plan, Tally, run};
use crate::bench_sip::stand::{Stand, Who, median, short_calls};

const SECS: u64 = 7;
/// The first seconds do not count: queues fill.
const SETTLE: Duration = Duration::from_secs(2);

pub fn measure(stand: &Stand) -> Result<Vec<Reading>> {
    let mut readings = Vec::new();
    for who in Who::BOTH {
        let capacity = stand.capacity(who)?;
        let (at_capacity, _) = often(stand, who, capacity)?;
        let (above, _) = often(stand, who, capacity * 1.25)?;
        let (twice, outcomes) = often(stand, who, capacity * 2.0)?;
        let peak = at_capacity.max(above).max(twice);
        let share = 100.0 * twice / peak;
        let middle = |of: fn(&Outcome) -> f64| median(outcomes.iter().map(of).collect());
        let served = outcomes.iter().map(served).fold(100.0, f64::min);
        let name = who.name();
        let offered = middle(|of| of.tally.begun as f64 / of.lasted.as_secs_f64());
        let refused = middle(|of| of.tally.refused.values().sum::<u64>() as f64);
        readings.push(told(format!("most calls completed, {name}"), peak, "/s"));
        readings.push(told(format!("calls begun at twice the capacity, {name}"), offered, "/s"));
        let what = format!("calls completed at twice the capacity, of the most there were, {name}");
        let answered = format!("running calls whose BYE was served then, {name}");
        if who == Who::Ringfence {
            readings.push(at_least(what, share, "%", 90.0));
            readings.push(at_least(answered, served, "%", 100.0));
        } else {
            readings.push(told(what, share, "%"));
            readings.push(told(answered, served, "%"));
        }
        readings.push(told(format!("calls refused then, {name}"), refused, ""));
    }
    Ok(readings)
}

/// Of the calls that were up, those whose BYE was answered, in percent.
fn served(outcome: &Outcome) -> f64 {
    let up = outcome.tally.answered.max(1) as f64;
    100.0 * (1.0 - outcome.tally.in_dialog_lost as f64 / up)
}

/// The median of some runs, and what came of each.
fn often(stand: &Stand, who: Who, rate: f64) -> Result<(f64, Vec<Outcome>)> {
    let mut outcomes = Vec::new();
    let mut found = Vec::new();
    for _ in 0..stand.runs {
        let (completed, outcome) = goodput(stand, who, rate)?;
        eprintln!("  {} at {rate:.0}/s: {completed:.0} completed a second", who.name());
        found.push(completed);
        outcomes.push(outcome);
    }
    Ok((median(found), outcomes))
}

/// Calls completed a second while calls begin at `rate`.
fn goodput(stand: &Stand, who: Who, rate: f64) -> Result<(f64, Outcome)> {
    let server = stand.start(who)?;
    let plan = Plan { patience: Duration::from_secs(8), ..short_calls(Some(&server), rate, SECS) };
    let mut window = Completed { until: plan.lasting, from: None, last: None };
    let outcome = run(plan, &mut window)?;
    let counted = window.from.zip(window.last).map(|(from, last)| last.saturating_sub(from));
    Ok((counted.unwrap_or(0) as f64 / (plan.lasting - SETTLE).as_secs_f64(), outcome))
}

/// Completed calls at both ends of the steady part.
struct Completed {
    until: Duration,
    from: Option<u64>,
    last: Option<u64>,
}

impl Beside for Completed {
    fn turn(&mut self, elapsed: Duration, tally: &Tally) -> Result<()> {
        if elapsed >= SETTLE {
            self.from.get_or_insert(tally.completed);
        }
        if elapsed >= self.until {
            self.last.get_or_insert(tally.completed);
        }
        Ok(())
    }
}
