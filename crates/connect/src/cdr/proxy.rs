//! Kamailio and OpenSIPS: `acc_json`, and the rows of the `acc` module from a table or from syslog.
//!
//! A plain `acc` row is a transaction: an INVITE begins a call and a BYE ends it. Rows with a duration are whole calls.

use super::cause;
use super::fields::{Fields, Header};
use super::leg::{Draft, Role};
use super::options::Sides;
use super::row::RowError;
use super::sides::End;
use super::time::{Clock, duration_ms};
use std::collections::HashMap;

const CALLER: &[&str] = &["src", "src_user", "from_user", "caller", "caller_id", "from", "fU"];
const CALLED: &[&str] = &["dst", "dst_user", "to_user", "rU", "callee", "dst_ouser", "to"];
const CALL_ID: &[&str] = &["callid", "call_id", "ci", "call-id", "sip_call_id"];
const ADDRESS: &[&str] = &["src_ip", "ip", "source_ip", "src_addr", "si"];
const TENANT: &[&str] = &["tenant", "account", "accountcode", "src_domain", "from_domain", "fd"];
const TRUNK: &[&str] = &["trunk", "gateway", "gw", "carrier"];
const AGENT: &[&str] = &["ua", "user_agent"];

/// A whole call as `acc_json` or a table with durations writes it.
pub(crate) fn from_cdr<'a>(
    f: &'a dyn Fields,
    sides: &Sides,
    clock: &mut Clock,
) -> Result<Draft<'a>, RowError> {
    let answered = clock.read(f.any(&["start_time", "call_start_time"]))?;
    let created = clock.read(f.any(&["created", "setup_time", "time"]))?;
    // `created` and `setuptime` are OpenSIPS's: when the INVITE came, and seconds until the answer.
    let started = created.or(answered);
    let Some(first) = started else { return Err(RowError::NoStart) };
    let answered = match (answered, duration_ms(f.get("setuptime"))?) {
        (Some(answered), _) => Some(answered),
        (None, Some(setup)) => Some(super::time::Stamp {
            at: first.at + std::time::Duration::from_millis(setup),
            ..first
        }),
        (None, None) => Some(first),
    };
    let billable_ms = match f.get("ms_duration").parse() {
        Ok(ms) => Some(ms),
        Err(_) => duration_ms(f.get("duration"))?,
    };
    let call_id = f.any(CALL_ID);
    Ok(Draft {
        native_id: native_id(call_id, f.any(&["from_tag", "ft"]), first.at.0, f),
        correlation: call_id.into(),
        started,
        answered: answered.filter(|_| billable_ms.is_some_and(|ms| ms > 0)),
        ended: clock.read(f.get("end_time"))?,
        billable_ms,
        ..parties(f, sides)
    })
}

/// A transaction row, or a whole call when it has a duration.
pub(crate) fn from_acc<'a>(
    f: &'a dyn Fields,
    sides: &Sides,
    clock: &mut Clock,
) -> Result<Draft<'a>, RowError> {
    if ["duration", "ms_duration"].iter().any(|name| !f.get(name).is_empty()) {
        return from_cdr(f, sides, clock);
    }
    let method = f.get("method");
    let role = match method {
        "INVITE" => Role::Party,
        "BYE" => Role::Bye,
        _ => return Err(RowError::NotACall),
    };
    let call_id = f.any(CALL_ID);
    if call_id.is_empty() {
        return Err(RowError::Missing { field: "callid" });
    }
    let Some(at) = clock.read(f.any(&["time", "timestamp"]))? else {
        return Err(RowError::NoStart);
    };
    let (from_tag, to_tag) = (f.get("from_tag"), f.get("to_tag"));
    let code = cause::of_text(f.any(&["sip_code", "code"]), false);
    let answered = role == Role::Party && code.is_some_and(|code| code < 300);
    // Either side may send the BYE, so the tags may have changed places.
    let (first, second) = if from_tag <= to_tag { (from_tag, to_tag) } else { (to_tag, from_tag) };
    Ok(Draft {
        native_id: format!("{call_id}/{from_tag}/{method}/{}", at.at.0).into(),
        correlation: call_id.into(),
        started: Some(at),
        answered: Some(at).filter(|_| answered),
        ended: Some(at),
        code,
        role,
        dialog: Some(format!("{first}\n{second}")),
        ..parties(f, sides)
    })
}

fn parties<'a>(f: &'a dyn Fields, sides: &Sides) -> Draft<'a> {
    let (caller, trunk) = (f.any(CALLER), f.any(TRUNK));
    Draft {
        tenant: f.any(TENANT),
        trunk: trunk.into(),
        extension: Some(caller).filter(|text| sides.is_extension(text)).unwrap_or(""),
        a_number: caller.into(),
        dialled: f.any(CALLED).into(),
        to: sides.end_of(trunk),
        from: if sides.is_extension(caller) { End::Phone } else { End::Unknown },
        source_ip: f.any(ADDRESS).parse().ok(),
        user_agent: f.any(AGENT),
        ..Draft::default()
    }
}

/// An order to hang up leaves a record without Call-ID, so its parties must do.
fn native_id<'a>(
    call_id: &str,
    tag: &str,
    micros: i64,
    f: &dyn Fields,
) -> std::borrow::Cow<'a, str> {
    if call_id.is_empty() {
        format!("{}>{}/{micros}/{}", f.any(CALLER), f.any(CALLED), f.get("duration")).into()
    } else {
        format!("{call_id}/{tag}/{micros}").into()
    }
}

/// The `name=value;…` part of an `ACC:` line of syslog.
pub(crate) struct AccLine<'a>(HashMap<&'a str, &'a str>);

impl<'a> AccLine<'a> {
    /// `None` for lines of syslog that are not accounting.
    pub(crate) fn parse(line: &'a str) -> Option<Self> {
        let (_, accounting) = line.split_once("ACC: ")?;
        // `transaction answered: timestamp=…`; the title has no `=`.
        let (_title, pairs) = accounting.split_once(": ")?;
        let pairs = pairs.split(';').filter_map(|pair| pair.split_once('='));
        Some(Self(pairs.map(|(name, value)| (name.trim(), value.trim())).collect()))
    }
}

impl Fields for AccLine<'_> {
    fn get(&self, name: &str) -> &str {
        self.0.get(name).copied().unwrap_or("")
    }
}

/// Whether a header is that of an `acc`, `missed_calls` or `cdrs` table.
pub(crate) fn is_acc_header(header: &Header) -> bool {
    header.has_all(&["method", "from_tag", "to_tag", "callid"])
        || header.has_all(&["start_time", "end_time", "duration"])
}
