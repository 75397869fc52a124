//! The evidence of a case for police, or for a dispute with a carrier: a page to read, tables to work with, and a list of
//! hashes. The hash of that list goes into the audit log, so that it can be shown later that nothing was changed.

mod page;
mod words;

use super::cases::seen;
use super::evidence::{Evidence, gather};
use crate::ExplainAsk;
use crate::app::App;
use crate::http::ask::Ask;
use crate::http::document::Parts;
use crate::http::reply::Answer;
use crate::people::me::Id;
use crate::refusal::Refusal;
use crate::rights::Permission;
use crate::secret::hex;
use crate::stored;
use crate::time::Amount;
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use ringfence_model::Language;
use ringfence_store::About;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use std::io::{Cursor, Write};
use std::sync::Arc;
use utoipa::IntoParams;
use utoipa::openapi::{ContentBuilder, ResponseBuilder};
use words::Words;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// A file by its name.
type Table = (&'static str, Vec<u8>);

/// The file that names the others, as `sha256sum -c` reads it.
const LIST: &str = "SHA256SUMS";

/// A zip.
pub struct Zip {
    name: String,
    bytes: Vec<u8>,
}

impl Answer for Zip {
    fn respond(self, status: StatusCode) -> Response {
        let mut response = Response::new(Body::from(self.bytes));
        *response.status_mut() = status;
        let fields = response.headers_mut();
        fields.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/zip"));
        let name = format!("attachment; filename=\"{}\"", self.name);
        if let Ok(name) = HeaderValue::from_str(&name) {
            fields.insert(header::CONTENT_DISPOSITION, name);
        }
        response
    }

    fn document(_: &mut Parts) -> ResponseBuilder {
        let content = ContentBuilder::new().build();
        ResponseBuilder::new().description("The evidence").content("application/zip", content)
    }
}

/// In which the page is written.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ExportQuery {
    /// `en` or `nl`; unless said, what `Accept-Language` prefers, else English. The tables are in English.
    #[param(value_type = Option<String>, pattern = "^(en|nl)$")]
    pub lang: Option<Language>,
}

/// GET /v1/cases/{id}/export
pub async fn of_case(ask: Ask<Id, ExportQuery>) -> Result<Zip, Refusal> {
    let (app, act, at) = (Arc::clone(&ask.app), ask.act("case.export"), ask.at);
    let language = ask.query.lang.unwrap_or_else(|| words::preferred(&ask.headers));
    let mut evidence = app
        .work(move |store| {
            let case = seen(store, &ask.caller, Permission::ReadCalls, &ask.path.id)?;
            let place = stored::place_of(store, &case.tenant)?;
            ask.caller.may_at(Permission::ReadCases, &place, "case")?;
            let audit = ask.caller.holds(Permission::ReadAudit, &place);
            gather(store, case, audit)
        })
        .await?;
    // The tables are as they are stored: programs read them.
    let tables = [
        ("calls.csv", calls(&evidence)),
        ("events.csv", events(&evidence)),
        ("changes.csv", changes(&evidence)),
    ];
    if language != Language::En {
        speak(&app, &mut evidence, language).await?;
    }
    app.work(move |store| {
        let report = page::report(&evidence, &Words::of(language), (&act.who, at.into()));
        let (bytes, hash) = packed(report, tables)?;
        let (subject, after) = (format!("case {}", evidence.case.id), json!({ LIST: hash }));
        let (tenant, after) = (Some(&evidence.case.tenant), Some(&after));
        store.record(&act, About { tenant, subject: &subject, before: None, after })?;
        let name = format!("ringfence-case-{}.zip", evidence.case.id);
        Ok(Zip { name, bytes })
    })
    .await
}

/// Puts what the engine said into another language, where its reasons are there.
async fn speak(app: &App, of: &mut Evidence, language: Language) -> Result<(), Refusal> {
    let headline = of.case.headline.clone();
    for event in &mut of.events {
        let part = |path| event.body.pointer(path).cloned().unwrap_or_default();
        let verdict = part("/verdict/reasons");
        let (outcome, reasons) = if verdict.is_array() {
            let refused = part("/verdict/action") == "reject";
            let acted = part("/verdict/acted") == Json::Bool(true);
            let outcome = match (refused, acted) {
                (true, true) => "refused",
                (true, false) => "would_refuse",
                (false, _) => "ok",
            };
            (outcome, verdict)
        } else if part("/alert/reasons").is_array() {
            ("cut", part("/alert/reasons"))
        } else {
            ("cut", part("/reasons"))
        };
        if reasons.as_array().is_none_or(Vec::is_empty) {
            continue;
        }
        let pass = part("/verdict/pass");
        let (tenant, outcome) = (event.tenant.clone(), outcome.to_owned());
        let ask = ExplainAsk { tenant, outcome, reasons, pass, language };
        let said = app.node().explain(ask).await?.words;
        if event.why == headline {
            of.case.headline.clone_from(&said);
        }
        event.why = said;
    }
    Ok(())
}

