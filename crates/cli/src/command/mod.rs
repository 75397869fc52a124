//! The commands.

mod check_config;
mod completion;
mod copies;
mod demo;
mod doctor;
mod explain;
mod judge;
mod live;
mod man;
mod number;
mod password;
mod policy;
mod replay;
mod serve;
mod support;
mod tariff;

use crate::failure::Outcome;
use clap::{Parser, Subcommand};
use ringfence_model::Language;
use std::process::ExitCode;

/// Stops toll fraud on SIP telephony within cents, without stopping real calls.
#[derive(Parser, Debug)]
#[command(name = "ringfence", version, arg_required_else_help = true, after_help = EXIT_CODES)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 done; 1 a file, policy or format cannot be used; 2 wrong command line;
3 something was found by doctor, or where --fail-on-findings was given; 70 a fault in ringfence.";

#[derive(Subcommand, Debug)]
enum Command {
    Demo(demo::Args),
    Serve(serve::Args),
    CheckConfig(check_config::Args),
    Password(password::Args),
    Status(live::status::Args),
    #[command(subcommand)]
    Calls(live::calls::Command),
    #[command(subcommand)]
    Registrations(live::registrations::Command),
    #[command(subcommand)]
    Trunks(live::trunks::Command),
    #[command(subcommand)]
    Blocks(live::blocks::Command),
    #[command(subcommand)]
    Bans(live::bans::Command),
    Trace(live::trace::Args),
    Apply(live::plan::ApplyArgs),
    Export(live::plan::ExportArgs),
    #[command(subcommand)]
    Audit(live::audit::Command),
    Backup(copies::BackupArgs),
    Restore(copies::RestoreArgs),
    Reload(live::orders::ReloadArgs),
    Drain(live::orders::DrainArgs),
    Doctor(doctor::Args),
    #[command(subcommand)]
    Support(support::Command),
    Replay(replay::Args),
    Explain(explain::Args),
    Judge(judge::Args),
    #[command(subcommand)]
    Number(number::Command),
    #[command(subcommand)]
    Tariff(tariff::Command),
    #[command(subcommand)]
    Policy(policy::Command),
    Completion(completion::Args),
    Man(man::Args),
}

impl Cli {
    /// Does what was asked.
    pub fn run(&self) -> Outcome {
        match &self.command {
            Command::Demo(args) => demo::run(args),
            Command::Serve(args) => serve::run(args),
            Command::CheckConfig(args) => check_config::run(args),
            Command::Password(args) => password::run(args),
            Command::Status(args) => live::status::run(args),
            Command::Calls(command) => live::calls::run(command),
            Command::Registrations(command) => live::registrations::run(command),
            Command::Trunks(command) => live::trunks::run(command),
            Command::Blocks(command) => live::blocks::run(command),
            Command::Bans(command) => live::bans::run(command),
            Command::Trace(args) => live::trace::run(args),
            Command::Apply(args) => live::plan::apply(args),
            Command::Export(args) => live::plan::export(args),
            Command::Audit(command) => live::audit::run(command),
            Command::Backup(args) => copies::backup(args),
            Command::Restore(args) => copies::restore(args),
            Command::Reload(args) => live::orders::reload(args),
            Command::Drain(args) => live::orders::drain(args),
            Command::Doctor(args) => doctor::run(args),
            Command::Support(command) => support::run(command),
            Command::Replay(args) => replay::run(args),
            Command::Explain(args) => explain::run(args),
            Command::Judge(args) => judge::run(args),
            Command::Number(command) => number::run(command),
            Command::Tariff(command) => tariff::run(command),
            Command::Policy(command) => policy::run(command),
            Command::Completion(args) => completion::run(args),
            Command::Man(args) => man::run(args),
        }
    }
}

/// Done.
const fn done() -> Outcome {
    Ok(ExitCode::SUCCESS)
}

fn language(text: &str) -> Result<Language, String> {
    match text {
        "en" => Ok(Language::En),
        "nl" => Ok(Language::Nl),
        _ => Err("the languages are en and nl".to_owned()),
    }
}
