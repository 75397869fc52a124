//! How much memory a provider's extensions take once each has a history.

use std::sync::Arc;

use anyhow::Result;
use ringfence_fraud::Settings;
use ringfence_gate::{Gate, Input, Output, Setup, Snapshot};
use ringfence_model::{
    Attempt, CallEvent, CallId, Direction, ExtensionId, Now, Policy, Release, ReleasedBy, Source,
    TenantId, Via,
};
use ringfence_numbering::{DialPlan, Tariff};

use super::gauge::{Bound, Gauge, Reading, resident_bytes};
use super::stream::at;

/// What each extension has done.
#[derive(Clone, Copy)]
struct History {
    tenants: u32,
    extensions_each: u32,
    /// Addresses it called from, one a day by turns: that of the office, and its own ones.
    sources: u32,
    /// Paid destinations, one a day; national calls beside them.
    destinations: u32,
}

const PAID: [&str; 12] = [
    "+4930123", "+3225551", "+4420712", "+3312345", "+4312345", "+3491012", "+3906123", "+4122345",
    "+4531234", "+4681234", "+4722123", "+3531234",
];

pub fn gauges() -> Vec<Gauge> {
    let typical = History { tenants: 1_000, extensions_each: 1_000, sources: 2, destinations: 5 };
    let full = History { tenants: 100, extensions_each: 1_000, sources: 4, destinations: 12 };
    vec![
        Gauge {
            name: "memory-typical",
            measure: Box::new(move || typical.measure("a typical extension", true)),
        },
        Gauge { name: "memory-full", measure: Box::new(move || full.measure("a full one", false)) },
    ]
}

impl History {
    fn measure(self, whose: &str, bounded: bool) -> Result<Vec<Reading>> {
        let mut gate = gate()?;
        let tenants: Vec<_> =
            (0..self.tenants).map(|n| TenantId::new(&format!("tenant-{n}"))).collect();
        // One text per name, however many tenants use it, as importers and parsers keep them.
        let extensions: Vec<_> =
            (0..self.extensions_each).map(|n| ExtensionId::new(&(1_000 + n).to_string())).collect();
        let (before, _) = resident_bytes()?;
        for day in 0..self.destinations {
            for (place, extension) in (0u32..).zip(&extensions) {
                // From nine to four o'clock.
                let secs = i64::from(day) * 86_400 + 8 * 3_600 + i64::from(place) * 25;
                let who = (0u32..).zip(&tenants).map(|(nth, tenant)| {
                    Caller { nth, place, day, sources: self.sources }.attempt(tenant, extension)
                });
                calls(&mut gate, secs, who);
            }
        }
        let (after, _) = resident_bytes()?;
        let count = f64::from(self.tenants) * f64::from(self.extensions_each);
        let each = after.saturating_sub(before) as f64 / count;
        let what = format!(
            "memory of {whose} ({} sources, {} paid destinations), of {count} in all",
            self.sources, self.destinations
        );
        let must = bounded.then_some(Bound::AtMost(1536.0));
        Ok(vec![Reading { what, value: each, unit: "bytes".to_owned(), must }])
    }
}

/// One extension on one day.
struct Caller {
    nth: u32,
    place: u32,
    day: u32,
    sources: u32,
}

impl Caller {
    fn attempt(&self, tenant: &TenantId, extension: &ExtensionId) -> Attempt {
        let prefix = PAID.iter().cycle().nth(self.day as usize).copied().unwrap_or_default();
        let number = format!("{prefix}{:05}", self.place);
        let turn = self.day % self.sources.max(1);
        let own = if turn == 0 { 0 } else { self.place + 1 };
        let ip = std::net::Ipv4Addr::from((turn << 28) + (self.nth << 16) + own);
        Attempt {
            call: CallId(u64::from(self.nth)),
            tenant: tenant.clone(),
            trunk: None,
            extension: Some(extension.clone()),
            direction: Direction::Outbound,
            a_number: None,
            dialled: number.into(),
            forwarded_by: None,
            via: Via::Phone,
            source: Some(Source { ip: ip.into(), country: "NL".parse().ok(), user_agent: None }),
            parent: None,
        }
    }
}

/// A gate that watches only: nothing is stopped, everything is learned.
fn gate() -> Result<Gate> {
    let policy = Policy { mode: ringfence_model::Mode::Observe, ..Policy::default() };
    let dial_plan = DialPlan::default();
    let tariff = Tariff::default_bands(dial_plan.country);
    let setup = Setup {
        settings: Arc::new(Settings::new(policy)?),
        dial_plan: Arc::new(dial_plan),
        tariff: Arc::new(tariff),
    };
    Ok(Gate::new(Arc::new(Snapshot::of(setup))))
}

/// A paid call each, all at once, a quarter of a minute long.
fn calls(gate: &mut Gate, secs: i64, attempts: impl Iterator<Item = Attempt>) {
    let mut calls = Vec::new();
    for attempt in attempts {
        calls.push(attempt.call);
        tell(gate, at(secs), &CallEvent::Attempt(attempt));
    }
    for &call in &calls {
        tell(gate, at(secs + 5), &CallEvent::Answered { call });
    }
    for &call in &calls {
        let by = ReleasedBy::Parties;
        let release = Release { call, code: 200, billable_ms: 15_000, by };
        tell(gate, at(secs + 20), &CallEvent::Released(release));
    }
}

fn tell(gate: &mut Gate, now: Now, event: &CallEvent) {
    gate.handle(now, Input::Event(event));
    while !matches!(gate.poll(), Output::Sleep(_)) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_extension_gets_its_history() {
        let mut gate = gate().unwrap();
        let (tenant, extension) = (TenantId::new("t"), ExtensionId::new("1"));
        for day in 0..5 {
            let who = Caller { nth: 3, place: 7, day, sources: 2 };
            let attempt = who.attempt(&tenant, &extension);
            calls(&mut gate, i64::from(day) * 86_400, std::iter::once(attempt));
        }
        let known = gate.engine().tenant_state(&tenant).unwrap();
        let own = known.extensions.last().unwrap();
        assert_eq!(own.destinations.iter().count(), 5);
        assert_eq!(own.id, Some(extension));
    }
}
