//! `ringfence registrations`.

use super::{Shown, Where, odd, text, time};
use crate::failure::Outcome;
use crate::output::{Table, safe};
use ringfence_server::control::{Answer, Ask, RegistrationLine};

/// Phones that are registered
#[derive(clap::Subcommand, Debug)]
pub enum Command {
    List(ListArgs),
}

/// List the registered phones
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  ringfence registrations list --json")]
pub struct ListArgs {
    #[command(flatten)]
    at: Where,
    #[command(flatten)]
    shown: Shown,
}

pub fn run(command: &Command) -> Outcome {
    let Command::List(args) = command;
    let Answer::Registrations(all) = args.at.ask(Ask::Registrations)? else { return Err(odd()) };
    args.shown.show(&all, || list(&all), "No phone is registered.")
}

fn list(all: &[RegistrationLine]) -> Table {
    let mut table =
        Table::new(&["tenant", "extension", "from", "over", "contact", "phone", "until"]);
    for of in all {
        table.row([
            safe(of.tenant.as_str()),
            safe(of.extension.as_str()),
            of.source.to_string(),
            safe(&of.transport),
            safe(&of.contact),
            text(of.user_agent.as_ref()),
            time(of.until),
        ]);
    }
    table
}
