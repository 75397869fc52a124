//! `ringfence apply` and `ringfence export`.

use super::{Where, failed, odd};
use crate::failure::{Failure, Kind, Outcome};
use crate::output::{print, safe};
use ringfence_api::plan::{Note, PlannedView};
use ringfence_server::config::Source;
use ringfence_server::control::{Answer, Ask, Client};
use ringfence_server::{plan, row_line};
use std::fmt::Write as _;
use std::io::{BufRead, IsTerminal};
use std::path::PathBuf;
use std::time::Duration;

/// Rate decks may be large.
const PATIENCE: Duration = Duration::from_secs(300);

/// Change tenants, trunks and extensions in the store of a running Ringfence: shows the difference, then asks
#[derive(clap::Args, Debug)]
#[command(after_help = APPLY_HELP)]
pub struct ApplyArgs {
    /// The plan, as TOML: [[tenant]], [[trunk]], [[extension]] as in the settings file
    plan: PathBuf,
    /// Show the difference and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(long, conflicts_with = "dry_run")]
    yes: bool,
    /// Remove tenants, trunks and extensions that are not in the plan
    #[arg(long)]
    prune: bool,
    /// Why, for the audit log
    #[arg(long, default_value = "", hide_default_value = true)]
    reason: String,
    #[command(flatten)]
    at: Where,
}

const APPLY_HELP: &str = "\
All of a plan comes into force, or nothing. What is in the store and not in the plan stays, unless --prune is given.
Calls go on. Who gave the plan is in the audit log.

Example:
  ringfence apply --dry-run plan.toml && ringfence apply --yes plan.toml";

/// Write the settings in the store as a plan
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  ringfence export > plan.toml")]
pub struct ExportArgs {
    /// With passwords; without it they are { kept = true }, which `apply` leaves as they are
    #[arg(long)]
    secrets: bool,
    #[command(flatten)]
    at: Where,
}

pub fn apply(args: &ApplyArgs) -> Outcome {
    let text = std::fs::read_to_string(&args.plan).map_err(|error| {
        let what = anyhow::anyhow!("{} cannot be read: {error}", args.plan.display());
        Failure::new(Kind::Input, what).hint("name a plan: see `ringfence apply --help`")
    })?;
    let rows = plan::read(&Source::new(args.plan.clone(), text)).map_err(|notes| unfit(&notes))?;
    let rows: Vec<_> = rows.into_iter().map(row_line).collect();
    let mut client = args.at.connect()?;
    let mut ask = |dry_run, revision| {
        let (rows, prune, why) = (rows.clone(), args.prune, args.reason.clone());
        planned(&mut client, Ask::Apply { rows, prune, dry_run, revision, why })
    };
    let seen = ask(true, None)?;
    if !show(&seen)? || args.dry_run {
        return super::super::done();
    }
    if !args.yes && !agreed(seen.changes.len())? {
        print("Nothing was changed.\n")?;
        return super::super::done();
    }
    let made = ask(false, Some(seen.revision))?;
    print(&format!("Done: {} changed; in force.\n", count(made.changes.len())))?;
    super::super::done()
}

pub fn export(args: &ExportArgs) -> Outcome {
    let answer = args.at.ask(Ask::Export { secrets: args.secrets })?;
    let Answer::Plan(text) = answer else { return Err(odd()) };
    print(&text)?;
    super::super::done()
}

pub(super) fn planned(client: &mut Client, ask: Ask) -> Outcome<PlannedView> {
    match client.ask(ask, PATIENCE).map_err(failed)? {
        Answer::Planned(planned) => Ok(planned),
        _ => Err(odd()),
    }
}

/// Shows what changes; whether anything does.
pub(super) fn show(planned: &PlannedView) -> Outcome<bool> {
    let mut text = String::new();
    for warning in &planned.warnings {
        let _ = writeln!(text, "warning: {}", safe(&warning.to_string()));
    }
    for change in &planned.changes {
        for line in change.to_string().lines() {
            let _ = writeln!(text, "{}", safe(line));
        }
    }
    if planned.changes.is_empty() {
        text.push_str("Nothing to do: the settings are so.\n");
    }
    print(&text)?;
    Ok(!planned.changes.is_empty())
}

/// Asks, where there is somebody to answer.
pub(super) fn agreed(changes: usize) -> Outcome<bool> {
    if !std::io::stdin().is_terminal() {
        let what = anyhow::anyhow!("nobody is there to agree to this");
        return Err(
            Failure::new(Kind::Input, what).hint("look at it with --dry-run, then give --yes")
        );
    }
    print(&format!("Change {}? [y/N] ", count(changes)))?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(matches!(line.trim(), "y" | "Y" | "yes"))
}

fn count(changes: usize) -> String {
    format!("{changes} {}", if changes == 1 { "setting" } else { "settings" })
}

fn unfit(notes: &[Note]) -> Failure {
    let lines: Vec<String> = notes.iter().map(ToString::to_string).collect();
    let hint = format!("{} to mend; nothing was changed", lines.len());
    Failure::new(Kind::Input, anyhow::anyhow!(lines.join("\n"))).hint(hint)
}
