//! What the rim is told at start.

use ringfence_sip::Limits;
use std::net::SocketAddr;
use std::time::Duration;

use crate::tls::Tls;

/// What the rim is told at start. The defaults suit a provider's edge; a trunk guard needs less and loses nothing.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Asked for per UDP socket. At 10,000 datagrams of 1 kB each second, 8 MB bridge a stall of nearly a second; the
    /// kernel grants up to `net.core.rmem_max`.
    pub receive_buffer_bytes: usize,
    /// See `receive_buffer_bytes`; the limit is `net.core.wmem_max`.
    pub send_buffer_bytes: usize,
    /// Messages between shards, or from connections to a shard, that may wait. Beyond it a hand-over is dropped (the
    /// peer sends again) and connections are read no further.
    pub inbox_messages: usize,
    /// Operators' orders that may wait for a shard.
    pub orders: usize,
    /// How big a message on a stream may be.
    pub limits: Limits,
    /// How connections are bounded.
    pub streams: StreamSettings,
    /// Keys and trust; needed when a listener uses TLS, or a trunk is reached by it.
    pub tls: Option<Tls>,
    /// How names are looked up.
    pub names: NameSettings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            receive_buffer_bytes: 8 << 20,
            send_buffer_bytes: 4 << 20,
            inbox_messages: 4_096,
            orders: 1_024,
            limits: Limits::default(),
            streams: StreamSettings::default(),
            tls: None,
            names: NameSettings::default(),
        }
    }
}

/// How the names of trunks are looked up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NameSettings {
    /// DNS servers to ask; empty: those of the system.
    pub servers: Vec<SocketAddr>,
    /// An answer is used at least this long, whatever its time to live.
    pub fresh_min: Duration,
    /// An answer is used at most this long.
    pub fresh_max: Duration,
    /// The pause after a failure; it doubles up to `pause_max`.
    pub pause_min: Duration,
    /// See `pause_min`.
    pub pause_max: Duration,
}

impl Default for NameSettings {
    fn default() -> Self {
        Self {
            servers: Vec::new(),
            fresh_min: Duration::from_secs(5),
            fresh_max: Duration::from_secs(3_600),
            pause_min: Duration::from_secs(2),
            pause_max: Duration::from_secs(300),
        }
    }
}

/// How connections are bounded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StreamSettings {
    /// Accepted connections at once.
    pub connections_max: usize,
    /// Accepted connections at once from one address (IPv6: one /64). An office's phones share one.
    pub per_source_max: usize,
    /// Connections one address may open at once after a pause: an office after a power cut.
    pub burst_per_source: u32,
    /// Connections per second one address may go on opening.
    pub per_source_per_sec: u32,
    /// Connections a shard may open or be opening.
    pub dialled_max: usize,
    /// Bytes that may wait for a peer that does not read; beyond it the connection is closed.
    pub queue_bytes_max: usize,
    /// How long a TLS handshake may take.
    pub handshake_time: Duration,
    /// How long opening a connection may take; then the next address is tried.
    pub dial_time: Duration,
    /// Until when an accepted connection must have brought its first message.
    pub first_message_time: Duration,
    /// How long a message may take from its first byte to its last.
    pub message_time: Duration,
    /// How long writing one piece (at most 16 kB) may take.
    pub write_time: Duration,
    /// How long nothing may be read, not even a keep-alive. Longer than the registration interval of most phones
    /// (RFC 3261 §10.2 suggests an hour), whose flow the connection is.
    pub idle_time: Duration,
}

impl Default for StreamSettings {
    fn default() -> Self {
        Self {
            connections_max: 20_000,
            per_source_max: 1_000,
            burst_per_source: 300,
            per_source_per_sec: 20,
            dialled_max: 1_000,
            queue_bytes_max: 1 << 20,
            handshake_time: Duration::from_secs(10),
            dial_time: Duration::from_secs(4),
            first_message_time: Duration::from_secs(30),
            message_time: Duration::from_secs(10),
            write_time: Duration::from_secs(20),
            idle_time: Duration::from_secs(3_900),
        }
    }
}
