//! A file that still grows: read to its end, keep what is incomplete, survive rotation and truncation.

use super::decode::{Decoder, Reading};
use super::group::{self, Grouped};
use super::import::{ImportError, recognise};
use super::input::{HEAD_BYTES, LINE_BYTES_MAX, name_of};
use super::leg::{Leg, Role};
use super::options::ImportOptions;
use super::row::Reject;
use super::summary::{FileSummary, ImportSummary};
use ringfence_model::{Cdr, WallTime};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Legs of one call are written when it ends, nearly together.
const SETTLE: Duration = Duration::from_secs(2);
/// How long an answered call may wait for its BYE row.
const BYE_WAIT: Duration = Duration::from_secs(24 * 3_600);
/// Legs that wait at most; beyond it the oldest are given out as they are.
const WAITING_MAX: usize = 1 << 18;
/// The most one poll reads, in bytes.
const POLL_BYTES_MAX: u64 = 64 << 20;
/// Bytes before the place we are at, to notice that the file was emptied and written anew.
const TAIL_BYTES: usize = 64;

/// Where to go on after a restart. Calls that were already given out may come again; their native id is the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Position {
    /// The inode of the file; 0 where there are none.
    pub inode: u64,
    /// All calls before this byte were given out.
    pub offset: u64,
}

/// Follows one file. It never waits: call [`Follower::poll`] whenever there may be news.
pub struct Follower {
    path: PathBuf,
    name: Arc<str>,
    reading: Reading,
    resume: Option<Position>,
    current: Option<Current>,
    waiting: HashMap<Arc<str>, Waiting>,
    arrivals: u64,
}

/// The file that is open.
struct Current {
    file: File,
    inode: u64,
    decoder: Option<Decoder>,
    /// The line that is being collected.
    partial: Vec<u8>,
    /// The end of what was collected.
    taken_to: u64,
    /// The end of what was read.
    read_to: u64,
    /// The line is too long: its rest is passed over.
    skipping: bool,
    /// Where the row that is not complete yet begins.
    row_start: u64,
    tail: Vec<u8>,
}

/// Legs of one call that may not be all.
struct Waiting {
    legs: Vec<Leg>,
    read_at: WallTime,
    inode: u64,
    offset: u64,
    arrival: u64,
}

impl Follower {
    /// Follows `path`, from the beginning or from where an earlier run came to. The file need not exist yet.
    ///
    /// # Errors
    /// When the mapping of the options does not fit.
    pub fn open(
        path: &Path,
        options: ImportOptions,
        from: Option<Position>,
    ) -> Result<Self, ImportError> {
        Ok(Self {
            path: path.to_owned(),
            name: name_of(path),
            reading: Reading::new(options)?,
            resume: from,
            current: None,
            waiting: HashMap::new(),
            arrivals: 0,
        })
    }

    /// Reads what is new and gives out the calls that are complete, in the order of their start. `now` says how long
    /// legs have waited for others of their call.
    ///
    /// # Errors
    /// When the file cannot be read, or its format is not known. A file that is not there is no error.
    pub fn poll(
        &mut self,
        now: WallTime,
        rejects: &mut dyn FnMut(Reject),
    ) -> Result<Vec<Cdr>, ImportError> {
        loop {
            if self.current.is_none() && !self.open_file()? {
                break;
            }
            match self.read_news(now, rejects) {
                Ok(true) => {}
                // More is there than one poll reads.
                Ok(false) => break,
                Err(error) => {
                    // The next poll begins anew; what was read before is known by its ids.
                    self.current = None;
                    return Err(error);
                }
            }
            match self.what_happened()? {
                Happened::Nothing => break,
                Happened::Emptied => self.start_over(now, rejects)?,
                Happened::Replaced => self.close(now, rejects)?,
            }
        }
        Ok(self.give_out(|group| group.is_settled(now)))
    }

    /// Gives out everything that waits, before the follower is dropped.
    pub fn finish(&mut self) -> Vec<Cdr> {
        self.give_out(|_| true)
    }

    /// Where to go on after a restart.
    #[must_use]
    pub fn position(&self) -> Position {
        let Some(current) = &self.current else { return self.resume.unwrap_or_default() };
        let waiting = self.waiting.values().filter(|group| group.inode == current.inode);
        let offset = waiting.map(|group| group.offset).min().unwrap_or(current.row_start);
        Position { inode: current.inode, offset: offset.min(current.row_start) }
    }

    /// What was read so far. Legs that wait are rows but no records yet.
    #[must_use]
    pub fn summary(&self) -> &ImportSummary {
        &self.reading.summary
    }

    fn io(&self, source: io::Error) -> ImportError {
        ImportError::Io { file: self.name.clone(), source }
    }

