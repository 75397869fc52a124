//! Alerts: messages to people.

use super::gather::page;
use crate::http::ask::{Ask, Nothing};
use crate::http::page::{Page, after, limit};
use crate::http::reply::Outcome;
use crate::rights::Permission;
use crate::time::Time;
use ringfence_model::{TenantId, WallTime};
use ringfence_store::{Event, EventFilter, Store};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// What the store calls them.
const KIND: &str = "alerted";

/// Which alerts are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct AlertQuery {
    /// Of this tenant.
    #[param(value_type = Option<String>)]
    pub tenant: Option<TenantId>,
    /// Of this case.
    pub case: Option<String>,
    /// Not before.
    #[param(value_type = Option<String>, format = DateTime)]
    pub from: Option<Time>,
    /// Before.
    #[param(value_type = Option<String>, format = DateTime)]
    pub until: Option<Time>,
    /// Items of the page, 1 to 1000.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub after: Option<String>,
}

/// Something that happened.
#[derive(Clone, Serialize, ToSchema)]
pub struct EventView {
    /// Its number; later ones are larger.
    pub id: String,
    /// When.
    pub at: Time,
    /// What sort: `alerted`, `blocked`, `lifted`, `cut`, `verdict` …
    pub kind: String,
    /// Whose.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub tenant: Option<TenantId>,
    /// The extension it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extension: Option<String>,
    /// The call it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<String>,
    /// The case it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    /// Why, in words.
    pub why: String,
    /// All of it, with reasons and figures.
    #[schema(value_type = Object)]
    pub body: serde_json::Value,
}

impl From<Event> for EventView {
    fn from(event: Event) -> Self {
        Self {
            id: event.id.to_string(),
            at: event.at.into(),
            kind: event.kind,
            tenant: event.tenant,
            extension: event.extension,
            call: event.call,
            case: event.case,
            why: event.why,
            body: event.body,
        }
    }
}

/// GET /v1/alerts
pub async fn list(ask: Ask<Nothing, AlertQuery>) -> Outcome<Page<EventView>> {
    let limit = limit(ask.query.limit)?;
    let after = after::<(WallTime, i64)>(ask.query.after.as_deref())?;
    let find = move |store: &Store, query: &AlertQuery, tenant, wanted| {
        let filter = EventFilter {
            tenant,
            case: query.case.clone(),
            kinds: vec![KIND.to_owned()],
            from: query.from.map(|time| time.0),
            until: query.until.map(|time| time.0),
            after,
        };
        store.events(&filter, wanted)
    };
    let key = |event: &Event| (event.at, event.id);
    let whose = (Permission::ReadCases, ask.query.tenant.clone());
    page(ask, whose, limit, find, key, EventView::from).await
}
