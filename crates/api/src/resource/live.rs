//! Calls that ring or run, and ending them.

use crate::caller::Whose;
use crate::http::ask::{Ask, Nothing};
use crate::http::page::Page;
use crate::http::reply::{Done, Outcome, Reply};
use crate::node::RunningCall;
use crate::people::me::Id;
use crate::refusal::Refusal;
use crate::rights::Permission;
use crate::stored;
use ringfence_model::TenantId;
use ringfence_store::About;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

/// Whose.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct TenantQuery {
    /// Of this tenant; absent: of all one may see.
    #[param(value_type = Option<String>)]
    pub tenant: Option<TenantId>,
}

/// Keeps what belongs to whom the caller may see.
pub async fn keep_seen<T>(
    ask: Ask<Nothing, TenantQuery>,
    permission: Permission,
    mut all: Vec<T>,
    tenant: impl Fn(&T) -> Option<&TenantId>,
) -> Outcome<Page<T>> {
    let app = Arc::clone(&ask.app);
    let whose = app
        .work(move |store| ask.caller.whose(store, permission, ask.query.tenant.as_ref()))
        .await?;
    if let Whose::These(tenants) = whose {
        all.retain(|one| tenant(one).is_some_and(|of| tenants.binary_search(of).is_ok()));
    }
    Ok(Reply::new(Page::whole(all)))
}

/// GET /v1/live-calls
pub async fn list(ask: Ask<Nothing, TenantQuery>) -> Outcome<Page<RunningCall>> {
    let all = ask.app.node().running_calls().await?;
    keep_seen(ask, Permission::ReadCalls, all, |call| Some(&call.tenant)).await
}

/// POST /v1/live-calls/{id}/cut
pub async fn cut(ask: Ask<Id>) -> Outcome<Done> {
    let app = Arc::clone(&ask.app);
    let (act, by, id) = (ask.act("call.cut"), ask.caller.who(), ask.path.id.clone());
    let all = app.node().running_calls().await?;
    let call = all.into_iter().find(|call| call.call == id).ok_or(Refusal::NotFound("call"))?;
    let tenant = call.tenant.clone();
    app.work(move |store| {
        let place = stored::place_of(store, &tenant)?;
        ask.caller.may_at(Permission::CutCalls, &place, "call")
    })
    .await?;
    app.node().cut(id, by).await?;
    app.work(move |store| {
        let subject = format!("call {}", call.call);
        let was = serde_json::json!({ "dialled": call.dialled, "started": call.started,
            "exposure": call.exposure });
        let tenant = Some(&call.tenant);
        store.record(&act, About { tenant, subject: &subject, before: Some(&was), after: None })?;
        Ok(())
    })
    .await?;
    Ok(Reply::new(Done))
}
