//! Chores of the workspace: `cargo xtask <chore>`.
#![allow(clippy::print_stdout, reason = "a command for people: its output is text")]

mod bench;
mod bench_adviser;
mod bench_sip;
mod eval;
mod openapi;
mod suite;
mod table;
mod tidy;

use std::process::ExitCode;

use clap::Parser;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Chores of the workspace")]
enum Chore {
    /// Check the rules of the house that no compiler checks.
    Tidy,
    /// Run all tests; arguments go to nextest.
    Test {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Replay recorded streams with known attacks: euros lost, honest customers hit.
    Eval(eval::Options),
    /// Write the reference of the REST API from its routes.
    Openapi,
    /// Measure speed.
    Bench(bench::Options),
    /// Measure signalling, beside Kamailio: needs two cores and the Debian packages kamailio and sip-tester.
    BenchSip(bench_sip::Options),
    /// Measure how long PBXs that ask over HTTP wait.
    BenchAdviser(bench_adviser::Options),
    /// Measure one figure that needs a process of its own; `bench` calls it.
    #[command(hide = true)]
    Gauge(bench::GaugeOptions),
}

fn main() -> ExitCode {
    let done = match Chore::parse() {
        Chore::Tidy => tidy::command(),
        Chore::Test { arguments } => suite::command(&arguments),
        Chore::Eval(options) => eval::command(&options),
        Chore::Openapi => openapi::command(),
        Chore::Bench(options) => bench::command(&options),
        Chore::BenchSip(options) => bench_sip::command(&options),
        Chore::BenchAdviser(options) => bench_adviser::command(&options),
        Chore::Gauge(options) => bench::gauge(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of a pipe has seen enough.
        Err(error) if is_broken_pipe(&error) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = error.root_cause().downcast_ref::<std::io::Error>();
    io.is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
}
