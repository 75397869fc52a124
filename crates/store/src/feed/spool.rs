//! The files of the spool: which there are, and what of them was not read yet.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// A longer line is none of ours.
const LINE_MAX: u64 = 1 << 20;
/// Bytes per system call: many kernels do not interrupt one, and a call on the same core would wait for it.
const AT_ONCE: usize = 64 << 10;

/// What a file holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Sort {
    Cdrs,
    Events,
}

/// Whole lines of a file.
#[derive(Debug)]
pub(super) struct Piece {
    pub sort: Sort,
    pub file: String,
    pub from: u64,
    pub until: u64,
    bytes: Vec<u8>,
}

impl Piece {
    pub fn lines(&self) -> impl Iterator<Item = &[u8]> {
        self.bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty())
    }
}

#[derive(Debug)]
pub(super) struct Spool {
    folder: PathBuf,
}

impl Spool {
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn has(&self, file: &str) -> bool {
        self.folder.join(file).exists()
    }

    /// Up to about `bytes` that were not read yet, oldest files first, and how many more there are. Files of earlier
    /// days are looked at too: a late line goes to the day it belongs to.
    pub fn read(
        &self,
        positions: &BTreeMap<String, u64>,
        bytes: u64,
    ) -> io::Result<(Vec<Piece>, u64)> {
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&self.folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let Some((name, sort)) = name.to_str().and_then(|name| Some((name, sort(name)?)))
            else {
                continue;
            };
            let from = positions.get(name).copied().unwrap_or(0);
            let length = entry.metadata()?.len();
            if length > from {
                files.push((name.to_owned(), sort, from, length));
            }
        }
        // By date, and what happened before what was recorded of it: both names end in the date.
        files.sort_by(|a, b| (day(&a.0), &b.0).cmp(&(day(&b.0), &a.0)));
        let (mut pieces, mut left, mut behind) = (Vec::new(), bytes, 0);
        for (name, sort, from, length) in files {
            let piece = match left {
                0 => None,
                _ => piece(&self.folder.join(&name), (name, sort, from), left, length - from)?,
            };
            let taken = piece.as_ref().map_or(0, |piece| piece.until - piece.from);
            // More than there was when we looked, where the file grew meanwhile.
            behind += (length - from).saturating_sub(taken);
            left = left.saturating_sub(taken);
            pieces.extend(piece);
        }
        // A line that is being written is no lag.
        let idle = pieces.is_empty();
        Ok((pieces, if idle { 0 } else { behind }))
    }
}

fn sort(name: &str) -> Option<Sort> {
    let name = name.strip_suffix(".jsonl")?;
    let (sort, date) = match name.strip_prefix("cdr-") {
        Some(date) => (Sort::Cdrs, date),
        None => (Sort::Events, name.strip_prefix("events-")?),
    };
    date.parse::<jiff::civil::Date>().ok().map(|_| sort)
}

fn day(name: &str) -> &str {
    name.split_once('-').map_or(name, |(_, day)| day)
}

/// About `bytes` of the `there` that follow, at least a line; `None` when there is no whole one yet.
fn piece(
    path: &Path,
    (file, sort, from): (String, Sort, u64),
    bytes: u64,
    there: u64,
) -> io::Result<Option<Piece>> {
    let open = match File::open(path) {
        Ok(open) => open,
        // Gone since we looked: too old.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    // No more room than it takes: clearing many megabytes for a few lines was a third of the feeder's work.
    let mut read = read(&open, from, bytes.max(1).min(there))?;
    let mut end = last_line_end(&read);
    if end.is_none() && read.len() as u64 == bytes.max(1) {
        read = self::read(&open, from, LINE_MAX)?;
        // Only the first line is wanted; one that does not end is passed over piece by piece.
        end = read.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
        if end.is_none() && read.len() as u64 == LINE_MAX {
            end = Some(read.len());
        }
    }
    let Some(end) = end else { return Ok(None) };
    read.truncate(end);
    // What the database is told of must not be lost by the file.
    open.sync_data()?;
    Ok(Some(Piece { sort, file, from, until: from + end as u64, bytes: read }))
}

fn last_line_end(bytes: &[u8]) -> Option<usize> {
    bytes.iter().rposition(|byte| *byte == b'\n').map(|at| at + 1)
}

fn read(file: &File, from: u64, count: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(count.min(u64::from(u32::MAX))).unwrap_or(0)];
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        let count = rest.len().min(AT_ONCE);
        let rest = rest.get_mut(..count).unwrap_or_default();
        match file.read_at(rest, from + filled as u64) {
            Ok(0) => break,
            Ok(more) => filled += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::sync::atomic::{AtomicBool, Ordering};

    /// The server writes while we read.
    #[test]
    fn a_file_that_grows_is_read_to_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cdr-2026-11-22.jsonl");
        let mut file = File::create(&path).unwrap();
        let (spool, is_over) = (Spool::new(folder.path()), AtomicBool::new(false));
        let (mut positions, mut lines) = (BTreeMap::new(), 0);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                (0..20_000).for_each(|line| writeln!(file, "{line}").unwrap());
                is_over.store(true, Ordering::Release);
            });
            loop {
                let was_over = is_over.load(Ordering::Acquire);
                let (pieces, behind) = spool.read(&positions, 1 << 20).unwrap();
                assert!(behind <= 200_000, "{behind}");
                for piece in &pieces {
                    lines += piece.lines().count();
                    positions.insert(piece.file.clone(), piece.until);
                }
                if was_over && pieces.is_empty() {
                    break;
                }
            }
        });
        assert_eq!(lines, 20_000);
    }
}
