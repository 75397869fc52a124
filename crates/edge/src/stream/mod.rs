//! Connections: TCP and TLS, accepted and opened.
//!
//! They live on threads of their own: one for those that stand, one for accepting and handshakes, so that a flood of
//! handshakes delays neither shards nor those who already talk. A connection belongs to one shard (the upper 16 bits
//! of its id); it tells that shard what it heard through a bounded queue, and waits when that is full, so TCP slows the
//! peer down. What it is given to send is bounded in bytes: a peer that does not read is closed, and stalls nobody.

mod accept;
mod caps;
mod connection;
mod dial;
mod outlet;

pub use accept::listen;
pub use caps::Caps;
pub use outlet::{Outlet, outlet};

use bytes::Bytes;
use ringfence_call::End;
use ringfence_sip::{ConnectionId, Flow, Limits};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::{mpsc, oneshot};

use crate::clock;
use crate::counters::StreamCounters;
use crate::resolve::Expected;
use crate::settings::StreamSettings;
use crate::tls::Keys;

/// What connections tell their shard.
pub enum Heard {
    /// May somebody from there connect?
    MayConnect {
        /// Between which addresses.
        flow: Flow,
        /// Where to answer.
        answer: oneshot::Sender<bool>,
    },
    /// An accepted connection stands.
    Opened {
        /// Which.
        flow: Flow,
        /// Names in the certificate it showed; none without one.
        names: Vec<String>,
        /// How to send on it.
        outlet: Outlet,
    },
    /// A message came.
    Message {
        /// On which connection.
        flow: Flow,
        /// The message.
        bytes: Bytes,
    },
    /// A connection ended, or could not be opened.
    Closed(Flow, End),
}

/// What all connections share.
pub struct Streams {
    pub settings: StreamSettings,
    pub limits: Limits,
    pub counters: Arc<StreamCounters>,
    /// Where each shard hears.
    pub shards: Vec<mpsc::Sender<Heard>>,
    pub keys: Option<Arc<Keys>>,
    /// Whom we expect behind addresses we connect to.
    pub expected: Arc<Expected>,
    standing: Handle,
    beginning: Handle,
    ids: AtomicU64,
}

/// The threads of connections.
pub struct Threads {
    standing: Runtime,
    beginning: Runtime,
}

impl Threads {
    /// Starts them.
    pub fn start() -> std::io::Result<Self> {
        let one = |name: &str| {
            Builder::new_multi_thread().worker_threads(1).thread_name(name).enable_all().build()
        };
        Ok(Self { standing: one("connections")?, beginning: one("handshakes")? })
    }

    /// Where connections that stand live; also a place for other slow, patient work.
    pub fn standing(&self) -> &Handle {
        self.standing.handle()
    }

    /// Ends every connection without waiting for it.
    pub fn leave(self) {
        self.beginning.shutdown_background();
        self.standing.shutdown_background();
    }

    /// Ends every connection.
    pub fn stop(self) {
        let patience = Duration::from_secs(1);
        self.beginning.shutdown_timeout(patience);
        self.standing.shutdown_timeout(patience);
    }
}

impl Streams {
    /// What connections of these shards share.
    pub fn new(
        threads: &Threads,
        settings: StreamSettings,
        limits: Limits,
        shards: Vec<mpsc::Sender<Heard>>,
        keys: Option<Arc<Keys>>,
        expected: Arc<Expected>,
    ) -> Self {
        Self {
            settings,
            limits,
            counters: Arc::default(),
            shards,
            keys,
            expected,
            standing: threads.standing.handle().clone(),
            beginning: threads.beginning.handle().clone(),
            // Flows outlive the process in checkpoints. Milliseconds since 1970 have never been used before, as long
            // as fewer than a thousand connections per second are opened.
            ids: AtomicU64::new(clock::wall().as_millis().unsigned_abs()),
        }
    }

    /// The id of a new connection of a shard.
    pub fn mint(&self, shard: u8) -> ConnectionId {
        let number = self.ids.fetch_add(1, Ordering::Relaxed) & ((1 << 48) - 1);
        ConnectionId(u64::from(shard) << 48 | number)
    }

    /// The shard that holds a connection.
    pub fn holder(id: ConnectionId) -> u8 {
        u8::try_from(id.0 >> 48).unwrap_or(u8::MAX)
    }

    /// The shard for connections from an address: always the same, so that a peer's connections meet.
    fn shard_for(&self, source: SocketAddr) -> u8 {
        let octets = match source.ip().to_canonical() {
            std::net::IpAddr::V4(ip) => u64::from(ip.to_bits()),
            std::net::IpAddr::V6(ip) => (ip.to_bits() >> 64) as u64,
        };
        // Fibonacci hashing: neighbours in a network spread over the shards.
        let hash = octets.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        u8::try_from(hash % (self.shards.len().max(1) as u64)).unwrap_or(0)
    }

    fn shard_of(&self, flow: &Flow) -> Option<&mpsc::Sender<Heard>> {
        self.shards.get(usize::from(Self::holder(flow.connection?)))
    }
}
