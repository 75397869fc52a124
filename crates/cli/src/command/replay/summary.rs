//! What a replay says on the terminal and to programs.

use super::Told;
use crate::output::{Table, safe};
use crate::report::words;
use ringfence_connect::cdr::ImportSummary;
use ringfence_gate::replay::{
    Case, DayMoney, DestinationMoney, ExtensionMoney, Fate, Known, Totals,
};
use ringfence_model::{Cdr, Masked};
use serde::Serialize;
use std::fmt::Write as _;

/// The answer as JSON. Amounts are in millionths of the currency, times in microseconds since 1970.
#[derive(Serialize)]
pub struct Answer<'a> {
    headline: String,
    currency: String,
    default_tariff: bool,
    begin: String,
    end: String,
    learn_until: String,
    totals: Totals,
    import: Import,
    cases: &'a [Case],
    days: &'a [DayMoney],
    destinations: &'a [DestinationMoney],
    extensions: &'a [ExtensionMoney],
    doubts: Vec<Doubtful>,
    report: Option<String>,
    rejects: Option<String>,
}

/// How the files were read.
#[derive(Serialize)]
struct Import {
    files: Vec<ImportFile>,
    rows: u64,
    records: u64,
    rejected: u64,
    duplicates: u64,
    dropped_legs: u64,
    skipped: u64,
    dst_ambiguous: u64,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct ImportFile {
    file: String,
    format: &'static str,
    rows: u64,
}

/// A stopped call that may have been honest.
#[derive(Serialize)]
struct Doubtful {
    id: String,
    started: String,
    dialled: String,
    known: Known,
    days: u32,
}

impl<'a> Answer<'a> {
    pub fn of(told: &Told<'a>) -> Self {
        let found = told.findings;
        let doubts = found.doubts.iter().filter_map(|doubt| {
            let cdr = told.imported.cdrs.get(doubt.call as usize)?;
            Some(Doubtful {
                id: cdr.native_id.to_string(),
                started: told.voice.time(cdr.started),
                dialled: told.number(&cdr.dialled),
                known: doubt.known,
                days: doubt.days,
            })
        });
        Self {
            headline: words::of(told.voice.language).headline(found, told.voice),
            currency: told.voice.currency.to_string(),
            default_tariff: found.default_tariff,
            begin: told.voice.time(found.begin),
            end: told.voice.time(found.end),
            learn_until: told.voice.time(found.learn_until),
            totals: found.totals,
            import: Import::of(&told.imported.summary),
            cases: &found.cases,
            days: &found.days,
            destinations: &found.destinations,
            extensions: &found.extensions,
            doubts: doubts.collect(),
            report: told.report.map(|file| file.display().to_string()),
            rejects: told.rejects.map(|file| file.display().to_string()),
        }
    }
}

impl Import {
    fn of(summary: &ImportSummary) -> Self {
        let files = summary.files.iter().map(|file| ImportFile {
            file: file.file.to_string(),
            format: file.detection.format.name(),
            rows: file.rows,
        });
        Self {
            files: files.collect(),
            rows: summary.rows,
            records: summary.records,
            rejected: summary.rejected,
            duplicates: summary.duplicates,
            dropped_legs: summary.dropped_legs,
            skipped: summary.skipped,
            dst_ambiguous: summary.dst_ambiguous,
            warnings: summary.warnings.iter().map(ToString::to_string).collect(),
        }
    }
}

impl Told<'_> {
    fn number(&self, text: &str) -> String {
        let text = safe(text);
        if self.full_numbers { text } else { Masked(&text).to_string() }
    }

    fn doubt(&self, index: usize) -> Option<Known> {
        let of = |doubt: &&ringfence_gate::replay::Doubt| doubt.call as usize == index;
        self.findings.doubts.iter().find(of).map(|doubt| doubt.known)
    }
}

/// Every call that would have been stopped.
pub fn stopped(told: &Told<'_>) -> Table {
    let mut table = Table::new(&[
        "started",
        "tenant",
        "extension",
        "dialled",
        "country",
        "fate",
        "recorded",
        "prevented",
        "case",
        "known",
        "id",
    ]);
    let found = told.findings;
    let calls = told.imported.cdrs.iter().zip(&found.calls).enumerate();
    for (index, (cdr, call)) in calls.filter(|(_, (_, call))| call.fate != Fate::Passed) {
        let tenant = found.tenants.get(call.tenant as usize);
        let known = match told.doubt(index) {
            Some(Known::Number) => "number",
            Some(Known::Place) => "place",
            None => "",
        };
        table.row([
            local(cdr, told),
            tenant.map_or_else(String::new, |t| safe(t.as_str())),
            cdr.extension.as_ref().map_or_else(String::new, |e| safe(e.as_str())),
            told.number(&cdr.dialled),
            call.to.map_or_else(String::new, |to| to.country.to_string()),
            if call.fate == Fate::Cut { "cut" } else { "refused" }.to_owned(),
            call.recorded.to_string(),
            (call.recorded - call.spent).to_string(),
            call.case.map_or_else(String::new, |case| (case + 1).to_string()),
            known.to_owned(),
            safe(&cdr.native_id),
        ]);
    }
    table
}

fn local(cdr: &Cdr, told: &Told<'_>) -> String {
    let stamp = jiff::Timestamp::from_microsecond(cdr.started.0).unwrap_or_default();
    stamp.to_zoned(told.voice.zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// The summary for people.
pub fn text(told: &Told<'_>) -> String {
    let (found, voice) = (told.findings, told.voice);
    let words = words::of(voice.language);
    let mut text = format!("{}\n\n", words.headline(found, voice));
    let mut sums = Table::new(&["", " "]);
    for (name, value) in words.totals(found, voice) {
        sums.row([name.to_owned(), value]);
    }
    let rows = sums.text();
    // Two columns of names and figures need no headings.
    text.extend(rows.lines().skip(2).map(|line| format!("{line}\n")));
    if !found.cases.is_empty() {
        let [from, to, who, where_to, stopped, cost, prevented] = words.case_columns;
        let mut cases = Table::new(&["#", from, to, who, where_to, stopped, cost, prevented]);
        for (number, case) in found.cases.iter().enumerate() {
            cases.row([
                (number + 1).to_string(),
                voice.time(case.begin),
                voice.time(case.end),
                safe(&words.who(case, found.tenants.len() > 1)),
                words.places(case, voice, 3),
                case.stopped().to_string(),
                voice.money(case.let_through),
                voice.money(case.prevented),
            ]);
        }
        let _ = write!(text, "\n{}", cases.text());
    }
    let summary = &told.imported.summary;
    let _ = writeln!(text, "\n{}", words.read(summary));
    for warning in &summary.warnings {
        let _ = writeln!(text, "{}: {warning}", words.warning);
    }
    if found.default_tariff {
        let _ = writeln!(text, "{}", words.default_tariff_note);
    }
    if !found.raised_limits.is_empty() {
        let _ = writeln!(text, "{}", words.raised_limits_note);
    }
    if let Some(file) = told.rejects {
        let _ = writeln!(text, "{}: {}", words.rejects_in, file.display());
    }
    if let Some(file) = told.report {
        let _ = writeln!(text, "{}: {}", words.report_in, file.display());
    }
    text
}
