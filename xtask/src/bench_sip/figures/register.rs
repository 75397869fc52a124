//! Phones that register.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::{Reading, at_least, told};
use crate::bench_sip::load::register::{Registered, run};
use crate::bench_sip::stand::{Stand, Who, median, phones};

const LASTING: Duration = Duration::from_secs(4);

pub fn measure(stand: &Stand) -> Result<Vec<Reading>> {
    let mut rates = [Vec::new(), Vec::new()];
    let mut costs = [Vec::new(), Vec::new()];
    for _ in 0..stand.runs {
        for ((who, rates), costs) in Who::BOTH.into_iter().zip(&mut rates).zip(&mut costs) {
            let (done, used) = registered(stand, who)?;
            rates.push(done.accepted as f64 / done.took.as_secs_f64());
            costs.push(used.as_secs_f64() * 1e6 / done.accepted as f64);
        }
    }
    let [peer, own] = rates.map(median);
    let [peer_cost, own_cost] = costs.map(median);
    Ok(vec![
        told("REGISTER with digest on one core, Kamailio", peer, "/s"),
        told("REGISTER with digest on one core, Ringfence", own, "/s"),
        at_least("the same, Ringfence to Kamailio", own / peer, "", 1.0),
        told("CPU a registration (two requests), Kamailio", peer_cost, "µs"),
        told("CPU a registration (two requests), Ringfence", own_cost, "µs"),
    ])
}

fn registered(stand: &Stand, who: Who) -> Result<(Registered, Duration)> {
    let server = stand.start(who)?;
    let mut marks = Vec::new();
    let done = run(phones(&server), LASTING, &mut || {
        marks.push(server.cpu()?);
        Ok(())
    })?;
    let fine = done.refused.is_empty() && done.lost * 100 <= done.accepted;
    ensure!(fine, "{}: {done:?}\n{}", who.name(), server.said());
    let used = marks.last().zip(marks.first()).map(|(last, first)| *last - *first);
    Ok((done, used.unwrap_or_default()))
}
