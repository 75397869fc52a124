//! Shows the run of one seed as a ladder of events, or writes the example call records.

use anyhow::Result;
use clap::{Args, Parser, Subcommand};
use ringfence_sim::{Scenario, dutch_company, ladder, run, sip};
use std::io::Write;

/// A virtual world for the firewall.
#[derive(Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Options {
    #[command(subcommand)]
    other: Option<Other>,
    /// The world to run.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Run this many worlds, from `seed` on, and show only their sums.
    #[arg(long)]
    count: Option<u64>,
    /// A world of attackers who know every limit, and a firewall that suspects nothing.
    #[arg(long)]
    greed: bool,
    /// Write the call records of the example company instead.
    #[arg(long)]
    dutch_company: bool,
    /// Only lines with this text.
    #[arg(long)]
    only: Option<String>,
}

/// Another kind of world.
#[derive(Subcommand)]
enum Other {
    /// A world of SIP messages: telephones, a PBX, carriers and attackers around the gate.
    Sip(Sip),
}

/// A world of SIP messages.
#[derive(Args)]
struct Sip {
    /// The world to run.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Run this many worlds, from `seed` on, and show only those that break something, and sums.
    #[arg(long)]
    seeds: Option<u64>,
    /// A campaign that is certain in each world: `scanner`, `spoof`, `restart`...
    #[arg(long, value_parser = campaign)]
    campaign: Option<sip::Campaign>,
    /// Show all of each message.
    #[arg(long)]
    whole: bool,
    /// Only lines with this text.
    #[arg(long)]
    only: Option<String>,
}

fn main() -> Result<()> {
    let options = Options::parse();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    if let Some(Other::Sip(options)) = &options.other {
        return match options.seeds {
            Some(seeds) => many(options, seeds, &mut out),
            None => ladder_of(options, &mut out),
        };
    }
    if options.dutch_company {
        write!(out, "{}", dutch_company::master_csv(dutch_company::SEED)?)?;
        return Ok(());
    }
    if let Some(count) = options.count {
        for seed in options.seed..options.seed + count {
            let outcome = run(&Scenario::of_seed(seed)?, &mut |_, _| {});
            match outcome {
                Ok(outcome) => writeln!(out, "{seed}: {outcome:?}")?,
                Err(error) => writeln!(out, "{seed}: BROKEN {error:#}")?,
            }
        }
        return Ok(());
    }
    let scenario = if options.greed {
        Scenario::of_greed(options.seed)?
    } else {
        Scenario::of_seed(options.seed)?
    };
    for campaign in &scenario.campaigns {
        let company = scenario.companies.get(campaign.company).map(|c| c.tenant.as_str());
        let (from, to) = (ladder::local(campaign.start), ladder::local(campaign.end));
        writeln!(
            out,
            "campaign {:?} against {} from {from} to {to}",
            campaign.kind,
            company.unwrap_or("-")
        )?;
    }
    let outcome = run(&scenario, &mut |at, turn| {
        let wanted = |line: &String| options.only.as_ref().is_none_or(|only| line.contains(only));
        if let Some(line) = ladder::line(at, turn).filter(wanted) {
            // A closed pipe ends the show, not the run.
            let _ = writeln!(out, "{line}");
        }
    })?;
    writeln!(out, "{outcome:?}")?;
    Ok(())
}

fn campaign(name: &str) -> Result<sip::Campaign, String> {
    let names = || sip::Campaign::ALL.map(sip::Campaign::name).join(", ");
    sip::Campaign::of_name(name).ok_or_else(|| format!("there are {}", names()))
}

fn scenario(options: &Sip, seed: u64) -> sip::Scenario {
    let certain = options.campaign.map(|campaign| sip::Scenario::of_campaign(campaign, seed));
    certain.unwrap_or_else(|| sip::Scenario::of_seed(seed))
}

fn many(options: &Sip, seeds: u64, out: &mut impl Write) -> Result<()> {
    let (mut sum, mut broken) = (sip::Outcome::default(), 0);
    for seed in options.seed..options.seed + seeds {
        match sip::run(&scenario(options, seed), &mut |_, _| {}) {
            Ok(outcome) => sum.add(&outcome),
            Err(error) => {
                broken += 1;
                writeln!(out, "{seed}: BROKEN {error:#}")?;
                out.flush()?;
            }
        }
    }
    writeln!(out, "{sum:?}")?;
    anyhow::ensure!(broken == 0, "{broken} worlds broke something");
    Ok(())
}

fn ladder_of(options: &Sip, out: &mut impl Write) -> Result<()> {
    let scenario = scenario(options, options.seed);
    let outcome = sip::run(&scenario, &mut |at, line| {
        let line = sip::ladder::line(&scenario.house, at, &line, options.whole);
        if options.only.as_ref().is_none_or(|only| line.contains(only)) {
            // A closed pipe ends the show, not the run.
            let _ = writeln!(out, "{line}");
        }
    });
    out.flush()?;
    writeln!(out, "{:?}", outcome?)?;
    Ok(())
}
