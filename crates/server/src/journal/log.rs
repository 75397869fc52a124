//! Calls and registrations by key: the last state of each counts.

use super::frames::{Appender, Bodies, Format, bodies, frame, put_aside, read};
use super::path;
use bytes::Bytes;
use std::collections::HashMap;
use std::io;
use std::path::Path;

const FORMAT: Format = Format { name: *b"RFck", version: 1 };
const KEY: usize = 16;
/// Below this a log is not worth shortening.
const COMPACT_BYTES_MIN: u64 = 4 << 20;

/// Where the state of a key stands in the file.
#[derive(Clone, Copy, Debug)]
struct Place {
    at: u64,
    len: usize,
}

#[derive(Debug)]
pub(super) struct CheckpointLog {
    file: Appender,
    places: HashMap<[u8; KEY], Place>,
    /// Bytes of the frames that are still needed.
    live: u64,
    frames: Vec<u8>,
}

impl CheckpointLog {
    pub fn open(folder: &Path, shard: u8, complaints: &mut Vec<String>) -> io::Result<Self> {
        let path = path(folder, "checkpoints", shard, "log");
        let Some(bytes) = read(&path)? else { return Self::create(&path) };
        let Bodies { found, end } = match bodies(FORMAT, &bytes) {
            Ok(found) => found,
            Err(error) => {
                complaints.push(put_aside(&path, &error)?);
                return Self::create(&path);
            }
        };
        if end < bytes.len() as u64 {
            let torn = bytes.len() as u64 - end;
            complaints
                .push(format!("{}: the last {torn} bytes were not written whole", path.display()));
        }
        let mut log = Self {
            file: Appender::resume(path, end)?,
            places: HashMap::new(),
            live: 0,
            frames: Vec::new(),
        };
        for (at, body) in found {
            let Some((key, state)) = body.split_first_chunk::<KEY>() else { continue };
            log.note(*key, Place { at: at + KEY as u64, len: state.len() });
        }
        Ok(log)
    }

    fn create(path: &Path) -> io::Result<Self> {
        let file = Appender::create(path.to_owned(), FORMAT)?;
        Ok(Self { file, places: HashMap::new(), live: 0, frames: Vec::new() })
    }

    /// A state without bytes is the end of its key.
    fn note(&mut self, key: [u8; KEY], place: Place) {
        let old = match place.len {
            0 => self.places.remove(&key),
            _ => self.places.insert(key, place),
        };
        let cost = |place: Place| (place.len + KEY + 8) as u64;
        self.live -= old.map_or(0, cost);
        self.live += if place.len == 0 { 0 } else { cost(place) };
    }

    pub fn put(&mut self, key: [u8; KEY], state: Option<&[u8]>) -> io::Result<()> {
        self.put_all(std::iter::once((key, state)))
    }

    /// The states of different keys in one write: all of them, or none.
    pub fn put_all<'s>(
        &mut self,
        states: impl Iterator<Item = ([u8; KEY], Option<&'s [u8]>)>,
    ) -> io::Result<()> {
        self.frames.clear();
        let mut places = Vec::new();
        for (key, state) in states {
            let state = state.unwrap_or_default();
            // Born and gone between two writes.
            if state.is_empty() && !self.places.contains_key(&key) {
                continue;
            }
            frame(&[&key, state], &mut self.frames);
            places.push((key, self.frames.len() - state.len(), state.len()));
        }
        if places.is_empty() {
            return Ok(());
        }
        let begin = self.file.append(&self.frames)?;
        for (key, at, len) in places {
            self.note(key, Place { at: begin + at as u64, len });
        }
        Ok(())
    }

    /// All states there are.
    pub fn states(&self) -> io::Result<Vec<([u8; KEY], Bytes)>> {
        let read = |(key, place): (&[u8; KEY], &Place)| {
            Ok((*key, Bytes::from(self.file.read(place.at, place.len)?)))
        };
        self.places.iter().map(read).collect()
    }

    /// Writes what is needed to a new file when the old one is mostly past.
    pub fn compact_if_due(&mut self) -> io::Result<()> {
        if self.file.len() < COMPACT_BYTES_MIN || self.file.len() < 4 * self.live {
            return Ok(());
        }
        self.compact()
    }

    fn compact(&mut self) -> io::Result<()> {
        let path = self.file.path.clone();
        let new = path.with_extension("new");
        let done = self.copy_to(&new).and_then(|mut log| {
            log.file.sync()?;
            std::fs::rename(&new, &path)?;
            log.file.path.clone_from(&path);
            Ok(log)
        });
        *self = done.inspect_err(|_| {
            let _ = std::fs::remove_file(&new);
        })?;
        Ok(())
    }

