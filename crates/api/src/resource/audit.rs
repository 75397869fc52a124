//! The audit log.

use super::gather::page;
use crate::http::ask::{Ask, Nothing};
use crate::http::page::{Page, after, limit};
use crate::http::reply::{Outcome, Reply};
use crate::plan::masked;
use crate::refusal::Refusal;
use crate::rights::{Permission, Place};
use crate::secret::hex;
use crate::time::Time;
use ringfence_model::TenantId;
use ringfence_store::{AuditFilter, Audited, Chain, Store};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which rows are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct AuditQuery {
    /// Of this tenant.
    #[param(value_type = Option<String>)]
    pub tenant: Option<TenantId>,
    /// About this thing, such as `user anna` or `block 0-17`.
    pub subject: Option<String>,
    /// By this login.
    pub who: Option<String>,
    /// An act of this name, such as `block.lift`.
    pub what: Option<String>,
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

/// Who did what.
#[derive(Serialize, ToSchema)]
pub struct AuditRow {
    /// Its place, from 1.
    pub seq: i64,
    /// When.
    pub at: Time,
    /// Who.
    pub who: String,
    /// What.
    pub what: String,
    /// Why, in their words.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// From where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Whose it is; absent: the platform's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub tenant: Option<TenantId>,
    /// The thing.
    pub subject: String,
    /// As it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object)]
    pub before: Option<serde_json::Value>,
    /// As it became.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object)]
    pub after: Option<serde_json::Value>,
    /// SHA-256 over this row and the hash before it.
    pub hash: String,
}

impl From<Audited> for AuditRow {
    fn from(row: Audited) -> Self {
        Self {
            seq: row.seq,
            at: row.act.at.into(),
            who: row.act.who,
            what: row.act.what,
            why: row.act.why,
            address: row.act.address.map(|ip| ip.to_string()),
            tenant: row.tenant,
            subject: row.subject,
            before: row.before.map(masked),
            after: row.after.map(masked),
            hash: hex(&row.hash),
        }
    }
}

/// GET /v1/audit
pub async fn list(ask: Ask<Nothing, AuditQuery>) -> Outcome<Page<AuditRow>> {
    let (limit, below) = (limit(ask.query.limit)?, after::<i64>(ask.query.after.as_deref())?);
    let find = move |store: &Store, query: &AuditQuery, tenant, wanted| {
        let filter = AuditFilter {
            tenant,
            subject: query.subject.clone(),
            who: query.who.clone(),
            what: query.what.clone(),
            from: query.from.map(|time| time.0),
            until: query.until.map(|time| time.0),
            below,
        };
        store.audit(&filter, wanted)
    };
    let whose = (Permission::ReadAudit, ask.query.tenant.clone());
    page(ask, whose, limit, find, |row| row.seq, AuditRow::from).await
}

/// What checking the chain found.
#[derive(Serialize, ToSchema)]
pub struct ChainView {
    /// Whether every row follows from the one before.
    pub whole: bool,
    /// How many rows were checked, when it is whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<i64>,
    /// The hash of the last: written down elsewhere, it proves later that nothing before it changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
    /// The first row that is wrong or missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken_at: Option<i64>,
    /// How.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub how: Option<String>,
}

/// GET /v1/audit/verify: the chain is one for all, so it is the platform's to check.
pub async fn verify(ask: Ask) -> Outcome<ChainView> {
    if !ask.caller.holds(Permission::ReadAudit, &Place::Platform) {
        return Err(Refusal::NotAllowed(Permission::ReadAudit.as_str()));
    }
    let chain = ask.app.work(|store| Ok(store.verify_audit()?)).await?;
    Ok(Reply::new(match chain {
        Chain::Whole { rows, head } => ChainView {
            whole: true,
            rows: Some(rows),
            head: Some(hex(&head)),
            broken_at: None,
            how: None,
        },
        Chain::Broken { seq, how } => {
            ChainView { whole: false, rows: None, head: None, broken_at: Some(seq), how: Some(how) }
        }
    }))
}
