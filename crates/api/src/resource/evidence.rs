//! What belongs to a case: the calls, where they came from, and what happened around them.

use super::alerts::EventView;
use super::audit::AuditRow;
use super::calls::CallView;
use super::cases::{CaseView, NoteView, seen};
use crate::http::ask::Ask;
use crate::http::reply::{Outcome, Reply};
use crate::people::me::Id;
use crate::refusal::Refusal;
use crate::rights::Permission;
use crate::stored;
use crate::time::{Amount, Time};
use ringfence_model::{Direction, Money, WallTime};
use ringfence_store::{AuditFilter, Case, CdrFilter, CdrRow, EventFilter, Store};
use serde::Serialize;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use utoipa::ToSchema;

/// Calls around a case are of it from so long before it began until so long after.
const AROUND: Duration = Duration::from_secs(3_600);
/// How an attacker came in is looked for so long before.
const BEFORE: Duration = Duration::from_secs(7 * 86_400);
/// Most of each sort; a case with more says so.
const ROWS_MAX: u32 = 5_000;

/// What belongs to a case.
#[derive(Serialize, ToSchema)]
pub struct Evidence {
    /// The case.
    pub case: CaseView,
    /// From when calls are shown.
    pub from: Time,
    /// Until when.
    pub until: Time,
    /// Calls that cost something or that something was done about, oldest first.
    pub calls: Vec<CallView>,
    /// What they cost.
    pub cost: Amount,
    /// What the first minute of each refused one would have cost.
    pub prevented: Amount,
    /// Where they came from, the most first.
    pub sources: Vec<SourceView>,
    /// What happened: alerts, blocks, refusals, cuts; oldest first.
    pub events: Vec<EventView>,
    /// Logins of phones that failed, and registrations from new places, from a week before; oldest first.
    pub logins: Vec<EventView>,
    /// What people changed, from a week before; oldest first. Absent for who may not read the audit log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changes: Option<Vec<AuditRow>>,
    /// What people wrote, oldest first.
    pub notes: Vec<NoteView>,
    /// Whether there is more than is shown.
    pub is_cut: bool,
}

/// Where calls came from.
#[derive(Serialize, ToSchema)]
pub struct SourceView {
    /// The address; absent when it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// What the phone calls itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// How many calls.
    pub calls: u64,
    /// What they cost.
    pub cost: Amount,
}

/// GET /v1/cases/{id}/evidence
pub async fn of_case(ask: Ask<Id>) -> Outcome<Evidence> {
    let app = Arc::clone(&ask.app);
    let evidence = app
        .work(move |store| {
            let case = seen(store, &ask.caller, Permission::ReadCases, &ask.path.id)?;
            let place = stored::place_of(store, &case.tenant)?;
            // Numbers are for who may see calls.
            ask.caller.may_at(Permission::ReadCalls, &place, "case")?;
            let audit = ask.caller.holds(Permission::ReadAudit, &place);
            gather(store, case, audit)
        })
        .await?;
    Ok(Reply::new(evidence))
}

/// All of it.
pub fn gather(store: &Store, case: Case, audit: bool) -> Result<Evidence, Refusal> {
    let (from, until) = (case.opened - AROUND, case.active + AROUND);
    let rows = calls(store, &case, from, until)?;
    let of_case = EventFilter { case: Some(case.id.clone()), ..EventFilter::default() };
    let mut events = store.events(&of_case, ROWS_MAX)?;
    events.reverse();
    let came_in = EventFilter {
        tenant: Some(case.tenant.clone()),
        kinds: vec!["registration_failed".into(), "registered".into(), "config_changed".into()],
        from: Some(case.opened - BEFORE),
        until: Some(until),
        ..EventFilter::default()
    };
    let mut logins = store.events(&came_in, ROWS_MAX)?;
    logins.reverse();
    let changes = audit.then(|| changes(store, &case, until)).transpose()?;
    let full = |count: usize| u32::try_from(count).is_ok_and(|count| count >= ROWS_MAX);
    let notes = store.case_notes(&case.id)?.into_iter().map(|note| NoteView {
        id: note.id,
        at: note.at.into(),
        who: note.who,
        words: note.words,
    });
    let sum = |of: fn(&CdrRow) -> Money| Amount(Money(rows.iter().map(|row| of(row).0).sum()));
    Ok(Evidence {
        from: from.into(),
        until: until.into(),
        cost: sum(|row| row.cost),
        prevented: sum(|row| row.prevented),
        sources: sources(&rows),
        is_cut: full(rows.len()) || full(events.len()) || full(logins.len()),
        calls: rows.into_iter().map(CallView::from).collect(),
        events: events.into_iter().map(EventView::from).collect(),
        logins: logins.into_iter().map(EventView::from).collect(),
        changes,
        notes: notes.collect(),
        case: case.into(),
    })
}

fn calls(
    store: &Store,
    case: &Case,
    from: WallTime,
    until: WallTime,
) -> Result<Vec<CdrRow>, Refusal> {
    let filter = CdrFilter {
        tenant: Some(case.tenant.clone()),
        direction: Some(Direction::Outbound),
        from: Some(from),
        until: Some(until),
        ..CdrFilter::default()
    };
    let mut rows = store.cdrs(&filter, ROWS_MAX)?;
    rows.retain(|row| row.cost > Money::ZERO || row.outcome != ringfence_store::Outcome::Ok);
    rows.reverse();
    Ok(rows)
}

fn changes(store: &Store, case: &Case, until: WallTime) -> Result<Vec<AuditRow>, Refusal> {
    let filter = AuditFilter {
        tenant: Some(case.tenant.clone()),
        from: Some(case.opened - BEFORE),
        until: Some(until),
        ..AuditFilter::default()
    };
    let mut rows = store.audit(&filter, ROWS_MAX)?;
    rows.reverse();
    Ok(rows.into_iter().map(AuditRow::from).collect())
}

fn sources(rows: &[CdrRow]) -> Vec<SourceView> {
    let mut all: BTreeMap<(Option<String>, Option<String>), (u64, i64)> = BTreeMap::new();
    for row in rows {
        let source = row.more.as_ref().and_then(|more| more.get("source"));
        let text = |name: &str| source?.get(name)?.as_str().map(str::to_owned);
        let ip = text("ip").or_else(|| source.and_then(Json::as_str).map(str::to_owned));
        let (calls, cost) = all.entry((ip, text("user_agent"))).or_default();
        *calls += 1;
        *cost += row.cost.0;
    }
    let view = |((ip, user_agent), (calls, cost))| SourceView {
        ip,
        user_agent,
        calls,
        cost: Amount(Money(cost)),
    };
    let mut all: Vec<SourceView> = all.into_iter().map(view).collect();
    all.sort_by_key(|of| std::cmp::Reverse(of.calls));
    all
}
