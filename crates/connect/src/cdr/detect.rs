//! Which system wrote this, by content.

use super::asterisk;
use super::body;
use super::cause;
use super::fields::{Columns, Fields, Header, Object};
use super::format::Format;
use super::freeswitch;
use super::proxy;
use super::split::{CsvSplitter, JsonDepth, SplitCsv};
use super::three_cx;
use super::time::Clock;
use super::unknown::{SeenColumn, Unknown};
use jiff::tz::TimeZone;

/// How sure a detection is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Confidence {
    /// The shape fits, but other systems could write the same.
    Likely,
    /// Names that only this system uses.
    Certain,
}

/// What a file was found to be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Detection {
    /// The format.
    pub format: Format,
    /// Between columns, for separated text.
    pub delimiter: u8,
    /// Whether the first row names the columns.
    pub has_header: bool,
    /// How sure this is.
    pub confidence: Confidence,
    /// What it was recognised by.
    pub why: String,
}

/// Finds out the format of a file by its first bytes; 64 KiB are plenty.
///
/// # Errors
/// What was seen instead, and how to map it.
pub fn detect(head: &[u8]) -> Result<Detection, Box<Unknown>> {
    let text = String::from_utf8_lossy(head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head))
        .replace('\0', "");
    let rows: Vec<&str> = text
        .lines()
        .map(|line| line.trim_end_matches('\r'))
        .filter(|line| !line.trim().is_empty())
        .collect();
    let Some(&first) = rows.first() else {
        return Err(Box::new(Unknown { delimiter: None, has_header: false, columns: Vec::new() }));
    };
    if first.trim_start().starts_with('{') {
        return detect_json(&rows);
    }
    if first.starts_with("cdr=") || (first.starts_with("eyJ") && body::json_body(first).is_some()) {
        return Ok(certain(Format::FreeSwitchJson, "a posted body cdr=…"));
    }
    if rows.iter().any(|row| row.contains("ACC: ") && row.contains("method=")) {
        return Ok(certain(Format::AccSyslog, "lines of syslog with \"ACC:\" and method="));
    }
    detect_columns(&rows)
}

fn certain(format: Format, why: &str) -> Detection {
    let why = why.to_owned();
    Detection { format, delimiter: b',', has_header: false, confidence: Confidence::Certain, why }
}

fn detect_json(rows: &[&str]) -> Result<Detection, Box<Unknown>> {
    let mut depth = JsonDepth::default();
    let mut text = String::new();
    for row in rows {
        text.push_str(row);
        text.push('\n');
        if !depth.feed(row.as_bytes()) {
            break;
        }
    }
    let Ok(object) = Object::read(&text) else {
        // One record can be longer than what is looked at.
        if text.contains("\"variables\"") && text.contains("\"core-uuid\"") {
            return Ok(certain(Format::FreeSwitchJson, "the names core-uuid and variables"));
        }
        return Err(Box::new(Unknown { delimiter: None, has_header: true, columns: Vec::new() }));
    };
    let has = |names: &[&str]| names.iter().all(|name| !object.get(name).is_empty());
    if has(&["variables.uuid"]) {
        Ok(certain(Format::FreeSwitchJson, "the field variables.uuid"))
    } else if has(&["start", "disposition"])
        && object.names().any(|name| matches!(name, "dst" | "channel" | "uniqueid"))
    {
        Ok(certain(Format::AsteriskJson, "the fields start and disposition"))
    } else if has(&["start_time", "end_time", "duration"]) {
        Ok(certain(Format::AccJson, "the fields start_time, end_time and duration"))
    } else {
        let mut names: Vec<&str> = object.names().collect();
        names.sort_unstable();
        let columns = names.iter().enumerate().map(|(at, name)| SeenColumn {
            number: at + 1,
            name: (*name).to_owned(),
            sample: short(object.get(name)),
        });
        Err(Box::new(Unknown { delimiter: None, has_header: true, columns: columns.collect() }))
    }
}

fn detect_columns(rows: &[&str]) -> Result<Detection, Box<Unknown>> {
    let delimiter = likely_delimiter(rows);
    let found = |format, has_header, confidence, why: String| {
        Ok(Detection { format, delimiter, has_header, confidence, why })
    };
    let names = values(rows.first().unwrap_or(&""), delimiter);
    let header = Header::new(names.iter().map(String::as_str));
    if let Some((format, by)) = by_header(&header) {
        return found(format, true, Confidence::Certain, format!("the columns {}", by.join(", ")));
    }
    // The first row can be the torn rest of one.
    let mut splitter = CsvSplitter::new(delimiter);
    for row in rows.iter().take(10) {
        if splitter.split(row.as_bytes()) != SplitCsv::Row {
            continue;
        }
        let (text, ends) = splitter.columns();
        let Ok(text) = std::str::from_utf8(text) else { continue };
        if let Some((format, confidence, why)) = by_values(Columns::new(text, ends)) {
            return found(format, false, confidence, why);
        }
    }
    Err(Box::new(unknown(rows, delimiter, names)))
}

