//! Keys and trust.
use thiserror::Error;
/// Keys and trust.
#[derive(Clone, Debug)]
pub struct Tls {}
/// Why certificates, keys or trust do not work.
#[derive(Debug, Error)]
pub enum TlsError {}
