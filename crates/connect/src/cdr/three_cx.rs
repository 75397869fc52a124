//! 3CX: `cdr.log`. The administrator chooses fields and order; without a header the documented order is taken.

use super::cause;
use super::fields::{Columns, Fields, Header, Named};
use super::leg::Draft;
use super::options::Sides;
use super::row::RowError;
use super::sides::End;
use super::time::{Clock, duration_ms};

/// The fields in the order of 3CX's own list (3cx.com/docs/cdr-call-data-records).
pub(crate) const ORDER: [&str; 27] = [
    "historyid",
    "callid",
    "duration",
    "time-start",
    "time-answered",
    "time-end",
    "reason-terminated",
    "from-no",
    "to-no",
    "from-dn",
    "to-dn",
    "dial-no",
    "reason-changed",
    "final-number",
    "final-dn",
    "bill-code",
    "bill-rate",
    "bill-cost",
    "bill-name",
    "chain",
    "from-type",
    "to-type",
    "final-type",
    "from-dispname",
    "to-dispname",
    "final-dispname",
    "missed-queue-calls",
];

/// Whether a row has the documented order.
pub(crate) fn looks_like(c: Columns<'_>) -> bool {
    c.count() >= 12 && c.at(0).starts_with("Call ") && c.at(6).chars().all(char::is_alphanumeric)
}

pub(crate) fn from_row<'a>(
    f: &'a Named<'a>,
    sides: &Sides,
    clock: &mut Clock,
) -> Result<Draft<'a>, RowError> {
    let Some(started) = clock.read(f.get("time-start"))? else { return Err(RowError::NoStart) };
    let (from_no, to_no) = (f.get("from-no"), f.get("to-no"));
    let from = end(from_no, f.get("from-type"), sides);
    let final_no = if f.get("reason-changed").is_empty() { "" } else { f.get("final-number") };
    // Forwarded or transferred: the call is with the last party, and the first is who diverted it.
    let (to_no, to_dn, to_type, diverting) = match final_no {
        "" => (to_no, f.get("to-dn"), f.get("to-type"), ""),
        last => (last, f.get("final-dn"), f.get("final-type"), strip(to_no)),
    };
    let to = end(to_no, to_type, sides);
    let answered = clock.read(f.get("time-answered"))?;
    let dialled = match f.get("dial-no") {
        dialled if final_no.is_empty() && !dialled.is_empty() => dialled,
        _ => strip(to_no),
    };
    let ended = clock.read(f.get("time-end"))?;
    let billable_ms = duration_ms(f.get("duration"))?.filter(|_| answered.is_some());
    Ok(Draft {
        native_id: f.any(&["callid", "historyid"]).into(),
        correlation: f.get("historyid").into(),
        trunk: match (from, to) {
            (_, End::Carrier) => to_dn,
            (End::Carrier, _) => f.get("from-dn"),
            _ => "",
        }
        .into(),
        extension: match (from, to) {
            (End::Phone, _) => strip(from_no),
            (_, End::Phone) => strip(to_no),
            _ => "",
        },
        from,
        to,
        a_number: strip(from_no).into(),
        dialled: dialled.into(),
        c_number: diverting.into(),
        started: Some(started),
        answered,
        ended,
        billable_ms,
        code: if answered.is_some() { Some(200) } else { refusal(f.get("reason-terminated")) },
        ..Draft::default()
    })
}

/// Extensions are written `Ext.960`; the types are words when they are exported.
fn end(number: &str, kind: &str, sides: &Sides) -> End {
    match kind.to_ascii_lowercase().as_str() {
        "extension" => End::Phone,
        "line" | "externalline" | "provider" | "bridge" => End::Carrier,
        _ if number.starts_with("Ext.") || sides.is_extension(number) => End::Phone,
        _ if number.is_empty() => End::Unknown,
        _ => End::Carrier,
    }
}

fn strip(number: &str) -> &str {
    number.strip_prefix("Ext.").unwrap_or(number)
}

fn refusal(reason: &str) -> Option<u16> {
    let reason = reason.to_ascii_lowercase();
    Some(match reason.as_str() {
        _ if reason.contains("busy") => 486,
        _ if reason.contains("notfound") || reason.contains("badnumber") => 404,
        _ if reason.contains("noanswer") => 480,
        _ if reason.contains("terminatedbysrc") || reason.contains("src_participant") => 487,
        _ => return cause::of_text(&reason, false),
    })
}

/// The header of the documented order, for files without one.
pub(crate) fn documented_header() -> Header {
    Header::new(ORDER)
}
