//! The store: where its database is, who may write now, and who may look.

use crate::link::{Durable, Link};
use crate::{Result, StoreError, migrate};
use ringfence_model::WallTime;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a database that does not answer is left alone, at first and at most.
const PAUSE: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// Idle connections kept to look with.
const LOOKERS_MAX: usize = 4;
/// How long SQLite waits for another program (a backup, an auditor) to let go.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where the database is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// A SQLite file; it is made when it is not there.
    File(PathBuf),
    /// PostgreSQL, as a connection string or URL: `host=/run/postgresql dbname=ringfence`.
    Postgres(String),
    /// In memory: for tests and simulations.
    Memory,
}

/// Durable state. Cheap to clone; every clone is the same store.
///
/// Its functions wait for the disk or the network: call them from a thread that may wait, never from an async task.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    place: Place,
    writer: Mutex<Slot>,
    lookers: Mutex<Vec<Link>>,
}

/// The connection that writes, or when to try for a new one.
#[derive(Default)]
struct Slot {
    link: Option<Link>,
    pause: Duration,
    not_before: Option<Instant>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A connection string may hold a password.
        let place = match &self.0.place {
            Place::Postgres(_) => "PostgreSQL".to_owned(),
            other => format!("{other:?}"),
        };
        f.debug_tuple("Store").field(&place).finish()
    }
}

impl Store {
    /// Opens the database, makes it if it is not there, and brings its schema up to date. `now` is noted with each
    /// step of that.
    ///
    /// # Errors
    /// When it cannot be reached or used, is damaged, or was made by a newer Ringfence.
    pub fn open(place: Place, now: WallTime) -> Result<Self> {
        Self::open_with(place, now, migrate::STEPS)
    }

    pub(crate) fn open_with(place: Place, now: WallTime, steps: &[migrate::Step]) -> Result<Self> {
        if let Place::File(path) = &place {
            make_private(path)?;
        }
        let mut link = open_writer(&place)?;
        migrate::bring_up(&mut link, steps, now)?;
        let slot = Slot { link: Some(link), ..Slot::default() };
        Ok(Self(Arc::new(Inner { place, writer: Mutex::new(slot), lookers: Mutex::default() })))
    }

    /// Whether a change could be made now.
    ///
    /// # Errors
    /// Why not.
    pub fn ping(&self) -> Result<()> {
        self.write(Durable::Soon, |link| link.query("SELECT version FROM migration", &[]).map(drop))
    }

    pub(crate) fn place(&self) -> &Place {
        &self.0.place
    }

    /// Makes a change: all of it or, after an error, nothing.
    pub(crate) fn write<T>(
        &self,
        durable: Durable,
        change: impl FnOnce(&mut Link) -> Result<T>,
    ) -> Result<T> {
        let mut slot = locked(&self.0.writer);
        // Taken out: a change that panics leaves no half transaction behind.
        let mut link = match slot.link.take() {
            Some(mut link) => match link.begin(durable) {
                Ok(()) => link,
                Err(StoreError::Gone(_)) => slot.open_and_begin(&self.0.place, durable)?,
                Err(error) => {
                    slot.keep(link);
                    return Err(error);
                }
            },
            None => slot.open_and_begin(&self.0.place, durable)?,
        };
        let outcome = change(&mut link).and_then(|made| link.batch("COMMIT").map(|()| made));
        match &outcome {
            Ok(_) => slot.keep(link),
            Err(StoreError::Gone(_)) => {}
            Err(_) => {
                if link.batch("ROLLBACK").is_ok() {
                    slot.keep(link);
                }
            }
        }
        outcome
    }

    /// Makes a change that is on the disk before this returns.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Link) -> Result<T>) -> Result<T> {
        self.write(Durable::Now, change)
    }

    /// Looks. A look that meets a broken connection is made again on a new one.
    pub(crate) fn look<T>(&self, mut look: impl FnMut(&mut Link) -> Result<T>) -> Result<T> {
        if matches!(self.0.place, Place::Memory) {
            return self.write(Durable::Soon, look);
        }
        let idle = locked(&self.0.lookers).pop();
        let fresh = idle.is_none();
        let mut link = idle.map_or_else(|| open_looker(&self.0.place), Ok)?;
        let mut seen = look(&mut link);
        if !fresh && matches!(seen, Err(StoreError::Gone(_))) {
            // What broke one broke all.
            locked(&self.0.lookers).clear();
            link = open_looker(&self.0.place)?;
            seen = look(&mut link);
        }
        if !matches!(seen, Err(StoreError::Gone(_))) {
            let mut lookers = locked(&self.0.lookers);
            if lookers.len() < LOOKERS_MAX {
                lookers.push(link);
            }
        }
        seen
    }

    /// Looks several times at one moment.
    pub(crate) fn look_still<T>(&self, mut look: impl FnMut(&mut Link) -> Result<T>) -> Result<T> {
        if matches!(self.0.place, Place::Memory) {
            return self.write(Durable::Soon, look);
        }
        self.look(|link| {
            link.begin_look()?;
            let seen = look(link);
            link.batch("ROLLBACK")?;
            seen
        })
    }
}

impl Slot {
    fn keep(&mut self, link: Link) {
        *self = Self { link: Some(link), ..Self::default() };
    }

