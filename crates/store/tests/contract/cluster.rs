//! What a PostgreSQL of a test's own stands on.

use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};

/// Where its programs are: the newest of Debian's, else what the path has.
pub fn programs() -> PathBuf {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<_> = debian.map(|version| version.path().join("bin")).collect();
    found.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    found.extend(std::env::split_paths(&path));
    let has = |folder: &PathBuf| folder.join("initdb").exists();
    found.into_iter().rfind(has).expect("PostgreSQL is not installed: run tools/need")
}

/// Who the server runs as: we, or where we are root `nobody`, who then owns the folder.
pub fn owner(folder: &Path) -> u32 {
    const NOBODY: u32 = 65_534;
    let mine = std::fs::metadata(folder).expect("the folder").uid();
    if mine != 0 {
        return mine;
    }
    chown(folder, Some(NOBODY), None).expect("the folder for its user");
    NOBODY
}
