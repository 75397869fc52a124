//! `ringfence backup` and `ringfence restore`.

use crate::failure::{Failure, Kind, Outcome};
use crate::output::print;
use crate::progress::Progress;
use ringfence_server::copies::{self, Checked, CopyError};
use std::path::PathBuf;

/// Copy the store into a file, also while Ringfence runs; the copy is checked
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  ringfence backup /backup/ringfence-2026-11-22.db")]
pub struct BackupArgs {
    /// The copy
    file: PathBuf,
    /// The settings, which say where the store is
    #[arg(long, value_name = "FILE", default_value = "/etc/ringfence/ringfence.toml")]
    config: PathBuf,
}

/// Put a copy of the store back; Ringfence must not run
#[derive(clap::Args, Debug)]
#[command(after_help = "What was there stays beside it, as ….before.\n\nExample:\n  \
systemctl stop ringfence && ringfence restore /backup/ringfence-2026-11-22.db && systemctl start ringfence")]
pub struct RestoreArgs {
    /// The copy
    file: PathBuf,
    /// The settings, which say where the store is
    #[arg(long, value_name = "FILE", default_value = "/etc/ringfence/ringfence.toml")]
    config: PathBuf,
}

pub fn backup(args: &BackupArgs) -> Outcome {
    let mut progress = Progress::new();
    let checked = copies::backup(&args.config, &args.file, &mut |copied, all| {
        progress.tell(|| percent(copied, all));
    });
    drop(progress);
    said("The copy is made and whole", &checked.map_err(failed)?)
}

pub fn restore(args: &RestoreArgs) -> Outcome {
    let mut progress = Progress::new();
    let checked = copies::restore(&args.config, &args.file, &mut |copied, all| {
        progress.tell(|| percent(copied, all));
    });
    drop(progress);
    said("The copy is whole and in place", &checked.map_err(failed)?)
}

fn percent(copied: u64, all: u64) -> String {
    format!("copied {} %", (copied * 100).checked_div(all).unwrap_or(100))
}

fn said(what: &str, checked: &Checked) -> Outcome {
    let head: String = checked.audit_head.iter().map(|byte| format!("{byte:02x}")).collect();
    let rows = checked.audit_rows;
    print(&format!("{what}: {rows} rows in its audit log, the last with the hash {head}.\n"))?;
    super::done()
}

fn failed(error: CopyError) -> Failure {
    let hint = match &error {
        CopyError::Settings(_) => "name the settings with --config",
        CopyError::Folder(_) => "stop Ringfence first; nothing was changed",
        CopyError::Store(_) => "nothing was changed",
    };
    Failure::new(Kind::Input, error.into()).hint(hint)
}
