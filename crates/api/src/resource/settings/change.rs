//! How settings change.

use super::show::{SettingView, place};
use super::stakes;
use crate::app::App;
use crate::caller::Caller;
use crate::http::ask::Ask;
use crate::http::reply::{Outcome, Reply};
use crate::node::Fault;
use crate::people::grave::Grave;
use crate::people::proposals::{ProposalView, together};
use crate::plan::{ChangeView, Note, Plan, Planned, RowChange, Shared, Wanted, WantedRow};
use crate::refusal::Refusal;
use crate::rights::{Permission, Place};
use crate::stored;
use axum::http::StatusCode;
use ringfence_model::TenantId;
use ringfence_store::{Expected, Section, SettingKey, Store};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// What came of a change.
#[derive(Serialize, ToSchema)]
#[schema(as = SettingChanged)]
pub struct Changed {
    /// The setting as it is now; absent when it is gone or a second person is awaited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub setting: Option<SettingView>,
    /// What was changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<ChangeView>,
    /// What works and is probably not meant.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Note>,
    /// What was proposed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposal: Option<ProposalView>,
}

/// What a setting shall say.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSettings {
    /// The fields of its section in the boot file; for PATCH those that change, `null` for one that goes (RFC 7396).
    #[schema(value_type = Object)]
    pub settings: serde_json::Map<String, Json>,
}

/// How one row changes.
pub enum Way {
    /// To this.
    Put(Json),
    /// By these fields (RFC 7396).
    Patch(Json),
    /// It goes.
    Remove,
}

/// Changes one row that exists, or one that need not exist (`version` 0).
pub async fn row<P: Send + 'static, Q: Send + 'static, B: Send + 'static>(
    ask: Ask<P, Q, B>,
    key: impl FnOnce(&Store, &P) -> Result<SettingKey, Refusal> + Send + 'static,
    way: Way,
) -> Outcome<Changed> {
    let (app, version) = (Arc::clone(&ask.app), ask.version()?);
    let (ask, row) = app
        .work(move |store| {
            let key = key(store, &ask.path)?;
            let what = key.section.as_str();
            ask.caller.may_at(needed(&key, &way), &place(store, &key)?, what)?;
            let body = match way {
                Way::Put(body) => Some(body),
                Way::Patch(patch) => {
                    let mut body = match version {
                        0 => Json::Object(serde_json::Map::new()),
                        _ => stored::found(store.setting(&key), what)?.body,
                    };
                    merge(&mut body, patch);
                    Some(body)
                }
                Way::Remove => None,
            };
            let expected = if version == 0 { Expected::New } else { Expected::Version(version) };
            Ok((ask, WantedRow { key, body, attachment: None, expected }))
        })
        .await?;
    settle(&ask, vec![row]).await
}

fn needed(key: &SettingKey, way: &Way) -> Permission {
    match (key.section, way) {
        (Section::Tenant, Way::Remove) => Permission::ChangeTenants,
        _ => Permission::ChangeSettings,
    }
}

/// Makes rows so that the first of them is what is shown then. The caller was looked at for the first.
pub async fn settle<P, Q, B>(ask: &Ask<P, Q, B>, rows: Vec<WantedRow>) -> Outcome<Changed> {
    let Some(shown) = rows.first().map(|row| row.key.clone()) else {
        return Err(Refusal::Invalid("nothing is to be changed".into()));
    };
    let what = act_of(rows.first());
    let plan = Plan { wanted: Wanted::Rows(rows), prune: false, revision: None };
    let is_new = plan_makes(&plan);
    let mut reply = adopt(ask, plan, &what).await.map_err(|refusal| match refusal {
        Refusal::Outdated if is_new => Refusal::Conflict {
            code: "exists",
            message: "there is one of that name already".into(),
            hint: "choose another name, or change that one",
        },
        other => other,
    })?;
    if reply.body().proposal.is_some() {
        return Ok(reply);
    }
    let setting = ask
        .app
        .work(move |store| match store.setting(&shown) {
            Ok(setting) => Ok(Some(setting)),
            Err(ringfence_store::StoreError::NotFound(_)) => Ok(None),
            Err(error) => Err(error.into()),
        })
        .await?;
    if let Some(setting) = setting {
        reply = reply.version(setting.version);
        reply.body_mut().setting = Some(SettingView::from(setting));
    }
    Ok(reply)
}

