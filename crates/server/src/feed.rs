//! The one thread that takes call records and events from their files into the store, and lets go there of what is old.
//!
//! Nobody waits for it. While the database is slow or gone, the files hold what happened.

use crate::busy::Busy;
use crate::config::Storage;
use crate::records::stand_behind_shards;
use crate::troubles::Troubles;
use ringfence_model::WallTime;
use ringfence_store::{Feeder, Result, Retention, Store, StoreError};
use sha2::{Digest, Sha256};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tracing::{error, info, warn};

/// What happened is seen in the portal within about this time.
const LOOK: Duration = Duration::from_millis(250);
/// Between two tries of a database that fails.
const PAUSE: Duration = Duration::from_secs(1);
/// How long the last records of a program that ends may take; the next start takes the rest.
const LAST: Duration = Duration::from_secs(5);
/// How often is looked for what is old.
const RETAIN: Duration = Duration::from_secs(3_600);
/// What its trouble is about.
const STORE: &str = "store";

/// How far the store is behind the files.
#[derive(Debug)]
pub(crate) struct Lag {
    caught_up: AtomicI64,
    is_behind: AtomicBool,
    /// The store's work.
    pub busy: Busy,
    /// Bytes of the files that are not in the store.
    pub behind_bytes: AtomicU64,
    /// Lines the store did not take, since the start.
    pub refused: AtomicU64,
}

impl Lag {
    fn new(now: WallTime) -> Self {
        Self {
            caught_up: AtomicI64::new(now.0),
            is_behind: AtomicBool::new(false),
            busy: Busy::default(),
            behind_bytes: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        }
    }

    /// Since how many seconds the store lacks something; 0 when it has all.
    pub fn secs(&self, now: WallTime) -> u64 {
        if !self.is_behind.load(Ordering::Relaxed) {
            return 0;
        }
        let since = WallTime(self.caught_up.load(Ordering::Relaxed));
        now.as_secs().saturating_sub(since.as_secs()).try_into().unwrap_or(0)
    }

    fn has_all(&self, at: WallTime) {
        self.behind_bytes.store(0, Ordering::Relaxed);
        self.caught_up.store(at.0, Ordering::Relaxed);
        self.is_behind.store(false, Ordering::Relaxed);
    }

    fn lacks(&self, bytes: Option<u64>) {
        if let Some(bytes) = bytes {
            self.behind_bytes.store(bytes, Ordering::Relaxed);
        }
        self.is_behind.store(true, Ordering::Relaxed);
    }
}

/// The thread, to be ended.
#[derive(Debug)]
pub(crate) struct Feed {
    thread: JoinHandle<()>,
    stop: Sender<()>,
    /// How far it is behind.
    pub lag: Arc<Lag>,
}

impl Feed {
    /// Feeds the files in `folder` into `store`.
    pub fn start(
        store: Store,
        folder: &Path,
        storage: &Storage,
        secret: &[u8; 32],
        troubles: Arc<Troubles>,
    ) -> std::io::Result<Self> {
        let lag = Arc::new(Lag::new(crate::wall()));
        let (stop, stopped) = channel();
        let feeding = Feeding {
            feeder: Feeder::new(store.clone(), folder, storage.node),
            retention: (storage.node == 0).then(|| retention(storage, secret)),
            retain_at: Instant::now(),
            store,
            lag: Arc::clone(&lag),
            troubles,
        };
        let thread = std::thread::Builder::new().name("feeder".into());
        let thread = thread.spawn(move || feeding.run(&stopped))?;
        Ok(Self { thread, stop, lag })
    }

    /// Takes what is still there, and ends. The files must be whole by now.
    pub fn end(self) {
        drop(self.stop);
        if self.thread.join().is_err() {
            error!("the feeder of the store failed; the next start takes up where it was");
        }
    }
}

/// The store takes nothing; told once.
pub(crate) fn fails(lag: &Lag, troubles: &Troubles, why: &str) {
    lag.lacks(None);
    if troubles.begin(STORE, why.to_owned()) {
        error!(
            "the store takes no records: {why}; calls go on, and what happens waits in the files"
        );
    }
}

fn retention(storage: &Storage, secret: &[u8; 32]) -> Retention {
    // Its own key, so that nothing else made of the secret can be confused with it.
    let key = Sha256::new().chain_update(b"ringfence pseudonyms 1").chain_update(secret);
    Retention {
        raw_days: storage.raw_days,
        pseudonymous_days: storage.pseudonymous_days,
        event_days: storage.event_days,
        key: key.finalize().into(),
    }
}

struct Feeding {
    feeder: Feeder,
    store: Store,
    retention: Option<Retention>,
    retain_at: Instant,
    lag: Arc<Lag>,
    troubles: Arc<Troubles>,
}

