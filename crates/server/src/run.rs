//! From settings to a running firewall, and to its end.

use crate::config::{self, Api, Config, Problems, Storage};
use crate::control::serve as control;
use crate::feed::Feed;
use crate::folder::{Folder, FolderError};
use crate::http;
use crate::logging::Logging;
use crate::notify::Notifier;
use crate::peers;
use crate::records::{InForce, Tally, Writer};
use crate::restart::TakenUp;
use crate::running::Running;
use crate::shards::Shards;
use crate::spans::Exporter;
use crate::troubles::Troubles;
use crate::web::{Web, WebError};
use ringfence_edge::{Keys, Records, Settings, Sockets, StartError};
use ringfence_store::{Place, Store, StoreError};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use thiserror::Error;
use tokio::net::{TcpListener, UnixListener};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{error, info, warn};

/// Records between the shards and the writer.
const RECORDS: usize = 100_000;
/// An address may come, and the last program may go, a moment after us.
const SOCKET_PATIENCE: Duration = Duration::from_secs(5);
/// A database on the network may start after us.
const STORE_PATIENCE: Duration = Duration::from_secs(30);

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
    /// What every program needs.
    #[error("the system gives no {what}: {source}")]
    System {
        /// What is missing.
        what: &'static str,
        /// What the system says.
        source: io::Error,
    },
}

/// Runs until it is told to end.
///
/// # Errors
/// When it cannot start: with what, where and how to mend it.
pub fn serve(file: &Path) -> Result<(), ServeError> {
    let config = config::load(file)?;
    let logging = Logging::start(config.log);
    info!("ringfence {} starts with {}", env!("CARGO_PKG_VERSION"), file.display());
    let folder = Folder::open(&config.data, config.shards)?;
    let store = open_store(&config.storage)?;
    let config = crate::plan::with_stored(file, config, &store)?;
    config.warnings.iter().for_each(|warning| warn!("{warning}"));
    let snapshot = config.snapshot_of(folder.shards, None)?;
    let config = Config { snapshot: Arc::clone(&snapshot), ..config };
    let taken_up = TakenUp::from(&folder, &snapshot, config.keep_days)
        .map_err(|source| ServeError::Journal { path: folder.path().to_owned(), source })?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|source| ServeError::System { what: "event queue", source })?;
    let (running, behind, web) = runtime.block_on(async {
        let sockets = open_sockets(&config, folder.shards).await?;
        let mut faces = Faces::open(&config).await?;
        let ground = Ground { folder: &folder, store, file };
        let keys = faces.keys.clone();
        let (running, behind) = start(sockets, taken_up, ground, (config, keys), logging)?;
        let web = faces.open_api(&running, folder.secret)?;
        attend(Arc::clone(&running), faces).await;
        Ok::<_, ServeError>((running, behind, web))
    })?;
    // With it go those who still ask something.
    drop(runtime);
    web.into_iter().for_each(Web::end);
    end(running, behind);
    Ok(())
}

/// Opens the database. One on the network is waited for.
fn open_store(storage: &Storage) -> Result<Store, ServeError> {
    let place = match &storage.place {
        Place::File(path) => path.display().to_string(),
        // Its address may hold a password.
        Place::Postgres(_) => "PostgreSQL".to_owned(),
        Place::Memory => "memory".to_owned(),
    };
    let until = Instant::now() + STORE_PATIENCE;
    loop {
        let source = match Store::open(storage.place.clone(), crate::wall()) {
            Ok(store) => return Ok(store),
            Err(error) => error,
        };
        let passing = source.is_passing() && matches!(storage.place, Place::Postgres(_));
        if !passing || Instant::now() >= until {
            return Err(ServeError::Store { place, source });
        }
        warn!("the store in {place}: {source}");
        std::thread::park_timeout(Duration::from_secs(1));
    }
}

/// What the program stands on.
struct Ground<'a> {
    folder: &'a Folder,
    store: Store,
    file: &'a Path,
}

/// The threads behind the shards.
struct Behind {
    writer: JoinHandle<()>,
    feed: Feed,
    exporter: Option<Exporter>,
}

