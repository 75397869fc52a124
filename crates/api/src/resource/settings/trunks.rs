//! Trunks: the SIP links of a tenant, and those of no tenant, which serve all.

use super::change::{Changed, NewSettings, Way, row, settle};
use super::show::{PageQuery, SettingView, list as listed, one as shown};
use crate::http::ask::{Ask, Nothing};
use crate::http::page::Page;
use crate::http::reply::Outcome;
use crate::people::me::Id;
use crate::plan::WantedRow;
use crate::refusal::Refusal;
use crate::rights::{Permission, Place};
use ringfence_model::TenantId;
use ringfence_store::{Claim, Expected, Section, SettingKey, Store};
use serde::Deserialize;
use serde_json::Value as Json;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Of all trunks, each name is one's.
fn key(store: &Store, path: &Id) -> Result<SettingKey, Refusal> {
    let claim = Claim { kind: "trunk".into(), name: path.id.clone() };
    store.claimed_by(&claim)?.ok_or(Refusal::NotFound("trunk"))
}

/// Which trunks are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct TrunkQuery {
    /// Of this tenant; absent: of all one may see.
    #[param(value_type = Option<String>)]
    pub tenant: Option<TenantId>,
    /// Items of the page, 1 to 1000.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub after: Option<String>,
}

/// GET /v1/trunks
pub async fn list(ask: Ask<Nothing, TrunkQuery>) -> Outcome<Page<SettingView>> {
    let TrunkQuery { tenant, limit, after } = &ask.query;
    let (tenant, page) = (tenant.clone(), PageQuery { limit: *limit, after: after.clone() });
    listed(ask.with_query(page), Section::Trunk, tenant).await
}

/// GET /v1/trunks/{id}
pub async fn one(ask: Ask<Id>) -> Outcome<SettingView> {
    shown(ask, key, |_| None).await
}

/// A trunk to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTrunk {
    /// Its name, unlike that of any other trunk.
    pub id: String,
    /// Whose; absent: a carrier's that serves all, which only the platform may make.
    #[schema(value_type = Option<String>)]
    pub tenant: Option<TenantId>,
    /// The fields of `[[trunk]]` of the boot file. Secrets are not shown again.
    #[schema(value_type = Object)]
    pub settings: serde_json::Map<String, Json>,
}

/// POST /v1/trunks
pub async fn make(ask: Ask<Nothing, Nothing, NewTrunk>) -> Outcome<Changed> {
    let app = Arc::clone(&ask.app);
    let ask = app
        .work(move |store| {
            match &ask.body.tenant {
                Some(tenant) => ask.caller.may(store, Permission::ChangeSettings, tenant)?,
                // That there is a platform is no secret.
                None if ask.caller.holds(Permission::ChangeSettings, &Place::Platform) => {}
                None => return Err(Refusal::NotAllowed(Permission::ChangeSettings.as_str())),
            }
            Ok(ask)
        })
        .await?;
    let key = SettingKey::new(Section::Trunk, ask.body.tenant.as_ref(), &ask.body.id);
    let body = Some(Json::Object(ask.body.settings.clone()));
    settle(&ask, vec![WantedRow { key, body, attachment: None, expected: Expected::New }]).await
}

/// PUT /v1/trunks/{id}
pub async fn put(ask: Ask<Id, Nothing, NewSettings>) -> Outcome<Changed> {
    let body = Json::Object(ask.body.settings.clone());
    row(ask, key, Way::Put(body)).await
}

/// PATCH /v1/trunks/{id}
pub async fn patch(ask: Ask<Id, Nothing, NewSettings>) -> Outcome<Changed> {
    let body = Json::Object(ask.body.settings.clone());
    row(ask, key, Way::Patch(body)).await
}

/// DELETE /v1/trunks/{id}
pub async fn remove(ask: Ask<Id>) -> Outcome<Changed> {
    row(ask, key, Way::Remove).await
}