/// The zip, and the hash of its list of hashes.
fn packed(report: String, tables: [Table; 3]) -> Result<(Vec<u8>, String), Refusal> {
    let files: Vec<Table> =
        [("case.html", report.into_bytes())].into_iter().chain(tables).collect();
    let lines =
        files.iter().map(|(name, bytes)| format!("{}  {name}\n", hex(&Sha256::digest(bytes))));
    let list: String = lines.collect();
    let hash = hex(&Sha256::digest(&list));
    let failed = |error: &dyn std::fmt::Display| {
        tracing::error!("evidence cannot be packed: {error}");
        Refusal::Broken
    };
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let list = (LIST, list.into_bytes());
    for (name, bytes) in files.iter().chain([&list]) {
        zip.start_file(*name, SimpleFileOptions::default()).map_err(|error| failed(&error))?;
        zip.write_all(bytes).map_err(|error| failed(&error))?;
    }
    let packed = zip.finish().map_err(|error| failed(&error))?;
    Ok((packed.into_inner(), hash))
}

/// Lines of a table (RFC 4180). What a spreadsheet would take for a formula gets an apostrophe before it; numbers in
/// E.164 are left as they are.
fn table(head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Vec<u8> {
    let mut text = head.join(",");
    text.push_str("\r\n");
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| quoted(cell)).collect();
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    text.into_bytes()
}

fn quoted(cell: &str) -> String {
    let number = cell.strip_prefix(['+', '-']).unwrap_or(cell);
    let number = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && !number;
    let cell = if formula { format!("'{cell}") } else { cell.to_owned() };
    if cell.contains(['"', ',', '\r', '\n']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell
    }
}

fn money(amount: Amount) -> String {
    let micros = amount.0.0.unsigned_abs();
    let sign = if amount.0.0 < 0 { "-" } else { "" };
    format!("{sign}{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

fn calls(of: &Evidence) -> Vec<u8> {
    let head = [
        "started",
        "answered",
        "ended",
        "extension",
        "trunk",
        "a_number",
        "dialled",
        "b_number",
        "country",
        "kind",
        "outcome",
        "sip_code",
        "charged_seconds",
        "cost",
        "prevented",
        "source",
        "sip_call_id",
        "id",
    ];
    let row = |call: &super::calls::CallView| {
        let source = call.more.as_ref().and_then(|more| more.get("source"));
        let text = |of: Option<&str>| of.unwrap_or_default().to_owned();
        vec![
            call.started.to_string(),
            call.answered.as_ref().map(ToString::to_string).unwrap_or_default(),
            call.ended.to_string(),
            text(call.extension.as_ref().map(|of| of.as_str())),
            text(call.trunk.as_ref().map(|of| of.as_str())),
            call.a_number.clone(),
            call.dialled.clone(),
            text(call.b_number.as_deref()),
            text(call.country.as_deref()),
            text(call.kind.as_deref()),
            call.outcome.clone(),
            call.code.to_string(),
            format!("{}.{:03}", call.billable_ms / 1_000, call.billable_ms % 1_000),
            money(call.cost),
            money(call.prevented),
            text(source.and_then(|of| of.get("ip")).and_then(|ip| ip.as_str())),
            text(call.call_id.as_deref()),
            call.id.clone(),
        ]
    };
    table(&head, of.calls.iter().map(row))
}

fn events(of: &Evidence) -> Vec<u8> {
    let row = |event: &super::alerts::EventView| {
        let extension = event.extension.clone().unwrap_or_default();
        let (at, kind) = (event.at.to_string(), event.kind.clone());
        vec![at, kind, extension, source(event).to_owned(), event.why.clone()]
    };
    table(
        &["at", "kind", "extension", "source", "why"],
        of.logins.iter().chain(&of.events).map(row),
    )
}

/// Where a login came from.
fn source(event: &super::alerts::EventView) -> &str {
    event.body.pointer("/event/source/ip").and_then(|ip| ip.as_str()).unwrap_or_default()
}

fn changes(of: &Evidence) -> Vec<u8> {
    let row = |row: &super::audit::AuditRow| {
        vec![
            row.seq.to_string(),
            row.at.to_string(),
            row.who.clone(),
            row.address.clone().unwrap_or_default(),
            row.what.clone(),
            row.subject.clone(),
            row.why.clone(),
        ]
    };
    let rows = of.changes.iter().flatten().map(row);
    table(&["seq", "at", "who", "address", "what", "subject", "why"], rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spreadsheet_reads_numbers_as_they_are_and_no_formula() {
        assert_eq!(quoted("+31201234567"), "+31201234567");
        assert_eq!(quoted("-0.5"), "-0.5");
        assert_eq!(quoted("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"");
        assert_eq!(quoted("+1+2"), "'+1+2");
        assert_eq!(quoted("a,b"), "\"a,b\"");
        assert_eq!(money(Amount(ringfence_model::Money(-1_500_000))), "-1.500000");
    }
}
