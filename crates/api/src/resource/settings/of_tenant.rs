//! What a tenant has several of, by name: extensions; contacts, the people who are told, and called when it is fraud;
//! notifications, the programs that are told.

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
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// One to be made.
pub trait New: DeserializeOwned + ToSchema + Send + Sync + 'static {
    /// What sort it is.
    const SECTION: Section;

    /// Its name, and its fields.
    fn parts(&self) -> (&str, &Map<String, Json>);
}

/// An extension to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewExtension {
    /// Its name, and what its phones authenticate as.
    pub id: String,
    /// The fields of `[[extension]]` of the boot file. Of a password only a hash is kept.
    #[schema(value_type = Object)]
    pub settings: Map<String, Json>,
}

impl New for NewExtension {
    const SECTION: Section = Section::Extension;

    fn parts(&self) -> (&str, &Map<String, Json>) {
        (&self.id, &self.settings)
    }
}

/// A contact to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewContact {
    /// Its name; it never changes.
    pub id: String,
    /// The fields of `[[contact]]` of the boot file.
    #[schema(value_type = Object)]
    pub settings: Map<String, Json>,
}

impl New for NewContact {
    const SECTION: Section = Section::Contact;

    fn parts(&self) -> (&str, &Map<String, Json>) {
        (&self.id, &self.settings)
    }
}

/// A notification to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewNotification {
    /// Its name; it never changes.
    pub id: String,
    /// The fields of `[[notification]]` of the boot file. Its secret is never shown.
    #[schema(value_type = Object)]
    pub settings: Map<String, Json>,
}

impl New for NewNotification {
    const SECTION: Section = Section::Notification;

    fn parts(&self) -> (&str, &Map<String, Json>) {
        (&self.id, &self.settings)
    }
}

/// Which one.
#[derive(Deserialize, IntoParams)]
pub struct Which {
    /// Its tenant.
    #[param(value_type = String, min_length = 1)]
    pub tenant: TenantId,
    /// Its name.
    pub id: String,
}

fn key<N: New>(_: &Store, path: &Which) -> Result<SettingKey, Refusal> {
    Ok(SettingKey::new(N::SECTION, Some(&path.tenant), &path.id))
}

/// GET /v1/tenants/{tenant}/...
pub async fn list<N: New>(ask: Ask<Tenant, PageQuery>) -> Outcome<Page<SettingView>> {
    let tenant = ask.path.tenant.clone();
    listed(ask, N::SECTION, Some(tenant)).await
}

/// GET /v1/tenants/{tenant}/.../{id}
pub async fn one<N: New>(ask: Ask<Which>) -> Outcome<SettingView> {
    shown(ask, key::<N>, |_| None).await
}

/// POST /v1/tenants/{tenant}/...
pub async fn make<N: New>(ask: Ask<Tenant, Nothing, N>) -> Outcome<Changed> {
    let app = Arc::clone(&ask.app);
    let ask = app
        .work(move |store| {
            ask.caller.may(store, Permission::ChangeSettings, &ask.path.tenant)?;
            Ok(ask)
        })
        .await?;
    let (id, settings) = ask.body.parts();
    let key = SettingKey::new(N::SECTION, Some(&ask.path.tenant), id);
    let body = Some(Json::Object(settings.clone()));
    settle(&ask, vec![WantedRow { key, body, attachment: None, expected: Expected::New }]).await
}

/// PUT /v1/tenants/{tenant}/.../{id}
pub async fn put<N: New>(ask: Ask<Which, Nothing, NewSettings>) -> Outcome<Changed> {
    let body = Json::Object(ask.body.settings.clone());
    row(ask, key::<N>, Way::Put(body)).await
}

/// PATCH /v1/tenants/{tenant}/.../{id}
pub async fn patch<N: New>(ask: Ask<Which, Nothing, NewSettings>) -> Outcome<Changed> {
    let body = Json::Object(ask.body.settings.clone());
    row(ask, key::<N>, Way::Patch(body)).await
}

/// DELETE /v1/tenants/{tenant}/.../{id}
pub async fn remove<N: New>(ask: Ask<Which>) -> Outcome<Changed> {
    row(ask, key::<N>, Way::Remove).await
}