async fn open_sockets(config: &Config, shards: u8) -> Result<Sockets, ServeError> {
    let listeners = &config.snapshot.directory.parts().listeners;
    let until = Instant::now() + SOCKET_PATIENCE;
    loop {
        let settings = Settings { tls: Some(config.tls.clone()), ..Settings::default() };
        let error = match ringfence_edge::open(settings, listeners, usize::from(shards)) {
            Ok(sockets) => return Ok(sockets),
            Err(error) => error,
        };
        let passing = matches!(&error, StartError::Socket { source, .. }
            if matches!(source.kind(), io::ErrorKind::AddrInUse | io::ErrorKind::AddrNotAvailable));
        if !passing || Instant::now() >= until {
            return Err(error.into());
        }
        warn!("{error}; trying again");
        tokio::time::sleep_until((Instant::now() + Duration::from_secs(1)).into()).await;
    }
}

/// What operators and monitoring talk to.
struct Faces {
    control: UnixListener,
    metrics: Option<TcpListener>,
    api: Option<std::net::TcpListener>,
    /// What the API shows, where it is encrypted.
    keys: Option<Arc<Keys>>,
    hangup: Signal,
    terminate: Signal,
    interrupt: Signal,
}

impl Faces {
    async fn open(config: &Config) -> Result<Self, ServeError> {
        let path = &config.control;
        let control = control::open(path)
            .map_err(|source| ServeError::Control { path: path.clone(), source })?;
        let metrics = match config.metrics {
            Some(address) => Some(
                TcpListener::bind(address)
                    .await
                    .map_err(|source| ServeError::Metrics { address, source })?,
            ),
            None => None,
        };
        let bind = |api: &Api| {
            let address = api.listen;
            std::net::TcpListener::bind(address)
                .map_err(|source| ServeError::ApiAddress { address, source })
        };
        let tls = config.api.as_ref().and_then(|api| api.tls.as_ref());
        let keys = tls.map(Keys::load).transpose().map_err(StartError::from)?;
        let listen =
            |kind| signal(kind).map_err(|source| ServeError::System { what: "signals", source });
        Ok(Self {
            control,
            metrics,
            api: config.api.as_ref().map(bind).transpose()?,
            keys: keys.map(Arc::new),
            hangup: listen(SignalKind::hangup())?,
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
        })
    }
}

impl Faces {
    /// Lets people and their programs in.
    fn open_api(
        &mut self,
        running: &Arc<Running>,
        secret: [u8; 32],
    ) -> Result<Option<Web>, ServeError> {
        let config = running.config();
        let Some((listener, api)) = self.api.take().zip(config.api.as_ref()) else {
            return Ok(None);
        };
        info!(address = %api.listen, "serves the API");
        Ok(Some(Web::start(listener, api, secret, Arc::clone(running))?))
    }
}

fn start(
    sockets: Sockets,
    taken_up: TakenUp,
    ground: Ground<'_>,
    (config, keys): (Config, Option<Arc<Keys>>),
    logging: Logging,
) -> Result<(Arc<Running>, Behind), ServeError> {
    let TakenUp { gates, journals, attempts, known, daily, said } = taken_up;
    let (records, reader): (Records, _) = ringfence_edge::records(RECORDS, known);
    let edge = sockets.start(&config.snapshot.directory, gates, records)?;
    for address in edge.local_addresses() {
        info!(
            listener = address.listener,
            transport = address.transport.as_str(),
            local = %address.local,
            receive_buffer_bytes = address.receive_buffer_bytes,
            "listens"
        );
    }
    let (tally, troubles) = (Arc::<Tally>::default(), Arc::<Troubles>::default());
    let (hurry, hurries) = std::sync::mpsc::channel();
    let in_force: InForce = Arc::new(Mutex::new(Arc::clone(&config.snapshot)));
    let notes = (Arc::clone(&tally), Arc::clone(&troubles), Arc::clone(&in_force));
    let attempts = attempts.into_iter();
    let system = |what| move |source| ServeError::System { what, source };
    let exporter = config.traces.clone().map(|to| {
        info!("sends spans to {to}");
        Exporter::start(to, config.storage.node, Arc::clone(&troubles))
    });
    let (exporter, spans) = exporter.transpose().map_err(system("thread"))?.unzip();
    let mut writer = Writer::new((reader, hurries), journals, daily, attempts, notes);
    writer.trace(spans.clone());
    writer.write(said);
    let feed = Feed::start(
        ground.store.clone(),
        ground.folder.path(),
        &config.storage,
        &ground.folder.secret,
        Arc::clone(&troubles),
    );
    let feed = feed.map_err(system("thread"))?;
    let running = Running::new(
        (Shards::new(edge), hurry),
        (tally, troubles, in_force),
        (ground.store, Arc::clone(&feed.lag), keys),
        spans,
        ground.file.to_owned(),
        config,
        logging,
    );
    let shards = Arc::downgrade(&running.shards);
    let thread = std::thread::Builder::new().name("writer".into());
    let writer = thread.spawn(move || writer.run(&shards)).map_err(system("thread"))?;
    Ok((Arc::new(running), Behind { writer, feed, exporter }))
}

