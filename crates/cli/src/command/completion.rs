//! `ringfence completion`.

use super::Cli;
use crate::failure::Outcome;
use crate::output::print;
use clap::CommandFactory;
use clap_complete::Shell;

/// Write what a shell needs to complete this program's commands
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  ringfence completion bash > /etc/bash_completion.d/ringfence")]
pub struct Args {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

pub fn run(args: &Args) -> Outcome {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "ringfence", &mut text);
    print(&String::from_utf8_lossy(&text))?;
    super::done()
}
