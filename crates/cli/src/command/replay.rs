//! `ringfence replay`.

mod follow;
mod preview;
mod summary;

use crate::failure::{FOUND, Failure, Kind, Outcome};
use crate::output::{Form, print, print_json};
use crate::progress::Progress;
use crate::records::{Imported, RecordArgs};
use crate::report::{Report, Style};
use crate::setup::SetupArgs;
use anyhow::{Context, anyhow};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use ringfence_connect::cdr::Reject;
use ringfence_fraud::explain::Voice;
use ringfence_gate::replay::{Findings, Options, Replay};
use ringfence_gate::{Setup, Snapshot};
use ringfence_model::{Cdr, Language, WallTime};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Say what Ringfence would have done with recorded calls: what it would have stopped and what that would have saved
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Files of call records, also .gz and .zst; - is standard input
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    pub records: RecordArgs,
    #[command(flatten)]
    pub setup: SetupArgs,
    /// Only learn until this day, such as 2026-09-14; without it a fifth of the time span, at most 14 days
    #[arg(long, value_name = "DATE")]
    learn_until: Option<Date>,
    /// The language of the report and of every explanation: en, nl
    #[arg(long, value_name = "LANGUAGE", default_value = "en", value_parser = super::language)]
    lang: Language,
    /// Where the report goes
    #[arg(long, value_name = "FILE", default_value = "ringfence-report.html")]
    report: PathBuf,
    /// Write no report
    #[arg(long, conflicts_with = "report")]
    no_report: bool,
    /// Open the report in the browser
    #[arg(long, conflicts_with = "no_report")]
    open: bool,
    /// Show phone numbers in full; without it their middle is hidden
    #[arg(long)]
    full_numbers: bool,
    /// Where rows that cannot be used go; without it beside the report
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// Only read the first rows and show how they are understood
    #[arg(long, conflicts_with_all = ["open", "follow"])]
    dry_run: bool,
    /// Keep reading a file that still grows and tell cases as they happen; no report
    #[arg(long, conflicts_with = "open")]
    follow: bool,
    /// Exit with 3 when something would have been stopped
    #[arg(long)]
    fail_on_findings: bool,
    /// The form of the summary; csv is the list of calls that would have been stopped
    #[arg(long, value_enum, default_value_t)]
    output: Form,
}

const EXAMPLES: &str = "\
Nobody answers alerts in a replay, so a block stands until it expires (block_hours of the policy).

Examples:
  ringfence replay /var/log/asterisk/cdr-csv/Master.csv
  ringfence replay --tariff operator.csv --lang nl --open cdr-2026-*.csv.gz
  ringfence replay --dry-run export.csv
  ringfence replay --mapping my-switch.toml --output json --no-report export.csv
  ringfence replay --follow /var/log/asterisk/cdr-csv/Master.csv";

pub fn run(args: &Args) -> Outcome {
    let setup = args.setup.load()?;
    let zone = setup.settings.policy().time_zone.clone();
    let voice = Voice { currency: setup.settings.policy().currency, ..Voice::of(args.lang, &zone) };
    let learn_until = args.learn_until.map(|day| midnight(day, &zone)).transpose()?;
    let fit_limits = args.setup.policy.is_none();
    let options = Options { tenant: args.records.tenant(), learn_until, watch: None, fit_limits };
    if args.dry_run {
        return preview::run(args, &voice, &zone);
    }
    if args.follow {
        return follow::run(args, &setup, options, &voice);
    }
    let imported = args.records.import(&args.files, &zone)?;
    let rejects = write_rejects(args, &imported.rejects)?;
    if imported.cdrs.is_empty() {
        return Err(nothing(&imported, rejects.as_deref()));
    }
    let findings = replayed(&setup, options, &imported.cdrs)?;
    let report = (!args.no_report).then_some(&*args.report);
    let told = Told {
        findings: &findings,
        imported: &imported,
        voice: &voice,
        full_numbers: args.full_numbers,
        report,
        rejects: rejects.as_deref(),
    };
    if let Some(file) = report {
        write_report(file, &told)?;
    }
    match args.output {
        Form::Json => print_json(&summary::Answer::of(&told))?,
        Form::Csv => print(&summary::stopped(&told).csv()?)?,
        Form::Table => print(&summary::text(&told))?,
    }
    if args.open
        && let Some(file) = report
    {
        crate::browser::open(file.as_os_str());
    }
    let found = findings.totals.refused + findings.totals.cut > 0;
    Ok(if found && args.fail_on_findings { ExitCode::from(FOUND) } else { ExitCode::SUCCESS })
}

