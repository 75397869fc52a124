//! The highest rate at which nothing is lost, refused or sent twice.

use anyhow::{Result, ensure};

use super::load::{Outcome, run};
use super::process::Server;
use super::stand::{Stand, Who, median, short_calls};

/// Where the first ramp begins.
const FIRST: f64 = 500.0;
/// Rates a load cannot make are not asked for.
const MOST: f64 = 40_000.0;
/// Two rates nearer than this are the same for us.
const NEAR: f64 = 1.06;
const STEP_SECS: u64 = 3;

pub fn of(stand: &Stand, who: Who) -> Result<f64> {
    let mut found = Vec::new();
    for ramp in 0..stand.runs {
        let begin = found.last().map_or(FIRST, |last: &f64| last * 0.8);
        let growth = if ramp == 0 { 2.0 } else { 1.15 };
        let rate = Ramp { stand, who, server: None }.climb(begin, growth)?;
        eprintln!("  {}: {rate:.0} calls/s clean", who.name());
        found.push(rate);
    }
    Ok(median(found))
}

struct Ramp<'s> {
    stand: &'s Stand,
    who: Who,
    server: Option<Server>,
}

impl Ramp<'_> {
    /// Up from `begin` by `growth` until it is too much, then halving the gap.
    fn climb(&mut self, begin: f64, growth: f64) -> Result<f64> {
        let (mut good, mut bad) = (0.0, begin);
        while bad <= MOST && self.clean(bad)? {
            (good, bad) = (bad, bad * growth);
        }
        if good == 0.0 {
            good = self.descend(&mut bad)?;
        }
        while bad / good > NEAR {
            let middle = (good * bad).sqrt();
            if self.clean(middle)? { good = middle } else { bad = middle }
        }
        Ok(good)
    }

    /// Down until it is no longer too much.
    fn descend(&mut self, bad: &mut f64) -> Result<f64> {
        loop {
            let rate = *bad * 0.7;
            ensure!(rate > 20.0, "{} loses calls at {:.0} a second already", self.who.name(), *bad);
            if self.clean(rate)? {
                return Ok(rate);
            }
            *bad = rate;
        }
    }

    /// One hiccup of a shared machine is not the server's limit: a rate is too much when it fails twice.
    fn clean(&mut self, rate: f64) -> Result<bool> {
        for _ in 0..2 {
            // What a failed step left behind would fail the next one.
            let server = match self.server.take() {
                Some(server) => server,
                None => self.stand.start(self.who)?,
            };
            let outcome = run(short_calls(Some(&server), rate, STEP_SECS), &mut ())?;
            if outcome.tally.clean() {
                self.server = Some(server);
                return Ok(true);
            }
            eprintln!("  {} at {rate:.0}/s: {}", self.who.name(), why(&outcome));
            if outcome.tally.completed * 2 < outcome.tally.begun {
                return Ok(false);
            }
        }
        Ok(false)
    }
}

/// What was not clean, for people.
pub fn why(outcome: &Outcome) -> String {
    let tally = &outcome.tally;
    let refused: u64 = tally.refused.values().sum();
    let counts = [
        ("refused", refused),
        ("BYE refused", tally.bye_refused),
        ("given up", tally.given_up),
        ("unfinished", tally.unfinished),
        ("sent again", tally.resent),
        ("heard again", tally.heard_again),
    ];
    let bad = counts.iter().filter(|(_, count)| *count > 0);
    let bad: Vec<_> = bad.map(|(what, count)| format!("{count} {what}")).collect();
    let late = tally.late.as_millis();
    format!(
        "{} of {} calls, {}; the load was {late} ms late at most",
        tally.completed,
        tally.begun,
        bad.join(", ")
    )
}
