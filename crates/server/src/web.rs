//! The REST API on a thread of its own: whatever happens there, operators and the watchdog are answered.

use crate::config;
use crate::outside::Outside;
use crate::running::Running;
use crate::spans::Requests;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use ringfence_api::{App, Chance, Clock, Oidc, Settings, State, Watch};
use ringfence_edge::Keys;
use ringfence_model::WallTime;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Semaphore, oneshot};
use tower_service::Service;
use tracing::{error, info, warn};

/// Connections at once, in all and from one address (of IPv6: one network of 64 bits).
const CONNECTIONS_MAX: usize = 1_024;
const CONNECTIONS_OF_ONE_MAX: usize = 64;
/// How long a handshake of TLS, and the head of a request, may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest head of a request, about.
const HEAD_BYTES_MAX: usize = 64 << 10;
/// How often is looked for proposals whose time has come.
const TEND: Duration = Duration::from_secs(30);
/// How long what is under way may take at the end.
const LAST: Duration = Duration::from_secs(5);

/// The thread, to be ended.
pub(crate) struct Web {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

/// Why the API cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// Its settings, or the store.
    #[error(transparent)]
    Start(#[from] ringfence_api::StartError),
    /// What is needed to ask the login provider.
    #[error("the login provider cannot be asked over TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// Threads or sockets.
    #[error(transparent)]
    System(#[from] std::io::Error),
}

impl Web {
    /// Serves the API at `listener` until it is told to end. Says how the first person comes in, while there is none.
    pub fn start(
        listener: TcpListener,
        api: &config::Api,
        secret: [u8; 32],
        running: Arc<Running>,
    ) -> Result<Self, WebError> {
        let settings = Settings {
            allow: api.allow.clone(),
            session_idle: api.session_idle,
            session_life: api.session_life,
            two_person_above: api.two_person_above,
            alone_delay: api.alone_delay,
            oidc: api.provider.as_ref().map(oidc).transpose()?,
            watch: running.spans.clone().map(|spans| Arc::new(Requests(spans)) as Arc<dyn Watch>),
            ..Settings::new(api.public_url.clone(), secret)
        };
        let (stop, stopped) = oneshot::channel();
        let (ready, is_ready) = channel();
        let thread = std::thread::Builder::new().name("api".into());
        let thread = thread.spawn(move || run(listener, settings, running, &ready, stopped))?;
        // A thread that died says nothing.
        let died = || Err(std::io::Error::other("its thread failed").into());
        is_ready.recv().unwrap_or_else(|_| died())?;
        Ok(Self { stop, thread })
    }

    /// Ends it.
    pub fn end(self) {
        // It may have ended by itself.
        let _ = self.stop.send(());
        if self.thread.join().is_err() {
            error!("the API failed");
        }
    }
}

fn oidc(provider: &config::Provider) -> Result<Oidc, rustls::Error> {
    let config::Provider {
        issuer,
        client_id,
        client_secret,
        scopes,
        login_claim,
        trusts_second_factor,
    } = provider.clone();
    let fetch = Arc::new(Outside::new()?);
    Ok(Oidc { issuer, client_id, client_secret, scopes, login_claim, trusts_second_factor, fetch })
}

fn run(
    listener: TcpListener,
    settings: Settings,
    running: Arc<Running>,
    ready: &Sender<Result<(), WebError>>,
    stopped: oneshot::Receiver<()>,
) {
    let (allow, keys) = (settings.allow.clone(), running.keys.clone());
    let opened = open(settings, running).and_then(|app| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        listener.set_nonblocking(true)?;
        Ok((app, runtime))
    });
    let (app, runtime) = match opened {
        Ok(opened) => opened,
        Err(error) => return drop(ready.send(Err(error))),
    };
    // Whoever waits is there.
    let _ = ready.send(Ok(()));
    let router = ringfence_api::router_with(Arc::clone(&app), ringfence_portal::router());
    let door = Arc::new(Door { allow, keys, router, guests: Guests::default() });
    runtime.block_on(async {
        tokio::select! {
            () = take(listener, door) => {}
            () = tend(app) => {}
            _ = stopped => {}
        }
    });
    runtime.shutdown_timeout(LAST);
}

/// Not on a thread that may not wait: the store is asked.
fn open(settings: Settings, running: Arc<Running>) -> Result<Arc<App>, WebError> {
    let url = settings.public_url.clone();
    let machine = Arc::new(Machine);
    let app = App::new(State {
        store: running.store.clone(),
        node: running,
        clock: Arc::clone(&machine) as Arc<dyn Clock>,
        chance: machine,
        settings,
    })?;
    match app.setup_link()? {
        // At this level so that it is seen whatever is logged.
        Some(link) => warn!("nobody can log in yet: set up the first person at {link}"),
        None => info!("people log in at {url}"),
    }
    if !ringfence_portal::is_built() {
        info!("this program was built without the portal: the API alone is served");
    }
    Ok(app)
}

/// Carries out what waited for its time.
async fn tend(app: Arc<App>) {
    let mut looks = tokio::time::interval(TEND);
    loop {
        looks.tick().await;
        if let Err(refusal) = ringfence_api::tend(&app).await {
            warn!("proposals cannot be looked at: {refusal}");
        }
    }
}

/// What is the same for every connection.
struct Door {
    allow: Vec<ipnet::IpNet>,
    keys: Option<Arc<Keys>>,
    router: Router,
    guests: Guests,
}

/// Takes connections.
async fn take(listener: TcpListener, door: Arc<Door>) {
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return error!("the API is not served: {error}"),
    };
    let seats = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(seat) = Arc::clone(&seats).acquire_owned().await else { return };
        let (stream, from) = match listener.accept().await {
            Ok(came) => came,
            Err(error) => {
                warn!("the API takes no connection: {error}");
                let again = tokio::time::Instant::now() + Duration::from_secs(1);
                tokio::time::sleep_until(again).await;
                continue;
            }
        };
        let ip = from.ip().to_canonical();
        let admitted = door.allow.is_empty() || door.allow.iter().any(|net| net.contains(&ip));
        if !admitted || !door.guests.enter(ip) {
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
        if let Ok(Ok(stream)) = tokio::time::timeout(PATIENCE, acceptor.accept(stream)).await {
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
            .header_read_timeout(PATIENCE)
            .max_buf_size(HEAD_BYTES_MAX)
            .serve_connection(TokioIo::new(stream), service)
            .await;
        // Peers leave as they like.
        if let Err(error) = served {
            tracing::debug!("a connection to the API ended: {error}");
        }
    }
}

/// How many connections each address has.
#[derive(Default)]
struct Guests(Mutex<HashMap<IpAddr, usize>>);

impl Guests {
    /// One more; whether there is room for it.
    fn enter(&self, ip: IpAddr) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = all.entry(house(ip)).or_default();
        let room = *count < CONNECTIONS_OF_ONE_MAX;
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

/// The machine's clock and chance.
struct Machine;

impl Clock for Machine {
    fn now(&self) -> WallTime {
        crate::wall()
    }
}

impl Chance for Machine {
    fn fill(&self, bytes: &mut [u8]) {
        // A secret that can be guessed would be worse than one that is late.
        while getrandom::fill(bytes).is_err() {
            std::thread::park_timeout(Duration::from_millis(100));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_does_not_take_all_seats() {
        let guests = Guests::default();
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        for last in 0..CONNECTIONS_OF_ONE_MAX {
            assert!(guests.enter(ip(&format!("2001:db8::{last:x}"))));
        }
        assert!(!guests.enter(ip("2001:db8::ffff")));
        assert!(guests.enter(ip("2001:db8:0:1::1")) && guests.enter(ip("192.0.2.1")));
        guests.leave(ip("2001:db8::1"));
        assert!(guests.enter(ip("2001:db8::ffff")));
        guests.leave(ip("192.0.2.1"));
        assert_eq!(guests.0.lock().unwrap().len(), 2);
    }
}