fn by_header(header: &Header) -> Option<(Format, Vec<&'static str>)> {
    const TELLS: [(Format, &[&str]); 9] = [
        (Format::Cucm, &["cdrRecordType", "globalCallID_callId"]),
        (Format::SwyxWare, &["CallID", "OriginationNumber", "StartDate", "StartTime"]),
        (Format::FusionPbx, &["xml_cdr_uuid", "start_epoch"]),
        (Format::FusionPbx, &["xml_cdr_uuid", "start_stamp"]),
        (
            Format::FusionPbx,
            &["caller_id_number", "destination_number", "start_epoch", "hangup_cause"],
        ),
        (Format::AsteriskTable, &["calldate", "src", "dst", "disposition"]),
        (Format::AsteriskTable, &["start", "src", "dst", "channel", "disposition"]),
        (Format::AccTable, &["method", "from_tag", "to_tag", "callid"]),
        (Format::ThreeCx, &["time-start", "time-end", "from-no", "to-no"]),
    ];
    let known = TELLS.iter().find(|(_, names)| header.has_all(names));
    let known = known.map(|(format, names)| (*format, names.to_vec()));
    known.or_else(|| {
        proxy::is_acc_header(header)
            .then(|| (Format::AccTable, vec!["start_time", "end_time", "duration"]))
    })
}

fn by_values(c: Columns<'_>) -> Option<(Format, Confidence, String)> {
    let mut clock = Clock::new(TimeZone::UTC);
    let mut is_time = |at: usize| matches!(clock.read(c.at(at)), Ok(Some(_)));
    let count = c.count();
    if asterisk::COLUMNS.contains(&count) && is_time(9) {
        if freeswitch::is_uuid(c.at(16)) && cause::q850_of_name(c.at(14)).is_some() {
            let why = "the columns of Asterisk with a uuid and a FreeSWITCH cause".to_owned();
            return Some((Format::FreeSwitchAsteriskCsv, Confidence::Certain, why));
        }
        if cause::of_disposition(c.at(14)).is_some() {
            let why = format!("{count} columns with {:?} in column 15", c.at(14));
            return Some((Format::AsteriskCsv, Confidence::Certain, why));
        }
    }
    if count >= 12 && is_time(4) && (freeswitch::is_uuid(c.at(10)) || freeswitch::is_uuid(c.at(11)))
    {
        let why = "a time in column 5 and a uuid after the cause".to_owned();
        return Some((Format::FreeSwitchCsv, Confidence::Likely, why));
    }
    if three_cx::looks_like(c) && is_time(3) {
        return Some((
            Format::ThreeCx,
            Confidence::Likely,
            "\"Call …\" and a time in column 4".to_owned(),
        ));
    }
    None
}

/// The one that makes the most columns, the same number in the first rows.
fn likely_delimiter(rows: &[&str]) -> u8 {
    let score = |delimiter: u8| {
        let counts: Vec<usize> =
            rows.iter().take(5).map(|row| values(row, delimiter).len()).collect();
        let same = counts.iter().filter(|count| counts.first() == Some(*count)).count();
        (same, counts.first().copied().unwrap_or(0))
    };
    // Commas win a tie, then what spreadsheets of comma-decimal countries write.
    let best =
        [b'|', b'\t', b';', b','].into_iter().filter(|d| score(*d).1 > 1).max_by_key(|d| score(*d));
    best.unwrap_or(b',')
}

fn values(row: &str, delimiter: u8) -> Vec<String> {
    let mut splitter = CsvSplitter::new(delimiter);
    splitter.split(row.as_bytes());
    let (text, ends) = splitter.columns();
    let text = String::from_utf8_lossy(text);
    Columns::new(&text, ends).iter().map(str::to_owned).collect()
}

fn unknown(rows: &[&str], delimiter: u8, first: Vec<String>) -> Unknown {
    // Names hold letters only; values mostly digits.
    let has_header = first
        .iter()
        .all(|name| !name.chars().next().is_some_and(|c| c.is_ascii_digit() || c == '+'));
    let samples = match rows.get(1) {
        Some(second) if has_header => values(second, delimiter),
        _ => first.clone(),
    };
    let columns = first.iter().enumerate().map(|(at, name)| SeenColumn {
        number: at + 1,
        name: if has_header { name.trim().to_owned() } else { String::new() },
        sample: samples.get(at).map(|text| short(text)).unwrap_or_default(),
    });
    Unknown { delimiter: Some(char::from(delimiter)), has_header, columns: columns.collect() }
}

fn short(text: &str) -> String {
    text.chars().take(40).collect()
}
