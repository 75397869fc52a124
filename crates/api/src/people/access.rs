//! From where and when people may come in: reading and setting it.

use crate::access::Access;
use crate::caller::{self, Caller};
use crate::http::ask::{Ask, Nothing};
use crate::http::reply::{Outcome, Reply};
use crate::refusal::Refusal;
use crate::rights::{Permission, Place, Reach};
use crate::stored;
use ringfence_model::TenantId;
use ringfence_store::{Draft, Expected, Store};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

/// Whose rule.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct AccessQuery {
    /// Of this tenant's people; absent: of the platform's and the resellers'.
    #[param(value_type = Option<String>)]
    pub tenant: Option<TenantId>,
}

impl AccessQuery {
    fn reach(&self) -> Reach {
        self.tenant.clone().map_or(Reach::Platform, Reach::Tenant)
    }
}

fn may(
    store: &Store,
    caller: &Caller,
    permission: Permission,
    reach: &Reach,
) -> Result<(), Refusal> {
    match reach {
        Reach::Tenant(tenant) => caller.may(store, permission, tenant),
        // Everybody knows that there is a platform.
        _ if caller.holds(permission, &Place::Platform) => Ok(()),
        _ => Err(Refusal::NotAllowed(permission.as_str())),
    }
}

/// GET /v1/access
pub async fn read(ask: Ask<Nothing, AccessQuery>) -> Outcome<Access> {
    let app = Arc::clone(&ask.app);
    let (access, version) = app
        .work(move |store| {
            let reach = ask.query.reach();
            may(store, &ask.caller, Permission::ReadSettings, &reach)?;
            stored::access(store, &reach)
        })
        .await?;
    Ok(Reply::new(access).version(version))
}

/// PUT /v1/access
pub async fn change(ask: Ask<Nothing, AccessQuery, Access>) -> Outcome<Access> {
    ask.body.check().map_err(Refusal::Invalid)?;
    let (version, act, app) = (ask.version()?, ask.act("access.change"), Arc::clone(&ask.app));
    let (access, version) = app
        .work(move |store| {
            let reach = ask.query.reach();
            may(store, &ask.caller, Permission::ChangePeople, &reach)?;
            if caller::locks_out(&ask.caller, &reach, &ask.body, ask.from, ask.at) {
                return Err(Refusal::Conflict {
                    code: "locks_you_out",
                    message: "you could not come in yourself, from this address at this hour"
                        .into(),
                    hint: "add your own address, or do it from one that is admitted",
                });
            }
            let draft = Draft {
                label: "access".into(),
                body: serde_json::to_value(&ask.body).map_err(|_| Refusal::Broken)?,
                claims: Vec::new(),
                attachment: None,
            };
            let expected = if version == 0 { Expected::New } else { Expected::Version(version) };
            let version = store.put_setting(&act, &stored::access_key(&reach), draft, expected)?;
            Ok((ask.body, version))
        })
        .await?;
    Ok(Reply::new(access).version(version))
}
