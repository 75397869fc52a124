//! One load on one server, to look at while working on it.

use std::time::Duration;

use anyhow::{Context, Result};

use super::capacity::why;
use super::load::register;
use super::load::{Plan, run};
use super::process::Server;
use super::stand::{Stand, Who, costed, phones, quantile, short_calls};

#[derive(Debug, clap::Args)]
pub struct Options {
    /// Instead of the figures: one load on this server, or `none` for calls straight to the called side.
    #[arg(long, value_enum, conflicts_with_all = ["only", "write"])]
    server: Option<Which>,
    /// What that load is.
    #[arg(long, value_enum, default_value_t = Kind::Calls)]
    load: Kind,
    /// Calls a second.
    #[arg(long, default_value_t = 1000.0)]
    rate: f64,
    /// For how long.
    #[arg(long, default_value_t = 5)]
    secs: u64,
    /// From ACK to BYE.
    #[arg(long, default_value_t = 0.1)]
    talk_secs: f64,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Which {
    Kamailio,
    Ringfence,
    None,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Kind {
    Calls,
    Register,
}

impl Options {
    pub const fn wanted(&self) -> bool {
        self.server.is_some()
    }
}

pub fn command(options: &Options, stand: &Stand) -> Result<()> {
    let server = match options.server {
        Some(Which::Kamailio) => Some(stand.start(Who::Kamailio)?),
        Some(Which::Ringfence) => Some(stand.start(Who::Ringfence)?),
        Some(Which::None) | None => None,
    };
    if let Some(server) = &server {
        println!("{} has process {}", server.name, server.pid());
    }
    match options.load {
        Kind::Calls => calls(options, server.as_ref())?,
        Kind::Register => registrations(options, server.as_ref())?,
    }
    server.iter().for_each(|server| println!("{} said:\n{}", server.name, server.said()));
    Ok(())
}

fn calls(options: &Options, server: Option<&Server>) -> Result<()> {
    let talk = Duration::from_secs_f64(options.talk_secs);
    let plan = Plan { talk, ..short_calls(server, options.rate, options.secs) };
    let mut outcome = match server {
        Some(server) => {
            let (outcome, cost) = costed(server, plan)?;
            println!("CPU a call: {:.1} µs", cost.as_secs_f64() * 1e6);
            outcome
        }
        None => run(plan, &mut ())?,
    };
    println!("{}\n{:?}", why(&outcome), outcome.tally);
    let [p50, p99, most] = [0.5, 0.99, 1.0].map(|share| quantile(&mut outcome.delays, share));
    println!("INVITE latency: p50 {p50:.0} µs, p99 {p99:.0} µs, max {most:.0} µs");
    Ok(())
}

fn registrations(options: &Options, server: Option<&Server>) -> Result<()> {
    let server = server.context("somebody must register the phones: --server")?;
    let mut marks = Vec::new();
    let done = register::run(phones(server), Duration::from_secs(options.secs), &mut || {
        marks.push(server.cpu()?);
        Ok(())
    })?;
    let used =
        marks.last().zip(marks.first()).map(|(last, first)| *last - *first).unwrap_or_default();
    let (rate, cost) = (
        done.accepted as f64 / done.took.as_secs_f64(),
        used.as_secs_f64() * 1e6 / done.accepted as f64,
    );
    println!("{done:?}\n{rate:.0} registrations/s, {cost:.1} µs of CPU each");
    Ok(())
}
