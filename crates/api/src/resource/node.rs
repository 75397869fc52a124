//! The node: status, trunks, registrations.

use super::live::{TenantQuery, keep_seen};
use crate::caller::Caller;
use crate::http::ask::{Ask, Nothing};
use crate::http::page::Page;
use crate::http::reply::{Outcome, Reply};
use crate::node::{NodeStatus, RegistrationView, TrunkView};
use crate::refusal::Refusal;
use crate::rights::{Permission, Place};

/// What concerns all tenants is the platform's.
pub fn of_platform(caller: &Caller, permission: Permission) -> Result<(), Refusal> {
    if caller.holds(permission, &Place::Platform) {
        Ok(())
    } else {
        Err(Refusal::NotAllowed(permission.as_str()))
    }
}

/// GET /v1/node
pub async fn status(ask: Ask) -> Outcome<NodeStatus> {
    of_platform(&ask.caller, Permission::ReadNode)?;
    Ok(Reply::new(ask.app.node().status().await?))
}

/// GET /v1/node/trunks
pub async fn trunks(ask: Ask<Nothing, TenantQuery>) -> Outcome<Page<TrunkView>> {
    let all = ask.app.node().trunks().await?;
    keep_seen(ask, Permission::ReadNode, all, |trunk| trunk.tenant.as_ref()).await
}

/// GET /v1/node/registrations
pub async fn registrations(ask: Ask<Nothing, TenantQuery>) -> Outcome<Page<RegistrationView>> {
    let all = ask.app.node().registrations().await?;
    keep_seen(ask, Permission::ReadNode, all, |phone| Some(&phone.tenant)).await
}
