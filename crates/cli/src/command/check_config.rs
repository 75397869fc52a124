//! `ringfence check-config`.

use crate::failure::{Failure, Kind, Outcome};
use crate::output::{print, safe};
use ringfence_server::config;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Check the settings of `serve`: every mistake with its place and how to mend it
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  ringfence check-config /etc/ringfence/ringfence.toml")]
pub struct Args {
    /// The settings, as TOML
    #[arg(default_value = "/etc/ringfence/ringfence.toml")]
    file: PathBuf,
}

pub fn run(args: &Args) -> Outcome {
    let config = config::load(&args.file).map_err(|problems| {
        let count = problems.0.len();
        let hint = format!("{count} to mend; docs/reference/config.md has every field");
        Failure::new(Kind::Input, problems.into()).hint(hint)
    })?;
    let mut text = String::new();
    for warning in &config.warnings {
        let _ = writeln!(text, "warning: {}", safe(&warning.to_string()));
    }
    let parts = config.snapshot.directory.parts();
    let counts = [
        (parts.listeners.len(), "listener"),
        (parts.tenants.len(), "tenant"),
        (parts.trunks.len(), "trunk"),
        (parts.extensions.len(), "extension"),
    ];
    let counts = counts.map(|(count, what)| {
        let plural = if count == 1 { "" } else { "s" };
        format!("{count} {what}{plural}")
    });
    let _ = writeln!(text, "The settings are valid: {}.", counts.join(", "));
    print(&text)?;
    super::done()
}
