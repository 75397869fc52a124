//! Why the rim did not start, in words that say how to mend it.

use ringfence_sip::Transport;
use std::io;
use std::net::SocketAddr;
use thiserror::Error;

use crate::tls::TlsError;

/// Why the rim did not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// A socket could not be opened.
    #[error("listener \"{listener}\" ({} {address}): {}", .transport.as_str(), cause(.source, *.address))]
    Socket {
        /// What settings call it.
        listener: String,
        /// How it listens.
        transport: Transport,
        /// Where.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// A listener uses TLS and no key was given.
    #[error(
        "listener \"{listener}\" uses TLS, and no certificate is set: give a certificate chain and its key"
    )]
    NoCertificate {
        /// What settings call it.
        listener: String,
    },
    /// Certificates, keys or trust do not work.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A thread or its runtime could not be started.
    #[error("{what} could not be started: {source}; check the limits on processes and open files")]
    Thread {
        /// Which.
        what: String,
        /// What the system says.
        source: io::Error,
    },
    /// Not one gate per shard.
    #[error("{gates} gates for {shards} shards: there must be one each, and from 1 to 255 of them")]
    Shards {
        /// How many were given.
        gates: usize,
        /// How many sockets are open per listener.
        shards: usize,
    },
    /// The names of trunks cannot be looked up at all.
    #[error("DNS cannot be asked: {0}; check /etc/resolv.conf")]
    Names(String),
}

fn cause(error: &io::Error, address: SocketAddr) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "the port is in use by another program; find it with `ss -lnp 'sport = :{}'`, stop it or choose another \
             port",
            address.port()
        ),
        io::ErrorKind::PermissionDenied => format!(
            "not permitted; ports below 1024 need CAP_NET_BIND_SERVICE (systemd: AmbientCapabilities), or choose a \
             port above (this one is {})",
            address.port()
        ),
        io::ErrorKind::AddrNotAvailable => {
            "this machine has no such address; see `ip address`, and name one of them or 0.0.0.0"
                .into()
        }
        _ if error.raw_os_error() == Some(nix::errno::Errno::EMFILE as i32) => {
            "too many open files; raise the limit (systemd: LimitNOFILE)".into()
        }
        _ => format!("{error}"),
    }
}
