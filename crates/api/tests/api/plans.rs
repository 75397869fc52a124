//! How the double of the node takes plans: as the node does, with few rules for settings: names are names, tenants are
//! there, `wrong` is no field.

use ringfence_api::plan::{Note, Plan, Planned, RowChange, Shared, Wanted, WantedRow, is_kept};
use ringfence_api::{Fault, reseller_claims};
use ringfence_model::TenantId;
use ringfence_store::{
    Act, Change, Claim, Draft, Expected, Section, Setting, SettingFilter, SettingKey, Store,
    StoreError,
};
use serde_json::Value;

pub fn check(store: &Store, plan: &Plan) -> Result<(Planned, Vec<WantedRow>), Fault> {
    let revision = store.settings_revision().unwrap();
    if plan.revision.is_some_and(|wanted| wanted != revision) {
        return Err(Fault::Outdated);
    }
    let rows = match &plan.wanted {
        Wanted::Rows(rows) => rows.clone(),
        Wanted::Text(text) => rows_of(text)?,
    };
    let wanted: Vec<_> = rows.iter().map(|row| row.key.clone()).collect();
    let (mut changes, mut notes, mut made) = (Vec::new(), Vec::new(), Vec::new());
    for mut row in rows {
        let stored = store.setting(&row.key).ok();
        let version = stored.as_ref().map_or(0, |stored| stored.version);
        let right = match row.expected {
            Expected::Any => true,
            Expected::New => version == 0,
            Expected::Version(wanted) => version == wanted && version > 0,
        };
        if !right {
            return Err(Fault::Outdated);
        }
        if row.key.id.is_empty() || row.key.id.contains(|c: char| c.is_control() || c == '/') {
            let what = "it is no name".into();
            notes.push(Note::about(&row.key, Some("id"), what, "choose another".into()));
        }
        let owner =
            row.key.tenant.as_ref().map(|of| SettingKey::new(Section::Tenant, None, of.as_str()));
        if row.body.is_some()
            && owner.is_some_and(|owner| !wanted.contains(&owner) && store.setting(&owner).is_err())
        {
            let what = "there is no such tenant".into();
            notes.push(Note::about(&row.key, Some("tenant"), what, "add it first".into()));
        }
        if let Some(body) = &mut row.body {
            if !body.is_object() || body.get("wrong").is_some() {
                let what = "there is no field \"wrong\"".into();
                notes.push(Note::about(&row.key, Some("wrong"), what, "remove it".into()));
            }
            keep(body, stored.as_ref());
        }
        let before = stored.map(|stored| stored.body);
        if before != row.body || row.attachment.is_some() {
            changes.push(RowChange {
                key: row.key.clone(),
                before,
                after: row.body.clone(),
                version,
            });
            made.push(row);
        }
    }
    match notes.is_empty() {
        true => {
            let shared = shared(store, &changes);
            Ok((Planned { revision, changes, warnings: vec![], shared }, made))
        }
        false => Err(Fault::Unfit(notes)),
    }
}

/// Two trunks with the same address.
fn shared(store: &Store, changes: &[RowChange]) -> Vec<Shared> {
    let filter = SettingFilter { section: Section::Trunk.into(), ..SettingFilter::default() };
    let trunks = store.settings(&filter, 99).unwrap();
    let meets = |change: &RowChange| {
        let address = change.after.as_ref()?.get("address")?;
        let other = |trunk: &&Setting| {
            trunk.key.tenant != change.key.tenant && trunk.body.get("address") == Some(address)
        };
        let (key, what) = (change.key.clone(), address.as_str()?.to_owned());
        let with = trunks.iter().find(other)?.key.clone();
        Some(Shared { key, field: "address", what, with })
    };
    changes.iter().filter_map(meets).collect()
}

fn keep(body: &mut Value, stored: Option<&Setting>) {
    let Some(fields) = body.as_object_mut() else { return };
    for (name, value) in fields.iter_mut().filter(|(_, value)| is_kept(value)) {
        *value = stored.map_or(Value::Null, |stored| stored.body[name].clone());
    }
}

/// The double's plans are `{"trunk/acme/kpn": {...}, ...}`; what is `null` goes.
fn rows_of(text: &str) -> Result<Vec<WantedRow>, Fault> {
    let wrong = |what: String| Fault::Unfit(vec![Note::of_all(what, "write it right".into())]);
    let all: Value = serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
    let rows = all.as_object().ok_or_else(|| wrong("no rows".into()))?;
    let row = |(name, body): (&String, &Value)| {
        let mut parts = name.split('/');
        let sort = parts.next()?;
        let section = Section::ALL.into_iter().find(|of| of.as_str() == sort)?;
        let tenant = parts.next().filter(|tenant| !tenant.is_empty()).map(TenantId::new);
        Some(WantedRow {
            key: SettingKey::new(section, tenant.as_ref(), parts.next()?),
            body: (!body.is_null()).then(|| body.clone()),
            attachment: None,
            expected: Expected::Any,
        })
    };
    let rows: Option<Vec<WantedRow>> = rows.iter().map(row).collect();
    rows.ok_or_else(|| wrong("a row of no sort".into()))
}

pub fn adopt(store: &Store, plan: &Plan, act: &Act) -> Result<Planned, Fault> {
    let (mut planned, rows) = check(store, plan)?;
    let made = rows.into_iter().map(|row| match row.body {
        Some(body) => {
            let claims = match row.key.section {
                Section::Trunk => vec![Claim { kind: "trunk".into(), name: row.key.id.clone() }],
                Section::Reseller => reseller_claims(
                    &serde_json::from_value::<Vec<TenantId>>(body["tenants"].clone()).unwrap(),
                ),
                _ => vec![],
            };
            let label = row.key.id.clone();
            let draft = Draft { label, body, claims, attachment: row.attachment };
            Change::Put(row.key, draft, row.expected)
        }
        None => Change::Remove(row.key, row.expected),
    });
    store.change_settings(act, made.collect()).map_err(|error| match error {
        StoreError::Conflict { .. } => Fault::Outdated,
        other => Fault::Refused { what: other.to_string(), mend: "look again".into() },
    })?;
    planned.revision = store.settings_revision().unwrap();
    Ok(planned)
}
