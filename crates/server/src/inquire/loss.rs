//! The most a tenant can lose, and what is at risk now.

use crate::running::Running;
use ringfence_api::{Amount, Fault, MaxLossView, Spans};
use ringfence_fraud::{MaxLoss, max_loss};
use ringfence_model::{TenantId, Window};

pub async fn most(running: &Running, tenant: TenantId) -> Result<MaxLossView, Fault> {
    let setup = running.setup_of(&tenant)?;
    let shard = running.config().snapshot.directory.shard_of(&tenant);
    let at_risk = running.shards.ask(shard, move |gate, now| {
        // Sums of windows forget what slid out of them: a copy does.
        let spend = gate.engine().tenant_state(&tenant).map(|state| state.spend.clone());
        let mut spend = spend.unwrap_or_default();
        let mut of = |window| Some(Amount(spend.exposure(now.wall, window)));
        Spans {
            call: None,
            hour: of(Window::Hour),
            day: of(Window::Day),
            week: of(Window::Week),
            month: of(Window::Month),
        }
    });
    let at_risk = at_risk.await?;
    let MaxLoss { call, hour, day, week, month } = max_loss(&setup.settings);
    let [call, hour, day, week, month] = [call, hour, day, week, month].map(|of| of.map(Amount));
    Ok(MaxLossView {
        currency: setup.settings.policy().currency.to_string(),
        enforced: setup.settings.enforces(),
        at_most: Spans { call, hour, day, week, month },
        at_risk,
    })
}