    fn copy_to(&self, path: &Path) -> io::Result<Self> {
        let mut log = Self::create(path)?;
        for (key, place) in &self.places {
            log.put(*key, Some(&self.file.read(place.at, place.len)?))?;
        }
        Ok(log)
    }

    pub fn sync(&mut self) -> io::Result<()> {
        self.file.sync()
    }

    pub const fn bytes(&self) -> (u64, u64) {
        (self.file.len(), self.live)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    type States = BTreeMap<u8, Vec<u8>>;

    fn key(of: u8) -> [u8; KEY] {
        [of; KEY]
    }

    fn open(folder: &Path) -> (CheckpointLog, States, Vec<String>) {
        let mut complaints = Vec::new();
        let log = CheckpointLog::open(folder, 0, &mut complaints).unwrap();
        let states = log.states().unwrap().into_iter();
        let states = states.map(|(key, state)| (key[0], state.to_vec())).collect();
        (log, states, complaints)
    }

    /// Killed at any byte of its file, a log comes back as it was after some whole write, and goes on.
    #[test]
    fn a_crash_at_each_byte_loses_no_whole_write() {
        let folder = tempfile::tempdir().unwrap();
        let writes: [(u8, Option<&[u8]>); 7] = [
            (1, Some(b"one")),
            (2, Some(b"two, longer")),
            (1, Some(b"one again")),
            (3, Some(&[0; 40])),
            (2, None),
            (4, Some(b"x")),
            (1, None),
        ];
        let (mut log, ..) = open(folder.path());
        let mut now = States::new();
        let mut after = vec![(log.bytes().0, now.clone())];
        for (of, state) in writes {
            log.put(key(of), state).unwrap();
            match state {
                Some(state) => now.insert(of, state.to_vec()),
                None => now.remove(&of),
            };
            after.push((log.bytes().0, now.clone()));
        }
        let path = log.file.path.clone();
        let whole = std::fs::read(&path).unwrap();
        for cut in HEADER_LEN..=whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let (mut log, states, complaints) = open(folder.path());
            let (end, expected) = after.iter().rev().find(|(end, _)| *end <= cut as u64).unwrap();
            assert_eq!(&states, expected, "cut at {cut}");
            assert_eq!(complaints.is_empty(), *end == cut as u64, "{complaints:?}");
            log.put(key(9), Some(b"later")).unwrap();
            drop(log);
            assert_eq!(open(folder.path()).1.get(&9).unwrap(), b"later", "cut at {cut}");
        }
    }

    const HEADER_LEN: usize = 8;

    #[test]
    fn a_flipped_byte_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let (mut log, ..) = open(folder.path());
        log.put(key(1), Some(b"first")).unwrap();
        let first = log.bytes().0;
        log.put(key(2), Some(b"second")).unwrap();
        let path = log.file.path.clone();
        let whole = std::fs::read(&path).unwrap();
        for at in usize::try_from(first).unwrap()..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            std::fs::write(&path, &bytes).unwrap();
            let (_, states, complaints) = open(folder.path());
            assert_eq!((states.len(), complaints.len()), (1, 1), "byte {at}");
        }
    }

    #[test]
    fn a_file_of_another_version_is_put_aside() {
        let folder = tempfile::tempdir().unwrap();
        for (bytes, told) in [
            (&b"RFck\x09\0\0\0"[..], "version 9"),
            (b"something else", "no file"),
            (b"", "no file"),
        ] {
            let path = path(folder.path(), "checkpoints", 0, "log");
            std::fs::write(&path, bytes).unwrap();
            let (_, states, complaints) = open(folder.path());
            assert!(states.is_empty());
            assert!(complaints[0].contains(told), "{complaints:?}");
            assert_eq!(std::fs::read(path.with_extension("unusable")).unwrap(), bytes);
        }
    }

    #[test]
    fn compaction_keeps_what_is_needed() {
        let folder = tempfile::tempdir().unwrap();
        let (mut log, ..) = open(folder.path());
        for round in 0..200_u8 {
            for of in 0..20 {
                log.put(key(of), Some(&[round; 100])).unwrap();
            }
        }
        for of in 0..10 {
            log.put(key(of), None).unwrap();
        }
        let before = log.bytes();
        log.compact().unwrap();
        let after = log.bytes();
        assert_eq!(after.1, before.1);
        assert_eq!(after.0, HEADER_LEN as u64 + after.1);
        log.put(key(50), Some(b"new")).unwrap();
        drop(log);
        let (_, states, complaints) = open(folder.path());
        assert!(complaints.is_empty());
        assert_eq!(states.len(), 11);
        assert_eq!(states.get(&15).unwrap(), &[199; 100]);
    }
}