/// What a finished replay has to tell.
pub struct Told<'a> {
    pub findings: &'a Findings,
    pub imported: &'a Imported,
    pub voice: &'a Voice,
    pub full_numbers: bool,
    pub report: Option<&'a Path>,
    pub rejects: Option<&'a Path>,
}

/// Replays with a line of progress.
pub fn replayed(setup: &Setup, options: Options, cdrs: &[Cdr]) -> Outcome<Findings> {
    let replay = Replay::new(&Snapshot::of(setup.clone()), options)?;
    let mut line = Progress::new();
    Ok(replay.run(cdrs, &mut |done| {
        line.tell(|| format!("replaying: {} of {} calls", done, cdrs.len()));
    }))
}

/// The start of a day in that zone.
pub fn midnight(day: Date, zone: &str) -> Outcome<WallTime> {
    let zone = TimeZone::get(zone).with_context(|| format!("time zone {zone:?}"))?;
    let start = day.to_zoned(zone).with_context(|| format!("the day {day}"))?;
    Ok(WallTime(start.timestamp().as_microsecond()))
}

fn nothing(imported: &Imported, rejects: Option<&Path>) -> Failure {
    let rows = imported.summary.rows;
    let failure = Failure::new(Kind::Input, anyhow!("no calls were found in {rows} rows"));
    match (imported.rejects.first(), rejects) {
        (Some(first), Some(file)) => failure.hint(format!(
            "the first row that could not be used is line {} of {}: {}; all of them are in {}",
            first.line,
            first.file,
            first.reason,
            file.display()
        )),
        (Some(first), None) => failure.hint(format!(
            "the first row that could not be used is line {} of {}: {}",
            first.line, first.file, first.reason
        )),
        _ => {
            failure.hint("see how the rows are read with --dry-run; name the format with --format")
        }
    }
}

fn write_report(file: &Path, told: &Told<'_>) -> Outcome<()> {
    let report = Report {
        findings: told.findings,
        cdrs: &told.imported.cdrs,
        import: &told.imported.summary,
        voice: told.voice,
        style: Style { full_numbers: told.full_numbers },
    };
    std::fs::write(file, report.html().into_string())
        .with_context(|| format!("cannot write the report {}", file.display()))
        .map_err(|error| {
            Failure::new(Kind::Input, error)
                .hint("choose another place with --report, or --no-report")
        })
}

/// Rows that cannot be used, as they were, each after a line that says why. Gives the file when there is one.
fn write_rejects(args: &Args, rejects: &[Reject]) -> Outcome<Option<PathBuf>> {
    if rejects.is_empty() || (args.rejects.is_none() && args.no_report) {
        return Ok(None);
    }
    let beside = || args.report.with_file_name("ringfence-rejects.txt");
    let file = args.rejects.clone().unwrap_or_else(beside);
    let mut text = Vec::new();
    for reject in rejects {
        writeln!(text, "# {}:{}: {}", reject.file, reject.line, reject.reason)?;
        text.extend_from_slice(&reject.raw);
        text.push(b'\n');
    }
    std::fs::write(&file, text)
        .with_context(|| format!("cannot write the rejects {}", file.display()))?;
    Ok(Some(file))
}
