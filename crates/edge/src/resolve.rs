//! Names.
use arc_swap::ArcSwap;
use rustls::pki_types::ServerName;
use std::collections::HashMap;
use std::net::SocketAddr;

/// Whom we expect behind the addresses we connect to by TLS.
#[derive(Default)]
pub struct Expected {
    names: ArcSwap<HashMap<SocketAddr, Vec<ServerName<'static>>>>,
}

impl Expected {
    /// The names of everybody who is said to be there; none when nobody is.
    pub fn names(&self, at: SocketAddr) -> Vec<ServerName<'static>> {
        self.names.load().get(&at).cloned().unwrap_or_default()
    }
}
