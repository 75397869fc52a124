//! The policy of a tenant: what was declared about fraud.

use super::change::{Changed, NewSettings, Way, row};
use super::show::{SettingView, one as shown};
use super::tenants::Which;
use crate::http::ask::{Ask, Nothing};
use crate::http::reply::Outcome;
use crate::plan::POLICY;
use crate::refusal::Refusal;
use ringfence_model::Policy;
use ringfence_store::{Section, SettingKey, Store};
use serde_json::Value as Json;

fn key(_: &Store, path: &Which) -> Result<SettingKey, Refusal> {
    Ok(SettingKey::new(Section::Policy, Some(&path.tenant), POLICY))
}

/// GET /v1/tenants/{tenant}/policy
pub async fn one(ask: Ask<Which>) -> Outcome<SettingView> {
    shown(ask, key, |key| {
        let settings = serde_json::to_value(Policy::default()).ok()?;
        let (id, tenant) = (key.id.clone(), key.tenant.clone());
        Some(SettingView { id, tenant, settings, version: 0, changed: None, changed_by: None })
    })
    .await
}

/// PUT /v1/tenants/{tenant}/policy
pub async fn put(ask: Ask<Which, Nothing, NewSettings>) -> Outcome<Changed> {
    let body = Json::Object(ask.body.settings.clone());
    row(ask, key, Way::Put(body)).await
}

/// PATCH /v1/tenants/{tenant}/policy
pub async fn patch(ask: Ask<Which, Nothing, NewSettings>) -> Outcome<Changed> {
    let body = Json::Object(ask.body.settings.clone());
    row(ask, key, Way::Patch(body)).await
}

/// DELETE /v1/tenants/{tenant}/policy: the default holds.
pub async fn remove(ask: Ask<Which>) -> Outcome<Changed> {
    row(ask, key, Way::Remove).await
}
