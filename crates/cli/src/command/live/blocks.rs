//! `ringfence blocks`.

use super::{By, Shown, Where, odd, secs, text, time, until};
use crate::failure::Outcome;
use crate::output::{Table, safe};
use clap::ValueEnum;
use ringfence_model::{ExtensionId, Level, TenantId};
use ringfence_server::control::{Answer, Ask, BlockLine, BlockRef};

/// Restrictions on tenants and extensions
#[derive(clap::Subcommand, Debug)]
pub enum Command {
    List(ListArgs),
    Add(AddArgs),
    Lift(LiftArgs),
}

/// List the blocks in force
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  ringfence blocks list")]
pub struct ListArgs {
    #[command(flatten)]
    at: Where,
    #[command(flatten)]
    shown: Shown,
}

/// Block a tenant or an extension; emergency numbers and helplines always work
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  ringfence blocks add office --extension 205 --level national --for 8h"
)]
pub struct AddArgs {
    /// The tenant
    tenant: String,
    /// Only this extension
    #[arg(long)]
    extension: Option<String>,
    /// What it leaves open; `ringfence policy check` shows what each closes
    #[arg(long, value_enum)]
    level: LevelArg,
    /// For how long, such as 8h; else until it is lifted
    #[arg(long = "for", value_name = "TIME", value_parser = secs)]
    secs: Option<u64>,
    #[command(flatten)]
    at: Where,
    #[command(flatten)]
    by: By,
}

/// Lift a block; limits stay tight for a while
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  ringfence blocks lift 0-17")]
pub struct LiftArgs {
    /// The block, as the list names it
    block: BlockRef,
    #[command(flatten)]
    at: Where,
    #[command(flatten)]
    by: By,
}

/// [`Level`] on a command line.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum LevelArg {
    Guarded,
    National,
    Geographic,
    Internal,
    Suspended,
}

pub fn run(command: &Command) -> Outcome {
    match command {
        Command::List(args) => {
            let Answer::Blocks(all) = args.at.ask(Ask::Blocks)? else { return Err(odd()) };
            args.shown.show(&all, || list(&all), "Nothing is blocked.")
        }
        Command::Add(args) => args.at.order(Ask::Block {
            tenant: TenantId::new(&args.tenant),
            extension: args.extension.as_deref().map(ExtensionId::new),
            level: level(args.level),
            secs: args.secs,
            by: args.by.name(),
        }),
        Command::Lift(args) => {
            args.at.order(Ask::Unblock { block: args.block, by: args.by.name() })
        }
    }
}

const fn level(level: LevelArg) -> Level {
    match level {
        LevelArg::Guarded => Level::Guarded,
        LevelArg::National => Level::National,
        LevelArg::Geographic => Level::Geographic,
        LevelArg::Internal => Level::Internal,
        LevelArg::Suspended => Level::Suspended,
    }
}

fn list(all: &[BlockLine]) -> Table {
    let mut table =
        Table::new(&["block", "tenant", "extension", "level", "since", "until", "by", "acts"]);
    for of in all {
        table.row([
            of.block.to_string(),
            safe(of.tenant.as_str()),
            text(of.extension.as_ref().map(|e| e.as_str())),
            format!("{:?}", of.level).to_lowercase(),
            time(of.since),
            until(of.until),
            safe(&of.by),
            if of.shadow { "only says" } else { "yes" }.to_owned(),
        ]);
    }
    table
}
