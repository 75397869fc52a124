//! Why the firewall does not start: what, where, and how to mend it.

use crate::config::Problems;
use crate::folder::FolderError;
use crate::web::WebError;
use ringfence_edge::StartError;
use ringfence_store::StoreError;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use thiserror::Error;

/// Why it did not start, or did not go on.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The settings cannot be used.
    #[error("{0}")]
    Settings(#[from] Problems),
    /// The data folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A file of the data folder cannot be read or written.
    #[error(
        "the journal in {path} cannot be used: {source}; free space, or correct the permissions"
    )]
    Journal {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The database cannot be used.
    #[error("the store in {place}: {source}")]
    Store {
        /// Where.
        place: String,
        /// Why not, and what to do.
        source: StoreError,
    },
    /// The plan of a past cannot be used.
    #[error("the plan: {0}")]
    Plan(crate::control::Fault),
    /// Names that were right alone do not fit together.
    #[error("the settings do not fit together: {0}")]
    Directory(#[from] ringfence_call::DirectoryError),
    /// Sockets, certificates or threads.
    #[error(transparent)]
    Edge(#[from] StartError),
    /// The control socket.
    #[error(
        "the control socket {path} cannot be opened: {source}; set control = \"...\" to a path that can"
    )]
    Control {
        /// Where.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Metrics.
    #[error(
        "metrics cannot be served at {address}: {source}; set metrics = \"...\" to a free address of this machine"
    )]
    Metrics {
        /// Where.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The API.
    #[error(
        "the API cannot be served at {address}: {source}; set api.listen = \"...\" to a free address of this machine"
    )]
    ApiAddress {
        /// Where.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The API, which has its address.
    #[error("the API cannot be served: {0}")]
    Api(#[from] WebError),
    /// Where PBXs ask.
    #[error(
        "PBXs cannot be answered at {address}: {source}; set adviser.listen = \"...\" to a free address of this machine"
    )]
    Adviser {
        /// Where.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// Where copies of signalling come in.
    #[error(
        "feed \"{feed}\" cannot be heard at {address}: {source}; give it a free address of this machine"
    )]
    Feed {
        /// Its name.
        feed: String,
        /// Where.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// What every program needs.
    #[error("the system gives no {what}: {source}")]
    System {
        /// What is missing.
        what: &'static str,
        /// What the system says.
        source: io::Error,
    },
}
