//! The program `ringfence`, as `crates/cli` ships it.

use std::process::ExitCode;

fn main() -> ExitCode {
    ringfence_cli::run(std::env::args_os())
}
