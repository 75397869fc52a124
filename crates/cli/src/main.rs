//! The program `ringfence`.

use std::process::ExitCode;

fn main() -> ExitCode {
    ringfence_cli::run(std::env::args_os())
}
