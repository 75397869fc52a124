//! `ringfence status`.

use super::{Shown, Where, odd, since, time};
use crate::failure::Outcome;
use crate::output::{Table, safe};
use ringfence_server::control::{Answer, Ask, Status};

/// Show how a running Ringfence is
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  ringfence status --json")]
pub struct Args {
    #[command(flatten)]
    at: Where,
    #[command(flatten)]
    shown: Shown,
}

pub fn run(args: &Args) -> Outcome {
    let Answer::Status(status) = args.at.ask(Ask::Status)? else { return Err(odd()) };
    args.shown.show(&status, || table(&status), "")
}

fn table(status: &Status) -> Table {
    let mut table = Table::new(&["what", "value"]);
    let troubles =
        if status.troubles.is_empty() { "none".to_owned() } else { status.troubles.join("; ") };
    let rows = [
        ("version", status.version.clone()),
        ("runs for", since(status.since)),
        ("settings of", time(status.settings_since)),
        ("listens at", status.listens.join(", ")),
        ("shards", status.shards.to_string()),
        ("calls", status.calls.to_string()),
        ("registered contacts", status.registrations.to_string()),
        ("blocks", status.blocks.to_string()),
        ("sources not heard", status.bans.to_string()),
        ("takes new calls", if status.draining { "NO: draining" } else { "yes" }.to_owned()),
        ("troubles", troubles),
    ];
    let feeds = status.feeds.join(", ");
    let rows = rows.into_iter().chain((!feeds.is_empty()).then_some(("feeds", feeds)));
    for (what, value) in rows {
        table.row([what.to_owned(), safe(&value)]);
    }
    table
}
