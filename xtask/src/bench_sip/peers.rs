//! The servers that are measured.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::ground::{KAMAILIO, RINGFENCE};
use super::process::{Recipe, installed};
use crate::tidy::root;

/// Debian's Kamailio with the settings of `bench/kamailio.cfg`; what it says goes to `folder`.
pub fn kamailio(folder: &Path, workers: usize) -> Result<Recipe> {
    let config = root()?.join("bench/kamailio.cfg");
    let run = folder.join("kamailio.run");
    std::fs::create_dir_all(&run)?;
    // The allocator that is fastest here by far, and memory enough for what is asked.
    let arguments = ["-DD", "-E", "-x", "tlsf", "-m", "2048", "-M", "32", "-f"].map(str::to_owned).into_iter();
    let more = [config.display().to_string(), "-A".into(), format!("WORKERS={workers}")];
    let own = ["-Y".into(), run.display().to_string()];
    Ok(Recipe {
        name: "Kamailio",
        address: KAMAILIO,
        program: installed("kamailio", "kamailio")?,
        arguments: arguments.chain(more).chain(own).collect(),
        log: folder.join("kamailio.log"),
    })
}

/// Ringfence with the settings of `bench/ringfence.toml`, its data in `folder`.
pub fn ringfence(folder: &Path, program: PathBuf, config: &Path) -> Recipe {
    Recipe {
        name: "Ringfence",
        address: RINGFENCE,
        program,
        arguments: vec!["serve".into(), "--config".into(), config.display().to_string()],
        log: folder.join("ringfence.log"),
    }
}
