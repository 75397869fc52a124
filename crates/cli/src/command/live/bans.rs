//! `ringfence bans`.

use super::{By, Shown, Where, odd, secs, until};
use crate::failure::Outcome;
use crate::output::{Table, print, safe};
use ipnet::IpNet;
use ringfence_server::control::{Answer, Ask, BanLine, network};

/// Sources that are not heard
#[derive(clap::Subcommand, Debug)]
pub enum Command {
    List(ListArgs),
    Add(AddArgs),
    Lift(LiftArgs),
    Nftables(NftablesArgs),
}

/// List the sources that are not heard
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  ringfence bans list")]
pub struct ListArgs {
    #[command(flatten)]
    at: Where,
    #[command(flatten)]
    shown: Shown,
}

/// Do not hear an address or a range
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  ringfence bans add 203.0.113.0/24 --for 7d")]
pub struct AddArgs {
    /// The address or range
    #[arg(value_parser = network)]
    net: IpNet,
    /// For how long, such as 7d; else until it is lifted
    #[arg(long = "for", value_name = "TIME", value_parser = secs)]
    secs: Option<u64>,
    #[command(flatten)]
    at: Where,
    #[command(flatten)]
    by: By,
}

/// Hear an address or a range again
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  ringfence bans lift 203.0.113.0/24")]
pub struct LiftArgs {
    /// The address or range
    #[arg(value_parser = network)]
    net: IpNet,
    #[command(flatten)]
    at: Where,
}

/// Print the bans as sets for nftables, to drop them before they reach Ringfence
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  ringfence bans nftables | nft -f -")]
pub struct NftablesArgs {
    #[command(flatten)]
    at: Where,
}

pub fn run(command: &Command) -> Outcome {
    match command {
        Command::List(args) => {
            let Answer::Bans(all) = args.at.ask(Ask::Bans)? else { return Err(odd()) };
            args.shown.show(&all, || list(&all), "Everybody is heard.")
        }
        Command::Add(args) => {
            args.at.order(Ask::Ban { net: args.net, secs: args.secs, by: args.by.name() })
        }
        Command::Lift(args) => args.at.order(Ask::Unban { net: args.net }),
        Command::Nftables(args) => {
            let Answer::Nftables(script) = args.at.ask(Ask::Nftables)? else { return Err(odd()) };
            print(&script)?;
            crate::command::done()
        }
    }
}

fn list(all: &[BanLine]) -> Table {
    let mut table = Table::new(&["source", "over", "why", "until"]);
    for of in all {
        let over = if of.datagrams_only { "UDP" } else { "all" };
        table.row([of.net.to_string(), over.to_owned(), safe(&of.why), until(of.until)]);
    }
    table
}
