//! Cases: all alerts, blocks and calls of one campaign, for somebody to decide about.

use super::alerts::EventView;
use super::gather::page;
use crate::caller::Caller;
use crate::http::ask::{Ask, Nothing};
use crate::http::page::{Page, after, limit};
use crate::http::reply::{Outcome, Reply};
use crate::people::me::Id;
use crate::refusal::Refusal;
use crate::rights::Permission;
use crate::secret::new_id;
use crate::stored;
use crate::time::{Amount, Time};
use ringfence_model::{TenantId, WallTime};
use ringfence_store::{Case, CaseFilter, CaseState, EventFilter, Expected, Store};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Most events of a case that are shown with it; the rest is in the list of alerts.
const EVENTS_MAX: u32 = 200;
/// Longest note, in characters.
const NOTE_CHARS_MAX: usize = 4000;

/// What people say of a case.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CaseStateName {
    /// Nothing yet.
    Open,
    /// It was fraud.
    ConfirmedFraud,
    /// It was not.
    FalseAlarm,
    /// It was not, and will happen again.
    Expected,
}

impl From<CaseStateName> for CaseState {
    fn from(name: CaseStateName) -> Self {
        match name {
            CaseStateName::Open => Self::Open,
            CaseStateName::ConfirmedFraud => Self::ConfirmedFraud,
            CaseStateName::FalseAlarm => Self::FalseAlarm,
            CaseStateName::Expected => Self::Expected,
        }
    }
}

/// Which cases are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct CaseQuery {
    /// Of this tenant.
    #[param(value_type = Option<String>)]
    pub tenant: Option<TenantId>,
    /// In this state.
    #[param(inline)]
    pub state: Option<CaseStateName>,
    /// Opened at or after.
    #[param(value_type = Option<String>, format = DateTime)]
    pub from: Option<Time>,
    /// Opened before.
    #[param(value_type = Option<String>, format = DateTime)]
    pub until: Option<Time>,
    /// Items of the page, 1 to 1000.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub after: Option<String>,
}

/// A case.
#[derive(Serialize, ToSchema)]
pub struct CaseView {
    /// Names it.
    pub id: String,
    /// Whose calls.
    #[schema(value_type = String)]
    pub tenant: TenantId,
    /// The extension it began with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extension: Option<String>,
    /// What people say of it: `open`, `confirmed_fraud`, `false_alarm` or `expected`.
    pub state: String,
    /// What it began with, in words.
    pub headline: String,
    /// When it began.
    pub opened: Time,
    /// When something last happened in it.
    pub active: Time,
    /// When somebody decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed: Option<Time>,
    /// Who.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_by: Option<String>,
    /// Money that got through.
    pub let_through: Amount,
    /// Money that did not.
    pub prevented: Amount,
    /// Alerts in it.
    pub alerts: u64,
    /// Refused or cut calls in it.
    pub calls: u64,
    /// Whether its records are kept whatever their age (legal hold).
    pub held: bool,
}

impl From<Case> for CaseView {
    fn from(case: Case) -> Self {
        Self {
            id: case.id,
            tenant: case.tenant,
            extension: case.extension,
            state: case.state.as_str().to_owned(),
            headline: case.headline,
            opened: case.opened.into(),
            active: case.active.into(),
            closed: case.closed.map(Time::from),
            closed_by: case.closed_by,
            let_through: case.let_through.into(),
            prevented: case.prevented.into(),
            alerts: case.alerts,
            calls: case.calls,
            held: case.held,
        }
    }
}

/// A case with all that is known of it.
#[derive(Serialize, ToSchema)]
pub struct CaseFile {
    /// The case.
    pub case: CaseView,
    /// What happened, newest first; at most 200.
    pub events: Vec<EventView>,
    /// What people wrote, oldest first.
    pub notes: Vec<NoteView>,
}

/// Somebody's words on a case.
#[derive(Serialize, ToSchema)]
pub struct NoteView {
    /// Names it.
    pub id: String,
    /// When.
    pub at: Time,
    /// Who.
    pub who: String,
    /// What they say.
    pub words: String,
}

/// GET /v1/cases
pub async fn list(ask: Ask<Nothing, CaseQuery>) -> Outcome<Page<CaseView>> {
    let limit = limit(ask.query.limit)?;
    let after = after::<(WallTime, String)>(ask.query.after.as_deref())?;
    let find = move |store: &Store, query: &CaseQuery, tenant, wanted| {
        let filter = CaseFilter {
            tenant,
            state: query.state.map(CaseState::from),
            from: query.from.map(|time| time.0),
            until: query.until.map(|time| time.0),
            after: after.clone(),
        };
        store.cases(&filter, wanted)
    };
    let key = |case: &Case| (case.opened, case.id.clone());
    let whose = (Permission::ReadCases, ask.query.tenant.clone());
    page(ask, whose, limit, find, key, CaseView::from).await
}

