//! The program `ringfence`: its commands as functions, for the binary and for the tools of the workspace.

mod browser;
mod command;
mod failure;
pub mod judge;
mod output;
mod progress;
mod records;
mod report;
mod setup;

use clap::Parser;
use failure::{Failure, Kind};
use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the program with these arguments, the first being its own name, and gives the exit code: 0 done, 1 a file,
/// policy or format that cannot be used, 2 a wrong command line, 3 findings where asked to fail on them, 70 a fault of
/// the program itself.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match command::Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // A closed pipe is the reader's choice.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    match std::panic::catch_unwind(|| cli.run()) {
        Ok(Ok(code)) => code,
        Ok(Err(failure)) => failure.tell(),
        // The panic's own message is on stderr already.
        Err(_) => Failure::new(Kind::Fault, anyhow::anyhow!("this is a fault in ringfence"))
            .hint(
                "please report it with the lines above and, if you can, a small file that shows it",
            )
            .tell(),
    }
}