fn plan_makes(plan: &Plan) -> bool {
    match &plan.wanted {
        Wanted::Rows(rows) => rows.first().is_some_and(|row| row.expected == Expected::New),
        Wanted::Text(_) => false,
    }
}

/// Such as `trunk.change`, for the audit log.
fn act_of(row: Option<&WantedRow>) -> String {
    let Some(row) = row else { return "settings.change".to_owned() };
    let verb = match (&row.body, row.expected) {
        (None, _) => "remove",
        (Some(_), Expected::New) => "add",
        (Some(_), _) => "change",
    };
    format!("{}.{verb}", row.key.section.as_str())
}

/// Puts a plan in force, or proposes it.
pub async fn adopt<P, Q, B>(ask: &Ask<P, Q, B>, mut plan: Plan, what: &str) -> Outcome<Changed> {
    let planned = check(ask, plan.clone(), Permission::ChangeSettings).await?;
    let above = ask.app.settings().two_person_above;
    let changes = planned.changes.clone();
    let at = ask.at;
    let at_stake = ask.app.work(move |store| stakes::at_stake(store, &changes, above, at)).await?;
    if !at_stake.is_empty() {
        let grave = sealed(&ask.app, at_stake, &planned.changes)?;
        let reply = together(ask, grave).await?;
        let proposed = reply.body().proposal.is_some();
        let status = if proposed { StatusCode::ACCEPTED } else { StatusCode::OK };
        let changes = planned.changes.iter().map(ChangeView::from).collect();
        let warnings = planned.warnings;
        return Ok(reply
            .map(|handled| Changed { setting: None, changes, warnings, proposal: handled.proposal })
            .status(status));
    }
    plan.revision = Some(planned.revision);
    let made = ask.app.node().adopt_plan(plan, ask.act(what)).await?;
    let changes = made.changes.iter().map(ChangeView::from).collect();
    // Those of the check: of what the caller may see.
    let warnings = planned.warnings;
    Ok(Reply::new(Changed { setting: None, changes, warnings, proposal: None }))
}

/// What a plan changes, when the caller has the right to each row of it; what others have is not told of.
pub async fn check<P, Q, B>(
    ask: &Ask<P, Q, B>,
    plan: Plan,
    permission: Permission,
) -> Result<Planned, Refusal> {
    let checked = ask.app.node().check_plan(plan).await;
    let caller = ask.caller.clone();
    ask.app
        .work(move |store| match checked {
            Ok(mut planned) => {
                may(store, &caller, &planned.changes, permission)?;
                planned.warnings = seen(store, &caller, planned.warnings)?;
                for shared in std::mem::take(&mut planned.shared) {
                    planned.warnings.push(may_share(store, &caller, permission, &shared)?);
                }
                Ok(planned)
            }
            Err(Fault::Unfit(notes)) => {
                let mut notes = seen(store, &caller, notes)?;
                if notes.is_empty() {
                    let what = "it does not fit with settings of others".to_owned();
                    notes.push(Note::of_all(what, "ask who looks after the platform".into()));
                }
                Err(Refusal::Unfit(notes))
            }
            Err(fault) => Err(fault.into()),
        })
        .await
}

