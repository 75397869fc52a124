//! What people and programs were told, and the plan for when it is fraud.

use super::gather::page;
use super::settings::of_tenant::Which as Contact;
use super::settings::tenants::Which as Tenant;
use crate::http::ask::{Ask, Nothing};
use crate::http::page::{Page, after, limit};
use crate::http::reply::{Done, Outcome, Reply};
use crate::rights::Permission;
use crate::secret::new_id;
use crate::stored;
use crate::time::Time;
use axum::http::StatusCode;
use ringfence_model::{Language, TenantId, WallTime};
use ringfence_store::{About, Notice, NoticeFilter, NoticeState, Section, SettingKey, Store};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// How far telling got.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoticeStateName {
    /// It waits, or is tried again.
    Waiting,
    /// It arrived.
    Sent,
    /// It never will.
    GivenUp,
}

impl From<NoticeStateName> for NoticeState {
    fn from(name: NoticeStateName) -> Self {
        match name {
            NoticeStateName::Waiting => Self::Waiting,
            NoticeStateName::Sent => Self::Sent,
            NoticeStateName::GivenUp => Self::GivenUp,
        }
    }
}

/// Which notices are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct NoticeQuery {
    /// To contacts and programs of this tenant.
    #[param(value_type = Option<String>)]
    pub tenant: Option<TenantId>,
    /// In this state.
    #[param(inline)]
    pub state: Option<NoticeStateName>,
    /// Items of the page, 1 to 1000.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub after: Option<String>,
}

/// Something that one person or program is told.
#[derive(Serialize, ToSchema)]
pub struct NoticeView {
    /// Names it.
    pub id: String,
    /// Whose contact or program it is; absent: the platform's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub tenant: Option<TenantId>,
    /// Whom: `contact:anna` or `notification:siem`.
    pub channel: String,
    /// What it tells of: `alert`, `blocked`, `lifted`, `held`, `nearly`, `digest`, `proposed` or `trial`.
    pub kind: String,
    /// The case it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    /// Since when it is to be told.
    pub made: Time,
    /// `waiting`, `sent` or `given_up`.
    pub state: String,
    /// When it is tried next, while it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due: Option<Time>,
    /// How often it was tried.
    pub tries: u32,
    /// When it was sent or given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub done: Option<Time>,
    /// Why the last try failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

impl From<Notice> for NoticeView {
    fn from(of: Notice) -> Self {
        let text = |name: &str| of.body.get(name).and_then(Json::as_str).map(str::to_owned);
        Self {
            kind: text("kind").unwrap_or_default(),
            case: text("case"),
            id: of.id,
            tenant: of.tenant,
            channel: of.channel,
            made: of.made.into(),
            state: of.state.as_str().to_owned(),
            due: (of.state == NoticeState::Waiting).then(|| of.due.into()),
            tries: of.tries,
            done: of.done.map(Time::from),
            trouble: of.trouble,
        }
    }
}

/// GET /v1/notices
pub async fn list(ask: Ask<Nothing, NoticeQuery>) -> Outcome<Page<NoticeView>> {
    let limit = limit(ask.query.limit)?;
    let after = after::<(WallTime, String)>(ask.query.after.as_deref())?;
    let find = move |store: &Store, query: &NoticeQuery, tenant, wanted| {
        let state = query.state.map(NoticeState::from);
        store.notices(&NoticeFilter { tenant, state, after: after.clone() }, wanted)
    };
    let key = |of: &Notice| (of.made, of.id.clone());
    let whose = (Permission::ReadCases, ask.query.tenant.clone());
    page(ask, whose, limit, find, key, NoticeView::from).await
}

/// POST /v1/tenants/{tenant}/contacts/{id}/trial
pub async fn trial(ask: Ask<Contact>) -> Outcome<Done> {
    let (app, act, at) = (Arc::clone(&ask.app), ask.act("contact.trial"), ask.at);
    let id = format!("trial-{}", new_id(app.chance()));
    app.work(move |store| {
        let Contact { tenant, id: contact } = &ask.path;
        ask.caller.may(store, Permission::ChangeSettings, tenant)?;
        let key = SettingKey::new(Section::Contact, Some(tenant), contact);
        stored::found(store.setting(&key), "contact")?;
        let body = json!({"id": id, "tenant": tenant, "at": at, "kind": "trial"});
        store.notify(&[Notice {
            id: format!("{id}>{tenant}>contact:{contact}"),
            tenant: Some(tenant.clone()),
            channel: format!("contact:{contact}"),
            batch: id.clone(),
            body,
            made: at,
            due: at,
            tries: 0,
            state: NoticeState::Waiting,
            done: None,
            trouble: None,
        }])?;
        let subject = key.to_string();
        let about = About { tenant: Some(tenant), subject: &subject, before: None, after: None };
        store.record(&act, about)?;
        Ok(())
    })
    .await?;
    Ok(Reply::new(Done).status(StatusCode::NO_CONTENT))
}

/// Whom to tell it.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct PlanQuery {
    /// `en` or `nl`.
    #[serde(default)]
    #[param(value_type = Option<String>, pattern = "^(en|nl)$")]
    pub language: Language,
}

/// What is to be done when it is fraud.
#[derive(Serialize, ToSchema)]
pub struct IncidentPlan {
    /// Step by step: what is done at once, then who is called.
    pub steps: Vec<String>,
}

/// GET /v1/tenants/{tenant}/incident-plan
pub async fn incident_plan(ask: Ask<Tenant, PlanQuery>) -> Outcome<IncidentPlan> {
    let (app, tenant, language) =
        (Arc::clone(&ask.app), ask.path.tenant.clone(), ask.query.language);
    app.work(move |store| ask.caller.may(store, Permission::ReadCases, &ask.path.tenant)).await?;
    let steps = app.node().incident_plan(tenant, language).await?;
    Ok(Reply::new(IncidentPlan { steps }))
}
