//! The evidence of a case for police, or for a dispute with a carrier: a page to read, tables to work with, and a list of
//! hashes. The hash of that list goes into the audit log, so that it can be shown later that nothing was changed.

use super::cases::seen;
use super::evidence::{Evidence, gather};
use crate::http::ask::Ask;
use crate::http::document::Parts;
use crate::http::reply::Answer;
use crate::people::me::Id;
use crate::refusal::Refusal;
use crate::rights::Permission;
use crate::secret::hex;
use crate::stored;
use crate::time::{Amount, Time};
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use maud::{DOCTYPE, html};
use ringfence_store::About;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::io::{Cursor, Write};
use std::sync::Arc;
use utoipa::openapi::{ContentBuilder, ResponseBuilder};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

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

/// GET /v1/cases/{id}/export
pub async fn of_case(ask: Ask<Id>) -> Result<Zip, Refusal> {
    let (app, act, at) = (Arc::clone(&ask.app), ask.act("case.export"), ask.at);
    app.work(move |store| {
        let case = seen(store, &ask.caller, Permission::ReadCalls, &ask.path.id)?;
        let place = stored::place_of(store, &case.tenant)?;
        ask.caller.may_at(Permission::ReadCases, &place, "case")?;
        let audit = ask.caller.holds(Permission::ReadAudit, &place);
        let tenant = case.tenant.clone();
        let evidence = gather(store, case, audit)?;
        let (bytes, hash) = packed(&evidence, &act.who, at.into())?;
        let (subject, after) = (format!("case {}", evidence.case.id), json!({ LIST: hash }));
        let (tenant, after) = (Some(&tenant), Some(&after));
        store.record(&act, About { tenant, subject: &subject, before: None, after })?;
        let name = format!("ringfence-case-{}.zip", evidence.case.id);
        Ok(Zip { name, bytes })
    })
    .await
}

/// The zip, and the hash of its list of hashes.
fn packed(of: &Evidence, by: &str, at: Time) -> Result<(Vec<u8>, String), Refusal> {
    let files = [
        ("case.html", report(of, by, at).into_bytes()),
        ("calls.csv", calls(of)),
        ("events.csv", events(of)),
        ("changes.csv", changes(of)),
    ];
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

fn report(of: &Evidence, by: &str, at: Time) -> String {
    let case = &of.case;
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                title { "Case " (case.id) }
                style { "body{font:14px/1.4 sans-serif;margin:2em}table{border-collapse:collapse;width:100%}\
                    td,th{border:1px solid #999;padding:2px 6px;text-align:left;vertical-align:top}" }
            }
            body {
                h1 { "Suspected toll fraud: case " (case.id) }
                table {
                    tr { th { "Customer" } td { (case.tenant) } }
                    tr { th { "What" } td { (case.headline) } }
                    tr { th { "From" } td { (case.opened) } }
                    tr { th { "Last activity" } td { (case.active) } }
                    tr { th { "Decision" } td { (case.state) @if let Some(who) = &case.closed_by { " by " (who) } } }
                    tr { th { "Cost of the calls below" } td { (money(of.cost)) } }
                    tr { th { "Got through, by the engine's count" } td { (money(case.let_through)) } }
                    tr { th { "First minute of each refused call" } td { (money(of.prevented)) } }
                    tr { th { "Made" } td { (at) " by " (by) } }
                }
                p { "Times are UTC (RFC 3339). Amounts are in the customer's currency by the customer's tariff. Numbers are complete. "
                    "The tables hold every call of the customer that cost something or was stopped, from " (of.from) " until " (of.until) "." }
                @if of.is_cut { p { strong { "There is more than is shown here." } } }
                h2 { "Where the calls came from" }
                table {
                    tr { th { "Address" } th { "Device" } th { "Calls" } th { "Cost" } }
                    @for source in &of.sources {
                        tr {
                            td { (source.ip.as_deref().unwrap_or("not known")) }
                            td { (source.user_agent.as_deref().unwrap_or_default()) }
                            td { (source.calls) } td { (money(source.cost)) }
                        }
                    }
                }
                h2 { "What happened" }
                table {
                    tr { th { "At" } th { "What" } th { "Extension" } th { "From" } th { "Why" } }
                    @for event in of.logins.iter().chain(&of.events) {
                        tr { td { (event.at) } td { (event.kind) } td { (event.extension.as_deref().unwrap_or_default()) } td { (source(event)) }
                            td { (event.why) } }
                    }
                }
                h2 { "Calls" }
                table {
                    tr { th { "Started" } th { "Extension" } th { "From" } th { "To" } th { "Country" } th { "Outcome" } th { "Seconds" } th { "Cost" } }
                    @for call in &of.calls {
                        tr {
                            td { (call.started) }
                            td { (call.extension.as_ref().map(|of| of.as_str()).unwrap_or_default()) }
                            td { (call.a_number) }
                            td { (call.b_number.as_deref().unwrap_or(&call.dialled)) }
                            td { (call.country.as_deref().unwrap_or_default()) }
                            td { (call.outcome) }
                            td { (call.billable_ms / 1_000) }
                            td { (money(call.cost)) }
                        }
                    }
                }
                @if let Some(changes) = of.changes.as_ref().filter(|all| !all.is_empty()) {
                    h2 { "What people changed" }
                    table {
                        tr { th { "At" } th { "Who" } th { "What" } th { "About" } th { "Why" } }
                        @for row in changes {
                            tr { td { (row.at) } td { (row.who) } td { (row.what) } td { (row.subject) } td { (row.why) } }
                        }
                    }
                }
                @if !of.notes.is_empty() {
                    h2 { "Notes" }
                    @for note in &of.notes { p { (note.at) " " (note.who) ": " (note.words) } }
                }
            }
        }
    }
    .into_string()
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
