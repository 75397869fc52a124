//! Settings as they are shown: lists and single ones, without secrets.

use crate::caller::Whose;
use crate::http::ask::Ask;
use crate::http::page::{Page, after, limit};
use crate::http::reply::{Outcome, Reply};
use crate::plan::masked;
use crate::refusal::Refusal;
use crate::rights::{Permission, Place};
use crate::stored;
use crate::time::Time;
use ringfence_model::TenantId;
use ringfence_store::{Section, Setting, SettingFilter, SettingKey, Store, StoreError};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// A setting.
#[derive(Serialize, ToSchema)]
pub struct SettingView {
    /// Its name.
    pub id: String,
    /// Whose; absent for tenants and for trunks that serve all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub tenant: Option<TenantId>,
    /// What it says: the fields of its section in the boot file. A secret is `{"kept": true}`, which may be sent back.
    #[schema(value_type = Object)]
    pub settings: serde_json::Value,
    /// Its version, as in the ETag; 0 when nobody set it and this is what holds without.
    pub version: i64,
    /// When it was changed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed: Option<Time>,
    /// By whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed_by: Option<String>,
}

impl From<Setting> for SettingView {
    fn from(setting: Setting) -> Self {
        Self {
            id: setting.key.id,
            tenant: setting.key.tenant,
            settings: masked(setting.body),
            version: setting.version,
            changed: Some(setting.changed.into()),
            changed_by: Some(setting.changed_by),
        }
    }
}

/// Which page of a list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    /// Items of the page, 1 to 1000.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub after: Option<String>,
}

/// Where a setting belongs.
pub fn place(store: &Store, key: &SettingKey) -> Result<Place, Refusal> {
    match (key.section, &key.tenant) {
        (Section::Tenant, _) => stored::place_of(store, &TenantId::new(&key.id)),
        (Section::Reseller, _) => Ok(Place::Reseller(key.id.clone())),
        (_, tenant) => stored::place(store, tenant.as_ref()),
    }
}

/// Settings of a sort that the caller may see, by tenant and name.
pub async fn list<P: Send + 'static>(
    ask: Ask<P, PageQuery>,
    section: Section,
    tenant: Option<TenantId>,
) -> Outcome<Page<SettingView>> {
    let limit = limit(ask.query.limit)?;
    let after = after::<(Option<TenantId>, String)>(ask.query.after.as_deref())?;
    let after = after.map(|(tenant, id)| SettingKey { section, tenant, id });
    let app = Arc::clone(&ask.app);
    let rows = app
        .work(move |store| {
            let whose = ask.caller.whose(store, Permission::ReadSettings, tenant.as_ref())?;
            rows(store, section, &whose, after, limit + 1)
        })
        .await?;
    let key = |row: &Setting| (row.key.tenant.clone(), row.key.id.clone());
    Ok(Reply::new(Page::of(rows, limit, key, SettingView::from)))
}

fn rows(
    store: &Store,
    section: Section,
    whose: &Whose,
    after: Option<SettingKey>,
    wanted: usize,
) -> Result<Vec<Setting>, Refusal> {
    let find = |tenant: Option<&TenantId>, left: usize| {
        let (section, tenant, after) = (Some(section), tenant.cloned(), after.clone());
        let filter = SettingFilter { section, tenant, label: None, after };
        store.settings(&filter, u32::try_from(left).unwrap_or(u32::MAX))
    };
    let tenants = match whose {
        Whose::All => return Ok(find(None, wanted)?),
        Whose::These(tenants) => tenants,
    };
    let mut all: Vec<Setting> = Vec::new();
    for tenant in tenants {
        if all.len() >= wanted {
            break;
        }
        if section != Section::Tenant {
            all.extend(find(Some(tenant), wanted - all.len())?);
            continue;
        }
        let key = SettingKey::new(section, None, tenant.as_str());
        if after.as_ref().is_some_and(|after| *after >= key) {
            continue;
        }
        match store.setting(&key) {
            Ok(setting) => all.push(setting),
            // A grant over what is not there any more.
            Err(StoreError::NotFound(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(all)
}

/// One that the caller may see, or what holds without it.
pub async fn one<P: Send + 'static, Q: Send + 'static>(
    ask: Ask<P, Q>,
    key: impl FnOnce(&Store, &P) -> Result<SettingKey, Refusal> + Send + 'static,
    without: impl FnOnce(&SettingKey) -> Option<SettingView> + Send + 'static,
) -> Outcome<SettingView> {
    let app = Arc::clone(&ask.app);
    let view = app
        .work(move |store| {
            let key = key(store, &ask.path)?;
            let what = key.section.as_str();
            ask.caller.may_at(Permission::ReadSettings, &place(store, &key)?, what)?;
            match (store.setting(&key), without(&key)) {
                (Err(StoreError::NotFound(_)), Some(view)) => Ok(view),
                (found, _) => Ok(SettingView::from(stored::found(found, what)?)),
            }
        })
        .await?;
    let version = view.version;
    Ok(Reply::new(view).version(version))
}
