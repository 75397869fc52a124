//! A file of frames: `length (4) | checksum of the rest (4) | body`, little-endian, after a header that names what it
//! is and which version wrote it.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// More than any state. A length above it is no length.
const BODY_BYTES_MAX: usize = 1 << 30;
const FRAME_HEAD: usize = 8;
/// Name (4), version (4).
const HEADER: usize = 8;

/// Why a file of frames cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum FrameError {
    /// It is no such file.
    #[error("it is no file of Ringfence")]
    Foreign,
    /// Another version wrote it.
    #[error("version {found} wrote it and this program reads version {wanted}")]
    Version {
        /// What the file says.
        found: u32,
        /// What is read here.
        wanted: u32,
    },
}

/// What sort of file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Format {
    pub name: [u8; 4],
    pub version: u32,
}

impl Format {
    fn header(self) -> [u8; HEADER] {
        let mut header = [0; HEADER];
        let bytes = self.name.into_iter().chain(self.version.to_le_bytes());
        header.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
        header
    }

    /// What follows the header.
    fn check(self, bytes: &[u8]) -> Result<&[u8], FrameError> {
        let (header, rest) = bytes.split_at_checked(HEADER).ok_or(FrameError::Foreign)?;
        let (name, version) = header.split_at_checked(4).ok_or(FrameError::Foreign)?;
        let found = number(version).ok_or(FrameError::Foreign)?;
        match name == self.name {
            true if found == self.version => Ok(rest),
            true => Err(FrameError::Version { found, wanted: self.version }),
            false => Err(FrameError::Foreign),
        }
    }
}

fn number(bytes: &[u8]) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

/// One frame around a body in pieces.
pub(super) fn frame(body: &[&[u8]], to: &mut Vec<u8>) {
    let len: usize = body.iter().map(|piece| piece.len()).sum();
    let mut checksum = crc32fast::Hasher::new();
    body.iter().for_each(|piece| checksum.update(piece));
    // A body beyond 4 GiB cannot come here: states are bounded far below.
    to.extend_from_slice(&u32::try_from(len).unwrap_or(u32::MAX).to_le_bytes());
    to.extend_from_slice(&checksum.finalize().to_le_bytes());
    body.iter().for_each(|piece| to.extend_from_slice(piece));
}

/// The whole file of one frame.
pub(super) fn single(format: Format, body: &[u8]) -> Vec<u8> {
    let mut file = Vec::with_capacity(HEADER + FRAME_HEAD + body.len());
    file.extend_from_slice(&format.header());
    frame(&[body], &mut file);
    file
}

/// The first whole frame of `bytes` and what follows it; `None` where the bytes end, or stop being frames.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (head, rest) = bytes.split_at_checked(FRAME_HEAD)?;
    let (length, checksum) = head.split_at_checked(4)?;
    let length = usize::try_from(number(length)?).ok().filter(|l| *l <= BODY_BYTES_MAX)?;
    let (body, rest) = rest.split_at_checked(length)?;
    (crc32fast::hash(body) == number(checksum)?).then_some((body, rest))
}

/// The bodies of a file's whole frames.
pub(super) struct Bodies<'a> {
    /// Each with where it begins.
    pub found: Vec<(u64, &'a [u8])>,
    /// Where the last one ends.
    pub end: u64,
}

/// The bodies of a file's whole frames.
pub(super) fn bodies(format: Format, bytes: &[u8]) -> Result<Bodies<'_>, FrameError> {
    let mut rest = format.check(bytes)?;
    let (mut at, mut found) = (HEADER as u64, Vec::new());
    while let Some((body, after)) = split(rest) {
        found.push((at + FRAME_HEAD as u64, body));
        at += (FRAME_HEAD + body.len()) as u64;
        rest = after;
    }
    Ok(Bodies { found, end: at })
}

/// A file that grows by frames. A write that fails leaves it as it was.
#[derive(Debug)]
pub(super) struct Appender {
    pub path: PathBuf,
    file: File,
    len: u64,
    dirty: bool,
}

impl Appender {
    /// A new, empty file in the place of any other.
    pub fn create(path: PathBuf, format: Format) -> io::Result<Self> {
        let file = private().read(true).write(true).create(true).truncate(true).open(&path)?;
        file.write_all_at(&format.header(), 0)?;
        Ok(Self { path, file, len: HEADER as u64, dirty: true })
    }

    /// Goes on behind `len` bytes of a file; what stands there is cut off.
    pub fn resume(path: PathBuf, len: u64) -> io::Result<Self> {
        let file = private().read(true).write(true).open(&path)?;
        file.set_len(len)?;
        Ok(Self { path, file, len, dirty: true })
    }

    /// Writes whole frames; gives where they begin.
    pub fn append(&mut self, frames: &[u8]) -> io::Result<u64> {
        let at = self.len;
        if let Err(error) = self.file.write_all_at(frames, at) {
            // Half a frame would hide all that follow it.
            let _ = self.file.set_len(at);
            return Err(error);
        }
        self.len += frames.len() as u64;
        self.dirty = true;
        Ok(at)
    }

    /// Reads back a piece of the file.
    pub fn read(&self, at: u64, len: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; len];
        self.file.read_exact_at(&mut bytes, at)?;
        Ok(bytes)
    }

    pub const fn len(&self) -> u64 {
        self.len
    }

    pub fn sync(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.dirty) {
            self.file.sync_data().inspect_err(|_| self.dirty = true)?;
        }
        Ok(())
    }
}

/// The file's bytes; `None` when there is none.
pub(super) fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    match File::open(path) {
        Ok(mut file) => file.read_to_end(&mut bytes).map(|_| Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes a whole file so that at each moment either the old or the new one is there.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = path.with_extension("new");
    let written =
        private().write(true).create(true).truncate(true).open(&new).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_data()
        });
    written.and_then(|()| std::fs::rename(&new, path)).inspect_err(|_| {
        // Room for the next try.
        let _ = std::fs::remove_file(&new);
    })
}

/// Puts a file that cannot be used aside, so that nothing is destroyed.
pub(super) fn put_aside(path: &Path, why: &dyn std::fmt::Display) -> io::Result<String> {
    let aside = path.with_extension("unusable");
    std::fs::rename(path, &aside)?;
    Ok(format!("{} cannot be used: {why}; it is kept as {}", path.display(), aside.display()))
}

/// Numbers of callers are nobody else's business.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}
