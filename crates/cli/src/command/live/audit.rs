//! `ringfence audit`.

use super::plan::{agreed, planned, show};
use super::{Shown, Where, odd, time};
use crate::failure::{Failure, Kind, Outcome};
use crate::output::{Table, print, safe};
use ringfence_server::control::{Answer, Ask, AuditLine};

/// Who changed what
#[derive(clap::Subcommand, Debug)]
pub enum Command {
    List(ListArgs),
    Verify(VerifyArgs),
    Revert(RevertArgs),
}

/// List changes, newest first
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  ringfence audit list --limit 20")]
pub struct ListArgs {
    /// So many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    limit: u32,
    /// Older than this one
    #[arg(long, value_name = "ROW")]
    before: Option<i64>,
    #[command(flatten)]
    at: Where,
    #[command(flatten)]
    shown: Shown,
}

/// Check that no row of the audit log was changed, dropped or slipped in
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  ringfence audit verify")]
pub struct VerifyArgs {
    #[command(flatten)]
    at: Where,
}

/// Take a change of settings back; shows the difference, then asks
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  ringfence audit revert 17")]
pub struct RevertArgs {
    /// The row of the change, as the list numbers it
    row: i64,
    /// Show the difference and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(long, conflicts_with = "dry_run")]
    yes: bool,
    /// Why, for the audit log
    #[arg(long, default_value = "", hide_default_value = true)]
    reason: String,
    #[command(flatten)]
    at: Where,
}

pub fn run(command: &Command) -> Outcome {
    match command {
        Command::List(args) => {
            let answer = args.at.ask(Ask::Audit { limit: args.limit, below: args.before })?;
            let Answer::Audit(all) = answer else { return Err(odd()) };
            args.shown.show(&all, || list(&all), "Nothing was changed yet.")
        }
        Command::Verify(args) => verify(args),
        Command::Revert(args) => revert(args),
    }
}

fn verify(args: &VerifyArgs) -> Outcome {
    match args.at.ask(Ask::VerifyAudit)? {
        Answer::Chain { rows, head, broken: None } => {
            print(&format!(
                "The audit log is whole: {rows} rows, the last with the hash {head}.\n"
            ))?;
            super::super::done()
        }
        Answer::Chain { rows, broken: Some(how), .. } => {
            let what = anyhow::anyhow!("row {rows} of the audit log: {}", safe(&how));
            let hint = "somebody changed the database by other means: compare it with a backup";
            Err(Failure::new(Kind::Input, what).hint(hint))
        }
        _ => Err(odd()),
    }
}

fn revert(args: &RevertArgs) -> Outcome {
    let mut client = args.at.connect()?;
    let mut ask = |dry_run| {
        planned(&mut client, Ask::Revert { seq: args.row, dry_run, why: args.reason.clone() })
    };
    let seen = ask(true)?;
    if !show(&seen)? || args.dry_run {
        return super::super::done();
    }
    if !args.yes && !agreed(seen.changes.len())? {
        print("Nothing was changed.\n")?;
        return super::super::done();
    }
    ask(false)?;
    print("Done: it is as it was before; in force.\n")?;
    super::super::done()
}

fn list(all: &[AuditLine]) -> Table {
    let mut table = Table::new(&["row", "when", "who", "what", "about", "why"]);
    for row in all {
        table.row([
            row.seq.to_string(),
            time(row.at),
            safe(&row.who),
            safe(&row.what),
            safe(&row.subject),
            safe(&row.why),
        ]);
    }
    table
}
