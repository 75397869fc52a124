//! Taking a change of settings back: what it made is as it was before, on record as a change of its own.

use super::change::{Changed, settle};
use super::show::place;
use crate::http::ask::Ask;
use crate::http::reply::Outcome;
use crate::plan::{WantedRow, is_planned};
use crate::refusal::Refusal;
use crate::rights::Permission;
use ringfence_model::TenantId;
use ringfence_store::{AuditFilter, Audited, Expected, Section, SettingKey, Store, StoreError};
use serde::Deserialize;
use serde_json::Value as Json;
use std::sync::Arc;
use utoipa::IntoParams;

/// Which row of the audit log.
#[derive(Deserialize, IntoParams)]
pub struct Which {
    /// Its place.
    pub seq: i64,
}

/// POST /v1/audit/{seq}/revert
pub async fn revert(ask: Ask<Which>) -> Outcome<Changed> {
    let app = Arc::clone(&ask.app);
    let (ask, row) = app
        .work(move |store| {
            let row = audited(store, ask.path.seq)?.ok_or(Refusal::NotFound("row"))?;
            let Some(key) = key(&row.subject) else {
                let tenant = crate::stored::place(store, row.tenant.as_ref())?;
                ask.caller.may_at(Permission::ReadAudit, &tenant, "row")?;
                return Err(no("it is no change of settings", "undo it where it was done"));
            };
            ask.caller.may_at(Permission::ChangeSettings, &place(store, &key)?, "row")?;
            Ok((ask, wanted(store, key, &row)?))
        })
        .await?;
    settle(&ask, vec![row]).await
}

/// What takes the change of settings in this row of the audit log back.
///
/// # Errors
/// When there is no such row, it changed no setting, or that was changed again since.
pub fn reverting(store: &Store, seq: i64) -> Result<WantedRow, Refusal> {
    let row = audited(store, seq)?.ok_or(Refusal::NotFound("row"))?;
    let no_setting = || no("it is no change of settings", "undo it where it was done");
    wanted(store, key(&row.subject).ok_or_else(no_setting)?, &row)
}

/// The row at this place.
fn audited(store: &Store, seq: i64) -> Result<Option<Audited>, StoreError> {
    let filter = AuditFilter { below: Some(seq.saturating_add(1)), ..AuditFilter::default() };
    Ok(store.audit(&filter, 1)?.into_iter().find(|row| row.seq == seq))
}

/// Which setting a row is about: `trunk office/kpn`.
fn key(subject: &str) -> Option<SettingKey> {
    let (section, name) = subject.split_once(' ')?;
    let section = Section::ALL.into_iter().find(|of| of.as_str() == section && is_planned(*of))?;
    Some(match name.split_once('/') {
        Some((tenant, id)) => SettingKey::new(section, Some(&TenantId::new(tenant)), id),
        None => SettingKey::new(section, None, name),
    })
}

/// What takes the change of this row back.
fn wanted(store: &Store, key: SettingKey, row: &Audited) -> Result<WantedRow, Refusal> {
    let body = |shown: &Option<Json>| shown.as_ref().and_then(|shown| shown.get("body")).cloned();
    let (before, after) = (body(&row.before), body(&row.after));
    let current = match store.setting(&key) {
        Ok(setting) => Some(setting),
        Err(StoreError::NotFound(_)) => None,
        Err(error) => return Err(error.into()),
    };
    if current.as_ref().map(|setting| &setting.body) != after.as_ref() {
        return Err(no("it was changed again since", "take the later change back first"));
    }
    let expected = current.map_or(Expected::New, |setting| Expected::Version(setting.version));
    Ok(WantedRow { key, body: before, attachment: None, expected })
}

fn no(message: &str, hint: &'static str) -> Refusal {
    Refusal::Conflict { code: "not_reversible", message: message.to_owned(), hint }
}
