//! `cargo xtask bench-sip`: what signalling costs, beside Kamailio doing the same.
//!
//! The server has one core, the load the other; all is on the loopback of one machine. What depends on the machine is
//! shown, never asserted; what compares comes from one run.

mod capacity;
mod document;
mod figures;
mod ground;
mod load;
mod peers;
mod process;
mod single;
mod stand;

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use crate::bench::{Reading, figures as shown};
use figures::{FIGURES, Figure};
use stand::Stand;

#[derive(Debug, clap::Args)]
pub struct Options {
    /// Only these figures, by name.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// List the figures and stop.
    #[arg(long)]
    list: bool,
    /// Write docs/reference/performance-sip.md anew.
    #[arg(long, conflicts_with = "only")]
    write: bool,
    /// The program that is measured; without it, ringfence is built and measured.
    #[arg(long)]
    program: Option<PathBuf>,
    /// Worker processes of Kamailio. On one core a second one answers while the first sends.
    #[arg(long, default_value_t = 2)]
    workers: usize,
    /// Runs of which the median is taken.
    #[arg(long, default_value_t = 3)]
    runs: usize,
    #[command(flatten)]
    cores: ground::Cores,
    #[command(flatten)]
    single: single::Options,
}

pub fn command(options: &Options) -> Result<()> {
    let chosen = chosen(&options.only)?;
    if options.list {
        chosen.iter().for_each(|figure| println!("{:9} {}", figure.name, figure.about));
        return Ok(());
    }
    if cfg!(debug_assertions) {
        return optimised();
    }
    options.cores.settle()?;
    let stand = Stand::new(options.cores, options.program.clone(), options.workers, options.runs)?;
    if options.single.wanted() {
        return single::command(&options.single, &stand);
    }
    let begin = Instant::now();
    let (readings, failed) = measure(&chosen, &stand);
    println!("{}", shown(&readings));
    eprintln!("took {:.0?}", begin.elapsed());
    ensure!(failed.is_empty(), "not measured: {}", failed.join(", "));
    if options.write { document::write(&readings) } else { Ok(()) }
}

fn chosen(only: &[String]) -> Result<Vec<&'static Figure>> {
    for name in only {
        let known = FIGURES.iter().any(|figure| figure.name == name);
        ensure!(known, "no figure is named {name}; --list shows them");
    }
    let wanted = |figure: &&Figure| only.is_empty() || only.iter().any(|name| name == figure.name);
    Ok(FIGURES.iter().filter(wanted).collect())
}

/// A figure that fails does not take the others with it.
fn measure(figures: &[&Figure], stand: &Stand) -> (Vec<Reading>, Vec<&'static str>) {
    let (mut readings, mut failed) = (Vec::new(), Vec::new());
    for figure in figures {
        eprintln!("{}: {}", figure.name, figure.about);
        match (figure.measure)(stand) {
            Ok(more) => readings.extend(more),
            Err(error) => {
                eprintln!("  {}: {error:#}", figure.name);
                failed.push(figure.name);
            }
        }
    }
    (readings, failed)
}

/// Does the same with this program optimised: a load in debug code measures itself.
fn optimised() -> Result<()> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let arguments = ["run", "--quiet", "--profile", "replay", "--package", "xtask", "--"];
    let status = Command::new(cargo).args(arguments).args(std::env::args_os().skip(1)).status();
    ensure!(status.context("starting cargo")?.success(), "bench-sip failed");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_chosen_by_name() {
        assert_eq!(chosen(&[]).unwrap().len(), FIGURES.len());
        assert_eq!(chosen(&["junk".to_owned()]).unwrap().len(), 1);
        assert!(chosen(&["jump".to_owned()]).err().unwrap().to_string().contains("jump"));
    }
}
