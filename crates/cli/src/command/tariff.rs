//! `ringfence tariff`.

use crate::failure::{FOUND, Outcome};
use crate::output::{Form, Table, print, print_json, safe};
use crate::setup;
use ringfence_fraud::explain::Voice;
use ringfence_model::{Country, Currency, Language, Money};
use ringfence_numbering::{
    BadRow, Column, Columns, Field, ImportOptions, ImportReport, PriceUnit, Rate, Tariff, Warning,
};
use serde::Serialize;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// Prices
#[derive(clap::Subcommand, Debug)]
pub enum Command {
    Check(Args),
}

/// Read a tariff file and say what was understood
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Your operator's prices, as CSV
    file: PathBuf,
    /// A column, as FIELD=NAME or FIELD=NUMBER (prefix=1, per_minute="Price"); repeatable
    #[arg(long = "tariff-column", value_name = "FIELD=COLUMN", value_parser = setup::column)]
    columns: Vec<(Field, Column)>,
    /// The currency the prices must be in
    #[arg(long, value_name = "CODE", default_value = "EUR", value_parser = currency)]
    currency: Currency,
    /// The country prices are compared for
    #[arg(long, value_name = "CC", default_value = "NL", value_parser = setup::country)]
    country: Country,
    /// The prices are in cents
    #[arg(long)]
    cents: bool,
    /// How many prices are shown as a sample
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    samples: usize,
    /// Exit with 3 when a row was left out or looks odd
    #[arg(long)]
    fail_on_findings: bool,
    /// The form of the answer; csv is the rows that were left out
    #[arg(long, value_enum, default_value_t)]
    output: Form,
}

const EXAMPLES: &str = "\
Examples:
  ringfence tariff check operator.csv
  ringfence tariff check --tariff-column prefix=1 --tariff-column per_minute=4 operator.csv";

/// The answer as JSON.
#[derive(Serialize)]
struct Answer<'a> {
    #[serde(flatten)]
    report: &'a ImportReport,
    samples: Vec<Sample>,
}

/// One price, in units of the currency.
#[derive(Serialize)]
struct Sample {
    prefix: String,
    name: String,
    per_minute: f64,
    connect: f64,
}

pub fn run(command: &Command) -> Outcome {
    let Command::Check(args) = command;
    let options = ImportOptions {
        currency: args.currency,
        home: args.country,
        unit: if args.cents { PriceUnit::Cents } else { PriceUnit::Whole },
        ..ImportOptions::default()
    };
    let columns = Columns(args.columns.iter().cloned().collect());
    let (tariff, report) = setup::tariff(&args.file, &columns, &options)?;
    let samples = samples(&tariff, args.samples);
    match args.output {
        Form::Json => {
            let samples = samples.iter().map(|(prefix, rate)| Sample {
                prefix: prefix.clone(),
                name: name(rate),
                per_minute: rate.per_minute.as_f64(),
                connect: rate.connect.as_f64(),
            });
            print_json(&Answer { report: &report, samples: samples.collect() })?;
        }
        Form::Csv => print(&bad_rows(&report.bad_rows).csv()?)?,
        Form::Table => print(&text(&report, &samples, args.currency))?,
    }
    let found = report.bad_rows_total + report.warnings_total > 0;
    Ok(if found && args.fail_on_findings { ExitCode::from(FOUND) } else { ExitCode::SUCCESS })
}

/// Prices spread evenly over the deck.
fn samples(tariff: &Tariff, count: usize) -> Vec<(String, &Rate)> {
    let all = tariff.prefixes();
    let step = (all.len() / count.max(1)).max(1);
    let spread = all.into_iter().step_by(step).take(count);
    spread.map(|(prefix, rate)| (prefix.full(), rate)).collect()
}

fn name(rate: &Rate) -> String {
    rate.name.as_deref().map(safe).unwrap_or_default()
}

fn text(report: &ImportReport, samples: &[(String, &Rate)], currency: Currency) -> String {
    let voice = Voice { currency, ..Voice::of(Language::En, "UTC") };
    let mut text = format!(
        "{} rows, {} prefixes with a price, {} rows left out, {} warnings; prices in {}\n",
        report.rows, report.prefixes, report.bad_rows_total, report.warnings_total, report.currency
    );
    let columns: Vec<String> =
        report.columns.iter().map(|(field, name)| format!("{field} = {:?}", safe(name))).collect();
    let _ = writeln!(text, "columns: {}", columns.join(", "));
    if let Some(day) = report.next_change {
        let _ = writeln!(text, "prices of this file change on {day}: import it again then");
    }
    if !samples.is_empty() {
        let mut table = Table::new(&["prefix", "name", "per minute", "connect"]);
        for (prefix, rate) in samples {
            table.row([
                prefix.clone(),
                name(rate),
                voice.price(rate.per_minute),
                voice.price(rate.connect),
            ]);
        }
        let _ = write!(text, "\nSample of the prices\n{}", table.text());
    }
    if !report.warnings.is_empty() {
        text.push_str("\nLook at these\n");
        for warning in report.warnings.iter().take(SHOWN) {
            let _ = writeln!(text, "  {}", warning_text(&voice, warning));
        }
        more(&mut text, report.warnings_total);
    }
    let bad = bad_rows(report.bad_rows.get(..SHOWN).unwrap_or(&report.bad_rows));
    if !bad.is_empty() {
        let _ = write!(text, "\nRows left out\n{}", bad.text());
        more(&mut text, report.bad_rows_total);
    }
    text
}

/// So many findings are shown to people; JSON has more.
const SHOWN: usize = 20;

fn more(text: &mut String, total: usize) {
    if total > SHOWN {
        let _ = writeln!(text, "  and {} more", total - SHOWN);
    }
}

fn bad_rows(rows: &[BadRow]) -> Table {
    let mut table = Table::new(&["line", "reason", "row"]);
    for row in rows {
        table.row([row.line.to_string(), safe(&row.reason), safe(&row.raw)]);
    }
    table
}

fn warning_text(voice: &Voice, warning: &Warning) -> String {
    let price = |amount: Money| voice.price(amount);
    match warning {
        Warning::Duplicate { line, prefix } => {
            format!("line {line}: {} has a price already; the dearer one is kept", prefix.full())
        }
        Warning::Dear { line, prefix, price: dear, usual } => format!(
            "line {line}: {} costs {} a minute, usual is {}",
            prefix.full(),
            price(*dear),
            price(*usual)
        ),
        Warning::ProbablyCents => {
            "most prices are a hundred times the usual ones: are they in cents? (--cents)"
                .to_owned()
        }
        Warning::NotYet { line, from } => {
            format!("line {line}: holds only from {from}; left out until then")
        }
        Warning::Expired { line, until } => format!("line {line}: ended on {until}; left out"),
    }
}

fn currency(text: &str) -> Result<Currency, String> {
    text.parse().map_err(|error| format!("{error}"))
}
