//! How much longer an INVITE takes than straight from the caller to the called.

use anyhow::Result;

use super::{Reading, at_most, told};
use crate::bench_sip::load::run;
use crate::bench_sip::process::Server;
use crate::bench_sip::stand::{Stand, Who, median, quantile, short_calls};

const SHARES: [(&str, f64); 3] = [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)];

pub fn measure(stand: &Stand) -> Result<Vec<Reading>> {
    let mut readings = Vec::new();
    for who in Who::BOTH {
        let rate = stand.capacity(who)? / 2.0;
        let server = stand.start(who)?;
        // Straight and through by turns, so that both meet the same neighbours.
        let mut runs = Vec::new();
        for _ in 0..stand.runs {
            runs.push((delays(None, rate)?, delays(Some(&server), rate)?));
        }
        for (at, (name, _)) in SHARES.iter().enumerate() {
            let straight =
                median(runs.iter().filter_map(|(straight, _)| straight.get(at).copied()).collect());
            let through =
                median(runs.iter().filter_map(|(_, through)| through.get(at).copied()).collect());
            let what = format!("added INVITE latency at {rate:.0}/s, {name}, {}", who.name());
            let added = through - straight;
            readings.push(match (who, *name) {
                (Who::Ringfence, "p50") => at_most(what, added, "µs", 150.0),
                (Who::Ringfence, "p99") => at_most(what, added, "µs", 1_000.0),
                _ => told(what, added, "µs"),
            });
            if who == Who::Ringfence && *name == "p99" {
                readings.push(told(
                    format!("straight INVITE latency at {rate:.0}/s, {name}"),
                    straight,
                    "µs",
                ));
            }
        }
    }
    Ok(readings)
}

fn delays(server: Option<&Server>, rate: f64) -> Result<Vec<f64>> {
    let mut outcome = run(short_calls(server, rate, 4), &mut ())?;
    Ok(SHARES.iter().map(|(_, share)| quantile(&mut outcome.delays, *share)).collect())
}
