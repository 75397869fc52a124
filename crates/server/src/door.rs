//! Where HTTP comes in: so many connections, so long, over TLS or not.

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use ringfence_edge::Keys;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Semaphore;
use tower_service::Service;
use tracing::{error, warn};

/// Longest head of a request, about.
const HEAD_BYTES_MAX: usize = 64 << 10;

/// How many may come in, and how long they may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caps {
    /// Connections at once, in all.
    pub all: usize,
    /// And from one address (of IPv6: one network of 64 bits).
    pub of_one: usize,
    /// How long a handshake of TLS, and the head of a request, may take; so long an idle connection is kept.
    pub head: Duration,
}

/// What is the same for every connection.
pub(crate) struct Door {
    what: &'static str,
    allow: Vec<ipnet::IpNet>,
    keys: Option<Arc<Keys>>,
    router: Router,
    caps: Caps,
    guests: Guests,
}

impl Door {
    /// Everybody who connects is served by `router`, in the clear.
    pub fn new(what: &'static str, router: Router, caps: Caps) -> Self {
        Self { what, allow: Vec::new(), keys: None, router, caps, guests: Guests::default() }
    }

    /// Only who comes from there; everybody where the list is empty.
    pub fn allow(self, allow: Vec<ipnet::IpNet>) -> Self {
        Self { allow, ..self }
    }

    /// Over TLS, where there are keys.
    pub fn keys(self, keys: Option<Arc<Keys>>) -> Self {
        Self { keys, ..self }
    }

    /// Takes connections, for good.
    pub async fn take(self, listener: TcpListener) {
        let listener = match tokio::net::TcpListener::from_std(listener) {
            Ok(listener) => listener,
            Err(error) => return error!("{} is not served: {error}", self.what),
        };
        take(listener, Arc::new(self)).await;
    }
}

async fn take(listener: tokio::net::TcpListener, door: Arc<Door>) {
    let seats = Arc::new(Semaphore::new(door.caps.all));
    loop {
        let Ok(seat) = Arc::clone(&seats).acquire_owned().await else { return };
        let (stream, from) = match listener.accept().await {
            Ok(came) => came,
            Err(error) => {
                warn!("{} takes no connection: {error}", door.what);
                let again = tokio::time::Instant::now() + Duration::from_secs(1);
                tokio::time::sleep_until(again).await;
                continue;
            }
        };
        let ip = from.ip().to_canonical();
        let admitted = door.allow.is_empty() || door.allow.iter().any(|net| net.contains(&ip));
        if !admitted || !door.guests.enter(ip, door.caps.of_one) {
            continue;
        }
        let door = Arc::clone(&door);
        tokio::spawn(async move {
            door.welcome(stream, from).await;
            door.guests.leave(ip);
            drop(seat);
        });
    }
}

impl Door {
    async fn welcome(&self, stream: tokio::net::TcpStream, from: SocketAddr) {
        // Small answers go at once; where that cannot be set they go a little later.
        let _ = stream.set_nodelay(true);
        let Some(keys) = &self.keys else { return self.serve(stream, from).await };
        let Some(acceptor) = keys.acceptor() else { return };
        // Strangers who speak no TLS are no news.
        if let Ok(Ok(stream)) = tokio::time::timeout(self.caps.head, acceptor.accept(stream)).await
        {
            self.serve(stream, from).await;
        }
    }

    async fn serve(&self, stream: impl AsyncRead + AsyncWrite + Unpin, from: SocketAddr) {
        let service = service_fn(|request: hyper::Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(from));
            self.router.clone().call(request)
        });
        let served = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.caps.head)
            .max_buf_size(HEAD_BYTES_MAX)
            .serve_connection(TokioIo::new(stream), service)
            .await;
        // Peers leave as they like.
        if let Err(error) = served {
            tracing::debug!("a connection to {} ended: {error}", self.what);
        }
    }
}

/// How many connections each address has.
#[derive(Default)]
struct Guests(Mutex<HashMap<IpAddr, usize>>);

impl Guests {
    /// One more; whether there is room for it.
    fn enter(&self, ip: IpAddr, most: usize) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = all.entry(house(ip)).or_default();
        let room = *count < most;
        *count += usize::from(room);
        room
    }

    fn leave(&self, ip: IpAddr) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = all.get_mut(&house(ip)) {
            *count -= 1;
            if *count == 0 {
                all.remove(&house(ip));
            }
        }
    }
}

/// Who is counted as one.
fn house(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => ip,
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << 64)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_does_not_take_all_seats() {
        let guests = Guests::default();
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        for last in 0..64 {
            assert!(guests.enter(ip(&format!("2001:db8::{last:x}")), 64));
        }
        assert!(!guests.enter(ip("2001:db8::ffff"), 64));
        assert!(guests.enter(ip("2001:db8:0:1::1"), 64) && guests.enter(ip("192.0.2.1"), 64));
        guests.leave(ip("2001:db8::1"));
        assert!(guests.enter(ip("2001:db8::ffff"), 64));
        guests.leave(ip("192.0.2.1"));
        assert_eq!(guests.0.lock().unwrap().len(), 2);
    }
}
