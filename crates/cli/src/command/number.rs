//! `ringfence number`.

use crate::failure::{Failure, Kind, Outcome};
use crate::output::{Form, Table, print, print_json, safe};
use crate::setup::SetupArgs;
use anyhow::anyhow;
use ringfence_fraud::explain::Voice;
use ringfence_gate::Setup;
use ringfence_model::{Language, Money, Protected, Target, Weekday};
use ringfence_numbering::{Numbering, country_name, operator};
use serde::Serialize;

/// What numbers are and cost
#[derive(clap::Subcommand, Debug)]
pub enum Command {
    Inspect(Args),
}

/// Say what dialled numbers are: country, kind of line, class, risk, operator, price
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The digits as somebody dials them, or international numbers
    #[arg(required = true, value_name = "NUMBER", allow_hyphen_values = true)]
    numbers: Vec<String>,
    #[command(flatten)]
    setup: SetupArgs,
    /// The form of the answer
    #[arg(long, value_enum, default_value_t)]
    output: Form,
}

const EXAMPLES: &str = "\
Examples:
  ringfence number inspect 0201234567 +5352123456 112
  ringfence number inspect --country BE 0470123456
  ringfence number inspect --tariff operator.csv --output json 0031612345678";

/// What is known of one dialled number.
#[derive(Serialize)]
struct Inspected {
    dialled: String,
    /// `outside`, `internal`, `emergency`, `helpline`.
    read_as: &'static str,
    number: Option<String>,
    country: Option<String>,
    country_name: Option<&'static str>,
    kind: Option<String>,
    class: Option<String>,
    /// A is the highest.
    risk: Option<String>,
    valid: Option<bool>,
    range: Option<String>,
    /// Of Dutch mobile ranges, as given out; numbers may have been ported.
    operator: Option<&'static str>,
    /// In units of the currency, in peak hours.
    per_minute: Option<f64>,
    connect: Option<f64>,
    currency: String,
    default_tariff: bool,
}

pub fn run(command: &Command) -> Outcome {
    let Command::Inspect(args) = command;
    let setup = args.setup.load()?;
    if let Some(empty) = args.numbers.iter().find(|number| number.trim().is_empty()) {
        return Err(Failure::new(Kind::Input, anyhow!("{empty:?} is no number"))
            .hint("write the digits as they are dialled, such as 0201234567 or +31201234567"));
    }
    let all: Vec<Inspected> = args.numbers.iter().map(|dialled| inspect(dialled, &setup)).collect();
    match args.output {
        Form::Json => print_json(&all)?,
        Form::Csv => print(&table(&all).csv()?)?,
        Form::Table => {
            print(&table(&all).text())?;
            if all.iter().any(|one| one.default_tariff && one.per_minute.is_some()) {
                print(
                    "\nPrices are of the default tariff: an estimate. Give your operator's with --tariff.\n",
                )?;
            }
        }
    }
    super::done()
}

fn inspect(dialled: &str, setup: &Setup) -> Inspected {
    let target = Numbering::embedded().classify(dialled, &setup.dial_plan);
    let read_as = match &target {
        Target::Protected(Protected::Emergency) => "emergency",
        Target::Protected(Protected::Helpline) => "helpline",
        Target::Internal(_) => "internal",
        Target::Outside(_) => "outside",
    };
    let to = match target {
        Target::Outside(to) => Some(to),
        _ => None,
    };
    // A working day at ten: the price of peak hours, where a deck has two.
    let rate = to.and_then(|to| setup.tariff.rate(&to, Weekday::Mon, 600).cloned());
    Inspected {
        dialled: safe(dialled),
        read_as,
        number: to.and_then(|to| to.number).map(|number| number.full()),
        country: to.map(|to| to.country.to_string()),
        country_name: to.and_then(|to| country_name(to.country)),
        kind: to.map(|to| word(&to.kind)),
        class: to.map(|to| word(&to.class())),
        risk: to.map(|to| format!("{:?}", to.tier)),
        valid: to.map(|to| to.valid),
        range: to.and_then(|to| to.range).map(|range| range.full()),
        operator: to.and_then(|to| to.number).and_then(operator),
        per_minute: rate.as_ref().map(|rate| rate.per_minute.as_f64()),
        connect: rate.as_ref().map(|rate| rate.connect.as_f64()),
        currency: setup.tariff.currency().to_string(),
        default_tariff: setup.tariff.is_default(),
    }
}

fn table(all: &[Inspected]) -> Table {
    let voice = Voice::of(Language::En, "UTC");
    let mut table = Table::new(&[
        "dialled",
        "read as",
        "number",
        "country",
        "kind",
        "class",
        "risk",
        "exists",
        "range",
        "operator",
        "per minute",
    ]);
    for one in all {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let price =
            one.per_minute.map_or_else(String::new, |price| voice.price(Money::from_f64(price)));
        table.row([
            one.dialled.clone(),
            one.read_as.to_owned(),
            text(&one.number),
            one.country_name.map_or_else(|| text(&one.country), ToOwned::to_owned),
            text(&one.kind),
            text(&one.class),
            text(&one.risk),
            one.valid.map_or("", |valid| if valid { "yes" } else { "no" }).to_owned(),
            text(&one.range),
            one.operator.unwrap_or_default().to_owned(),
            price,
        ]);
    }
    table
}

/// The word of an enum, as in files and the API.
fn word<T: Serialize>(value: &T) -> String {
    serde_json::to_value(value)
        .ok()
        .and_then(|v| v.as_str().map(ToOwned::to_owned))
        .unwrap_or_default()
}
