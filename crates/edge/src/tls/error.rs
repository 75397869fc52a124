//! Why certificates, keys or trust do not work.

use ringfence_model::WallTime;
use std::path::PathBuf;
use thiserror::Error;

/// Why certificates, keys or trust do not work.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A file cannot be read as PEM.
    #[error("{}: {reason}; it must be a readable PEM file", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A file has no certificate in it.
    #[error("{}: there is no certificate in it (\"-----BEGIN CERTIFICATE-----\")", .path.display())]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// A certificate cannot be used.
    #[error("{}: this certificate cannot be used: {reason}", .path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The key is not that of the certificate.
    #[error("{}: this key does not belong to the certificate in {}; give the pair that was issued together", .key.display(), .chain.display())]
    OtherKey {
        /// The file of the key.
        key: PathBuf,
        /// The file of the certificate.
        chain: PathBuf,
    },
    /// A certificate is out of date.
    #[error("{}: this certificate expired on {}; renew it and reload", .path.display(), day(*.at))]
    Expired {
        /// The file.
        path: PathBuf,
        /// When.
        at: WallTime,
    },
    /// A certificate is not valid yet.
    #[error("{}: this certificate is valid from {} on only; is the clock of this machine right?", .path.display(), day(*.at))]
    TooEarly {
        /// The file.
        path: PathBuf,
        /// From when on it is.
        at: WallTime,
    },
    /// The library refuses the combination.
    #[error("TLS cannot be set up: {0}")]
    Setup(String),
}

/// The day in UTC.
fn day(at: WallTime) -> String {
    jiff::Timestamp::from_second(at.as_secs())
        .map_or_else(|_| "a day out of all calendars".into(), |at| at.strftime("%F").to_string())
}
