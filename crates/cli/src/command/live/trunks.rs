//! `ringfence trunks`.

use super::{Shown, Where, odd, text};
use crate::failure::Outcome;
use crate::output::{Table, safe};
use ringfence_server::control::{Answer, Ask, TrunkLine};

/// SIP links to PBXs and carriers
#[derive(clap::Subcommand, Debug)]
pub enum Command {
    List(ListArgs),
}

/// List the trunks: do they answer, are we registered there
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  ringfence trunks list")]
pub struct ListArgs {
    #[command(flatten)]
    at: Where,
    #[command(flatten)]
    shown: Shown,
}

pub fn run(command: &Command) -> Outcome {
    let Command::List(args) = command;
    let Answer::Trunks(all) = args.at.ask(Ask::Trunks)? else { return Err(odd()) };
    args.shown.show(&all, || list(&all), "There are no trunks.")
}

fn list(all: &[TrunkLine]) -> Table {
    let mut table =
        Table::new(&["trunk", "side", "tenant", "answers", "registered", "at", "trouble"]);
    let word = |of: Option<bool>, unasked: &str| match of {
        Some(true) => "yes".to_owned(),
        Some(false) => "NO".to_owned(),
        None => unasked.to_owned(),
    };
    for of in all {
        table.row([
            safe(of.trunk.as_str()),
            safe(&of.side),
            text(of.tenant.as_ref().map(|t| t.as_str())),
            word(of.alive, "not asked"),
            word(of.registered, "need not be"),
            safe(&of.hops.join(", ")),
            text(of.trouble.as_ref()),
        ]);
    }
    table
}
