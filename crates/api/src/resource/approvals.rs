//! Refused calls that somebody is asked to approve.

use super::gather::page;
use crate::approve::answer::settle;
use crate::http::ask::{Ask, Nothing};
use crate::http::page::{Page, after, limit};
use crate::http::reply::{Outcome, Reply};
use crate::people::me::Id;
use crate::refusal::Refusal;
use crate::rights::Permission;
use crate::stored;
use crate::time::{Amount, Time};
use ringfence_model::{Money, TenantId, WallTime};
use ringfence_store::{Answer, Approval, ApprovalFilter, Store};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// What can be answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnswerName {
    /// This number may be called today.
    Number,
    /// This country may be called today.
    Country,
    /// No.
    No,
    /// No, and who called is blocked: national calls only.
    Block,
}

impl From<AnswerName> for Answer {
    fn from(name: AnswerName) -> Self {
        match name {
            AnswerName::Number => Self::Number,
            AnswerName::Country => Self::Country,
            AnswerName::No => Self::No,
            AnswerName::Block => Self::Block,
        }
    }
}

/// Which are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ApprovalQuery {
    /// Of this tenant.
    #[param(value_type = Option<String>)]
    pub tenant: Option<TenantId>,
    /// Only those that can still be answered.
    #[serde(default)]
    pub open: bool,
    /// Items of the page, 1 to 1000.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub after: Option<String>,
}

/// A refused call that somebody is asked to approve.
#[derive(Serialize, ToSchema)]
pub struct ApprovalView {
    /// Names it.
    pub id: String,
    /// Whose call.
    #[schema(value_type = String)]
    pub tenant: TenantId,
    /// Whose phone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extension: Option<String>,
    /// The number that was called.
    pub number: String,
    /// Its country.
    pub country: String,
    /// What sort of line it is.
    pub kind: String,
    /// What a minute costs.
    pub per_minute: Amount,
    /// The engine's reasons with their figures.
    #[schema(value_type = Object)]
    pub reasons: serde_json::Value,
    /// The case it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    /// When it was asked.
    pub made: Time,
    /// Until when it can be answered.
    pub expires: Time,
    /// What was answered: `number`, `country`, `no` or `block`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered: Option<Time>,
    /// By whom; `contact:anna` for a contact with a link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered_by: Option<String>,
}

impl From<Approval> for ApprovalView {
    fn from(of: Approval) -> Self {
        let (answer, answered, answered_by) = match of.answer {
            Some((answer, at, who)) => {
                (Some(answer.as_str().to_owned()), Some(at.into()), Some(who))
            }
            None => (None, None, None),
        };
        Self {
            id: of.id,
            tenant: of.tenant,
            extension: of.extension,
            number: of.number,
            country: of.country,
            kind: of.kind,
            per_minute: of.per_minute.into(),
            reasons: of.reasons,
            case: of.case,
            made: of.made.into(),
            expires: of.expires.into(),
            answer,
            answered,
            answered_by,
        }
    }
}

/// GET /v1/approvals
pub async fn list(ask: Ask<Nothing, ApprovalQuery>) -> Outcome<Page<ApprovalView>> {
    let limit = limit(ask.query.limit)?;
    let after = after::<(WallTime, String)>(ask.query.after.as_deref())?;
    let at = ask.at;
    let find = move |store: &Store, query: &ApprovalQuery, tenant, wanted| {
        let open_at = query.open.then_some(at);
        store.approvals(&ApprovalFilter { tenant, open_at, after: after.clone() }, wanted)
    };
    let key = |of: &Approval| (of.made, of.id.clone());
    let whose = (Permission::ReadCases, ask.query.tenant.clone());
    page(ask, whose, limit, find, key, ApprovalView::from).await
}

/// An answer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAnswer {
    /// Which.
    pub answer: AnswerName,
    /// The most that may be spent under an approval, in millionths.
    #[serde(default)]
    pub amount: Amount,
}

/// POST /v1/approvals/{id}/answer
pub async fn answer(ask: Ask<Id, Nothing, NewAnswer>) -> Outcome<ApprovalView> {
    let (app, act) = (Arc::clone(&ask.app), ask.act("approval.answer"));
    let NewAnswer { answer, amount: Amount(amount) } = ask.body;
    let most = app.settings().two_person_above;
    let approves = matches!(answer, AnswerName::Number | AnswerName::Country);
    if approves && (amount <= Money::ZERO || amount > most) {
        let what = format!("amount: from 1 to {} millionths may be approved alone", most.0);
        return Err(Refusal::Invalid(what));
    }
    let of = app
        .work(move |store| {
            let of = stored::found(store.approval(&ask.path.id), "approval")?;
            let place = stored::place_of(store, &of.tenant)?;
            ask.caller.may_at(Permission::Unblock, &place, "approval")?;
            Ok(of)
        })
        .await?;
    let id = of.id.clone();
    settle(&app, act, of, (answer.into(), amount)).await?;
    let of = app.work(move |store| Ok(store.approval(&id)?)).await?;
    Ok(Reply::new(of.into()))
}
