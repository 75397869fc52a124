//! What a tenant can lose.

use crate::http::ask::Ask;
use crate::http::reply::{Outcome, Reply};
use crate::inquire::MaxLossView;
use crate::resource::settings::tenants::Which;
use crate::rights::Permission;
use std::sync::Arc;

/// GET /v1/tenants/{tenant}/max-loss
pub async fn most(ask: Ask<Which>) -> Outcome<MaxLossView> {
    let (app, tenant) = (Arc::clone(&ask.app), ask.path.tenant.clone());
    let asked = tenant.clone();
    app.work(move |store| ask.caller.may(store, Permission::ReadReports, &asked)).await?;
    Ok(Reply::new(app.node().max_loss(tenant).await?))
}
