//! Where a message came from or goes to.

use std::net::SocketAddr;

/// How messages travel.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, PartialOrd, Ord)]
pub enum Transport {
    /// Datagrams.
    #[default]
    Udp,
    /// A stream.
    Tcp,
    /// A stream under TLS.
    Tls,
}

impl Transport {
    /// As in a `Via` (RFC 3261 §20.42).
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
        }
    }

    /// As in a URI parameter `transport=` (RFC 3261 §19.1.1); TLS is said by `tls` for the peers that need it.
    #[must_use]
    pub const fn as_param(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
        }
    }

    /// Whether nothing is lost on the way: no retransmission is needed (RFC 3261 §17).
    #[must_use]
    pub const fn is_reliable(self) -> bool {
        !matches!(self, Self::Udp)
    }

    /// The port used when none is said.
    #[must_use]
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Udp | Self::Tcp => 5060,
            Self::Tls => 5061,
        }
    }
}

/// One connection of a stream transport while this process runs; the upper 16 bits are the shard that holds it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct ConnectionId(pub u64);

/// Between which two addresses, and on which connection, a message travels (RFC 5626 calls it a flow).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Flow {
    /// How.
    pub transport: Transport,
    /// Our address: what was listened on, also of an outgoing connection.
    pub local: SocketAddr,
    /// Theirs.
    pub remote: SocketAddr,
    /// The connection; `None` for datagrams, and when a connection is to be opened or found.
    pub connection: Option<ConnectionId>,
}
