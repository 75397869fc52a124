//! Call records: looking for them.

use super::gather::page;
use crate::http::ask::{Ask, Nothing};
use crate::http::page::{Page, after, limit};
use crate::http::reply::{Outcome, Reply};
use crate::inquire::{ExplainAsk, Explanation};
use crate::people::me::Id;
use crate::refusal::Refusal;
use crate::rights::Permission;
use crate::stored;
use crate::time::{Amount, Time};
use ringfence_model::{Direction, ExtensionId, Language, TenantId, TrunkId, WallTime};
use ringfence_store as store;
use ringfence_store::{CdrFilter, CdrRef, CdrRow, Store};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// From the tenant's side.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DirectionName {
    /// From the tenant.
    Outbound,
    /// To the tenant.
    Inbound,
    /// Inside the tenant.
    Internal,
}

impl DirectionName {
    /// As records have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Outbound => "outbound",
            Self::Inbound => "inbound",
            Self::Internal => "internal",
        }
    }
}

impl From<DirectionName> for Direction {
    fn from(name: DirectionName) -> Self {
        match name {
            DirectionName::Outbound => Self::Outbound,
            DirectionName::Inbound => Self::Inbound,
            DirectionName::Internal => Self::Internal,
        }
    }
}

/// What was done about a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeName {
    /// It passed.
    Ok,
    /// It was refused.
    Refused,
    /// It would have been, in `enforce`.
    WouldRefuse,
    /// It was ended while it ran.
    Cut,
}

impl From<OutcomeName> for store::Outcome {
    fn from(name: OutcomeName) -> Self {
        match name {
            OutcomeName::Ok => Self::Ok,
            OutcomeName::Refused => Self::Refused,
            OutcomeName::WouldRefuse => Self::WouldRefuse,
            OutcomeName::Cut => Self::Cut,
        }
    }
}

/// Which records are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct CallQuery {
    /// Of this tenant.
    #[param(value_type = Option<String>)]
    pub tenant: Option<TenantId>,
    /// Of this extension.
    #[param(value_type = Option<String>)]
    pub extension: Option<ExtensionId>,
    /// Over this trunk.
    #[param(value_type = Option<String>)]
    pub trunk: Option<TrunkId>,
    /// In this direction.
    #[param(inline)]
    pub direction: Option<DirectionName>,
    /// From a number that begins so, as it was written.
    pub a_number: Option<String>,
    /// To a number that begins so, with `+` and country code.
    pub b_number: Option<String>,
    /// To this country, two letters.
    pub country: Option<String>,
    /// To this kind of line, such as `premium`.
    pub kind: Option<String>,
    /// With this SIP Call-ID.
    pub call_id: Option<String>,
    /// About which this was done.
    #[param(inline)]
    pub outcome: Option<OutcomeName>,
    /// About which something was done.
    #[serde(default)]
    pub stopped: bool,
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

impl CallQuery {
    fn filter(&self, tenant: Option<TenantId>, after: Option<(WallTime, i64)>) -> CdrFilter {
        CdrFilter {
            tenant,
            extension: self.extension.clone(),
            trunk: self.trunk.clone(),
            direction: self.direction.map(Direction::from),
            a_number: self.a_number.clone(),
            b_number: self.b_number.clone(),
            country: self.country.as_ref().map(|country| country.to_uppercase()),
            kind: self.kind.clone(),
            call_id: self.call_id.clone(),
            outcome: self.outcome.map(store::Outcome::from),
            stopped: self.stopped,
            from: self.from.map(|time| time.0),
            until: self.until.map(|time| time.0),
            after: after.map(|(started, id)| CdrRef { started, id }),
        }
    }
}

