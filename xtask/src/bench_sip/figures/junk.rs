//! Real calls beside fifty thousand packets a second from strangers.

use anyhow::Result;

use super::{Reading, at_least, at_most, told};
use crate::bench_sip::ground::raise_open_files;
use crate::bench_sip::load::junk::Junk;
use crate::bench_sip::load::{Beside, Plan, run};
use crate::bench_sip::stand::{Stand, Who, quantile, short_calls};

const CALLS: f64 = 200.0;
const JUNK: f64 = 50_000.0;
const SECS: u64 = 8;

pub fn measure(stand: &Stand) -> Result<Vec<Reading>> {
    raise_open_files(12_000)?;
    let server = stand.start(Who::Ringfence)?;
    let plan = Plan {
        patience: std::time::Duration::from_secs(6),
        ..short_calls(Some(&server), CALLS, SECS)
    };
    let mut calm = run(plan, &mut ())?;
    let usual = quantile(&mut calm.delays, 0.99);
    let mut readings =
        vec![told(format!("INVITE latency of {CALLS} calls/s without junk, p99"), usual, "µs")];
    for sources in [1, 10_000] {
        let mut junk = Junk::new(server.address, JUNK, sources)?;
        let mut outcome = run(plan, &mut junk as &mut dyn Beside)?;
        let from =
            if sources == 1 { "one address".to_owned() } else { format!("{sources} addresses") };
        let tally = &outcome.tally;
        let share = 100.0 * tally.completed as f64 / tally.begun.max(1) as f64;
        let sent = junk.sent as f64 / (plan.lasting.as_secs_f64() + plan.talk.as_secs_f64());
        readings.push(told(format!("junk from {from}"), sent, "/s"));
        readings.push(at_least(
            format!("real calls completed beside junk from {from}"),
            share,
            "%",
            100.0,
        ));
        readings.push(told(
            format!("messages of real calls sent again then ({from})"),
            tally.resent as f64,
            "",
        ));
        let added = quantile(&mut outcome.delays, 0.99) - usual;
        readings.push(at_most(
            format!("added INVITE latency then, p99 ({from})"),
            added,
            "µs",
            5_000.0,
        ));
        readings.push(at_most(
            format!("answers to junk ({from})"),
            junk.answers()? as f64,
            "",
            0.0,
        ));
    }
    Ok(readings)
}
