//! A rim on loopback, with real gates behind it and peers in front.

#![allow(dead_code)] // each test file uses its part

use ringfence_call::{
    Dialling, Directory, Inbound, Listener, NumberForm, Parts, Referrals, Registering, Side,
    Target, Tenant, Trunk, Upstream,
};
use ringfence_edge::{Edge, RecordReader, Settings, StartError, records};
use ringfence_gate::{Gate, Setup, Shard, Snapshot};
use ringfence_model::Policy;
use ringfence_numbering::{DialPlan, Tariff};
use ringfence_sip::Transport;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Nothing on loopback takes this long.
pub const PATIENCE: Duration = Duration::from_secs(8);

/// What a rim is made of.
pub struct Plan {
    pub settings: Settings,
    pub listeners: Vec<(Transport, &'static str)>,
    pub trunks: Vec<Trunk>,
    pub shards: u8,
}

/// A running rim.
pub struct Rim {
    pub edge: Edge,
    pub reader: RecordReader,
    pub snapshot: Arc<Snapshot>,
}

impl Plan {
    /// One listener, one shard, and a PBX at 127.0.0.1 and ::1.
    pub fn on(transport: Transport, at: &'static str) -> Self {
        Self {
            settings: Settings::default(),
            listeners: vec![(transport, at)],
            trunks: vec![pbx()],
            shards: 1,
        }
    }

    pub fn start(self) -> Rim {
        self.try_start().unwrap()
    }

    pub fn try_start(self) -> Result<Rim, StartError> {
        let listener = |(index, (transport, at)): (usize, &(Transport, &str))| {
            listener(&format!("l{index}"), *transport, at)
        };
        let mut listeners: Vec<_> = self.listeners.iter().enumerate().map(listener).collect();
        let shards = usize::from(self.shards);
        let sockets = ringfence_edge::open(self.settings, &listeners, shards)?;
        for (listener, is) in listeners.iter_mut().zip(sockets.local_addresses()) {
            listener.local = is.local;
            listener.advertised = is.local.to_string();
        }
        let parts = Parts {
            listeners,
            tenants: vec![tenant(&self.trunks)],
            trunks: self.trunks,
            shards: self.shards,
            ..Parts::default()
        };
        let snapshot = snapshot(parts);
        let gates = (0..self.shards).map(|number| gate(number, &snapshot)).collect();
        let (records, reader) = records(1_000, []);
        let edge = sockets.start(&snapshot.directory, gates, records)?;
        Ok(Rim { edge, reader, snapshot })
    }
}

impl Rim {
    /// Where the n-th listener is.
    pub fn at(&self, listener: usize) -> SocketAddr {
        self.edge.local_addresses()[listener].local
    }
}

pub fn snapshot(parts: Parts) -> Arc<Snapshot> {
    let plan = DialPlan::default();
    let setup = Setup {
        settings: Arc::new(ringfence_fraud::Settings::new(Policy::default()).unwrap()),
        tariff: Arc::new(Tariff::default_bands(plan.country)),
        dial_plan: Arc::new(plan),
    };
    let directory = Arc::new(Directory::new(parts).unwrap());
    Arc::new(Snapshot { directory, ..Snapshot::of(setup) })
}

pub fn gate(number: u8, snapshot: &Arc<Snapshot>) -> Gate {
    Gate::of_shard(&Shard { number, secret: [7; 32] }, Arc::clone(snapshot))
}

pub fn listener(name: &str, transport: Transport, local: &str) -> Listener {
    let local = local.parse().unwrap();
    Listener { name: name.into(), transport, local, advertised: local.to_string() }
}

fn tenant(trunks: &[Trunk]) -> Tenant {
    let carriers = trunks.iter().filter(|trunk| trunk.side == Side::Carrier);
    Tenant {
        id: "acme".into(),
        domains: vec!["acme.example".into()],
        carriers: carriers.map(|trunk| trunk.id.clone()).collect(),
        emergency_carriers: vec![],
        inbound: Inbound::Nowhere,
        numbers: vec!["+31201234567".parse().unwrap()],
        registering: Registering::Nobody,
        algorithms: vec![],
        reject_code: 603,
        ring: Duration::from_secs(60),
        referrals: Referrals::Pass,
        methods: vec![],
        extension_digits_max: 5,
        dialling: Dialling::default(),
    }
}

fn trunk(id: &str, side: Side) -> Trunk {
    Trunk {
        id: id.into(),
        tenant: Some("acme".into()),
        side,
        networks: vec![],
        certificate: None,
        login: None,
        targets: vec![],
        listener: None,
        account: None,
        upstream: None,
        probe: None,
        reject_code: 486,
        failover_codes: vec![503],
        numbers: NumberForm::AsDialled,
        dialling: None,
        trusted: true,
        adviser: None,
    }
}

/// Asks from 127.0.0.1 or ::1.
pub fn pbx() -> Trunk {
    let networks = vec!["127.0.0.1/32".parse().unwrap(), "::1/128".parse().unwrap()];
    Trunk { networks, ..trunk("pbx", Side::Pbx) }
}

/// Where we register as soon as its address is known.
pub fn carrier(host: &str, port: Option<u16>, transport: Option<Transport>) -> Trunk {
    let upstream =
        Upstream { aor: "sip:us@acme.example".into(), expires: Duration::from_secs(600) };
    Trunk {
        targets: vec![Target { host: host.into(), port, transport }],
        upstream: Some(upstream),
        networks: vec!["127.0.0.9/32".parse().unwrap()],
        ..trunk("carrier", Side::Carrier)
    }
}

/// A request that a PBX gets an answer to.
pub fn options(number: usize, via: &str) -> String {
    format!(
        "OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/{via} 127.0.0.1:5060;branch=z9hG4bK{number};rport\r\n\
         Max-Forwards: 70\r\nFrom: <sip:p@acme.example>;tag=f{number}\r\nTo: <sip:x>\r\n\
         Call-ID: c{number}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    )
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
