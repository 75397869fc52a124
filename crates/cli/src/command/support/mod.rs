//! `ringfence support`.

mod archive;
mod gather;
mod redact;

use crate::failure::Outcome;
use crate::output::print;
use std::path::PathBuf;

/// What to send to those who help
#[derive(clap::Subcommand, Debug)]
pub enum Command {
    Dump(DumpArgs),
}

/// Write settings, state, metrics, findings and log lines into one file, without secrets and persons
#[derive(clap::Args, Debug)]
#[command(after_help = HELP)]
pub struct DumpArgs {
    /// The file to write, such as ringfence.tar.zst; one that is there is not overwritten
    #[arg(value_name = "FILE.tar.zst")]
    file: PathBuf,
    /// The settings of `serve`
    #[arg(long, value_name = "FILE", default_value = "/etc/ringfence/ringfence.toml")]
    config: PathBuf,
    /// A log whose last lines go in; `-` reads standard input
    #[arg(long, value_name = "FILE")]
    log: Vec<PathBuf>,
    /// How many of its last lines
    #[arg(long, value_name = "COUNT", default_value_t = 2_000)]
    lines: usize,
    /// Send nothing: trunks are neither looked up nor asked
    #[arg(long)]
    offline: bool,
}

const HELP: &str = "\
Passwords are taken out; numbers are masked (+3161*****78); people's names in SIP and mail addresses, and addresses
that settings do not name, become (person 1), (address 1): the same one everywhere in the file. Look through it before
you send it: tar --zstd -xf FILE.

Example:
  journalctl -u ringfence -n 5000 | ringfence support dump ringfence.tar.zst --log -";

pub fn run(command: &Command) -> Outcome {
    let Command::Dump(args) = command;
    let pieces = gather::all(args);
    archive::write(&args.file, &pieces)?;
    let names: Vec<_> = pieces.iter().map(|piece| piece.name.as_str()).collect();
    print(&format!("{}: {}\n", args.file.display(), names.join(", ")))?;
    super::done()
}