/// Serves operators and heeds signals until it is time to end.
async fn attend(running: Arc<Running>, mut faces: Faces) {
    let notifier = Notifier::of_environment();
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(control::serve(faces.control, Arc::clone(&running)));
    if let Some(listener) = faces.metrics {
        tasks.spawn(http::serve(listener, Arc::clone(&running)));
    }
    tasks.spawn(peers::watch(Arc::clone(&running)));
    if let Some(beat) = notifier.beat() {
        tasks.spawn(be_alive(Arc::clone(&running), Notifier::of_environment(), beat));
    }
    notifier.ready();
    info!("takes calls");
    loop {
        tokio::select! {
            _ = faces.hangup.recv() => {
                notifier.reloading(crate::monotonic());
                // Told in the log.
                let _ = running.reload().await;
                notifier.ready();
            }
            _ = faces.terminate.recv() => break,
            _ = faces.interrupt.recv() => break,
            () = running.wants_drain() => break,
        }
    }
    let patience = running.config().drain;
    info!("takes no new calls and waits up to {} s for the running ones", patience.as_secs());
    notifier.stopping("waits for the last calls");
    if let Err(fault) = running.begin_drain() {
        error!("{fault}");
    }
    tokio::select! {
        () = drained(&running, patience) => {}
        _ = faces.terminate.recv() => info!("told to end at once"),
        _ = faces.interrupt.recv() => info!("told to end at once"),
    }
    tasks.shutdown().await;
}

/// Says that we are alive while every shard answers.
async fn be_alive(running: Arc<Running>, notifier: Notifier, beat: Duration) {
    let mut beats = tokio::time::interval(beat);
    loop {
        beats.tick().await;
        match running.shards.each(|_, _| ()).await {
            Ok(_) => notifier.alive(),
            Err(fault) => error!("{fault}"),
        }
    }
}

/// Ends when no call is left, or after `patience`.
async fn drained(running: &Running, patience: Duration) {
    let until = Instant::now() + patience;
    let mut looks = tokio::time::interval(Duration::from_millis(500));
    loop {
        looks.tick().await;
        match running.calls().await {
            Ok(0) => return info!("the last call is over"),
            Ok(calls) if Instant::now() >= until => {
                return warn!(
                    "{calls} calls are left to themselves; a start within 32 s takes them up"
                );
            }
            Ok(_) => {}
            Err(fault) => return error!("{fault}"),
        }
    }
}

fn end(running: Arc<Running>, behind: Behind) {
    let control = running.config().control.clone();
    match Arc::into_inner(running).and_then(|running| Arc::into_inner(running.shards)) {
        Some(shards) => drop(shards.into_edge().stop()),
        // Dropping it stops it all the same, when whoever holds it lets go.
        None => warn!("something still asks the shards"),
    }
    if behind.writer.join().is_err() {
        error!("the writer failed");
    }
    behind.feed.end();
    behind.exporter.into_iter().for_each(Exporter::end);
    let _ = std::fs::remove_file(control);
    info!("has ended");
}
