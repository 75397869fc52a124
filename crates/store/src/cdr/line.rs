//! A line of the spool's `cdr-DATE.jsonl`: the record of an attempt and what is known of it beyond.

use super::Outcome;
use super::table::{Month, call_hash};
use crate::value::{Value, row};
use ringfence_model::{Direction, Money, Source, Via, WallTime};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// What older writers left out has a default, so that their files can still be read.
#[derive(Debug, Deserialize)]
pub(crate) struct Line {
    native_id: String,
    correlation_id: Option<String>,
    pub tenant: Option<String>,
    trunk: Option<String>,
    pub extension: Option<String>,
    pub direction: Direction,
    a_number: String,
    dialled: String,
    c_number: Option<String>,
    via: Via,
    source: Option<Source>,
    pub started: WallTime,
    pub answered: Option<WallTime>,
    ended: WallTime,
    pub billable_ms: u64,
    code: u16,
    #[serde(default)]
    b_number: Option<String>,
    #[serde(default)]
    pub kind: Option<String>,
    #[serde(default)]
    pub country: Option<String>,
    #[serde(default)]
    pub cost: Money,
    #[serde(default)]
    pub prevented: Money,
    #[serde(default)]
    pub outcome: Outcome,
    #[serde(default)]
    reasons: Option<Json>,
    #[serde(default)]
    pass: Option<Json>,
}

impl Line {
    /// Reads a line; `None` when it is none.
    pub fn read(text: &[u8]) -> Option<Self> {
        let line: Self = serde_json::from_slice(text).ok()?;
        // What cannot be put into a month was never a call.
        Month::of(line.started).map(|_| line)
    }

    /// The row of it, with the columns of [`super::COLUMNS`].
    pub fn row(&self, id: i64) -> Vec<Value> {
        let call = self.correlation_id.as_deref().map(clean);
        let hash = call.as_deref().map(call_hash);
        let some = |text: &Option<String>| text.as_deref().map(clean);
        row![
            id,
            self.started,
            some(&self.tenant).unwrap_or_default(),
            some(&self.extension),
            some(&self.trunk),
            self.direction(),
            clean(&self.a_number),
            some(&self.b_number),
            clean(&self.dialled),
            some(&self.kind),
            some(&self.country),
            self.outcome.as_str(),
            self.code,
            self.answered,
            self.ended,
            self.billable_ms,
            self.cost,
            self.prevented,
            call,
            hash,
            clean(&self.native_id),
            self.more(),
        ]
    }

    pub const fn direction(&self) -> &'static str {
        match self.direction {
            Direction::Outbound => "outbound",
            Direction::Inbound => "inbound",
            Direction::Internal => "internal",
        }
    }

    /// What is shown and never searched for.
    fn more(&self) -> Option<String> {
        let plain = self.c_number.is_none() && self.source.is_none() && self.reasons.is_none();
        let Self { via, c_number, source, reasons, pass, .. } = self;
        let more = More { via, c_number, source, reasons, pass };
        // Values of our own have a JSON form.
        (!plain || *via != Via::Unknown).then(|| serde_json::to_string(&more).unwrap_or_default())
    }
}

/// What is shown and never searched for, as it is stored.
#[derive(Serialize)]
struct More<'a> {
    via: &'a Via,
    c_number: &'a Option<String>,
    source: &'a Option<Source>,
    reasons: &'a Option<Json>,
    pass: &'a Option<Json>,
}

/// PostgreSQL's texts have no zero byte, and a stranger's digits may.
pub(crate) fn clean(text: &str) -> String {
    text.replace('\0', "")
}
