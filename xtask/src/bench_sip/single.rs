//! One load on one server, to look at while working on it.

use std::time::Duration;

use anyhow::Result;

use super::ground::{CARRIER, Cores, KAMAILIO, PBX};
use super::load::wording::Voice;
use super::load::{Plan, register, run};
use super::peers;

#[derive(Debug, clap::Args)]
pub struct Options {
    /// Calls a second.
    #[arg(long, default_value_t = 1000.0)]
    rate: f64,
    #[arg(long, default_value_t = 5.0)]
    secs: f64,
    #[arg(long, default_value_t = 0.1)]
    talk: f64,
    #[arg(long, default_value_t = 2)]
    workers: usize,
    #[arg(long)]
    server: Option<String>,
    #[arg(long)]
    register: bool,
}

pub fn command(options: &Options, cores: Cores) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let server = match options.server.as_deref() {
        Some("kamailio") => Some(peers::kamailio(folder.path(), options.workers)?.start(cores.server)?),
        _ => None,
    };
    let to = server.as_ref().map_or(CARRIER, |server| server.address);
    let voice = Voice { caller: PBX, called: CARRIER, server: to };
    if options.register {
        let mut cpu = vec![];
        let done = register::run(voice, Duration::from_secs_f64(options.secs), &mut || {
            cpu.extend(server.as_ref().map(|s| s.cpu()).transpose()?);
            Ok(())
        })?;
        let used = cpu[1] - cpu[0];
        println!("{done:?} {:.0}/s cpu {:?} each {:.1} us", done.accepted as f64 / done.took.as_secs_f64(), used, used.as_secs_f64() * 1e6 / done.accepted as f64);
        println!("{}", server.unwrap().said());
        return Ok(());
    }
    let plan = Plan {
        voice,
        rate: options.rate,
        lasting: Duration::from_secs_f64(options.secs),
        talk: Duration::from_secs_f64(options.talk),
        patience: Duration::from_secs(2),
    };
    let before = server.as_ref().map(|s| s.cpu()).transpose()?;
    let own = std::time::Instant::now();
    let mut outcome = run(plan, &mut ())?;
    if let Some((server, before)) = server.as_ref().zip(before) {
        let used = server.cpu()? - before;
        println!("cpu {used:?}: {:.1} us a call", used.as_secs_f64() * 1e6 / outcome.tally.completed as f64);
    }
    outcome.delays.sort_unstable();
    let at = |share: f64| outcome.delays.get((share * (outcome.delays.len().saturating_sub(1)) as f64) as usize).copied().unwrap_or(0) / 1000;
    println!("{:?}\nclean {} in {:?} p50 {} p90 {} p99 {} max {} us", outcome.tally, outcome.tally.clean(), own.elapsed(), at(0.5), at(0.9), at(0.99), at(1.0));
    Ok(())
}
