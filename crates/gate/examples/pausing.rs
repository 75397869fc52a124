//! How long a shard stands still while what its engine knows is copied for the disk.
//!
//! `cargo run --release -p ringfence-gate --example pausing`

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement reads the clock and prints"
)]

use ringfence_fraud::Settings;
use ringfence_gate::{Gate, Input, Output, Setup, Snapshot};
use ringfence_model::{
    Attempt, CallEvent, CallId, Direction, ExtensionId, Now, Policy, Release, ReleasedBy, Source,
    TenantId, Via, WallTime,
};
use ringfence_numbering::{DialPlan, Tariff};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Instant;

/// Extensions of each customer.
const EACH: u32 = 100;
/// Paid destinations of each extension, one a day.
const PAID: [&str; 5] = ["+4930123", "+3225551", "+4420712", "+3312345", "+4312345"];
/// Monday 2026-03-02 10:00 in Amsterdam.
const MONDAY: i64 = 1_772_442_000;

fn main() {
    for extensions in [10_000, 100_000] {
        let mut gate = gate();
        learn(&mut gate, extensions);
        let mut times: Vec<_> = (0..9)
            .map(|_| {
                let began = Instant::now();
                let state = gate.state();
                let took = began.elapsed();
                drop(state);
                took
            })
            .collect();
        times.sort_unstable();
        println!(
            "{extensions} extensions: {:.2?} in the middle, {:.2?} at most",
            times[4], times[8]
        );
    }
}

fn gate() -> Gate {
    let policy = Policy { mode: ringfence_model::Mode::Observe, ..Policy::default() };
    let dial_plan = DialPlan::default();
    let tariff = Arc::new(Tariff::default_bands(dial_plan.country));
    let settings = Arc::new(Settings::new(policy).unwrap());
    Gate::new(Arc::new(Snapshot::of(Setup { settings, dial_plan: Arc::new(dial_plan), tariff })))
}

/// A paid call of each extension on each day.
fn learn(gate: &mut Gate, extensions: u32) {
    for (day, prefix) in (0..).zip(PAID) {
        for number in 0..extensions {
            let at = MONDAY + day * 86_400 + i64::from(number / 100);
            let call = CallId(u64::from(number) + 1);
            let attempt = Attempt {
                call,
                tenant: TenantId::new(&format!("tenant-{}", number / EACH)),
                trunk: None,
                extension: Some(ExtensionId::new(&(1_000 + number % EACH).to_string())),
                direction: Direction::Outbound,
                a_number: None,
                dialled: format!("{prefix}{:05}", number % 100_000).into(),
                forwarded_by: None,
                via: Via::Phone,
                source: Some(Source {
                    ip: Ipv4Addr::from((10 << 24) + number / EACH).into(),
                    country: "NL".parse().ok(),
                    user_agent: None,
                }),
                parent: None,
            };
            let by = ReleasedBy::Parties;
            tell(gate, at, &CallEvent::Attempt(attempt));
            tell(gate, at, &CallEvent::Answered { call });
            let release = Release { call, code: 200, billable_ms: 60_000, by };
            tell(gate, at + 60, &CallEvent::Released(release));
        }
    }
}

fn tell(gate: &mut Gate, at: i64, event: &CallEvent) {
    gate.handle(Now::from_wall(WallTime::from_secs(at)), Input::Event(event));
    while !matches!(gate.poll(), Output::Sleep(_)) {}
}
