//! `ringfence replay --dry-run`: how the first rows are understood.

use super::Args;
use crate::failure::Outcome;
use crate::output::{Form, Table, print, print_json, safe};
use crate::records::failure;
use ringfence_connect::cdr::{Importer, Preview};
use ringfence_fraud::explain::Voice;
use ringfence_model::{Cdr, Direction, Masked};
use serde::Serialize;
use std::fmt::Write as _;

/// So many rows of each file are read.
const ROWS: u64 = 200;
/// So many calls are shown.
const SHOWN: usize = 15;

/// The answer as JSON.
#[derive(Serialize)]
struct Answer<'a> {
    files: Vec<File>,
    records: &'a [Cdr],
    rejects: Vec<Rejected>,
}

#[derive(Serialize)]
struct File {
    file: String,
    format: &'static str,
    why: String,
}

#[derive(Serialize)]
struct Rejected {
    file: String,
    line: u64,
    reason: String,
}

pub fn run(args: &Args, voice: &Voice, zone: &str) -> Outcome {
    let importer = Importer::new(args.files.clone(), args.records.options(zone)?);
    let preview = importer.preview(ROWS).map_err(failure)?;
    match args.output {
        Form::Json => print_json(&Answer {
            files: files(&preview),
            records: &preview.records,
            rejects: rejects(&preview),
        })?,
        Form::Csv => print(&calls(&preview.records, voice, args.full_numbers).csv()?)?,
        Form::Table => print(&text(&preview, voice, args.full_numbers))?,
    }
    crate::command::done()
}

fn files(preview: &Preview) -> Vec<File> {
    let of = |file: &ringfence_connect::cdr::FileSummary| File {
        file: file.file.to_string(),
        format: file.detection.format.name(),
        why: file.detection.why.clone(),
    };
    preview.summary.files.iter().map(of).collect()
}

fn rejects(preview: &Preview) -> Vec<Rejected> {
    let of = |reject: &ringfence_connect::cdr::Reject| Rejected {
        file: reject.file.to_string(),
        line: reject.line,
        reason: reject.reason.to_string(),
    };
    preview.rejects.iter().map(of).collect()
}

fn text(preview: &Preview, voice: &Voice, full_numbers: bool) -> String {
    let mut text = String::new();
    for file in files(preview) {
        let _ = writeln!(text, "{}: read as {} ({})", file.file, file.format, safe(&file.why));
    }
    let s = &preview.summary;
    let _ = writeln!(
        text,
        "first {} rows: {} calls, {} rejected, {} duplicates, {} parts of other calls, {} skipped\n",
        s.rows, s.records, s.rejected, s.duplicates, s.dropped_legs, s.skipped
    );
    let shown = preview.records.get(..SHOWN).unwrap_or(&preview.records);
    text.push_str(&calls(shown, voice, full_numbers).text());
    for reject in preview.rejects.iter().take(SHOWN) {
        let _ = writeln!(text, "\n{}:{}: {}", reject.file, reject.line, reject.reason);
        let raw = String::from_utf8_lossy(&reject.raw);
        let _ = writeln!(text, "  {}", safe(&raw.chars().take(160).collect::<String>()));
    }
    for warning in &s.warnings {
        let _ = writeln!(text, "\nwarning: {warning}");
    }
    text
}

fn calls(cdrs: &[Cdr], voice: &Voice, full_numbers: bool) -> Table {
    let mut table = Table::new(&[
        "started",
        "way",
        "tenant",
        "extension",
        "trunk",
        "a number",
        "dialled",
        "talked",
        "code",
        "id",
    ]);
    let number = |text: &str| {
        let text = safe(text);
        if full_numbers { text } else { Masked(&text).to_string() }
    };
    for cdr in cdrs {
        let way = match cdr.direction {
            Direction::Outbound => "out",
            Direction::Inbound => "in",
            Direction::Internal => "internal",
        };
        table.row([
            voice.time(cdr.started),
            way.to_owned(),
            cdr.tenant.as_ref().map_or_else(String::new, |t| safe(t.as_str())),
            cdr.extension.as_ref().map_or_else(String::new, |e| safe(e.as_str())),
            cdr.trunk.as_ref().map_or_else(String::new, |t| safe(t.as_str())),
            number(&cdr.a_number),
            number(&cdr.dialled),
            voice.duration(cdr.billable_ms as f32 / 1_000.0),
            cdr.code.to_string(),
            safe(&cdr.native_id),
        ]);
    }
    table
}
