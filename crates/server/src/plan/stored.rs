//! Settings of the store: as what the shards run with, and as a plan.

use super::render::{Rendered, render};
use super::{Row, Rows, write};
use crate::config::{self, Config, Decks, Place, Problem, Problems, Source};
use ringfence_api::plan::{is_planned, masked};
use ringfence_model::TenantId;
use ringfence_store::{Result, Section, SettingFilter, SettingKey, Store, StoreError};
use serde_json::{Map, Value as Json};
use std::fmt::Write;
use std::path::Path;

/// Rows read at a time.
const STEP: u32 = 1_000;

/// All rows that plans are made of.
pub(super) fn rows(store: &Store) -> Result<Rows> {
    let mut all = Rows::new();
    let mut filter = SettingFilter::default();
    loop {
        let step = store.settings(&filter, STEP)?;
        let Some(last) = step.last() else { return Ok(all) };
        filter.after = Some(last.key.clone());
        for setting in step.into_iter().filter(|of| is_planned(of.key.section)) {
            all.insert(setting.key, Row { body: setting.body, version: setting.version });
        }
    }
}

/// The stored rate decks of `rows`.
pub(super) fn decks(store: &Store, rows: &Rows) -> Decks {
    let mut decks = Decks::of(store);
    for (key, row) in rows.iter().filter(|(key, _)| key.section == Section::Tariff) {
        let sha256 = row.body.get("sha256").and_then(Json::as_str);
        if let (Some(tenant), Some(sha256)) = (&key.tenant, sha256) {
            decks.name(tenant.as_str(), sha256);
        }
    }
    decks
}

/// The settings to run with: those of the boot file, and where it has no tenants, trunks and extensions, those of the
/// store.
///
/// # Errors
/// All that is wrong with them; of what is in the store, with the setting for a place.
pub fn with_stored(
    file: &Path,
    boot: Config,
    store: &Store,
) -> std::result::Result<Config, Problems> {
    if boot.in_file {
        return Ok(boot);
    }
    let text = std::fs::read_to_string(file)
        .map_err(|error| one(file.into(), error.to_string(), "let Ringfence read it"))?;
    // The revision first: what is changed meanwhile is read once more.
    let read = || Ok((store.settings_revision()?, rows(store)?));
    let (revision, rows) = read().map_err(|error: StoreError| {
        one("the store".into(), error.to_string(), "see docs/guides/store.md")
    })?;
    let source = Source::new(file.to_owned(), text).knowing(boot.imported);
    let rendered = render(&source, &rows, decks(store, &rows));
    let mut config = Config { revision: Some(revision), ..parse(&rendered)? };
    if rows.is_empty() {
        config.warnings.push(Problem {
            place: Place { file: "the store".into(), line: 0, column: 0 },
            what: "there are no tenants yet: no call is taken".to_owned(),
            mend: "add them in the portal, or with `ringfence apply plan.toml`".to_owned(),
        });
    }
    Ok(config)
}

fn one(file: std::path::PathBuf, what: String, mend: &str) -> Problems {
    let place = Place { file, line: 0, column: 0 };
    Problems(vec![Problem { place, what, mend: mend.to_owned() }])
}

fn parse(rendered: &Rendered) -> std::result::Result<Config, Problems> {
    let placed = |all: Vec<Problem>| all.into_iter().map(|of| rendered.placed(of)).collect();
    match config::parse(rendered.source.clone()) {
        Ok(config) => Ok(Config { warnings: placed(config.warnings), in_file: false, ..config }),
        Err(Problems(problems)) => Err(Problems(placed(problems))),
    }
}

/// The settings as a plan, of these tenants or all. Secrets are `{ kept = true }` unless they are asked for.
///
/// # Errors
/// When the store cannot be read.
pub fn export(store: &Store, tenants: Option<&[TenantId]>, secrets: bool) -> Result<String> {
    let rows = rows(store)?;
    let mut text =
        "# Settings of Ringfence: change them and give them to `ringfence apply`.\n".to_owned();
    for (key, row) in &rows {
        let mut fields = head(key);
        let own = match key.section {
            Section::Reseller if tenants.is_some() => continue,
            Section::Tenant => Some(TenantId::new(&key.id)),
            Section::Trunk
            | Section::Extension
            | Section::Contact
            | Section::Notification
            | Section::Reseller => key.tenant.clone(),
            _ => continue,
        };
        if tenants.is_some_and(|tenants| own.is_none_or(|own| !tenants.contains(&own))) {
            continue;
        }
        let body = if secrets { row.body.clone() } else { masked(row.body.clone()) };
        fields.extend(body.as_object().cloned().unwrap_or_default());
        if key.section == Section::Tenant {
            of_tenant(key, &rows, &mut fields);
        }
        let name = key.section.as_str();
        let _ = writeln!(text, "\n[[{name}]]");
        write::table(&mut text, name, &fields);
    }
    Ok(text)
}

fn head(key: &SettingKey) -> Map<String, Json> {
    let tenant = key.tenant.as_ref().map(|tenant| ("tenant".to_owned(), tenant.as_str().into()));
    [("id".to_owned(), key.id.as_str().into())].into_iter().chain(tenant).collect()
}

fn of_tenant(key: &SettingKey, rows: &Rows, fields: &mut Map<String, Json>) {
    if let Some(row) = rows.get(&super::own(Section::Policy, &key.id)) {
        fields.insert("policy".to_owned(), row.body.clone());
    }
    if let Some(row) = rows.get(&super::own(Section::Tariff, &key.id)) {
        let mut deck = row.body.as_object().cloned().unwrap_or_default();
        if let Some(columns) = deck.remove("columns") {
            fields.insert("tariff_columns".to_owned(), columns);
        }
        fields.insert("tariff".to_owned(), Json::Object(deck));
    }
}
