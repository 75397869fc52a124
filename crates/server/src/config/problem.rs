//! What is wrong, or doubtful, about settings: where, what, and how to mend it.

use super::decks::{Decks, Imported};
use sha2::{Digest, Sha256};
use std::fmt;
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file of settings and where its lines are.
#[derive(Clone, Debug)]
pub struct Source {
    path: PathBuf,
    text: String,
    files: Files,
    imported: Imported,
}

/// The files that settings may name.
#[derive(Clone, Debug)]
enum Files {
    /// Those of this machine.
    Here,
    /// Those of this machine up to this byte of the text; from there on these decks and nothing else: who may change
    /// settings in the store may not read this machine's files with them.
    Until(usize, Arc<Decks>),
}

/// No file that settings name is larger.
const FILE_BYTES_MAX: u64 = 256 << 20;

impl Source {
    /// The text of `path`.
    #[must_use]
    pub fn new(path: PathBuf, text: String) -> Self {
        Self { path, text, files: Files::Here, imported: Imported::default() }
    }

    /// What stands behind byte `until` of the text has these decks only, by the name of their tenant; nothing is read
    /// for it from this machine or its environment.
    #[must_use]
    pub fn closed_from(self, until: usize, decks: Decks) -> Self {
        Self { files: Files::Until(until, Arc::new(decks)), ..self }
    }

    /// Decks that were read before are not read again.
    #[must_use]
    pub fn knowing(self, imported: Imported) -> Self {
        Self { imported, ..self }
    }

    /// What was made of decks so far.
    #[must_use]
    pub const fn imported(&self) -> &Imported {
        &self.imported
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What a file that the settings name at byte `at` holds, up to `bytes_max`.
    ///
    /// # Errors
    /// When it is not there, or may not be read.
    pub fn read(&self, at: usize, path: &str, bytes_max: u64) -> io::Result<Vec<u8>> {
        if let Files::Until(until, files) = &self.files
            && at >= *until
        {
            return if files.has(path) { files.read(path) } else { Err(closed()) };
        }
        let mut bytes = Vec::new();
        std::fs::File::open(self.beside(path))?.take(bytes_max).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// What a file of text holds.
    ///
    /// # Errors
    /// When it is not there, may not be read, or is no text.
    pub fn read_text(&self, at: usize, path: &str) -> io::Result<String> {
        let bytes = self.read(at, path, FILE_BYTES_MAX)?;
        String::from_utf8(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }

    /// What a large file holds.
    ///
    /// # Errors
    /// As for [`Source::read`].
    pub fn read_whole(&self, at: usize, path: &str) -> io::Result<Vec<u8>> {
        self.read(at, path, FILE_BYTES_MAX)
    }

    /// What a rate deck is known by, its SHA-256 in hex; and what is in it, when that was read to know it.
    ///
    /// # Errors
    /// As for [`Source::read`].
    pub fn deck(&self, at: usize, path: &str) -> io::Result<(String, Option<Vec<u8>>)> {
        if let Files::Until(until, decks) = &self.files
            && at >= *until
        {
            let sha256 = decks.sha256(path).ok_or_else(closed)?;
            return Ok((sha256.to_owned(), None));
        }
        let deck = self.read_whole(at, path)?;
        Ok((crate::hex(&Sha256::digest(&deck)), Some(deck)))
    }

    /// A variable of the environment.
    #[must_use]
    pub fn variable(&self, at: usize, name: &str) -> Option<String> {
        if self.is_open(at) { std::env::var(name).ok() } else { None }
    }

    /// Whether the files that are named at byte `at` are those of this machine.
    #[must_use]
    pub fn is_open(&self, at: usize) -> bool {
        match &self.files {
            Files::Here => true,
            Files::Until(until, _) => at < *until,
        }
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// A path as the file writes it: relative to the folder the file is in.
    #[must_use]
    pub fn beside(&self, path: &str) -> PathBuf {
        self.path.parent().unwrap_or_else(|| Path::new("")).join(path)
    }

    /// Where byte `at` is: lines and columns count from 1, columns in characters.
    #[must_use]
    pub fn place(&self, at: usize) -> Place {
        let before = self.text.get(..at).unwrap_or(&self.text);
        Place {
            file: self.path.clone(),
            line: before.matches('\n').count() + 1,
            column: before.rsplit('\n').next().unwrap_or_default().chars().count() + 1,
        }
    }
}

fn closed() -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, "settings in the store name no files")
}

/// A place in a file.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Place {
    /// The file, or what people call a setting of the store.
    pub file: PathBuf,
    /// From 1; 0 for a setting of the store.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}", self.file.display()),
            line => write!(f, "{}:{line}:{}", self.file.display(), self.column),
        }
    }
}

/// Something wrong or doubtful. `Display` is one line: `file:line:column: what is wrong; how to mend it`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub mend: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.place, self.what, self.mend)
    }
}

/// All that makes settings unusable, in the order of the file.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.0.iter().enumerate() {
            let line_break = if at == 0 { "" } else { "\n" };
            write!(f, "{line_break}{problem}")?;
        }
        Ok(())
    }
}

/// A value and where it was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct At<T> {
    pub value: T,
    pub span: Range<usize>,
}

impl<T> At<T> {
    pub const fn new(value: T, span: Range<usize>) -> Self {
        Self { value, span }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_from_one_in_characters() {
        let source = Source::new("f.toml".into(), "a = 1\nbé = x".into());
        assert_eq!(source.place(10).to_string(), "f.toml:2:4");
        assert_eq!(source.place(0).to_string(), "f.toml:1:1");
        assert_eq!(source.place(99).to_string(), "f.toml:2:7");
    }
}
