//! Notifications: the programs of a tenant that are told.

use super::change::{Changed, NewSettings, Way, row, settle};
use super::show::{PageQuery, SettingView, list as listed, one as shown};
use super::tenants::Which as Tenant;
use crate::http::ask::{Ask, Nothing};
use crate::http::page::Page;
use crate::http::reply::Outcome;
use crate::plan::WantedRow;
use crate::refusal::Refusal;
use crate::rights::Permission;
use ringfence_model::TenantId;
use ringfence_store::{Expected, Section, SettingKey, Store};
use serde::Deserialize;
use serde_json::Value as Json;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Which one.
#[derive(Deserialize, IntoParams)]
pub struct Which {
    /// Its tenant.
    #[param(value_type = String)]
    pub tenant: TenantId,
    /// Its name.
    pub id: String,
}

fn key(_: &Store, path: &Which) -> Result<SettingKey, Refusal> {
    Ok(SettingKey::new(Section::Notification, Some(&path.tenant), &path.id))
}

/// GET /v1/tenants/{tenant}/notifications
pub async fn list(ask: Ask<Tenant, PageQuery>) -> Outcome<Page<SettingView>> {
    let tenant = ask.path.tenant.clone();
    listed(ask, Section::Notification, Some(tenant)).await
}

/// GET /v1/tenants/{tenant}/notifications/{id}
pub async fn one(ask: Ask<Which>) -> Outcome<SettingView> {
    shown(ask, key, |_| None).await
}

/// A notification to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewNotification {
    /// Its name; it never changes.
    pub id: String,
    /// The fields of `[[notification]]` of the boot file. Its secret is never shown.
    #[schema(value_type = Object)]
    pub settings: serde_json::Map<String, Json>,
}

/// POST /v1/tenants/{tenant}/notifications
pub async fn make(ask: Ask<Tenant, Nothing, NewNotification>) -> Outcome<Changed> {
    let app = Arc::clone(&ask.app);
    let ask = app
        .work(move |store| {
            ask.caller.may(store, Permission::ChangeSettings, &ask.path.tenant)?;
            Ok(ask)
        })
        .await?;
    let key = SettingKey::new(Section::Notification, Some(&ask.path.tenant), &ask.body.id);
    let body = Some(Json::Object(ask.body.settings.clone()));
    settle(&ask, vec![WantedRow { key, body, attachment: None, expected: Expected::New }]).await
}

/// PUT /v1/tenants/{tenant}/notifications/{id}
pub async fn put(ask: Ask<Which, Nothing, NewSettings>) -> Outcome<Changed> {
    let body = Json::Object(ask.body.settings.clone());
    row(ask, key, Way::Put(body)).await
}

/// PATCH /v1/tenants/{tenant}/notifications/{id}
pub async fn patch(ask: Ask<Which, Nothing, NewSettings>) -> Outcome<Changed> {
    let body = Json::Object(ask.body.settings.clone());
    row(ask, key, Way::Patch(body)).await
}

/// DELETE /v1/tenants/{tenant}/notifications/{id}
pub async fn remove(ask: Ask<Which>) -> Outcome<Changed> {
    row(ask, key, Way::Remove).await
}
