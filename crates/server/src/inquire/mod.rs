//! What the engine says when it is asked, with the code and the settings that judge calls. Nothing here changes anything.

mod backtest;
mod deck;
mod explained;
mod loss;
mod number;
mod office;

pub(crate) use number::voice;
pub(crate) use office::hours;

use crate::running::Running;
use ringfence_api::{
    Backtest, BacktestAsk, DeckAsk, DeckReport, ExplainAsk, Explanation, Fault, Inquire,
    MaxLossView, NumberAsk, NumberView, Told,
};
use ringfence_gate::Setup;
use ringfence_model::{TenantId, WallTime};

impl Inquire for Running {
    fn number(&self, ask: NumberAsk) -> Told<'_, NumberView> {
        Box::pin(number::inspect(self, ask))
    }

    fn explain(&self, ask: ExplainAsk) -> Told<'_, Explanation> {
        let setup = self.setup_or_default(ask.tenant.as_ref());
        Box::pin(async move { Ok(explained::explain(&setup, &ask)) })
    }

    fn max_loss(&self, tenant: TenantId) -> Told<'_, MaxLossView> {
        Box::pin(loss::most(self, tenant))
    }

    fn read_deck(&self, ask: DeckAsk) -> Told<'_, DeckReport> {
        let setup = self.setup_of(&ask.tenant);
        Box::pin(async move {
            let setup = setup?;
            let read = tokio::task::spawn_blocking(move || deck::read(&setup, ask)).await;
            read.unwrap_or_else(|error| {
                let what = format!("reading the deck broke off: {error}");
                Err(Fault::Refused { what, mend: "try again".to_owned() })
            })
        })
    }

    fn office_hours(
        &self,
        tenant: TenantId,
        from: WallTime,
        until: WallTime,
    ) -> Told<'_, Vec<(WallTime, WallTime)>> {
        let setup = self.setup_or_default(Some(&tenant));
        Box::pin(async move { Ok(office::hours(&mut setup.settings.calendar(), from, until)) })
    }

    fn backtest(&self, ask: BacktestAsk) -> Told<'_, Backtest> {
        let setup = self.setup_of(&ask.tenant);
        Box::pin(async move { backtest::ready(setup?, ask) })
    }
}

impl Running {
    /// What holds for a tenant; a fault when there is no such one.
    fn setup_of(&self, tenant: &TenantId) -> Result<Setup, Fault> {
        let config = self.config();
        match config.snapshot.directory.tenant(tenant) {
            Some(_) => Ok(config.snapshot.setup(tenant).clone()),
            None => Err(Fault::NotFound("tenant")),
        }
    }

    /// The same, or the defaults: records outlive their tenants.
    pub fn setup_or_default(&self, tenant: Option<&TenantId>) -> Setup {
        let config = self.config();
        let setup = tenant.map_or(&config.snapshot.default, |id| config.snapshot.setup(id));
        setup.clone()
    }
}

/// What holds for a tenant nobody declared.
#[cfg(test)]
fn setup() -> Setup {
    use crate::config::{Source, parse};
    let text = "[[listen]]\nudp = \"192.0.2.1:5060\"\n[[tenant]]\nid = \"t\"\ncountry = \"NL\"\n";
    let config = parse(Source::new("/nowhere/r.toml".into(), text.to_owned())).unwrap();
    config.snapshot.default.clone()
}
