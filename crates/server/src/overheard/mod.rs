//! What PBXs let us see without asking anything: their signalling, events of their managers, their security logs. On a
//! thread of its own. Each feed has a bounded queue to who tells the shards.

mod events;
mod hep;
mod log;
mod standing;
mod told;

pub(crate) use standing::{Counters, Standing};

use crate::config::{Config, Feed, FeedKind};
use crate::error::ServeError;
use crate::running::Running;
use ringfence_connect::feed::Seen;
use std::net::{TcpListener, UdpSocket};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};
use tracing::{error, info};

/// What was seen and waits for its shard.
const WAITING_MAX: usize = 10_000;
/// How long what is under way may take at the end.
const LAST: Duration = Duration::from_secs(1);
/// Between two tries of a PBX that does not answer, or of a file that is not there: at first, and at most.
const PAUSE: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// A feed and what is open for it.
pub(crate) struct Ear {
    feed: Feed,
    udp: Option<UdpSocket>,
    tcp: Option<TcpListener>,
}

/// Opens what feeds listen at.
///
/// # Errors
/// The first address that is not to be had.
pub(crate) fn open(config: &Config) -> Result<Vec<Ear>, ServeError> {
    let ear = |feed: &Feed| {
        let (mut udp, mut tcp) = (None, None);
        if let FeedKind::Hep(hep) = &feed.kind {
            let failed = |address| {
                let feed = feed.id.clone();
                move |source| ServeError::Feed { feed, address, source }
            };
            if let Some(at) = hep.udp {
                let socket = UdpSocket::bind(at);
                let ready = socket.and_then(|socket| socket.set_nonblocking(true).map(|()| socket));
                udp = Some(ready.map_err(failed(at))?);
                info!(feed = feed.id, "hears copies of signalling at udp {at}");
            }
            if let Some(at) = hep.tcp {
                let socket = TcpListener::bind(at);
                let ready = socket.and_then(|socket| socket.set_nonblocking(true).map(|()| socket));
                tcp = Some(ready.map_err(failed(at))?);
                info!(feed = feed.id, "hears copies of signalling at tcp {at}");
            }
        }
        Ok(Ear { feed: feed.clone(), udp, tcp })
    };
    config.feeds.iter().map(ear).collect()
}

/// The thread, to be ended.
pub(crate) struct Overhearing {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Overhearing {
    /// Hears all feeds; nothing is started where there are none.
    pub fn start(ears: Vec<Ear>, running: Arc<Running>) -> std::io::Result<Option<Self>> {
        if ears.is_empty() {
            return Ok(None);
        }
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::Builder::new().name("overhears".into());
        let thread = thread.spawn(move || {
            tokio::task::LocalSet::new().block_on(&runtime, async {
                let mut tasks = tokio::task::JoinSet::new();
                for ear in ears {
                    tasks.spawn_local(hear(ear, Arc::clone(&running)));
                }
                tokio::select! {
                    _ = stopped => {}
                    // None of them ends by itself.
                    Some(ended) = tasks.join_next() => error!("a feed is no longer heard: {ended:?}"),
                }
                tasks.shutdown().await;
            });
            drop(running);
            runtime.shutdown_timeout(LAST);
        })?;
        Ok(Some(Self { stop, thread }))
    }

    /// Ends it.
    pub fn end(self) {
        // It may have ended by itself.
        let _ = self.stop.send(());
        if self.thread.join().is_err() {
            error!("the thread of the feeds failed");
        }
    }
}

async fn hear(ear: Ear, running: Arc<Running>) {
    let (seen, waiting) = mpsc::channel(WAITING_MAX);
    let feed = Arc::new(ear.feed);
    let out = Out { feed: Arc::clone(&feed), running: Arc::clone(&running), seen };
    let hears = async {
        match &feed.kind {
            FeedKind::Hep(settings) => hep::hear(settings, ear.udp, ear.tcp, &out).await,
            FeedKind::Manager(settings) => events::hear(settings, &out).await,
            FeedKind::SecurityLog(path) => log::hear(path, &out).await,
        }
    };
    tokio::select! {
        () = hears => {}
        () = told::tell(waiting, &feed, &running) => {}
    }
}

/// Where a feed puts what it sees.
struct Out {
    feed: Arc<Feed>,
    running: Arc<Running>,
    seen: mpsc::Sender<Seen>,
}

impl Out {
    /// Puts all of it into the queue; what finds no room is lost, and counted.
    fn put(&self, seen: &mut Vec<Seen>) {
        let counters = &self.running.overheard;
        for seen in seen.drain(..) {
            match seen {
                Seen::Call(_) => counters.calls.up(),
                Seen::Failed(_) => counters.logins.up(),
            }
            if self.seen.try_send(seen).is_err() {
                counters.lost.up();
            }
        }
    }

    /// It is heard.
    fn well(&self) {
        if self.running.standing.well(&self.feed.id, &self.running.troubles) {
            info!(feed = self.feed.id, "the PBX is heard");
        }
    }

    /// It is not heard.
    fn fails(&self, why: &str) {
        if self.running.standing.fails(&self.feed.id, why, &self.running.troubles) {
            error!(feed = self.feed.id, "the PBX is not heard: {why}; tried again and again");
        }
    }
}

/// Waits so long.
async fn pause(time: Duration) {
    tokio::time::sleep_until((Instant::now() + time).into()).await;
}
