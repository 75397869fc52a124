//! Copies of a SQLite database while it is used, and putting one in its place.

use crate::audit::Chain;
use crate::store::{Place, Store, make_private};
use crate::{Result, StoreError};
use ringfence_model::WallTime;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt, lchown};
use std::path::{Path, PathBuf};

/// Pages copied between two reports of progress: 4 MiB.
const PAGES: std::ffi::c_int = 1_024;

/// What a copy holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Checked {
    /// Rows of its audit log.
    pub audit_rows: i64,
    /// The last one's hash.
    pub audit_head: [u8; 32],
}

impl Store {
    /// Copies the database into a new file, as it is at one moment, while everything goes on. `progress` hears of
    /// pages copied and pages in all. The copy is checked; it is one file, and only its owner may read it.
    ///
    /// # Errors
    /// When this is no SQLite file, the copy cannot be written, or it is not whole.
    pub fn backup(&self, to: &Path, mut progress: impl FnMut(u64, u64)) -> Result<Checked> {
        backup(self.place(), to, &mut progress)
    }
}

/// Copies a database that somebody else may be using, as [`Store::backup`] does.
///
/// # Errors
/// When it is no SQLite file, the copy cannot be written, or it is not whole.
pub fn backup(place: &Place, to: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<Checked> {
    let Place::File(path) = place else {
        return Err(StoreError::Refused(
            "PostgreSQL is backed up by its own means; use pg_dump".to_owned(),
        ));
    };
    let new = beside(to, ".new");
    remove(&new)?;
    make_private(&new)?;
    copy(path, &new, progress)?;
    let checked = check(&new)?;
    put_in_place(&new, to)?;
    Ok(checked)
}

/// Puts a checked copy in the place of the database `to`, which nobody may be using. What was there is kept as
/// `<to>.before`. Records made since the copy come back from the spool, as far as its files are still there.
///
/// # Errors
/// When the copy is not whole or of a newer Ringfence, or files cannot be written; `to` is as it was then.
pub fn restore(from: &Path, to: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<Checked> {
    let new = beside(to, ".new");
    remove(&new)?;
    make_private(&new)?;
    copy(from, &new, progress)?;
    let checked = check(&new)?;
    hand_over(&new);
    let kept = beside(to, ".before");
    // SQLite's log belongs to its file, wherever that goes.
    for side in ["-wal", "-shm", ""] {
        let (old, kept) = (beside(to, side), beside(&kept, side));
        remove(&kept)?;
        match fs::rename(&old, &kept) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(failed(&old, &error));
            }
            _ => {}
        }
    }
    put_in_place(&new, to)?;
    Ok(checked)
}

fn copy(from: &Path, to: &Path, progress: &mut dyn FnMut(u64, u64)) -> Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let source = Connection::open_with_flags(from, flags)?;
    // One look that lasts: otherwise each change by others would begin the copy anew.
    source.execute_batch("BEGIN; SELECT count(*) FROM migration")?;
    let mut copy = Connection::open(to)?;
    {
        let backup = Backup::new(&source, &mut copy)?;
        loop {
            let step = backup.step(PAGES)?;
            let state = backup.progress();
            let [left, all] =
                [state.remaining, state.pagecount].map(|n| u64::from(n.unsigned_abs()));
            progress(all.saturating_sub(left), all);
            match step {
                StepResult::Done => break,
                StepResult::More => {}
                _ => return Err(StoreError::Busy("the copy cannot go on".to_owned())),
            }
        }
    }
    // Its own log would be a second file.
    copy.execute_batch("PRAGMA journal_mode = DELETE")?;
    copy.close().map_err(|(_, error)| StoreError::from(error))
}

/// Whether a file is a whole database of ours.
fn check(path: &Path) -> Result<Checked> {
    let connection = Connection::open(path)?;
    let said: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
    if said != "ok" {
        return Err(StoreError::Corrupt(said));
    }
    drop(connection);
    // Brings its schema up to date, if need be; no time is told, since nothing happens at it.
    let store = Store::open(Place::File(path.to_owned()), WallTime(0))?;
    let checked = match store.verify_audit()? {
        Chain::Whole { rows, head } => Checked { audit_rows: rows, audit_head: head },
        Chain::Broken { seq, how } => {
            return Err(StoreError::Corrupt(format!("row {seq} of the audit log: {how}")));
        }
    };
    drop(store);
    Connection::open(path)?.execute_batch("PRAGMA journal_mode = DELETE")?;
    Ok(checked)
}

fn put_in_place(new: &Path, to: &Path) -> Result<()> {
    let sync = |path: &Path| File::open(path)?.sync_all();
    let placed = sync(new).and_then(|()| fs::rename(new, to)).and_then(|()| sync(folder_of(to)));
    placed.map_err(|error| failed(to, &error))
}

fn folder_of(file: &Path) -> &Path {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or_else(|| Path::new("."))
}

/// Gives a file to whom its folder belongs: root puts copies back, and another user runs. Only root can, and nobody else
/// needs to, so that it cannot is no error.
pub fn hand_over(file: &Path) {
    if let Ok(owner) = fs::metadata(folder_of(file)) {
        let _ = lchown(file, Some(owner.uid()), Some(owner.gid()));
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(path, &error)),
        _ => Ok(()),
    }
}

/// What the system says of a file, by what to do about it.
pub(crate) fn failed(path: &Path, error: &io::Error) -> StoreError {
    let said = format!("{}: {error}", path.display());
    match error.kind() {
        io::ErrorKind::StorageFull => StoreError::Full(said),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            StoreError::ReadOnly(said)
        }
        _ => StoreError::Gone(said),
    }
}