/// One record per finished attempt.
#[derive(Serialize, ToSchema)]
pub struct CallView {
    /// Names it.
    pub id: String,
    /// Whose.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub tenant: Option<TenantId>,
    /// Whose phone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub extension: Option<ExtensionId>,
    /// Over which SIP link.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub trunk: Option<TrunkId>,
    /// `outbound`, `inbound` or `internal`.
    #[schema(value_type = String)]
    pub direction: Direction,
    /// Calling party as written.
    pub a_number: String,
    /// Called number in full, when the digits make one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub b_number: Option<String>,
    /// The digits as they came.
    pub dialled: String,
    /// Country of the called number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Kind of line that was called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// What was done about it: `ok`, `refused`, `would_refuse` or `cut`.
    pub outcome: String,
    /// The final SIP code.
    pub code: u16,
    /// When the attempt began.
    pub started: Time,
    /// When it was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered: Option<Time>,
    /// When it ended.
    pub ended: Time,
    /// Charged time, milliseconds.
    pub billable_ms: u64,
    /// What it cost by the tenant's tariff.
    pub cost: Amount,
    /// What a refused call would have been reserved for.
    pub prevented: Amount,
    /// The caller's SIP Call-ID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call_id: Option<String>,
    /// The id its source gave it.
    pub native_id: String,
    /// The rest: `via`, `c_number`, `source`, and the `reasons` of a verdict with what would `pass`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object)]
    pub more: Option<serde_json::Value>,
}

/// As the API names a record.
pub fn id_of(at: CdrRef) -> String {
    format!("{}-{}", at.started.0, at.id)
}

impl From<CdrRow> for CallView {
    fn from(row: CdrRow) -> Self {
        Self {
            id: id_of(row.at),
            tenant: row.tenant,
            extension: row.extension,
            trunk: row.trunk,
            direction: row.direction,
            a_number: row.a_number,
            b_number: row.b_number,
            dialled: row.dialled,
            country: row.country,
            kind: row.kind,
            outcome: row.outcome.as_str().to_owned(),
            code: row.code,
            started: row.at.started.into(),
            answered: row.answered.map(Time::from),
            ended: row.ended.into(),
            billable_ms: row.billable_ms,
            cost: row.cost.into(),
            prevented: row.prevented.into(),
            call_id: row.call_id,
            native_id: row.native_id,
            more: row.more,
        }
    }
}

/// GET /v1/calls
pub async fn list(ask: Ask<Nothing, CallQuery>) -> Outcome<Page<CallView>> {
    let limit = limit(ask.query.limit)?;
    let after = after::<(WallTime, i64)>(ask.query.after.as_deref())?;
    let find = move |store: &Store, query: &CallQuery, tenant, wanted| {
        store.cdrs(&query.filter(tenant, after), wanted)
    };
    let key = |row: &CdrRow| (row.at.started, row.at.id);
    let whose = (Permission::ReadCalls, ask.query.tenant.clone());
    page(ask, whose, limit, find, key, CallView::from).await
}

/// GET /v1/calls/{id}
pub async fn one(ask: Ask<Id>) -> Outcome<CallView> {
    Ok(Reply::new(record(ask).await?.into()))
}

/// In which it is told.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct LanguageQuery {
    /// `en` unless said otherwise, `nl`.
    #[serde(default)]
    #[param(value_type = Option<String>, pattern = "^(en|nl)$")]
    pub lang: Language,
}

/// GET /v1/calls/{id}/explanation
pub async fn explain(ask: Ask<Id, LanguageQuery>) -> Outcome<Explanation> {
    let (app, language) = (Arc::clone(&ask.app), ask.query.lang);
    let row = record(ask).await?;
    let mut more = row.more.unwrap_or_default();
    let mut said = |name: &str| more.get_mut(name).map(serde_json::Value::take).unwrap_or_default();
    let ask = ExplainAsk {
        tenant: row.tenant,
        outcome: row.outcome.as_str().to_owned(),
        reasons: said("reasons"),
        pass: said("pass"),
        language,
    };
    Ok(Reply::new(app.node().explain(ask).await?))
}

/// The record of that name, if the caller may see it.
async fn record<Q: Send + 'static>(ask: Ask<Id, Q>) -> Result<CdrRow, Refusal> {
    let at = ask.path.id.split_once('-').and_then(|(started, id)| {
        Some(CdrRef { started: WallTime(started.parse().ok()?), id: id.parse().ok()? })
    });
    let at = at.ok_or(Refusal::NotFound("call record"))?;
    let (app, caller) = (Arc::clone(&ask.app), ask.caller);
    app.work(move |store| {
        let row = stored::found(store.cdr(at), "call record")?;
        let place = stored::place(store, row.tenant.as_ref())?;
        caller.may_at(Permission::ReadCalls, &place, "call record")?;
        Ok(row)
    })
    .await
}
