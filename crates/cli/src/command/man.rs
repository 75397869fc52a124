//! `ringfence man`.

use super::Cli;
use crate::failure::Outcome;
use anyhow::Context;
use clap::CommandFactory;
use std::path::PathBuf;

/// Write the manual pages, one per command
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  ringfence man /usr/local/share/man/man1")]
pub struct Args {
    /// Where to; made when absent
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

pub fn run(args: &Args) -> Outcome {
    let folder = &args.folder;
    std::fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(Cli::command(), folder))
        .with_context(|| format!("the manual pages cannot be written to {}", folder.display()))?;
    super::done()
}
