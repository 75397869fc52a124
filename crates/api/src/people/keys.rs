//! API keys: for programs. Shown once, with rights, reach, addresses and end of their own.

use super::me::Id;
use crate::caller::KEY_PREFIX;
use crate::http::ask::{Ask, Nothing};
use crate::http::page::Page;
use crate::http::reply::{Done, Outcome, Reply};
use crate::refusal::Refusal;
use crate::rights::{Permission, Place};
use crate::secret::{Token, draw, new_id};
use crate::stored;
use crate::time::Time;
use ipnet::IpNet;
use ringfence_model::TenantId;
use ringfence_store::ApiKey;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// Longest life of a key, in days.
const DAYS_MAX: i64 = 730;
/// Most networks of a key.
const NETS_MAX: usize = 100;

/// A program's key, without its secret.
#[derive(Serialize, ToSchema)]
pub struct KeyView {
    /// Names it.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub permissions: Vec<String>,
    /// At which tenant; absent: everywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub tenant: Option<TenantId>,
    /// From where; empty: from everywhere.
    pub nets: Vec<String>,
    /// Who made it.
    pub made_by: String,
    /// When.
    pub created: Time,
    /// When it ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<Time>,
    /// When it was last used, to the minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub used: Option<Time>,
    /// When it was revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Time>,
}

impl From<ApiKey> for KeyView {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id,
            name: key.name,
            permissions: key.scopes,
            tenant: key.tenant,
            nets: key.nets,
            made_by: key.made_by,
            created: key.created.into(),
            expires: key.expires.map(Time::from),
            used: key.used.map(Time::from),
            revoked: key.revoked.map(Time::from),
        }
    }
}

/// A key to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// What it is for.
    pub name: String,
    /// What it may do; none that its maker may not.
    pub permissions: Vec<Permission>,
    /// At which tenant; absent: everywhere.
    #[schema(value_type = Option<String>)]
    pub tenant: Option<TenantId>,
    /// From where; empty: from everywhere.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub nets: Vec<IpNet>,
    /// When it ends, within two years.
    pub expires: Time,
}

/// A new key with its secret.
#[derive(Serialize, ToSchema)]
pub struct MadeKey {
    /// Send it as `Authorization: Bearer`. Shown once.
    pub secret: String,
    /// The key.
    pub key: KeyView,
}

/// Whose keys.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct KeyQuery {
    /// Of this tenant; absent: of all one may see.
    #[param(value_type = Option<String>)]
    pub tenant: Option<TenantId>,
}

/// GET /v1/keys
pub async fn list(ask: Ask<Nothing, KeyQuery>) -> Outcome<Page<KeyView>> {
    let app = Arc::clone(&ask.app);
    let keys = app
        .work(move |store| {
            if let Some(tenant) = &ask.query.tenant {
                ask.caller.may(store, Permission::ReadPeople, tenant)?;
            }
            let mut seen = Vec::new();
            for key in store.keys(ask.query.tenant.as_ref())? {
                let place = stored::place(store, key.tenant.as_ref())?;
                if ask.caller.holds(Permission::ReadPeople, &place) {
                    seen.push(KeyView::from(key));
                }
            }
            Ok(seen)
        })
        .await?;
    Ok(Reply::new(Page::whole(keys)))
}

/// POST /v1/keys
pub async fn make(ask: Ask<Nothing, Nothing, NewKey>) -> Outcome<MadeKey> {
    let person = ask.caller.person()?;
    let new = &ask.body;
    let name = super::person::name(&new.name)?;
    let days = (new.expires.0.as_secs() - ask.at.as_secs()) / 86_400;
    if new.expires.0 <= ask.at || days > DAYS_MAX {
        return Err(Refusal::Invalid(format!("expires is not within the next {DAYS_MAX} days")));
    }
    if new.nets.len() > NETS_MAX || new.permissions.is_empty() {
        return Err(Refusal::Invalid(format!(
            "give a key permissions, and at most {NETS_MAX} nets"
        )));
    }
    let people = [Permission::ChangePeople, Permission::ChangeKeys];
    if people.iter().any(|permission| new.permissions.contains(permission)) {
        return Err(Refusal::Invalid("a key may not change people or keys".into()));
    }
    let token = Token::of(draw(ask.app.chance()));
    let key = ApiKey {
        id: new_id(ask.app.chance()),
        name,
        hash: token.hash(),
        scopes: new.permissions.iter().map(|of| of.as_str().to_owned()).collect(),
        tenant: new.tenant.clone(),
        nets: new.nets.iter().map(ToString::to_string).collect(),
        made_by: person.user.login.clone(),
        created: ask.at,
        expires: Some(new.expires.0),
        used: None,
        revoked: None,
    };
    let (act, app) = (ask.act("key.make"), Arc::clone(&ask.app));
    let key = app
        .work(move |store| {
            let place = stored::place(store, key.tenant.as_ref())?;
            let needed = ask.body.permissions.iter().chain([&Permission::ChangeKeys]);
            for permission in needed {
                ask.caller.may_at(*permission, &place, "tenant")?;
            }
            store.make_key(&act, &key)?;
            Ok(key)
        })
        .await?;
    let secret = format!("{KEY_PREFIX}{}", token.as_str());
    Ok(Reply::new(MadeKey { secret, key: key.into() }))
}

/// DELETE /v1/keys/{id}
pub async fn revoke(ask: Ask<Id>) -> Outcome<Done> {
    let (act, app) = (ask.act("key.revoke"), Arc::clone(&ask.app));
    app.work(move |store| {
        let keys = store.keys(None)?;
        let key = keys.iter().find(|key| key.id == ask.path.id).ok_or(Refusal::NotFound("key"))?;
        let place: Place = stored::place(store, key.tenant.as_ref())?;
        ask.caller.may_at(Permission::ChangeKeys, &place, "key")?;
        Ok(store.revoke_key(&act, &key.id)?)
    })
    .await?;
    Ok(Reply::new(Done))
}