pub fn seen(
    store: &Store,
    caller: &Caller,
    permission: Permission,
    id: &str,
) -> Result<Case, Refusal> {
    let case = stored::found(store.case(id), "case")?;
    caller.may_at(permission, &stored::place_of(store, &case.tenant)?, "case")?;
    Ok(case)
}

/// GET /v1/cases/{id}
pub async fn one(ask: Ask<Id>) -> Outcome<CaseFile> {
    let app = Arc::clone(&ask.app);
    let (version, file) = app
        .work(move |store| {
            let case = seen(store, &ask.caller, Permission::ReadCases, &ask.path.id)?;
            let filter = EventFilter { case: Some(case.id.clone()), ..EventFilter::default() };
            let events = store.events(&filter, EVENTS_MAX)?;
            let notes = store.case_notes(&case.id)?.into_iter().map(|note| NoteView {
                id: note.id,
                at: note.at.into(),
                who: note.who,
                words: note.words,
            });
            let (version, notes) = (case.version, notes.collect());
            let events = events.into_iter().map(EventView::from).collect();
            Ok((version, CaseFile { case: case.into(), events, notes }))
        })
        .await?;
    Ok(Reply::new(file).version(version))
}

/// What somebody says that it was.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// What it was; `open` opens it again.
    pub state: CaseStateName,
}

/// PUT /v1/cases/{id}/decision
pub async fn decide(ask: Ask<Id, Nothing, Decision>) -> Outcome<CaseView> {
    let (version, act, app) = (ask.version()?, ask.act("case.decide"), Arc::clone(&ask.app));
    let state = ask.body.state;
    let case = app
        .work(move |store| {
            let case = seen(store, &ask.caller, Permission::DecideCases, &ask.path.id)?;
            if case.version == version { Ok(case) } else { Err(Refusal::Outdated) }
        })
        .await?;
    let fraud = match state {
        CaseStateName::Open => None,
        CaseStateName::ConfirmedFraud => Some(true),
        CaseStateName::FalseAlarm | CaseStateName::Expected => Some(false),
    };
    // The node first: a decision that is acknowledged is what calls are judged by, also after a crash.
    if let Some(fraud) = fraud {
        app.node().review(case.tenant.clone(), fraud).await?;
    }
    let case = app
        .work(move |store| {
            store.decide_case(&act, &case.id, state.into(), Expected::Version(version))?;
            Ok(store.case(&case.id)?)
        })
        .await?;
    let version = case.version;
    Ok(Reply::new(case.into()).version(version))
}

/// Whether records are kept.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// Whatever their age.
    pub held: bool,
}

/// PUT /v1/cases/{id}/hold
pub async fn hold(ask: Ask<Id, Nothing, Hold>) -> Outcome<CaseView> {
    let (version, act, app) = (ask.version()?, ask.act("case.hold"), Arc::clone(&ask.app));
    let case = app
        .work(move |store| {
            let case = seen(store, &ask.caller, Permission::DecideCases, &ask.path.id)?;
            store.hold_case(&act, &case.id, ask.body.held, Expected::Version(version))?;
            Ok(store.case(&case.id)?)
        })
        .await?;
    let version = case.version;
    Ok(Reply::new(case.into()).version(version))
}

/// Words on a case.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewNote {
    /// What is to be said.
    pub words: String,
}

/// POST /v1/cases/{id}/notes
pub async fn note(ask: Ask<Id, Nothing, NewNote>) -> Outcome<NoteView> {
    let words = ask.body.words.trim().to_owned();
    if words.is_empty() || words.chars().count() > NOTE_CHARS_MAX {
        return Err(Refusal::Invalid(format!("a note has 1 to {NOTE_CHARS_MAX} characters")));
    }
    let (act, app, at) = (ask.act("case.note"), Arc::clone(&ask.app), ask.at);
    let view = NoteView { id: new_id(app.chance()), at: at.into(), who: ask.caller.who(), words };
    let view = app
        .work(move |store| {
            let case = seen(store, &ask.caller, Permission::DecideCases, &ask.path.id)?;
            store.note_case(&act, &case.id, &view.id, &view.words)?;
            Ok(view)
        })
        .await?;
    Ok(Reply::new(view))
}