/// Refuses an address that another's trunk or phone is known by, unless the caller answers for both. Whose it is is told
/// to nobody else.
fn may_share(
    store: &Store,
    caller: &Caller,
    permission: Permission,
    shared: &Shared,
) -> Result<Note, Refusal> {
    // A tenant that is not there yet is only in the caller's own plan.
    let own = shared.with.tenant.as_ref().map_or(Ok(false), |tenant| is_new(store, tenant))?;
    if own || caller.holds(permission, &place(store, &shared.with)?) {
        return Ok(shared.note());
    }
    let whose = if shared.with.tenant.is_some() { "another tenant" } else { "the platform" };
    let (row, with) = (shared.key.section.as_str(), shared.with.section.as_str());
    let article = if shared.with.section == Section::Extension { "an" } else { "a" };
    Err(Refusal::Conflict {
        code: "address_taken",
        message: format!(
            "{row} \"{}\": {}: {} is also that of {article} {with} of {whose}",
            shared.key.id, shared.field, shared.what
        ),
        hint: "take one of your own, or ask who looks after the platform",
    })
}

/// Notes about what the caller may see.
fn seen(store: &Store, caller: &Caller, notes: Vec<Note>) -> Result<Vec<Note>, Refusal> {
    let mut kept = Vec::new();
    for note in notes {
        let named = match note.section.as_str() {
            "tenant" => Some(TenantId::new(&note.id)),
            _ => note.tenant.as_deref().map(TenantId::new),
        };
        // A tenant that is not there yet is only in the caller's own plan.
        let place = match (named, note.section.as_str()) {
            (Some(tenant), _) if is_new(store, &tenant)? => None,
            (Some(tenant), _) => Some(stored::place_of(store, &tenant)?),
            (None, "") => None,
            (None, _) => Some(Place::Platform),
        };
        if place.is_none_or(|place| caller.holds(Permission::ReadSettings, &place)) {
            kept.push(note);
        }
    }
    Ok(kept)
}