    /// A new connection, unless the last try is too short ago.
    fn open_and_begin(&mut self, place: &Place, durable: Durable) -> Result<Link> {
        if matches!(place, Place::Memory) {
            return Err(StoreError::Corrupt("what was in memory is gone".to_owned()));
        }
        let now = Instant::now();
        if self.not_before.is_some_and(|at| now < at) {
            return Err(StoreError::Gone("it did not a moment ago either".to_owned()));
        }
        let opened = open_writer(place).and_then(|mut link| link.begin(durable).map(|()| link));
        if opened.is_err() {
            self.pause = (self.pause * 2).clamp(PAUSE, PAUSE_MAX);
            self.not_before = Some(now + self.pause);
        }
        opened
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// SQLite gives its side files the rights of the main one.
pub(crate) fn make_private(path: &Path) -> Result<()> {
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path);
    file.map(drop).map_err(|error| crate::backup::failed(path, &error))
}

fn open_writer(place: &Place) -> Result<Link> {
    match place {
        Place::File(path) => {
            let connection = rusqlite::Connection::open(path)?;
            connection.busy_timeout(PATIENCE)?;
            // The log is taken into the file every 256 MiB: less writing, the same safety.
            connection.execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON;
                 PRAGMA wal_autocheckpoint = 65536; PRAGMA journal_size_limit = 268435456;
                 PRAGMA temp_store = MEMORY",
            )?;
            Ok(Link::sqlite(connection))
        }
        Place::Memory => {
            let connection = rusqlite::Connection::open_in_memory()?;
            connection.execute_batch("PRAGMA foreign_keys = ON")?;
            Ok(Link::sqlite(connection))
        }
        Place::Postgres(at) => connect(at),
    }
}

fn open_looker(place: &Place) -> Result<Link> {
    match place {
        Place::File(path) => {
            use rusqlite::OpenFlags;
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = rusqlite::Connection::open_with_flags(path, flags)?;
            connection.busy_timeout(PATIENCE)?;
            // With the writer's, 32 MiB in all. The rest of the file is in the kernel's cache anyway; mapped, it would
            // be counted as memory of the program that never stops to grow.
            connection.execute_batch("PRAGMA cache_size = -4096; PRAGMA temp_store = MEMORY")?;
            Ok(Link::sqlite(connection))
        }
        Place::Memory | Place::Postgres(_) => open_writer(place),
    }
}

fn connect(at: &str) -> Result<Link> {
    let mut config: postgres::Config = at
        .parse()
        .map_err(|error| StoreError::Refused(format!("the address of PostgreSQL: {error}")))?;
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(PATIENCE);
    }
    // A network that swallows everything is noticed within half a minute.
    config.tcp_user_timeout(Duration::from_secs(30)).application_name("ringfence");
    Ok(Link::postgres(config.connect(postgres::NoTls)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Act, Draft, Expected, Section, SettingFilter, SettingKey};

    fn put(store: &Store, n: i64, bytes: usize) -> Result<i64> {
        let key = SettingKey::new(Section::Tariff, None, &n.to_string());
        let (who, what) = ("ada".to_owned(), "tariff.add".to_owned());
        let act = Act { who, what, why: String::new(), address: None, at: WallTime(n) };
        let draft = Draft { attachment: Some(vec![7; bytes]), ..Draft::default() };
        store.put_setting(&act, &key, draft, Expected::New)
    }

    fn count(store: &Store) -> usize {
        store.settings(&SettingFilter::default(), 100).unwrap().len()
    }

    #[test]
    fn a_full_disk_is_told_and_leaves_nothing_half_done() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(Place::File(folder.path().join("store.db")), WallTime(1)).unwrap();
        put(&store, 1, 10).unwrap();
        let limit = |pages: u32| {
            let sql = format!("PRAGMA max_page_count = {pages}");
            store.write(Durable::Soon, |link| link.batch(&sql)).unwrap();
        };
        limit(150);
        assert!(matches!(put(&store, 2, 2_000_000), Err(StoreError::Full(_))));
        assert_eq!(count(&store), 1);
        put(&store, 2, 10).unwrap();
        limit(1_000_000);
        put(&store, 3, 2_000_000).unwrap();
        assert_eq!(count(&store), 3);
        let crate::Chain::Whole { rows: 3, .. } = store.verify_audit().unwrap() else { panic!() };
    }

    #[test]
    fn a_change_that_panics_is_undone_and_the_store_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        for place in [Place::Memory, Place::File(folder.path().join("store.db"))] {
            let memory = matches!(place, Place::Memory);
            let store = Store::open(place, WallTime(1)).unwrap();
            put(&store, 1, 10).unwrap();
            let fails = std::panic::AssertUnwindSafe(|| {
                store.change(|link| -> Result<()> {
                    link.batch("DELETE FROM setting")?;
                    panic!("a fault of ours");
                })
            });
            assert!(std::panic::catch_unwind(fails).is_err());
            if memory {
                // It is gone with its connection, and that is told.
                assert!(matches!(put(&store, 2, 10), Err(StoreError::Corrupt(_))));
            } else {
                assert_eq!(count(&store), 1);
                put(&store, 2, 10).unwrap();
            }
        }
    }
}
