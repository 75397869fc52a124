//! Chores of the workspace: `cargo xtask <chore>`.
#![allow(clippy::print_stdout, reason = "a command for people: its output is text")]

mod eval;
mod table;

use anyhow::Result;
use clap::Parser;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Chores of the workspace")]
enum Chore {
    /// Replay recorded streams with known attacks: euros lost, honest customers hit.
    Eval(eval::Options),
}

fn main() -> Result<()> {
    match Chore::parse() {
        Chore::Eval(options) => eval::command(&options),
    }
}
