//! How many calls a core carries, and what one costs.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};

use super::{Reading, at_least, at_most, told};
use crate::bench_sip::capacity::why;
use crate::bench_sip::stand::{Stand, Who, costed, median, short_calls};

pub fn measure(stand: &Stand) -> Result<Vec<Reading>> {
    let [peer, own] = [stand.capacity(Who::Kamailio)?, stand.capacity(Who::Ringfence)?];
    // A server costs less a call the busier it is, as it sleeps and wakes less often: both are compared when each is as
    // busy as the other, and at two rates that both stand.
    let peer_full = costs_of(stand, Who::Kamailio, peer * 0.9)?;
    let (busy, busy_costs) = common(stand, peer.min(own) * 0.9)?;
    let quiet = busy / 4.0;
    let quiet_costs = costs(stand, quiet, 1)?;
    let mut readings = vec![
        told("clean calls on one core, Kamailio", peer, "/s"),
        at_least("clean calls on one core, Ringfence", own, "/s", 5_000.0),
    ];
    for (rate, costs) in [(busy, busy_costs), (quiet, quiet_costs)] {
        let [peer, own] = Who::BOTH.map(|who| costs.get(&who).copied().unwrap_or(f64::NAN));
        for (who, cost) in Who::BOTH.into_iter().zip([peer, own]) {
            readings.push(told(format!("CPU a call at {rate:.0}/s, {}", who.name()), cost, "µs"));
        }
        let what = format!("CPU a call at {rate:.0}/s, Ringfence to Kamailio");
        readings.push(told(what, own / peer, ""));
    }
    let own_full = costs_of(stand, Who::Ringfence, own * 0.9)?;
    readings.push(told(format!("CPU a call at {:.0}/s, Kamailio", peer * 0.9), peer_full, "µs"));
    readings.push(told(format!("CPU a call at {:.0}/s, Ringfence", own * 0.9), own_full, "µs"));
    let what = "CPU a call, each at 90 % of what it carries, Ringfence to Kamailio";
    readings.push(at_most(what, own_full / peer_full, "", 0.5));
    Ok(readings)
}

/// Microseconds a call of one server at a rate of its own.
fn costs_of(stand: &Stand, who: Who, rate: f64) -> Result<f64> {
    let mut costs = Vec::new();
    for _ in 0..stand.runs {
        let server = stand.start(who)?;
        let (_, cost) = costed(&server, short_calls(Some(&server), rate, 4))?;
        costs.push(cost.as_secs_f64() * 1e6);
    }
    Ok(median(costs))
}

/// Median microseconds a call of each.
type Costs = BTreeMap<Who, f64>;

/// The costs at the highest rate, from `rate` down, that both stand: a capacity that was reached once for three seconds
/// is not always there.
fn common(stand: &Stand, mut rate: f64) -> Result<(f64, Costs)> {
    let least = rate / 2.0;
    loop {
        match costs(stand, rate, stand.runs) {
            Err(error) if rate > least => eprintln!("  {error:#}"),
            done => return Ok((rate, done?)),
        }
        rate *= 0.9;
    }
}

/// Microseconds a call, by turns so that both meet the same neighbours.
fn costs(stand: &Stand, rate: f64, runs: usize) -> Result<Costs> {
    let mut all: BTreeMap<Who, Vec<f64>> = BTreeMap::new();
    for _ in 0..runs {
        for who in Who::BOTH {
            let server = stand.start(who)?;
            let (outcome, cost) = costed(&server, short_calls(Some(&server), rate, 4))?;
            let enough = outcome.tally.completed * 100 >= outcome.tally.begun * 99;
            ensure!(enough, "{} at {rate:.0}/s: {}", who.name(), why(&outcome));
            all.entry(who).or_default().push(cost.as_secs_f64() * 1e6);
        }
    }
    Ok(all.into_iter().map(|(who, costs)| (who, median(costs))).collect())
}