fn is_new(store: &Store, tenant: &TenantId) -> Result<bool, Refusal> {
    match store.setting(&SettingKey::new(Section::Tenant, None, tenant.as_str())) {
        Ok(_) => Ok(false),
        Err(ringfence_store::StoreError::NotFound(_)) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

/// Refuses unless the caller may make each of these changes. A tenant that is made belongs to the reseller who takes it
/// in the same plan; who takes one that is there already must have the platform.
pub fn may(
    store: &Store,
    caller: &Caller,
    changes: &[RowChange],
    permission: Permission,
) -> Result<(), Refusal> {
    let mut brought: BTreeMap<String, String> = BTreeMap::new();
    for change in changes.iter().filter(|change| change.key.section == Section::Reseller) {
        let before = tenants(change.before.as_ref());
        for tenant in tenants(change.after.as_ref()).into_iter().filter(|of| !before.contains(of)) {
            brought.insert(tenant, change.key.id.clone());
        }
    }
    let made = |id: &String| {
        changes
            .iter()
            .any(|of| of.key.section == Section::Tenant && of.key.id == *id && of.before.is_none())
    };
    for change in changes {
        let key = &change.key;
        let tenant = match key.section {
            Section::Tenant => Some(&key.id[..]),
            _ => key.tenant.as_ref().map(TenantId::as_str),
        };
        let makes = change.before.is_none() || change.after.is_none();
        let (permission, place) = match (key.section, tenant.and_then(|id| brought.get(id))) {
            (Section::Reseller, _) => {
                let own = brought.iter().filter(|(_, by)| **by == key.id).all(|(id, _)| made(id));
                let own = own && change.before.is_some() && change.after.is_some();
                let place = if own { Place::Reseller(key.id.clone()) } else { Place::Platform };
                (Permission::ChangeTenants, place)
            }
            (section, Some(by)) if tenant.is_some_and(|id| made(&id.to_owned())) => {
                let place =
                    Place::Tenant(TenantId::new(tenant.unwrap_or_default()), Some(by.clone()));
                (
                    if section == Section::Tenant { Permission::ChangeTenants } else { permission },
                    place,
                )
            }
            (Section::Tenant, _) if makes => (Permission::ChangeTenants, place(store, key)?),
            _ => (permission, place(store, key)?),
        };
        caller.may_at(permission, &place, key.section.as_str())?;
    }
    Ok(())
}

fn tenants(body: Option<&Json>) -> Vec<String> {
    let list = body.and_then(|body| body.get("tenants")).and_then(Json::as_array);
    list.into_iter().flatten().filter_map(Json::as_str).map(str::to_owned).collect()
}

/// A row in a proposal, sealed with the others: secrets may be in it.
#[derive(Serialize, Deserialize)]
struct SealedRow {
    section: String,
    tenant: Option<TenantId>,
    id: String,
    body: Option<Json>,
    version: i64,
}

const SEALED_FOR: &str = "proposal:settings";

fn sealed(app: &App, tenants: Vec<TenantId>, changes: &[RowChange]) -> Result<Grave, Refusal> {
    use base64::Engine;
    // A deck is not grave, and not carried along.
    if changes.iter().any(|change| change.key.section == Section::Tariff) {
        let what = "what needs a second person and a rate deck cannot be changed together";
        return Err(Refusal::Invalid(what.into()));
    }
    let row = |change: &RowChange| SealedRow {
        section: change.key.section.as_str().to_owned(),
        tenant: change.key.tenant.clone(),
        id: change.key.id.clone(),
        body: change.after.clone(),
        version: change.version,
    };
    let rows: Vec<SealedRow> = changes.iter().map(row).collect();
    let clear = serde_json::to_vec(&rows).map_err(|_| Refusal::Broken)?;
    let sealed = app.seal().close(&clear, SEALED_FOR, app.chance());
    Ok(Grave::ChangeSettings {
        tenants,
        changes: changes.iter().map(ChangeView::from).collect(),
        sealed: base64::prelude::BASE64_STANDARD.encode(sealed),
    })
}

/// What was sealed in a proposal, to be carried out on the rows it was made for.
pub fn opened(app: &App, sealed: &str) -> Result<Plan, Refusal> {
    use base64::Engine;
    let sealed = base64::prelude::BASE64_STANDARD.decode(sealed).map_err(|_| Refusal::Broken)?;
    let clear = app.seal().open(&sealed, SEALED_FOR).ok_or(Refusal::Broken)?;
    let rows: Vec<SealedRow> = serde_json::from_slice(&clear).map_err(|_| Refusal::Broken)?;
    let row = |row: SealedRow| {
        let section = Section::ALL.into_iter().find(|section| section.as_str() == row.section)?;
        let expected =
            if row.version == 0 { Expected::New } else { Expected::Version(row.version) };
        let key = SettingKey { section, tenant: row.tenant, id: row.id };
        Some(WantedRow { key, body: row.body, attachment: None, expected })
    };
    let rows: Option<Vec<WantedRow>> = rows.into_iter().map(row).collect();
    let wanted = Wanted::Rows(rows.ok_or(Refusal::Broken)?);
    Ok(Plan { wanted, prune: false, revision: None })
}

/// Changes `body` by `patch` (RFC 7396 §2).
fn merge(body: &mut Json, patch: Json) {
    let Json::Object(patch) = patch else {
        *body = patch;
        return;
    };
    if !body.is_object() {
        *body = Json::Object(serde_json::Map::new());
    }
    let Some(fields) = body.as_object_mut() else { return };
    for (name, value) in patch {
        if value.is_null() {
            fields.remove(&name);
        } else {
            merge(fields.entry(name).or_insert(Json::Null), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The examples of RFC 7396, appendix A.
    #[test]
    fn patches_merge_as_the_rfc_says() {
        let table = [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
            (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (
                json!({"a": {"b": "c"}}),
                json!({"a": {"b": "d", "c": null}}),
                json!({"a": {"b": "d"}}),
            ),
            (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
            (json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])),
            (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
            (json!([1, 2]), json!({"a": "b", "c": null}), json!({"a": "b"})),
            (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
        ];
        for (mut body, patch, wanted) in table {
            merge(&mut body, patch);
            assert_eq!(body, wanted);
        }
    }
}
