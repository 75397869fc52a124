//! `ringfence policy`.

use crate::failure::Outcome;
use crate::output::{Form, Table, print, print_json};
use crate::setup;
use ringfence_fraud::explain::Voice;
use ringfence_fraud::{MaxLoss, Settings, ladder, max_loss};
use ringfence_model::{Country, Destination, Kind, Language, Level, Money, Policy, RiskTier};
use serde::Serialize;
use std::fmt::Write as _;
use std::path::PathBuf;

/// What people declare
#[derive(clap::Subcommand, Debug)]
pub enum Command {
    Check(CheckArgs),
    Example(ExampleArgs),
}

/// Check a policy file; say what holds, what each level of a block closes and the most that can be lost
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Examples:\n  ringfence policy check policy.toml\n  ringfence policy check --output json policy.toml"
)]
pub struct CheckArgs {
    /// The policy, as TOML
    file: PathBuf,
    /// The form of the answer; csv is the maximum loss
    #[arg(long, value_enum, default_value_t)]
    output: Form,
}

/// Print the default policy as TOML with comments
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  ringfence policy example > policy.toml")]
pub struct ExampleArgs {}

/// The default policy in words.
const EXAMPLE: &str = include_str!("policy-example.toml");

/// The levels of a block, mildest first.
const LEVELS: [Level; 6] = [
    Level::Open,
    Level::Guarded,
    Level::National,
    Level::Geographic,
    Level::Internal,
    Level::Suspended,
];

/// The answer as JSON. Amounts of `max_loss` are in millionths of the currency, those of the policy as in its file.
#[derive(Serialize)]
struct Answer<'a> {
    policy: &'a Policy,
    max_loss: MaxLoss,
    ladder: Vec<Rung>,
}

/// One level of a block.
#[derive(Serialize)]
struct Rung {
    level: Level,
    open: Vec<&'static str>,
    closed: Vec<&'static str>,
}

pub fn run(command: &Command) -> Outcome {
    match command {
        Command::Example(_) => print(EXAMPLE)?,
        Command::Check(args) => check(args)?,
    }
    super::done()
}

fn check(args: &CheckArgs) -> Outcome<()> {
    let settings = setup::compiled(setup::policy(&args.file)?, Some(&args.file))?;
    let loss = max_loss(&settings);
    match args.output {
        Form::Json => print_json(&Answer {
            policy: settings.policy(),
            max_loss: loss,
            ladder: LEVELS.map(rung).into(),
        }),
        Form::Csv => print(&losses(&settings, loss).csv()?),
        Form::Table => print(&text(&settings, loss)?),
    }
}

fn text(settings: &Settings, loss: MaxLoss) -> Outcome<String> {
    let mut text = format!(
        "The policy is valid.\n\nThe most that can be lost before a stop, whatever an attacker does\n{}",
        losses(settings, loss).text()
    );
    let mut ladder = Table::new(&["level of a block", "still works", "closed"]);
    for level in LEVELS {
        let rung = rung(level);
        ladder.row([word(level), rung.open.join(", "), rung.closed.join(", ")]);
    }
    let _ = write!(
        text,
        "\nWhat a block closes (emergency numbers and helplines always work)\n{}",
        ladder.text()
    );
    let effective = toml::to_string_pretty(settings.policy())?;
    let _ = write!(text, "\nThe policy in force\n{effective}");
    Ok(text)
}

fn losses(settings: &Settings, loss: MaxLoss) -> Table {
    let voice = Voice { currency: settings.policy().currency, ..Voice::of(Language::En, "UTC") };
    let mut table = Table::new(&["in", "at most"]);
    let windows = [
        ("one call", loss.call),
        ("any 60 minutes", loss.hour),
        ("any 24 hours", loss.day),
        ("any 7 days", loss.week),
        ("any 30 days", loss.month),
    ];
    for (window, most) in windows {
        let most = most.map_or_else(|| "unlimited".to_owned(), |amount: Money| voice.money(amount));
        table.row([window.to_owned(), most]);
    }
    table
}

fn rung(level: Level) -> Rung {
    let passes = |(_, to): &&(&'static str, Destination)| ladder::permits(level, to);
    let samples = samples();
    let (open, closed): (Vec<_>, Vec<_>) = samples.iter().partition(passes);
    let names =
        |list: Vec<&(&'static str, Destination)>| list.iter().map(|(name, _)| *name).collect();
    let mut open: Vec<&'static str> = names(open);
    let mut closed: Vec<&'static str> = names(closed);
    // Calls inside the company never ask the ladder about a destination.
    if level == Level::Suspended {
        closed.insert(0, "internal")
    } else {
        open.insert(0, "internal")
    }
    Rung { level, open, closed }
}

/// One destination of each sort the ladder tells apart.
fn samples() -> [(&'static str, Destination); 7] {
    let to = |kind, home| Destination {
        number: None,
        kind,
        country: if home { Country::NL } else { Country::WORLD },
        home,
        tier: RiskTier::D,
        range: None,
        valid: true,
    };
    [
        ("national geographic", to(Kind::Fixed, true)),
        ("other national", to(Kind::Company, true)),
        ("mobile", to(Kind::Mobile, true)),
        ("service", to(Kind::SharedCost, true)),
        ("premium", to(Kind::Premium, true)),
        ("international", to(Kind::Fixed, false)),
        ("satellite and foreign premium", to(Kind::Satellite, false)),
    ]
}

fn word(level: Level) -> String {
    match level {
        Level::Open => "0 open",
        Level::Guarded => "1 guarded",
        Level::National => "2 national",
        Level::Geographic => "3 geographic",
        Level::Internal => "4 internal",
        Level::Suspended => "5 suspended",
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_model::TrafficClass;

    #[test]
    fn the_example_is_the_default() {
        let example: Policy = toml::from_str(EXAMPLE).unwrap();
        assert_eq!(example, Policy::default());
    }

    /// What stands behind `# ` must work when the mark is taken away.
    #[test]
    fn the_commented_examples_are_valid() {
        let open: String = EXAMPLE
            .lines()
            .map(|line| line.strip_prefix("#: ").unwrap_or(line))
            .map(|line| format!("{line}\n"))
            .collect();
        let policy: Policy = toml::from_str(&open).unwrap();
        assert!(!policy.permit.is_empty() && !policy.deny.is_empty() && !policy.classes.is_empty());
        assert!(Settings::new(policy).is_ok());
    }

    #[test]
    fn each_level_closes_more() {
        let closed: Vec<usize> = LEVELS.map(|level| rung(level).closed.len()).into();
        assert!(closed.is_sorted(), "{closed:?}");
        assert_eq!((closed.first(), closed.last()), (Some(&0), Some(&8)));
        assert_eq!(samples().len(), TrafficClass::ALL.len());
    }
}
