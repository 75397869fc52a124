//! `ringfence calls`.

use super::{By, Shown, Where, odd, since, text, time};
use crate::failure::Outcome;
use crate::output::{Table, safe};
use ringfence_model::{CallId, Direction};
use ringfence_server::control::{Answer, Ask, CallLine};

/// Running calls
#[derive(clap::Subcommand, Debug)]
pub enum Command {
    List(ListArgs),
    Show(ShowArgs),
    Cut(CutArgs),
}

/// List the running calls
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  ringfence calls list --full")]
pub struct ListArgs {
    #[command(flatten)]
    at: Where,
    #[command(flatten)]
    shown: Shown,
    /// Show numbers whole
    #[arg(long)]
    full: bool,
}

/// Show one running call
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  ringfence calls show 4611686018427387905")]
pub struct ShowArgs {
    /// The call, as the list names it
    call: u64,
    #[command(flatten)]
    at: Where,
    #[command(flatten)]
    shown: Shown,
    /// Show numbers whole
    #[arg(long)]
    full: bool,
}

/// End a running call: both parties hear why
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  ringfence calls cut 4611686018427387905")]
pub struct CutArgs {
    /// The call, as the list names it
    call: u64,
    #[command(flatten)]
    at: Where,
    #[command(flatten)]
    by: By,
}

pub fn run(command: &Command) -> Outcome {
    match command {
        Command::List(args) => {
            let Answer::Calls(calls) = args.at.ask(Ask::Calls { full: args.full })? else {
                return Err(odd());
            };
            args.shown.show(&calls, || list(&calls), "No calls run.")
        }
        Command::Show(args) => {
            let ask = Ask::Call { call: CallId(args.call), full: args.full };
            let Answer::Calls(calls) = args.at.ask(ask)? else { return Err(odd()) };
            let Some(call) = calls.first() else { return Err(odd()) };
            args.shown.show(call, || one(call), "")
        }
        Command::Cut(args) => {
            args.at.order(Ask::Cut { call: CallId(args.call), by: args.by.name() })
        }
    }
}

fn list(calls: &[CallLine]) -> Table {
    let mut table =
        Table::new(&["call", "tenant", "extension", "way", "from", "to", "state", "since"]);
    for call in calls {
        table.row([
            call.call.to_string(),
            safe(call.tenant.as_str()),
            text(call.extension.as_ref().map(|e| e.as_str())),
            way(call.direction).to_owned(),
            safe(&call.a_number),
            safe(&call.dialled),
            safe(&call.state),
            since(call.answered.unwrap_or(call.started)),
        ]);
    }
    table
}

fn one(call: &CallLine) -> Table {
    let mut table = Table::new(&["what", "value"]);
    let address =
        |at: Option<std::net::SocketAddr>| at.map_or_else(String::new, |at| at.to_string());
    let rows = [
        ("call", call.call.to_string()),
        ("Call-ID", safe(&call.known_as)),
        ("tenant", safe(call.tenant.as_str())),
        ("extension", text(call.extension.as_ref().map(|e| e.as_str()))),
        ("way", way(call.direction).to_owned()),
        ("from", safe(&call.a_number)),
        ("to", safe(&call.dialled)),
        ("state", safe(&call.state)),
        ("started", time(call.started)),
        ("answered", call.answered.map_or_else(String::new, time)),
        ("came over", text(call.trunk.as_ref().map(|t| t.as_str()))),
        ("goes over", text(call.to_trunk.as_ref().map(|t| t.as_str()))),
        ("caller at", address(call.caller)),
        ("called at", address(call.callee)),
    ];
    for (what, value) in rows {
        table.row([what.to_owned(), value]);
    }
    table
}

const fn way(direction: Direction) -> &'static str {
    match direction {
        Direction::Outbound => "out",
        Direction::Inbound => "in",
        Direction::Internal => "internal",
    }
}