    fn open_file(&mut self) -> Result<bool, ImportError> {
        let file = match File::open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            file => file.map_err(|error| self.io(error))?,
        };
        let metadata = file.metadata().map_err(|error| self.io(error))?;
        let inode = inode(&metadata);
        let mut current = Current {
            file,
            inode,
            decoder: None,
            partial: Vec::new(),
            taken_to: 0,
            read_to: 0,
            skipping: false,
            row_start: 0,
            tail: Vec::new(),
        };
        let resume =
            self.resume.take().filter(|at| at.inode == inode && at.offset <= metadata.len());
        if let Some(at) = resume.filter(|at| at.offset > 0) {
            current.begin(&self.name, &mut self.reading)?;
            current.skip_header(&mut self.reading).map_err(|error| self.io(error))?;
            (current.taken_to, current.read_to, current.row_start) =
                (at.offset, at.offset, at.offset);
        }
        self.current = Some(current);
        Ok(true)
    }

    /// Whether the end was reached.
    fn read_news(
        &mut self,
        now: WallTime,
        rejects: &mut dyn FnMut(Reject),
    ) -> Result<bool, ImportError> {
        let Some(current) = &mut self.current else { return Ok(true) };
        let io = |source| ImportError::Io { file: self.name.clone(), source };
        if current.was_rewritten().map_err(io)? {
            return Ok(true);
        }
        let until = current.read_to + POLL_BYTES_MAX;
        let mut chunk = vec![0; 64 << 10];
        current.file.seek(SeekFrom::Start(current.read_to)).map_err(io)?;
        loop {
            let count = current.file.read(&mut chunk).map_err(io)?;
            let news = chunk.get(..count).unwrap_or(&[]);
            if news.is_empty() {
                return Ok(true);
            }
            current.read_to += count as u64;
            current.remember(news);
            for piece in news.split_inclusive(|byte| *byte == b'\n') {
                current.piece(piece);
                if piece.ends_with(b"\n") {
                    if current.decoder.is_none() {
                        current.begin(&self.name, &mut self.reading)?;
                    }
                    current.line(&mut self.reading, rejects)?;
                    take_legs(
                        &mut self.reading,
                        &mut self.waiting,
                        &mut self.arrivals,
                        current,
                        now,
                    );
                    current.row_done();
                }
            }
            if current.read_to >= until {
                return Ok(false);
            }
        }
    }

    fn what_happened(&self) -> Result<Happened, ImportError> {
        let Some(current) = &self.current else { return Ok(Happened::Nothing) };
        let io = |source| ImportError::Io { file: self.name.clone(), source };
        let length = current.file.metadata().map_err(io)?.len();
        if length < current.read_to || current.was_rewritten().map_err(io)? {
            return Ok(Happened::Emptied);
        }
        match std::fs::metadata(&self.path) {
            Ok(metadata) if inode(&metadata) != current.inode => Ok(Happened::Replaced),
            // Between two steps of a rotation: the old file may still be written to.
            _ => Ok(Happened::Nothing),
        }
    }

    /// The last line of a replaced file will not be completed any more.
    fn close(&mut self, now: WallTime, rejects: &mut dyn FnMut(Reject)) -> Result<(), ImportError> {
        let Some(mut current) = self.current.take() else { return Ok(()) };
        if !current.partial.is_empty() || current.skipping {
            if current.decoder.is_none() {
                current.begin(&self.name, &mut self.reading)?;
            }
            current.line(&mut self.reading, rejects)?;
        }
        if let Some(decoder) = &mut current.decoder {
            decoder.end(&mut self.reading, rejects);
        }
        take_legs(&mut self.reading, &mut self.waiting, &mut self.arrivals, &current, now);
        Ok(())
    }

    /// What was incomplete when the file was emptied is lost, and told.
    fn start_over(
        &mut self,
        now: WallTime,
        rejects: &mut dyn FnMut(Reject),
    ) -> Result<(), ImportError> {
        self.close(now, rejects)?;
        // Offsets of the emptied file mean nothing in the new one.
        for group in self.waiting.values_mut() {
            group.offset = 0;
        }
        Ok(())
    }

    fn give_out(&mut self, is_ready: impl Fn(&Waiting) -> bool) -> Vec<Cdr> {
        let over = self.waiting.len().saturating_sub(WAITING_MAX) as u64;
        let oldest = self.waiting.values().map(|group| group.arrival).min().unwrap_or(0) + over;
        let ready = |group: &Waiting| is_ready(group) || (over > 0 && group.arrival < oldest);
        let ids: Vec<Arc<str>> = self
            .waiting
            .iter()
            .filter(|(_, group)| ready(group))
            .map(|(id, _)| id.clone())
            .collect();
        let mut groups: Vec<Waiting> =
            ids.iter().filter_map(|id| self.waiting.remove(id)).collect();
        // The map has no order of its own.
        groups.sort_by_key(|group| group.arrival);
        let (mut cdrs, mut grouped) = (Vec::new(), Grouped::default());
        for group in groups {
            group::one_group(group.legs, &mut grouped, &mut cdrs);
        }
        cdrs.sort_by_key(|cdr| cdr.started);
        self.reading.summary.dropped_legs += grouped.dropped;
        self.reading.summary.records += cdrs.len() as u64;
        cdrs
    }
}

