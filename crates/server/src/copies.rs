//! Copies of the store, for when a disk dies: made while all goes on, put back while nothing runs.

use crate::config::{self, Problems};
use crate::folder::{Folder, FolderError};
use ringfence_store::{Place, StoreError};
use std::path::Path;
use thiserror::Error;

pub use ringfence_store::Checked;

/// Why there is no copy, or it was not put back.
#[derive(Debug, Error)]
pub enum CopyError {
    /// The settings do not say where the store is.
    #[error("{0}")]
    Settings(#[from] Problems),
    /// The data folder cannot be used, or is in use.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The copy cannot be made or used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Copies the store that the settings name into a file; the program may run meanwhile. `progress` hears of pages copied
/// and pages in all.
///
/// # Errors
/// When the store is not in a file, the copy cannot be written, or it is not whole.
pub fn backup(
    settings: &Path,
    to: &Path,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Checked, CopyError> {
    let place = config::load(settings)?.storage.place;
    Ok(ringfence_store::backup(&place, to, progress)?)
}

/// Puts a copy in the place of the store that the settings name. What was there stays beside it, as `....before`.
///
/// # Errors
/// When the program runs, the copy is not whole, or files cannot be written; the store is as it was then.
pub fn restore(
    settings: &Path,
    from: &Path,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Checked, CopyError> {
    let config = config::load(settings)?;
    let Place::File(path) = &config.storage.place else {
        let how = "PostgreSQL is restored by its own means; use pg_restore";
        return Err(StoreError::Refused(how.to_owned()).into());
    };
    // Nobody else has it while we do.
    let _folder = Folder::open(&config.data, config.shards)?;
    Ok(ringfence_store::restore(from, path, progress)?)
}
