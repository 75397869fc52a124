//! All settings as a plan: what `ringfence apply` and `ringfence export` do, over the API.

use super::change::{Changed, adopt, check};
use crate::caller::Whose;
use crate::http::ask::{Ask, Nothing};
use crate::http::reply::{Outcome, Reply};
use crate::plan::{ChangeView, Plan, PlannedView, Wanted};
use crate::refusal::Refusal;
use crate::rights::{Permission, Place};
use ringfence_model::TenantId;
use ringfence_store::About;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Number;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

/// A plan.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPlan {
    /// TOML with `[[tenant]]`, `[[trunk]]` and `[[extension]]` as in the boot file; it names no files.
    pub plan: String,
    /// Whether tenants, trunks and extensions that are not in it go. Needs the whole platform.
    #[serde(default)]
    pub prune: bool,
    /// Says what it would change, and changes nothing.
    #[serde(default)]
    pub dry_run: bool,
    /// Only if the settings are still at this revision, as a dry run told it.
    #[serde(default, deserialize_with = "whole")]
    pub revision: Option<i64>,
}

/// JSON does not tell `7.0` from 7 (RFC 8259 §6), nor does what a schema calls an integer.
fn whole<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    let Some(number) = Option::<Number>::deserialize(from)? else { return Ok(None) };
    let whole = || number.as_f64().filter(|float| float.fract() == 0.0).map(|float| float as i64);
    let number = number.as_i64().or_else(whole);
    number.map(Some).ok_or_else(|| D::Error::custom("a revision is a whole number"))
}

impl NewPlan {
    fn plan(&self) -> Plan {
        let wanted = Wanted::Text(self.plan.clone());
        Plan { wanted, prune: self.prune, revision: self.revision }
    }
}

fn may_prune<P, Q>(ask: &Ask<P, Q, NewPlan>) -> Result<(), Refusal> {
    // Who sees one tenant of many would remove all others.
    if ask.body.prune && !ask.caller.holds(Permission::ChangeTenants, &Place::Platform) {
        return Err(Refusal::NotAllowed("change_tenants over the platform, to prune"));
    }
    Ok(())
}

/// POST /v1/settings/check
pub async fn check_plan(ask: Ask<Nothing, Nothing, NewPlan>) -> Outcome<PlannedView> {
    may_prune(&ask)?;
    let planned = check(&ask, ask.body.plan(), Permission::ReadSettings).await?;
    Ok(Reply::new(planned.into()))
}

/// POST /v1/settings/apply
pub async fn apply(ask: Ask<Nothing, Nothing, NewPlan>) -> Outcome<Changed> {
    may_prune(&ask)?;
    if ask.body.dry_run {
        let planned = check(&ask, ask.body.plan(), Permission::ChangeSettings).await?;
        let changes = planned.changes.iter().map(ChangeView::from).collect();
        let warnings = planned.warnings;
        return Ok(Reply::new(Changed { setting: None, changes, warnings, proposal: None }));
    }
    adopt(&ask, ask.body.plan(), "settings.apply").await
}

/// Which settings.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct ExportQuery {
    /// Of this tenant; absent: of all one may see.
    #[param(value_type = Option<String>)]
    pub tenant: Option<TenantId>,
    /// With secrets, which goes on record; only for who may change the settings there.
    #[serde(default)]
    pub secrets: bool,
}

/// Settings as a plan.
#[derive(Serialize, ToSchema)]
pub struct Exported {
    /// TOML. A secret is `{ kept = true }` unless it was asked for: given back, it stays as it is.
    pub plan: String,
}

/// GET /v1/settings/export
pub async fn export(ask: Ask<Nothing, ExportQuery>) -> Outcome<Exported> {
    let (app, secrets) = (Arc::clone(&ask.app), ask.query.secrets);
    let whose = app
        .work(move |store| {
            let tenant = ask.query.tenant.as_ref();
            if secrets {
                let act = ask.act("settings.export");
                let needed = Permission::ChangeSettings;
                if ask.caller.reaches(needed).is_empty() {
                    return Err(Refusal::NotAllowed(needed.as_str()));
                }
                let whose = ask.caller.whose(store, needed, tenant)?;
                let subject = "settings with secrets";
                store.record(&act, About { tenant, subject, before: None, after: None })?;
                return Ok(whose);
            }
            ask.caller.whose(store, Permission::ReadSettings, tenant)
        })
        .await?;
    let tenants = match whose {
        Whose::All => None,
        Whose::These(tenants) => Some(tenants),
    };
    let plan = app.node().export_plan(tenants, secrets).await?;
    Ok(Reply::new(Exported { plan }))
}