enum Happened {
    Nothing,
    Emptied,
    Replaced,
}

fn take_legs(
    reading: &mut Reading,
    waiting: &mut HashMap<Arc<str>, Waiting>,
    arrivals: &mut u64,
    current: &Current,
    now: WallTime,
) {
    for leg in reading.legs.drain(..) {
        *arrivals += 1;
        let id = leg.cdr.correlation_id.clone().unwrap_or_else(|| leg.cdr.native_id.clone());
        let group = waiting.entry(id).or_insert_with(|| Waiting {
            legs: Vec::new(),
            read_at: now,
            inode: current.inode,
            offset: current.row_start,
            arrival: *arrivals,
        });
        group.read_at = now;
        group.legs.push(leg);
    }
}

impl Waiting {
    fn is_settled(&self, now: WallTime) -> bool {
        let waited = now - self.read_at;
        let is_open = |leg: &Leg| {
            leg.dialog.is_some()
                && leg.role != Role::Bye
                && leg.cdr.answered.is_some()
                && !self.legs.iter().any(|bye| bye.role == Role::Bye && bye.dialog == leg.dialog)
        };
        waited >= if self.legs.iter().any(is_open) { BYE_WAIT } else { SETTLE }
    }
}

impl Current {
    /// Finds out the format by the beginning of the file.
    fn begin(&mut self, name: &Arc<str>, reading: &mut Reading) -> Result<(), ImportError> {
        let io = |source: io::Error| ImportError::Io { file: name.clone(), source };
        let head = self.head().map_err(io)?;
        if head.starts_with(&[0x1f, 0x8b]) || head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
            return Err(io(io::Error::other("a compressed file does not grow: import it instead")));
        }
        let detection = recognise(name, &head, &reading.options)?;
        self.decoder =
            Some(Decoder::new(name.clone(), &detection, reading.options.mapping.clone()));
        reading.summary.files.push(FileSummary { file: name.clone(), detection, rows: 0 });
        // A file that is rotated every hour must not fill the memory with its past.
        let past = reading.summary.files.len().saturating_sub(16);
        reading.summary.files.drain(..past);
        Ok(())
    }

    fn head(&self) -> io::Result<Vec<u8>> {
        let mut head = Vec::new();
        let mut file = &self.file;
        file.seek(SeekFrom::Start(0))?;
        file.take(HEAD_BYTES as u64).read_to_end(&mut head)?;
        (&self.file).seek(SeekFrom::Start(self.read_to))?;
        Ok(head)
    }

    /// After a resume, the names of the columns are at the beginning, not here.
    fn skip_header(&mut self, reading: &mut Reading) -> io::Result<()> {
        let head = self.head()?;
        let Some(decoder) = &mut self.decoder else { return Ok(()) };
        for line in head.split(|byte| *byte == b'\n') {
            if !decoder.wants_header() {
                break;
            }
            decoder.line(line, reading, &mut |_| {}).map_err(io::Error::other)?;
        }
        Ok(())
    }

    fn remember(&mut self, news: &[u8]) {
        self.tail
            .extend_from_slice(news.get(news.len().saturating_sub(TAIL_BYTES)..).unwrap_or(news));
        let past = self.tail.len().saturating_sub(TAIL_BYTES);
        self.tail.drain(..past);
    }

    fn was_rewritten(&self) -> io::Result<bool> {
        let Some(start) = self.read_to.checked_sub(self.tail.len() as u64) else {
            return Ok(false);
        };
        let mut now = Vec::new();
        let mut file = &self.file;
        file.seek(SeekFrom::Start(start))?;
        file.take(self.tail.len() as u64).read_to_end(&mut now)?;
        Ok(now != self.tail)
    }

    fn piece(&mut self, piece: &[u8]) {
        let room = (LINE_BYTES_MAX + 1).saturating_sub(self.partial.len());
        self.skipping |= piece.len() > room;
        self.partial.extend_from_slice(piece.get(..room).unwrap_or(piece));
        self.taken_to += piece.len() as u64;
    }

    /// The next row begins here, unless this one goes on.
    fn row_done(&mut self) {
        if !self.decoder.as_ref().is_some_and(Decoder::is_open) {
            self.row_start = self.taken_to;
        }
    }

    /// Hands the collected line over.
    fn line(
        &mut self,
        reading: &mut Reading,
        rejects: &mut dyn FnMut(Reject),
    ) -> Result<(), ImportError> {
        let Some(decoder) = &mut self.decoder else { return Ok(()) };
        let line = self.partial.strip_suffix(b"\n").unwrap_or(&self.partial);
        if self.skipping {
            decoder.long_line(line, reading, rejects);
        } else {
            decoder.line(line, reading, rejects)?;
        }
        self.partial.clear();
        self.skipping = false;
        Ok(())
    }
}

#[cfg(unix)]
fn inode(metadata: &std::fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_: &std::fs::Metadata) -> u64 {
    0
}
