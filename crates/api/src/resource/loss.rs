//! What a tenant can lose.

use crate::http::ask::Ask;
use crate::http::reply::{Outcome, Reply};
use crate::inquire::MaxLossView;
use crate::people::me::Id;
use crate::rights::Permission;
use ringfence_model::TenantId;
use std::sync::Arc;

/// GET /v1/tenants/{id}/max-loss
pub async fn most(ask: Ask<Id>) -> Outcome<MaxLossView> {
    let (app, tenant) = (Arc::clone(&ask.app), TenantId::new(&ask.path.id));
    let asked = tenant.clone();
    app.work(move |store| ask.caller.may(store, Permission::ReadReports, &asked)).await?;
    Ok(Reply::new(app.node().max_loss(tenant).await?))
}
