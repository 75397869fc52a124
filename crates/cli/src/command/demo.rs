//! `ringfence demo`.

use crate::browser;
use crate::failure::{Failure, Kind, Outcome};
use ringfence_demo::{DemoError, Options};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Show everything at once: the firewall and its portal with a made-up provider, on this machine alone
///
/// Twenty customers call through the real firewall over SIP on loopback; nothing leaves this machine. It begins with some
/// weeks of calls, and after a minute somebody attacks.
#[derive(clap::Args, Debug)]
#[command(after_help = HELP)]
pub struct Args {
    /// Where the portal is served: a loopback address; port 0 is a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Keep everything in this new folder; otherwise it goes at the end
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The same seed makes the same customers, past and attackers
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Weeks of calls before it begins
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=13))]
    weeks: u64,
    /// Make and end calls so many times faster than life
    #[arg(long, value_name = "N", default_value_t = 1.0, value_parser = speed)]
    speed: f64,
    /// When the first attack comes by itself
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = time, conflicts_with = "no_attack")]
    attack_after: Duration,
    /// No attack comes by itself
    #[arg(long)]
    no_attack: bool,
    /// Open the portal in the browser
    #[arg(long)]
    open: bool,
}

const HELP: &str = "\
Keys while it runs in a terminal: a attack, s scanner, l another link into the portal, q quit, ? help.

Examples:
  ringfence demo --open
  ringfence demo --speed 5 --attack-after 10s
  ringfence demo --data demo --listen 127.0.0.1:8443   # then: ringfence status --config demo/ringfence.toml";

pub fn run(args: &Args) -> Outcome {
    let options = Options {
        listen: args.listen,
        data: args.data.clone(),
        seed: args.seed,
        weeks: args.weeks,
        speed: args.speed,
        attack_after: (!args.no_attack).then_some(args.attack_after),
    };
    let opens = args.open;
    let ready = move |link: &str| {
        if opens {
            browser::open(link.as_ref());
        }
    };
    match ringfence_demo::run(&options, ready) {
        // Whoever ended it knows.
        Err(DemoError::Stopped) => super::done(),
        done => {
            done.map_err(|error| Failure::new(Kind::Input, error.into()).hint("nothing was kept"))?;
            super::done()
        }
    }
}

fn speed(text: &str) -> Result<f64, String> {
    let speed = text.parse().ok().filter(|speed| (0.1..=50.0).contains(speed));
    speed.ok_or_else(|| "write a number from 0.1 to 50".to_owned())
}

/// `90`, `90s`, `2m`.
fn time(text: &str) -> Result<Duration, String> {
    let (count, unit) = match (text.strip_suffix('s'), text.strip_suffix('m')) {
        (Some(secs), _) => (secs, 1),
        (_, Some(minutes)) => (minutes, 60),
        _ => (text, 1),
    };
    let secs = count.parse::<u32>().ok().map(|count| u64::from(count) * unit);
    secs.map(Duration::from_secs).ok_or_else(|| "write such as 60s or 2m".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_speeds_are_read_or_refused() {
        assert_eq!(time("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(time("2m"), Ok(Duration::from_secs(120)));
        assert_eq!(time("7"), Ok(Duration::from_secs(7)));
        assert!(["", "s", "-1s", "1h", "1.5s"].iter().all(|text| time(text).is_err()));
        assert_eq!(speed("0.5"), Ok(0.5));
        assert!(["0", "-1", "NaN", "inf", "51"].iter().all(|text| speed(text).is_err()));
    }
}
