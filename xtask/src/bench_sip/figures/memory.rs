//! Memory of running calls, and what is left after a million.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::{Reading, at_most, told};
use crate::bench_sip::capacity::why;
use crate::bench_sip::load::{Plan, Tally, run};
use crate::bench_sip::process::Server;
use crate::bench_sip::stand::{Stand, Who, short_calls};

/// Transactions that are over are remembered for half a minute (timers H, I, J of RFC 3261, 64 T1).
const LINGER: Duration = Duration::from_secs(33);
const UP: f64 = 20_000.0;
const UP_RATE: f64 = 2_000.0;
const MANY: u64 = 1_000_000;
/// Longer runs only repeat themselves.
const SEGMENT_SECS: u64 = 40;

pub fn measure(stand: &Stand) -> Result<Vec<Reading>> {
    let mut readings = calls_up(stand)?;
    readings.extend(after_many(stand)?);
    Ok(readings)
}

/// Calls that stay up until the transactions that set them up are forgotten.
fn calls_up(stand: &Stand) -> Result<Vec<Reading>> {
    let server = stand.start(Who::Ringfence)?;
    run(short_calls(Some(&server), UP_RATE, 1), &mut ())?;
    let before = server.resident()?;
    let lasting = Duration::from_secs_f64(UP / UP_RATE);
    let talk = lasting + LINGER + Duration::from_secs(1);
    let plan = Plan { lasting, talk, rate: UP_RATE, ..short_calls(Some(&server), UP_RATE, 1) };
    let (mut fresh, mut settled) = (None, None);
    let outcome = run(plan, &mut |elapsed: Duration, tally: &Tally| {
        for (at, sample) in [(lasting, &mut fresh), (lasting + LINGER, &mut settled)] {
            if elapsed > at && sample.is_none() {
                *sample = Some((server.resident()?, tally.answered - tally.completed));
            }
        }
        Ok(())
    })?;
    ensure!(outcome.tally.refused.is_empty(), "calls that were to stay up: {}", why(&outcome));
    let each = |sample: Option<(u64, u64)>| {
        let (resident, up) = sample.unwrap_or((0, 0));
        (resident.saturating_sub(before) as f64 / 1024.0 / up.max(1) as f64, up)
    };
    let ((fresh, _), (settled, up)) = (each(fresh), each(settled));
    Ok(vec![
        at_most(format!("memory of a call that is up, of {up}"), settled, "KiB", 12.0),
        told("the same while its transactions are remembered", fresh, "KiB"),
    ])
}

/// Memory under a steady load, early and after a million calls.
fn after_many(stand: &Stand) -> Result<Vec<Reading>> {
    let rate = (stand.capacity(Who::Ringfence)? * 0.7).min(8_000.0);
    let server = stand.start(Who::Ringfence)?;
    let mut calls = 0;
    let early = steady(&server, rate, &mut calls)?;
    let early_calls = calls;
    let mut late = early;
    while calls < MANY {
        late = steady(&server, rate, &mut calls)?;
    }
    let growth = 100.0 * (late as f64 / early as f64 - 1.0);
    let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    Ok(vec![
        told(
            format!("memory under {rate:.0} calls/s, after {early_calls} calls"),
            mib(early),
            "MiB",
        ),
        told(format!("memory under {rate:.0} calls/s, after {calls} calls"), mib(late), "MiB"),
        at_most("growth in between", growth, "%", 5.0),
    ])
}

/// Memory at the end of a segment that is longer than anything is remembered.
fn steady(server: &Server, rate: f64, calls: &mut u64) -> Result<u64> {
    let plan = short_calls(Some(server), rate, SEGMENT_SECS);
    let mut resident = None;
    let outcome = run(plan, &mut |elapsed: Duration, _: &Tally| {
        if elapsed >= plan.lasting && resident.is_none() {
            resident = Some(server.resident()?);
        }
        Ok(())
    })?;
    let tally = &outcome.tally;
    ensure!(tally.completed * 100 >= tally.begun * 99, "a steady load: {}", why(&outcome));
    *calls += tally.completed;
    Ok(resident.unwrap_or_default())
}
