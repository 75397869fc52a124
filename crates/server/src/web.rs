//! The REST API on a thread of its own: whatever happens there, operators and the watchdog are answered.

use crate::config;
use crate::door::{Caps, Door};
use crate::outside::Outside;
use crate::running::Running;
use crate::spans::Requests;
use axum::Router;
use ringfence_api::{App, Chance, Clock, Oidc, Settings, State, Watch};
use ringfence_model::WallTime;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;
use tracing::{error, info, warn};

/// Connections at once, and how long a head may take.
const CAPS: Caps = Caps { all: 1_024, of_one: 64, head: Duration::from_secs(10) };
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
        (secret, pages): ([u8; 32], Router),
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
        let thread =
            thread.spawn(move || run(listener, (settings, pages), running, &ready, stopped))?;
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
    (settings, pages): (Settings, Router),
    running: Arc<Running>,
    ready: &Sender<Result<(), WebError>>,
    stopped: oneshot::Receiver<()>,
) {
    let (allow, keys) = (settings.allow.clone(), running.shown.api.clone());
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
    let router =
        ringfence_api::router_with(Arc::clone(&app), pages.merge(ringfence_portal::router()));
    let door = Door::new("the API", router, CAPS).allow(allow).keys(keys);
    runtime.block_on(async {
        tokio::select! {
            () = door.take(listener) => {}
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
