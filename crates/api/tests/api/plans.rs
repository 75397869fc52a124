//! How the double of the node takes plans: as the node does, with one rule for settings: `wrong` is no field.

use ringfence_api::plan::{Note, Plan, Planned, RowChange, Wanted, WantedRow, is_kept};
use ringfence_api::{Fault, reseller_claims};
use ringfence_model::TenantId;
use ringfence_store::{
    Act, Change, Claim, Draft, Expected, Section, Setting, SettingKey, Store, StoreError,
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
        true => Ok((Planned { revision, changes, warnings: vec![] }, made)),
        false => Err(Fault::Unfit(notes)),
    }
}

fn keep(body: &mut Value, stored: Option<&Setting>) {
    let Some(fields) = body.as_object_mut() else { return };
    for (name, value) in fields.iter_mut().filter(|(_, value)| is_kept(value)) {
        *value = stored.map_or(Value::Null, |stored| stored.body[name].clone());
    }
}

/// The double's plans are `{"trunk/acme/kpn": {...}, ...}`.
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
            body: Some(body.clone()),
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
