//! Real calls beside fifty thousand packets a second from strangers.

use std::net::SocketAddr;

use anyhow::Result;

use super::{Reading, at_least, at_most, told};
use crate::bench_sip::ground::raise_open_files;
use crate::bench_sip::load::junk::Junk;
use crate::bench_sip::load::{Plan, run};
use crate::bench_sip::stand::{Stand, Who, median, quantile, short_calls};

const CALLS: f64 = 200.0;
const JUNK: f64 = 50_000.0;
const SECS: u64 = 8;

/// What came of the calls of one run, and of the junk.
struct Seen {
    /// Of the calls, in percent.
    completed: f64,
    resent: u64,
    /// Of the calls' INVITEs, p99.
    wait_us: f64,
    sent_per_sec: f64,
    answers: u64,
}

pub fn measure(stand: &Stand) -> Result<Vec<Reading>> {
    raise_open_files(12_000)?;
    let server = stand.start(Who::Ringfence)?;
    let plan = Plan {
        patience: std::time::Duration::from_secs(6),
        ..short_calls(Some(&server), CALLS, SECS)
    };
    let mut calm = Vec::new();
    for _ in 0..stand.runs {
        calm.push(quantile(&mut run(plan, &mut ())?.delays, 0.99));
    }
    let usual = median(calm);
    let mut readings =
        vec![told(format!("INVITE latency of {CALLS} calls/s without junk, p99"), usual, "µs")];
    for sources in [1, 10_000] {
        let runs: Result<Vec<_>> =
            (0..stand.runs).map(|_| beside(server.address, plan, sources)).collect();
        let runs = runs?;
        let from =
            if sources == 1 { "one address".to_owned() } else { format!("{sources} addresses") };
        let middle = |of: fn(&Seen) -> f64| median(runs.iter().map(of).collect());
        let completed = runs.iter().map(|run| run.completed).fold(100.0, f64::min);
        let resent: u64 = runs.iter().map(|run| run.resent).sum();
        let answers: u64 = runs.iter().map(|run| run.answers).sum();
        let added = middle(|run| run.wait_us) - usual;
        let real = format!("real calls completed beside junk from {from}");
        let again = format!("messages of real calls sent again then ({from})");
        let waited = format!("added INVITE latency then, p99 ({from})");
        readings.extend([
            told(format!("junk from {from}"), middle(|run| run.sent_per_sec), "/s"),
            at_least(real, completed, "%", 100.0),
            told(again, resent as f64, ""),
            at_most(waited, added, "µs", 5_000.0),
            at_most(format!("answers to junk ({from})"), answers as f64, "", 0.0),
        ]);
    }
    Ok(readings)
}

fn beside(server: SocketAddr, plan: Plan, sources: u32) -> Result<Seen> {
    let mut junk = Junk::new(server, JUNK, sources)?;
    let mut outcome = run(plan, &mut junk)?;
    let tally = &outcome.tally;
    let secs = plan.lasting.as_secs_f64() + plan.talk.as_secs_f64();
    Ok(Seen {
        completed: 100.0 * tally.completed as f64 / tally.begun.max(1) as f64,
        resent: tally.resent,
        wait_us: quantile(&mut outcome.delays, 0.99),
        sent_per_sec: junk.sent as f64 / secs,
        answers: junk.answers()?,
    })
}
