//! Tenants: the customers that are protected.

use super::change::{Changed, NewSettings, Way, row, settle};
use super::show::{PageQuery, SettingView, list as listed, one as shown};
use crate::http::ask::{Ask, Nothing};
use crate::http::page::Page;
use crate::http::reply::Outcome;
use crate::plan::WantedRow;
use crate::refusal::Refusal;
use crate::rights::{Permission, Place, Reach};
use crate::stored;
use ringfence_model::TenantId;
use ringfence_store::{Expected, Section, SettingKey, Store};
use serde::Deserialize;
use serde_json::Value as Json;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Which tenant.
#[derive(Deserialize, IntoParams)]
pub struct Which {
    /// The tenant.
    #[param(value_type = String, min_length = 1)]
    pub tenant: TenantId,
}

fn key(_: &Store, path: &Which) -> Result<SettingKey, Refusal> {
    Ok(SettingKey::new(Section::Tenant, None, path.tenant.as_str()))
}

/// GET /v1/tenants
pub async fn list(ask: Ask<Nothing, PageQuery>) -> Outcome<Page<SettingView>> {
    listed(ask, Section::Tenant, None).await
}

/// GET /v1/tenants/{tenant}
pub async fn one(ask: Ask<Which>) -> Outcome<SettingView> {
    shown(ask, key, |_| None).await
}

/// A tenant to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTenant {
    /// Its name; it never changes.
    #[schema(value_type = String)]
    pub id: TenantId,
    /// The reseller who looks after it; absent: the caller, when they are one.
    pub reseller: Option<String>,
    /// The fields of `[[tenant]]` of the boot file, without policy and tariff.
    #[schema(value_type = Object)]
    pub settings: serde_json::Map<String, Json>,
}

/// POST /v1/tenants
pub async fn make(ask: Ask<Nothing, Nothing, NewTenant>) -> Outcome<Changed> {
    let app = Arc::clone(&ask.app);
    let (ask, rows) = app
        .work(move |store| {
            let reseller = ask.body.reseller.clone().or_else(|| own_reseller(&ask));
            let place = reseller.clone().map_or(Place::Platform, Place::Reseller);
            ask.caller.may_at(Permission::ChangeTenants, &place, "reseller")?;
            let body = Some(Json::Object(ask.body.settings.clone()));
            let key = SettingKey::new(Section::Tenant, None, ask.body.id.as_str());
            let mut rows = vec![WantedRow { key, body, attachment: None, expected: Expected::New }];
            if let Some(reseller) = reseller {
                rows.push(with_tenant(store, &reseller, &ask.body.id)?);
            }
            Ok((ask, rows))
        })
        .await?;
    settle(&ask, rows).await
}

/// The only reseller for whom the caller may make tenants, unless they may for the platform.
fn own_reseller<P, Q, B>(ask: &Ask<P, Q, B>) -> Option<String> {
    match ask.caller.reaches(Permission::ChangeTenants).as_slice() {
        [Reach::Reseller(id)] => Some(id.clone()),
        _ => None,
    }
}

fn with_tenant(store: &Store, reseller: &str, tenant: &TenantId) -> Result<WantedRow, Refusal> {
    let key = SettingKey::new(Section::Reseller, None, reseller);
    let setting = stored::found(store.setting(&key), "reseller")?;
    let mut body = setting.body;
    let tenants = body.get_mut("tenants").and_then(Json::as_array_mut).ok_or(Refusal::Broken)?;
    tenants.push(Json::from(tenant.as_str()));
    let expected = Expected::Version(setting.version);
    Ok(WantedRow { key, body: Some(body), attachment: None, expected })
}

/// PUT /v1/tenants/{tenant}
pub async fn put(ask: Ask<Which, Nothing, NewSettings>) -> Outcome<Changed> {
    let body = Json::Object(ask.body.settings.clone());
    row(ask, key, Way::Put(body)).await
}

/// PATCH /v1/tenants/{tenant}
pub async fn patch(ask: Ask<Which, Nothing, NewSettings>) -> Outcome<Changed> {
    let body = Json::Object(ask.body.settings.clone());
    row(ask, key, Way::Patch(body)).await
}

/// DELETE /v1/tenants/{tenant}: with all it has.
pub async fn remove(ask: Ask<Which>) -> Outcome<Changed> {
    row(ask, key, Way::Remove).await
}
