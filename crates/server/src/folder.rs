//! The data folder: one program at a time, readable by its owner only.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why the data folder cannot be used.
#[derive(Debug, Error)]
pub enum FolderError {
    /// It cannot be made, read or written.
    #[error(
        "the data folder {path} cannot be used: {source}; make it writable for the user Ringfence runs as, or set data = \"...\" to one that is"
    )]
    Unusable {
        /// The folder, or the file in it.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Another Ringfence has it.
    #[error(
        "another Ringfence uses the data folder {0}; stop it, or give this one a folder of its own"
    )]
    Taken(PathBuf),
    /// It was made for another number of shards.
    #[error(
        "the data folder {path} was made with {made} shards and the settings say {wanted}; set shards = {made}, or use a new folder: running calls and profiles cannot move between shards"
    )]
    Shards {
        /// The folder.
        path: PathBuf,
        /// What it was made with.
        made: u8,
        /// What the settings say.
        wanted: u8,
    },
}

/// The data folder, ours until it is dropped.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// What tokens and nonces are made from, the same from run to run.
    pub secret: [u8; 32],
    /// How many shards its files are of.
    pub shards: u8,
    _lock: File,
}

impl Folder {
    /// Opens the folder, or makes it. `shards` is what the settings say; without it, what the folder was made with, or
    /// one per core for a new one.
    ///
    /// # Errors
    /// When it cannot be used, another program has it, or it was made for another number of shards.
    pub fn open(path: &Path, shards: Option<u8>) -> Result<Self, FolderError> {
        let unusable = |path: &Path| {
            let path = path.to_owned();
            move |source| FolderError::Unusable { path, source }
        };
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(unusable(path))?;
        let lock_path = path.join("lock");
        let lock = private().write(true).create(true).truncate(false).open(&lock_path);
        let lock = lock.map_err(unusable(&lock_path))?;
        lock.try_lock().map_err(|error| match error {
            std::fs::TryLockError::WouldBlock => FolderError::Taken(path.to_owned()),
            std::fs::TryLockError::Error(source) => unusable(&lock_path)(source),
        })?;
        let secret_path = path.join("secret");
        let secret = secret(&secret_path).map_err(unusable(&secret_path))?;
        let shards_path = path.join("shards");
        let made = made(&shards_path, shards).map_err(unusable(&shards_path))?;
        if let Some(wanted) = shards.filter(|wanted| *wanted != made) {
            return Err(FolderError::Shards { path: path.to_owned(), made, wanted });
        }
        for file in [&lock_path, &secret_path, &shards_path] {
            ringfence_store::hand_over(file);
        }
        Ok(Self { path: path.to_owned(), secret, shards: made, _lock: lock })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}

/// The secret of the folder; made at the first start.
fn secret(path: &Path) -> io::Result<[u8; 32]> {
    let mut secret = [0; 32];
    match File::open(path) {
        Ok(mut file) => file.read_exact(&mut secret)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            getrandom::fill(&mut secret).map_err(io::Error::from)?;
            let new = path.with_extension("new");
            let mut file = private().write(true).create(true).truncate(true).open(&new)?;
            file.write_all(&secret)?;
            file.sync_all()?;
            std::fs::rename(&new, path)?;
        }
        Err(error) => return Err(error),
    }
    Ok(secret)
}

fn made(path: &Path, wanted: Option<u8>) -> io::Result<u8> {
    match std::fs::read_to_string(path) {
        Ok(text) => {
            let made = text.trim().parse().ok().filter(|made| *made > 0);
            made.ok_or_else(|| io::Error::other("it does not hold a number of shards"))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
            let made = wanted.unwrap_or_else(|| u8::try_from(cores).unwrap_or(64).min(64));
            let mut file = private().write(true).create_new(true).open(path)?;
            writeln!(file, "{made}")?;
            Ok(made)
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_keeps_its_secret_and_its_shards_and_has_one_owner() {
        let above = tempfile::tempdir().unwrap();
        let path = above.path().join("new/data");
        let first = Folder::open(&path, Some(3)).unwrap();
        assert!(first.secret != [0; 32]);
        assert!(matches!(Folder::open(&path, None), Err(FolderError::Taken(_))));
        let secret = first.secret;
        drop(first);
        let again = Folder::open(&path, None).unwrap();
        assert_eq!((again.secret, again.shards), (secret, 3));
        drop(again);
        let told = Folder::open(&path, Some(2)).unwrap_err().to_string();
        assert!(told.contains("made with 3 shards and the settings say 2"), "{told}");
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_told() {
        let above = tempfile::tempdir().unwrap();
        let file = above.path().join("file");
        std::fs::write(&file, "").unwrap();
        let told = Folder::open(&file.join("data"), None).unwrap_err().to_string();
        assert!(told.contains("cannot be used") && told.contains("make it writable"), "{told}");
    }
}
