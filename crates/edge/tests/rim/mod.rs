//! A rim on loopback, started and asked.

#![allow(dead_code)] // each test file uses its part

use ringfence_call::Listener;
use ringfence_edge::{Edge, Records, records};
use ringfence_fraud::Settings;
use ringfence_gate::{Gate, Setup, Snapshot};
use ringfence_model::Policy;
use ringfence_numbering::{DialPlan, Tariff};
use ringfence_sip::Transport;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Nothing on loopback takes this long.
pub const PATIENCE: Duration = Duration::from_secs(8);

/// An empty gate.
pub fn gate() -> Gate {
    let plan = DialPlan::default();
    let setup = Setup {
        settings: Arc::new(Settings::new(Policy::default()).unwrap()),
        tariff: Arc::new(Tariff::default_bands(plan.country)),
        dial_plan: Arc::new(plan),
    };
    Gate::new(Arc::new(Snapshot::of(setup)))
}

pub fn listener(transport: Transport, local: &str) -> Listener {
    let local = local.parse().unwrap();
    Listener { name: format!("{transport:?}"), transport, local, advertised: local.to_string() }
}

/// So many shards on one UDP port.
pub fn udp(shards: usize) -> (Edge, SocketAddr) {
    let (records, _reader) = records(10, []);
    started(
        ringfence_edge::Settings::default(),
        &[listener(Transport::Udp, "127.0.0.1:0")],
        shards,
        records,
    )
}

pub fn started(
    settings: ringfence_edge::Settings,
    listeners: &[Listener],
    shards: usize,
    records: Records,
) -> (Edge, SocketAddr) {
    let gates = (0..shards).map(|_| gate()).collect();
    let edge = ringfence_edge::start(settings, listeners, gates, records).unwrap();
    let address = edge.local_addresses()[0].local;
    (edge, address)
}

/// Looks until it is so.
#[track_caller]
pub fn until(what: &str, so: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !so() {
        assert!(Instant::now() < end, "never: {what}");
        std::thread::yield_now();
    }
}
