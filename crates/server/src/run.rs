//! From settings to a running firewall, and to its end.

use crate::adviser::{Advising, ORDERS_MAX, Orders};
use crate::config::{self, Config, Storage};
use crate::control::serve as control;
use crate::error::ServeError;
use crate::faces::{Faces, Shown};
use crate::feed::Feed;
use crate::folder::Folder;
use crate::logging::Logging;
use crate::notify::Notifier;
use crate::overheard::Overhearing;
use crate::records::{InForce, Tally, Writer};
use crate::restart::TakenUp;
use crate::running::Running;
use crate::shards::Shards;
use crate::spans::Exporter;
use crate::telling::Teller;
use crate::troubles::Troubles;
use crate::web::Web;
use crate::{follow, http, lookout, peers};
use axum::Router;
use ringfence_api::Links;
use ringfence_edge::{Records, Settings, Sockets, StartError};
use ringfence_store::{Place, Store};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tracing::{error, info, warn};

/// Records between the shards and the writer.
const RECORDS: usize = 100_000;
/// An address may come, and the last program may go, a moment after us.
const SOCKET_PATIENCE: Duration = Duration::from_secs(5);
/// A database on the network may start after us.
const STORE_PATIENCE: Duration = Duration::from_secs(30);

/// Runs until it is told to end.
///
/// # Errors
/// When it cannot start: with what, where and how to mend it.
pub fn serve(file: &Path) -> Result<(), ServeError> {
    serve_with(file, Router::new(), |_| ())
}

/// The same for a program that has `pages` of its own beside the portal's, and something to do with the store once calls
/// are taken.
///
/// # Errors
/// As for [`serve`].
pub fn serve_with(
    file: &Path,
    pages: Router,
    ready: impl FnOnce(&Store),
) -> Result<(), ServeError> {
    let config = config::load(file)?;
    let logging = Logging::start(config.log);
    info!("ringfence {} starts with {}", env!("CARGO_PKG_VERSION"), file.display());
    let folder = Folder::open(&config.data, config.shards)?;
    let store = open_store(&config.storage)?;
    let secret = secret(&config.storage, &store, &folder)?;
    let config = crate::plan::with_stored(file, config, &store)?;
    config.warnings.iter().for_each(|warning| warn!("{warning}"));
    let snapshot = config.snapshot_of(folder.shards, None)?;
    let config = Config { snapshot: Arc::clone(&snapshot), ..config };
    let taken_up = TakenUp::from(&folder, &snapshot, config.keep_days)
        .map_err(|source| ServeError::Journal { path: folder.path().to_owned(), source })?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|source| ServeError::System { what: "event queue", source })?;
    // The last to let go of a database waits for it, which the event queue must not.
    let held = store.clone();
    let (running, behind, web, teller, advising, overhearing) = runtime.block_on(async {
        let sockets = open_sockets(&config, folder.shards).await?;
        let mut faces = Faces::open(&config).await?;
        let ground = Ground { folder: &folder, store, file, secret };
        let shown = faces.shown.clone();
        let (running, behind, orders) = start(sockets, taken_up, ground, (config, shown), logging)?;
        let web = faces.open_api(&running, secret, pages)?;
        let teller = Teller::start(Arc::clone(&running))
            .map_err(|source| ServeError::System { what: "thread", source })?;
        let advising = Advising::start(faces.adviser.take(), orders, Arc::clone(&running))
            .map_err(|source| ServeError::System { what: "thread", source })?;
        let ears = std::mem::take(&mut faces.ears);
        let overhearing = Overhearing::start(ears, Arc::clone(&running))
            .map_err(|source| ServeError::System { what: "thread", source })?;
        ready(&held);
        attend(Arc::clone(&running), faces).await;
        Ok::<_, ServeError>((running, behind, web, teller, advising, overhearing))
    })?;
    // With it go those who still ask something.
    drop(runtime);
    teller.end();
    web.into_iter().for_each(Web::end);
    overhearing.into_iter().for_each(Overhearing::end);
    advising.end();
    end(running, behind);
    drop(held);
    Ok(())
}

/// What is sealed in the store is sealed with, and pseudonyms are made with: of this machine alone, or of all nodes that
/// share a database.
fn secret(storage: &Storage, store: &Store, folder: &Folder) -> Result<[u8; 32], ServeError> {
    match &storage.place {
        Place::File(_) | Place::Memory => Ok(folder.secret),
        place @ Place::Postgres(_) => {
            let shared = store.secret("nodes", &folder.secret);
            shared.map_err(|source| ServeError::Store { place: name_of(place), source })
        }
    }
}

fn name_of(place: &Place) -> String {
    match place {
        Place::File(path) => path.display().to_string(),
        // Its address may hold a password.
        Place::Postgres(_) => "PostgreSQL".to_owned(),
        Place::Memory => "memory".to_owned(),
    }
}

/// Opens the database. One on the network is waited for.
pub(crate) fn open_store(storage: &Storage) -> Result<Store, ServeError> {
    let place = name_of(&storage.place);
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
    secret: [u8; 32],
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

/// Starts the threads of calls and those behind them; with what the writer hears that PBXs are to do.
fn start(
    sockets: Sockets,
    taken_up: TakenUp,
    ground: Ground<'_>,
    (config, shown): (Config, Shown),
    logging: Logging,
) -> Result<(Arc<Running>, Behind, Orders), ServeError> {
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
    let (order, orders) = tokio::sync::mpsc::channel(ORDERS_MAX);
    let mut writer = Writer::new((reader, hurries, order), journals, daily, attempts, notes);
    writer.trace(spans.clone());
    writer.write(said);
    let feed = Feed::start(
        ground.store.clone(),
        ground.folder.path(),
        &config.storage,
        &ground.secret,
        Arc::clone(&troubles),
    );
    let feed = feed.map_err(system("thread"))?;
    let links = config.api.as_ref().map(|_| Links::new(&ground.secret));
    let running = Running::new(
        (Shards::new(edge), hurry),
        (tally, troubles, in_force),
        (ground.store, Arc::clone(&feed.lag), shown, links),
        spans,
        ground.file.to_owned(),
        config,
        logging,
    );
    let shards = Arc::downgrade(&running.shards);
    let thread = std::thread::Builder::new().name("writer".into());
    let writer = thread.spawn(move || writer.run(&shards)).map_err(system("thread"))?;
    Ok((Arc::new(running), Behind { writer, feed, exporter }, orders))
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
    tasks.spawn(follow::watch(Arc::clone(&running)));
    tasks.spawn(lookout::watch(Arc::clone(&running)));
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