impl Feeding {
    fn run(mut self, stop: &Receiver<()>) {
        stand_behind_shards();
        let mut pause = Duration::ZERO;
        while matches!(stop.recv_timeout(pause), Err(RecvTimeoutError::Timeout)) {
            // A fault of ours in one turn does not end the others: the store undoes what was half done.
            pause = match catch_unwind(AssertUnwindSafe(|| self.turn())) {
                Ok(Ok(true)) => Duration::ZERO,
                Ok(Ok(false)) => LOOK,
                Ok(Err(_)) => PAUSE,
                Err(_) => {
                    self.failed("a fault in Ringfence, told above; report it");
                    PAUSE
                }
            };
        }
        let until = Instant::now() + LAST;
        while Instant::now() < until && matches!(self.turn(), Ok(true)) {}
    }

    /// Does some of what there is to do; whether there is more.
    fn turn(&mut self) -> Result<bool> {
        self.lag.busy.begin();
        let more = self.feed().and_then(|more| if more { Ok(true) } else { self.retain() });
        self.lag.busy.end();
        match &more {
            Ok(_) if self.troubles.end(STORE) => info!("the store takes records again"),
            Ok(_) => {}
            Err(error) => self.failed(&error.to_string()),
        }
        more
    }

    fn failed(&self, why: &str) {
        fails(&self.lag, &self.troubles, why);
    }

    fn feed(&mut self) -> Result<bool> {
        let now = crate::wall();
        let fed = self.feeder.turn()?;
        if fed.refused > 0 {
            self.lag.refused.fetch_add(fed.refused, Ordering::Relaxed);
            warn!("{} lines of the records made no sense and are not in the store", fed.refused);
        }
        if fed.behind > 0 {
            self.lag.lacks(Some(fed.behind));
            return Ok(true);
        }
        self.lag.has_all(now);
        Ok(false)
    }

    fn retain(&mut self) -> Result<bool> {
        let Some(retention) = &self.retention else { return Ok(false) };
        let now = Instant::now();
        if now < self.retain_at {
            return Ok(false);
        }
        match self.store.retain(crate::wall(), retention) {
            Ok(done) if !done.is_done() => {
                info!(
                    months = done.months,
                    pseudonyms = done.pseudonyms,
                    events = done.events,
                    "let go of what is old"
                );
                Ok(true)
            }
            // Somebody else's turn; the next hour is early enough.
            Ok(_) | Err(StoreError::Busy(_)) => {
                self.retain_at = now + RETAIN;
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_store::{CdrFilter, Place};

    const LINE: &str = r#"{"native_id":"1","correlation_id":"1@pbx","tenant":"office","trunk":"kpn","extension":"205","direction":"outbound","a_number":"+31201234567","dialled":"0031687654321","c_number":null,"via":"pbx","source":null,"started":1795348800000000,"answered":1795348800000000,"ended":1795348860000000,"billable_ms":60000,"code":200,"b_number":"+31687654321","kind":"mobile","country":"NL","cost":120000,"prevented":0,"outcome":"ok","reasons":[]}"#;

    fn storage(place: Place) -> Storage {
        Storage { place, node: 0, raw_days: 36_500, pseudonymous_days: 0, event_days: 36_500 }
    }

    #[test]
    fn what_is_in_the_files_at_the_end_is_in_the_store() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::File(folder.path().join("ringfence.db"));
        let store = Store::open(place.clone(), WallTime(1)).unwrap();
        let troubles = Arc::<Troubles>::default();
        let feed = Feed::start(
            store.clone(),
            folder.path(),
            &storage(place),
            &[7; 32],
            Arc::clone(&troubles),
        );
        let feed = feed.unwrap();
        let lag = Arc::clone(&feed.lag);
        let text = format!("{LINE}\nnonsense\n");
        std::fs::write(folder.path().join("cdr-2026-11-22.jsonl"), text).unwrap();
        feed.end();
        assert_eq!(store.cdrs(&CdrFilter::default(), 10).unwrap().len(), 1);
        assert_eq!(lag.refused.load(Ordering::Relaxed), 1);
        assert_eq!((lag.secs(crate::wall()), troubles.count()), (0, 0));
    }

    #[test]
    fn files_that_cannot_be_read_are_lag_and_told() {
        let folder = tempfile::tempdir().unwrap();
        let gone = folder.path().join("gone");
        let store = Store::open(Place::Memory, WallTime(1)).unwrap();
        let troubles = Arc::<Troubles>::default();
        let started = WallTime(crate::wall().0 - 60_000_000);
        let mut feeding = Feeding {
            feeder: Feeder::new(store.clone(), &gone, 0),
            store,
            retention: None,
            retain_at: Instant::now(),
            lag: Arc::new(Lag::new(started)),
            troubles: Arc::clone(&troubles),
        };
        assert!(feeding.turn().is_err());
        assert!(feeding.lag.secs(crate::wall()) >= 60);
        assert!(troubles.all().first().unwrap().starts_with("store: "));
        std::fs::create_dir(&gone).unwrap();
        assert!(!feeding.turn().unwrap());
        assert_eq!((feeding.lag.secs(crate::wall()), troubles.count()), (0, 0));
    }
}
