//! `ringfence reload` and `ringfence drain`.

use super::Where;
use crate::failure::Outcome;
use ringfence_server::control::Ask;

/// Read the settings again; wrong ones are refused and the old ones hold
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  ringfence check-config && ringfence reload")]
pub struct ReloadArgs {
    #[command(flatten)]
    at: Where,
}

/// Take no new calls but emergency ones, wait for the running ones, end
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  ringfence drain")]
pub struct DrainArgs {
    #[command(flatten)]
    at: Where,
}

pub fn reload(args: &ReloadArgs) -> Outcome {
    args.at.order(Ask::Reload)
}

pub fn drain(args: &DrainArgs) -> Outcome {
    args.at.order(Ask::Drain)
}
