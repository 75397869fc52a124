//! Call records that a platform posts: the end of calls that were asked about, and all there is of the others.

use super::fields::Fields;
use super::party::Asker;
use ringfence_connect::cdr::{Format, ImportOptions, TenantFrom, import_bytes};
use ringfence_gate::Gate;
use ringfence_gate::advised::{Full, Happened, Heard, Name, Question, Told};
use ringfence_model::{Attempt, Cdr, Now};
use std::sync::Arc;
use std::time::Duration;

/// Older ones are history: `ringfence replay` reads those.
const AGE_MAX: Duration = Duration::from_secs(24 * 3_600);
/// Records in one post.
const RECORDS_MAX: usize = 1_000;

/// One record, to be told.
#[derive(Debug)]
pub(super) struct Record {
    /// What the PBX may call the call, the likeliest first.
    names: Vec<Name>,
    what: Happened,
    question: Box<Question>,
}

/// Reads what was posted.
pub(super) fn read(asker: &Asker<'_>, format: &str, body: &[u8]) -> Result<Vec<Record>, String> {
    let format = match format {
        "kamailio" | "opensips" => Format::AccJson,
        "freeswitch" => Format::FreeSwitchJson,
        "asterisk" if body.trim_ascii_start().starts_with(b"{") => Format::AsteriskJson,
        "asterisk" => Format::AsteriskCsv,
        other => Format::by_name(other).ok_or_else(|| format!("{other:?} is no format"))?,
    };
    let options = ImportOptions {
        format: Some(format),
        tenant: TenantFrom::Fixed(asker.tenant.clone()),
        rows_max: Some(RECORDS_MAX as u64 + 1),
        ids_max: RECORDS_MAX,
        ..ImportOptions::new(jiff::tz::TimeZone::UTC)
    };
    let mut rejected = Vec::new();
    let read = import_bytes("post", body.to_vec(), options, &mut |row| rejected.push(row));
    let (cdrs, _) = read.map_err(|error| error.to_string())?;
    if let (true, Some(row)) = (cdrs.is_empty(), rejected.first()) {
        return Err(format!("no record could be read: {}", row.reason));
    }
    if cdrs.len() > RECORDS_MAX {
        return Err(format!("post at most {RECORDS_MAX} records at once"));
    }
    let now = crate::wall();
    let recent = |cdr: &Cdr| now - cdr.ended < AGE_MAX && cdr.ended - now < AGE_MAX;
    Ok(cdrs.into_iter().filter(recent).filter_map(|cdr| record(asker, cdr)).collect())
}

fn record(asker: &Asker<'_>, cdr: Cdr) -> Option<Record> {
    let ids = [Some(&cdr.native_id), cdr.correlation_id.as_ref()];
    let names: Vec<Name> = ids.into_iter().flatten().filter_map(|id| asker.name(id).ok()).collect();
    let known_as = Arc::clone(&names.first()?.known_as);
    // What the importer found out about directions is kept; the rest is read as in a question.
    let fields = Fields::of([
        ("call_id", known_as.as_ref()),
        ("to", cdr.dialled.as_ref()),
        ("from", cdr.a_number.as_ref()),
        ("extension", cdr.extension.as_ref().map_or("", |extension| extension.as_str())),
    ]);
    let question = asker.question(&fields).ok()?;
    let attempt =
        Attempt { direction: cdr.direction, source: cdr.source.clone(), ..question.attempt };
    let what = Happened::Ended { billable_ms: Some(cdr.billable_ms), code: Some(cdr.code) };
    Some(Record { names, what, question: Box::new(Question { attempt, ..question }) })
}

impl Record {
    /// Tells it under the name by which the call is known, else under the first.
    pub fn tell(self, gate: &mut Gate, now: Now) -> Result<Heard, Full> {
        let Self { names, what, question } = self;
        let known = names.iter().position(|name| gate.advised().knows(now.moment, name));
        let Some(name) = names.get(known.unwrap_or(0)).cloned() else { return Ok(Heard::Unknown) };
        let question = Some(question).filter(|_| known.is_none());
        gate.told(now, Told { name, what, handle: None, question })
    }
}
