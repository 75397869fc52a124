//! Keys and trust: what we show, whom we believe.

mod certificate;
mod client;
mod error;
mod keys;
mod server;

pub use certificate::names_shown;
pub use error::TlsError;
pub use keys::{Keys, Tls};
