//! What must survive a restart, in the data folder.
//!
//! Per shard: a *log* of checkpoints (calls and registrations, by key), a *snapshot* of what the engine and the guard
//! know, written whole every few seconds, and a *tail*: the call events since that snapshot. Together they bring a
//! shard back to the last batch it handled before a `kill -9`: the system keeps what was written. Power loss costs at
//! most the last second ([`Journal::sync`]).
//!
//! Everything written is framed with length and checksum. An end torn in the middle of a write is cut off.

mod frames;
mod log;
mod pack;
mod snapshot;
mod tail;

pub use frames::FrameError;
pub use snapshot::{Known, encode};

use bytes::Bytes;
use log::CheckpointLog;
use ringfence_model::{CallEvent, WallTime};
use std::io;
use std::path::{Path, PathBuf};
use tail::Tail;

/// What a shard left behind.
#[derive(Debug, Default)]
pub struct Left {
    /// What engine and guard knew; `None` at the first start, or when another version wrote it.
    pub known: Option<Known>,
    /// Call events since then, in order.
    pub events: Vec<(WallTime, CallEvent)>,
    /// Calls and registrations, by key.
    pub checkpoints: Vec<([u8; 16], Bytes)>,
    /// What could not be used, in words.
    pub complaints: Vec<String>,
}

/// One shard's part of the data folder.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    shard: u8,
    log: CheckpointLog,
    tail: Tail,
}

impl Journal {
    /// Opens a shard's files, makes them where there are none, and reads what was left.
    ///
    /// # Errors
    /// When the folder cannot be read or written. Contents that make no sense are no error: they are put aside and told
    /// of in [`Left::complaints`].
    pub fn open(folder: &Path, shard: u8) -> io::Result<(Self, Left)> {
        let mut left = Left::default();
        let known = snapshot::read(folder, shard, &mut left.complaints)?;
        let log = CheckpointLog::open(folder, shard, &mut left.complaints)?;
        left.checkpoints = log.states()?;
        let after = known.as_ref().map_or(WallTime(i64::MIN), |known| known.engine.wall);
        let (tail, events) = Tail::open(folder, shard, after, &mut left.complaints)?;
        left.events = events;
        left.known = known;
        Ok((Self { folder: folder.to_owned(), shard, log, tail }, left))
    }

    /// Keeps states under different keys, or forgets them.
    ///
    /// # Errors
    /// When they cannot be written; the log is as it was before.
    pub fn checkpoints<'s>(
        &mut self,
        states: impl Iterator<Item = ([u8; 16], Option<&'s [u8]>)>,
    ) -> io::Result<()> {
        self.log.put_all(states)
    }

    /// Keeps events that engine and guard heard of after the last snapshot.
    ///
    /// # Errors
    /// When they cannot be written; the tail is as it was before.
    pub fn events<'e>(
        &mut self,
        events: impl Iterator<Item = (WallTime, &'e CallEvent)>,
    ) -> io::Result<()> {
        self.tail.put(events)
    }

    /// From now on events go to a new tail. Call it before the shard is asked for its state: whatever that state
    /// knows is in older tails, or is recognised by its time.
    ///
    /// # Errors
    /// When no new tail can be made; the old one goes on.
    pub fn turn_tail(&mut self) -> io::Result<()> {
        self.tail.turn()
    }

    /// Puts a snapshot ([`encode`]) in the place of the last one and drops the tails it makes needless.
    ///
    /// # Errors
    /// When it cannot be written; the last one stays.
    pub fn snapshot(&mut self, encoded: &[u8]) -> io::Result<()> {
        snapshot::write(&self.folder, self.shard, encoded)?;
        self.tail.drop_old();
        Ok(())
    }

    /// Makes everything written so far survive a loss of power, and the log shorter when most of it is past.
    ///
    /// # Errors
    /// What the disk says.
    pub fn sync(&mut self) -> io::Result<()> {
        self.log.compact_if_due()?;
        self.log.sync()?;
        self.tail.sync()
    }

    /// Bytes of the checkpoint log, and of what in it is still needed.
    #[must_use]
    pub const fn log_bytes(&self) -> (u64, u64) {
        self.log.bytes()
    }
}

/// `<folder>/<what>-<shard>.<ending>`
fn path(folder: &Path, what: &str, shard: u8, ending: &str) -> PathBuf {
    folder.join(format!("{what}-{shard}.{ending}"))
}
