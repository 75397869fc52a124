//! A log that still grows: its new lines, over rotation and truncation.

use super::security::LINE_BYTES_MAX;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The most that is read at once, in bytes; the rest the next time.
const BYTES_MAX: u64 = 4 << 20;

/// Follows one file from where it ends now. It never waits: call [`Tail::lines`] whenever there may be news.
#[derive(Debug)]
pub struct Tail {
    path: PathBuf,
    open: Option<Open>,
    /// What is there at the start is the past; a file that comes later is news.
    began: bool,
}

#[derive(Debug)]
struct Open {
    file: File,
    inode: u64,
    at: u64,
    partial: Vec<u8>,
    /// The line is too long: its rest is passed over.
    skips: bool,
}

/// What came.
#[derive(Debug, Default)]
pub struct News {
    /// Whole lines.
    pub lines: Vec<String>,
    /// Lines that were too long to be read.
    pub too_long: u64,
    /// There is more to read now.
    pub more: bool,
}

impl Tail {
    /// Will follow `path`.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), open: None, began: false }
    }

    /// The lines that came since the last time.
    ///
    /// # Errors
    /// When the file is not there, or cannot be read.
    pub fn lines(&mut self) -> io::Result<News> {
        let mut news = News::default();
        match &mut self.open {
            Some(open) => {
                news.more = open.read(&mut news.lines, &mut news.too_long)?;
                if news.more {
                    return Ok(news);
                }
                // Between two steps of a rotation there may be no file: the old one may still be written to.
                let is_other =
                    std::fs::metadata(&self.path).is_ok_and(|about| about.ino() != open.inode);
                if is_other {
                    self.open = Some(Open::at(&self.path, false)?);
                    news.more = true;
                }
            }
            None => {
                let past = !std::mem::replace(&mut self.began, true);
                self.open = Some(Open::at(&self.path, past)?);
                news.more = !past;
            }
        }
        Ok(news)
    }
}

impl Open {
    fn at(path: &Path, end: bool) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let about = file.metadata()?;
        if !about.is_file() {
            return Err(io::Error::other("it is no file"));
        }
        let at = if end { file.seek(SeekFrom::End(0))? } else { 0 };
        Ok(Self { file, inode: about.ino(), at, partial: Vec::new(), skips: false })
    }

    /// Reads on; whether there may be more.
    fn read(&mut self, lines: &mut Vec<String>, too_long: &mut u64) -> io::Result<bool> {
        if self.file.metadata()?.len() < self.at {
            // It was emptied, and begins anew.
            self.at = 0;
            self.partial.clear();
            self.skips = false;
        }
        self.file.seek(SeekFrom::Start(self.at))?;
        let mut bytes = Vec::new();
        let count = (&self.file).take(BYTES_MAX).read_to_end(&mut bytes)? as u64;
        self.at += count;
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.skips |= self.partial.len() + piece.len() > LINE_BYTES_MAX;
            if !self.skips {
                self.partial.extend_from_slice(piece);
            }
            if piece.ends_with(b"\n") {
                if self.skips {
                    *too_long += 1;
                } else {
                    lines.push(String::from_utf8_lossy(self.partial.trim_ascii_end()).into_owned());
                }
                self.partial.clear();
                self.skips = false;
            }
        }
        Ok(count == BYTES_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn add(path: &Path, text: &str) {
        let mut file = File::options().append(true).create(true).open(path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn all(tail: &mut Tail) -> Vec<String> {
        let mut all = Vec::new();
        loop {
            let news = tail.lines().unwrap();
            all.extend(news.lines);
            if !news.more {
                return all;
            }
        }
    }

    #[test]
    fn new_lines_are_read_once_over_rotation_and_truncation() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("security");
        let mut tail = Tail::new(&path);
        assert!(tail.lines().is_err(), "it is not there yet");
        add(&path, "first\nsec");
        assert_eq!(all(&mut tail), ["first"], "it came while we looked");
        add(&path, "ond\n");
        assert_eq!(all(&mut tail), ["second"]);
        // Rotated, and the old one gets a last line.
        std::fs::rename(&path, folder.path().join("security.1")).unwrap();
        add(&folder.path().join("security.1"), "third\n");
        assert_eq!(all(&mut tail), ["third"]);
        add(&path, "fourth\n");
        assert_eq!(all(&mut tail), ["fourth"]);
        // Emptied in place.
        File::create(&path).unwrap();
        assert!(all(&mut tail).is_empty());
        add(&path, "5\n");
        assert_eq!(all(&mut tail), ["5"]);
        // What was there before we came is the past.
        assert!(all(&mut Tail::new(&path)).is_empty());
    }

    #[test]
    fn a_line_without_an_end_takes_no_memory() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("security");
        add(&path, "");
        let mut tail = Tail::new(&path);
        assert!(all(&mut tail).is_empty());
        add(&path, &format!("{}\nshort\n", "x".repeat(9 << 20)));
        let mut too_long = 0;
        let mut lines = Vec::new();
        loop {
            let news = tail.lines().unwrap();
            too_long += news.too_long;
            lines.extend(news.lines);
            assert!(tail.open.as_ref().unwrap().partial.len() <= LINE_BYTES_MAX);
            if !news.more {
                break;
            }
        }
        assert_eq!((too_long, lines), (1, vec!["short".to_owned()]));
        assert!(Tail::new(folder.path()).lines().is_err(), "a folder is no log");
    }
}
