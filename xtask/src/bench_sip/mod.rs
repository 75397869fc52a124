//! `cargo xtask bench-sip`: what signalling costs, beside Kamailio doing the same.

mod ground;
mod load;
mod peers;
mod process;
mod single;

use anyhow::Result;

#[derive(Debug, clap::Args)]
pub struct Options {
    #[command(flatten)]
    cores: ground::Cores,
    #[command(flatten)]
    single: single::Options,
}

pub fn command(options: &Options) -> Result<()> {
    options.cores.settle()?;
    single::command(&options.single, options.cores)
}
