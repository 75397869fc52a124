//! `ringfence serve`.

use crate::failure::{Failure, Kind, Outcome};
use ringfence_server::ServeError;
use std::path::PathBuf;

/// Run the firewall in the path of calls
#[derive(clap::Args, Debug)]
#[command(after_help = HELP)]
pub struct Args {
    /// The settings, as TOML
    #[arg(long, value_name = "FILE", default_value = "/etc/ringfence/ringfence.toml")]
    config: PathBuf,
}

const HELP: &str = "\
Signals: HUP reads the settings again (wrong ones are refused and the old ones hold); TERM and INT take no new calls
but emergency ones and wait for the running ones; a second one ends at once. Calls survive a restart within 32 s.

Example:
  ringfence check-config ringfence.toml && ringfence serve --config ringfence.toml";

pub fn run(args: &Args) -> Outcome {
    ringfence_server::serve(&args.config).map_err(|error| {
        let hint = match &error {
            ServeError::Settings(_) => {
                "nothing was started; `ringfence check-config` says the same"
            }
            _ => "nothing was started",
        };
        Failure::new(Kind::Input, error.into()).hint(hint)
    })?;
    super::done()
}
