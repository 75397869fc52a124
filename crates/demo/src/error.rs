//! Why the demo does not run.

use ringfence_server::ServeError;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why the demo does not run.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// It would be reached from elsewhere, and has no passwords.
    #[error(
        "{0} is not an address of this machine alone; the demo lets whoever has its link in without a password: use 127.0.0.1:PORT or [::1]:PORT"
    )]
    NotHere(SocketAddr),
    /// Somebody else is there.
    #[error("{address} cannot be had: {source}; choose another port, or 0 for a free one")]
    Address {
        /// Where.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The folder holds something already.
    #[error("{0} is not empty; name a new folder")]
    NotEmpty(PathBuf),
    /// The folder cannot be used.
    #[error("{path} cannot be used: {source}")]
    Folder {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A time zone is missing.
    #[error("a calendar cannot be made: {0}")]
    Calendar(ringfence_sim::CalendarError),
    /// It was ended before it began.
    #[error("ended before it began")]
    Stopped,
    /// The firewall.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// Its store.
    #[error("the store: {0}")]
    Store(#[from] ringfence_store::StoreError),
    /// Sockets, threads, signals.
    #[error("the system gives no {what}: {source}")]
    System {
        /// What is missing.
        what: &'static str,
        /// What it says.
        source: io::Error,
    },
}
