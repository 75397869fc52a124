//! What a plan changes, and whether the settings would work with it.

use super::render::render;
use super::shared::shared;
use super::stored::{decks, rows};
use super::{Row, Rows, read};
use crate::config::{self, Config, Decks, Problems, Source};
use ringfence_api::Fault;
use ringfence_api::plan::{Note, Plan, Planned, RowChange, Wanted, WantedRow, is_kept, is_planned};
use ringfence_call::Directory;
use ringfence_model::TenantId;
use ringfence_store::{Change, Claim, Draft, Expected, Section, SettingKey, Store, StoreError};
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// The field of a tariff that says which deck it is of.
const SHA256: &str = "sha256";

/// A plan that works: what it changes, how that is stored, and what the shards run with then.
#[derive(Debug)]
pub struct Ready {
    /// What it changes.
    pub planned: Planned,
    /// For the store.
    pub changes: Vec<Change>,
    /// For the shards.
    pub config: Config,
}

/// Works out what a plan changes, behind this boot file. Nothing is changed.
///
/// # Errors
/// All that is wrong with it, or why it cannot be worked out.
pub fn check(store: &Store, boot: &Source, plan: Plan) -> Result<Ready, Fault> {
    let revision = store.settings_revision().map_err(failed)?;
    if plan.revision.is_some_and(|seen| seen != revision) {
        return Err(Fault::Outdated);
    }
    let stored = rows(store).map_err(failed)?;
    let wanted = match plan.wanted {
        Wanted::Rows(rows) => rows,
        Wanted::Text(text) => read::read(&read::without_files(text)).map_err(Fault::Unfit)?,
    };
    let mut draft = Draught { new: stored.clone(), stored, decks: BTreeMap::new(), notes: vec![] };
    if plan.prune {
        draft.prune(&wanted);
    }
    for row in wanted {
        draft.take(store, row)?;
    }
    draft.cascade();
    let mut held = decks(store, &draft.new);
    for (tenant, (sha256, deck)) in &draft.decks {
        held.bring(tenant, sha256, deck.clone());
    }
    draft.check_owners(&held);
    let rendered = render(boot, &draft.new, held);
    draft.notes.extend(rendered.notes.iter().cloned());
    let config = match config::parse(rendered.source.clone()) {
        Ok(config) if draft.notes.is_empty() => config,
        Ok(_) => return Err(Fault::Unfit(draft.notes)),
        Err(Problems(problems)) => {
            draft.notes.extend(problems.iter().map(|problem| rendered.note(problem)));
            return Err(Fault::Unfit(draft.notes));
        }
    };
    let warnings = config.warnings.iter().map(|warning| rendered.note(warning)).collect();
    draft.hash_passwords(&config.snapshot.directory);
    let config = Config { in_file: false, revision: Some(revision), ..config };
    let shared = shared(&draft.stored, &draft.new, &config.snapshot.directory);
    let (changes, made) = draft.changes(&config.snapshot.directory);
    let planned = Planned { revision, changes, warnings, shared };
    Ok(Ready { planned, changes: made, config })
}

/// What the store says, as people are told.
pub(crate) fn failed(error: StoreError) -> Fault {
    match error {
        StoreError::Conflict { .. } => Fault::Outdated,
        error => {
            let said = error.to_string();
            let (what, mend) = said.rsplit_once("; ").unwrap_or((&said, "correct it"));
            Fault::Refused { what: what.to_owned(), mend: mend.to_owned() }
        }
    }
}

/// The settings as they are, and as they shall be.
struct Draught {
    stored: Rows,
    new: Rows,
    /// New rate decks and their SHA-256, by tenant.
    decks: BTreeMap<String, (String, Vec<u8>)>,
    notes: Vec<Note>,
}

impl Draught {
    fn prune(&mut self, wanted: &[WantedRow]) {
        let wanted: BTreeSet<&SettingKey> = wanted.iter().map(|row| &row.key).collect();
        self.new.retain(|key, _| key.section == Section::Reseller || wanted.contains(key));
    }

    fn take(&mut self, store: &Store, wanted: WantedRow) -> Result<(), Fault> {
        let WantedRow { key, body, attachment, expected } = wanted;
        let version = self.stored.get(&key).map_or(0, |row| row.version);
        match expected {
            Expected::Any => {}
            Expected::New if version == 0 => {}
            Expected::Version(seen) if version > 0 && seen == version => {}
            Expected::Version(_) if version == 0 => return Err(Fault::NotFound("setting")),
            Expected::New | Expected::Version(_) => return Err(Fault::Outdated),
        }
        if !is_planned(key.section) {
            let what = format!("a {} is set elsewhere", key.section.as_str());
            self.wrong(&key, None, &what, "leave it out");
            return Ok(());
        }
        if let Err(what) = read::name(&key.id) {
            self.wrong(&key, Some("id"), &what, "choose another name");
        }
        let Some(mut body) = body else {
            self.new.remove(&key);
            return Ok(());
        };
        let before = self.stored.get(&key).map(|row| row.body.clone());
        self.keep(&key, "", &mut body, before.as_ref());
        if key.section == Section::Tariff {
            let deck = Self::sent_or_kept(store, attachment, &body, before.as_ref())?;
            self.deck(&key, &mut body, deck, before.as_ref());
        }
        self.new.insert(key, Row { body, version });
        Ok(())
    }

    /// Puts what is stored where a secret stays as it is.
    fn keep(&mut self, key: &SettingKey, path: &str, value: &mut Json, stored: Option<&Json>) {
        if is_kept(value) {
            match stored {
                Some(stored) => *value = stored.clone(),
                None => {
                    self.wrong(key, Some(path), "nothing is stored that could be kept", "write it")
                }
            }
            return;
        }
        let Some(fields) = value.as_object_mut() else { return };
        for (name, value) in fields {
            let inner = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            self.keep(key, &inner, value, stored.and_then(|stored| stored.get(name)));
        }
    }

    /// The deck that was sent; or the one that a row names by its SHA-256 and that the store still has.
    fn sent_or_kept(
        store: &Store,
        sent: Option<Vec<u8>>,
        body: &Json,
        before: Option<&Json>,
    ) -> Result<Option<Vec<u8>>, Fault> {
        let named =
            body.get(SHA256).filter(|named| before.and_then(|of| of.get(SHA256)) != Some(named));
        match (sent, named.and_then(Json::as_str)) {
            (None, Some(named)) => store.attached(named).map_err(failed),
            (sent, _) => Ok(sent),
        }
    }

    /// The row of a tariff says which deck it is of.
    fn deck(
        &mut self,
        key: &SettingKey,
        body: &mut Json,
        deck: Option<Vec<u8>>,
        before: Option<&Json>,
    ) {
        let stored = before.and_then(|before| before.get(SHA256)).cloned();
        let Some(fields) = body.as_object_mut() else { return };
        if let Some(field) =
            fields.keys().find(|name| !matches!(name.as_str(), "columns" | "sha256"))
        {
            let (field, what) = (field.clone(), format!("a tariff has no field \"{field}\""));
            return self.wrong(key, Some(&field), &what, "remove it; there are: columns, sha256");
        }
        match (deck, fields.get(SHA256)) {
            (Some(deck), _) => {
                let sha256 = crate::hex(&Sha256::digest(&deck));
                fields.insert(SHA256.to_owned(), sha256.as_str().into());
                if let Some(tenant) = &key.tenant {
                    self.decks.insert(tenant.as_str().to_owned(), (sha256, deck));
                }
            }
            (None, Some(wanted)) if Some(wanted) != stored.as_ref() => {
                self.wrong(key, Some(SHA256), "that deck is not stored", "send the deck itself");
            }
            (None, _) => match stored {
                Some(stored) => drop(fields.insert(SHA256.to_owned(), stored)),
                None => self.wrong(key, None, "there is no deck", "send the deck itself"),
            },
        }
    }

    /// What a tenant had goes with it.
    fn cascade(&mut self) {
        let gone: Vec<TenantId> = self
            .stored
            .keys()
            .filter(|key| key.section == Section::Tenant && !self.new.contains_key(key))
            .map(|key| TenantId::new(&key.id))
            .collect();
        if gone.is_empty() {
            return;
        }
        let went = |tenant: &Option<TenantId>| tenant.as_ref().is_some_and(|of| gone.contains(of));
        self.new.retain(|key, _| !went(&key.tenant));
        for (_, row) in self.new.iter_mut().filter(|(key, _)| key.section == Section::Reseller) {
            if let Some(tenants) = row.body.get_mut("tenants").and_then(Json::as_array_mut) {
                tenants.retain(|of| {
                    of.as_str().is_none_or(|of| gone.iter().all(|id| id.as_str() != of))
                });
            }
        }
    }

    /// What the boot file need not be asked, since one hand wrote it: a policy or tariff of nobody is written nowhere, so
    /// that nobody would miss its tenant; and who may change one tenant may not use the trunks of another.
    fn check_owners(&mut self, decks: &Decks) {
        let mut notes = Vec::new();
        let trunks: BTreeMap<&str, &Option<TenantId>> = self
            .new
            .keys()
            .filter(|key| key.section == Section::Trunk)
            .map(|key| (key.id.as_str(), &key.tenant))
            .collect();
        for (key, row) in self.new.iter().filter(|(key, _)| key.section == Section::Tenant) {
            for field in ["carriers", "emergency_carriers", "inbound", "register"] {
                let names = row.body.get(field).into_iter();
                let names = names.flat_map(|value| match value {
                    Json::Array(items) => items.iter().collect(),
                    alone => vec![alone],
                });
                for name in names.filter_map(Json::as_str) {
                    let owner = trunks.get(name).and_then(|owner| owner.as_ref());
                    if owner.is_some_and(|owner| owner.as_str() != key.id) {
                        let what = format!("{field}: there is no trunk \"{name}\" that it may use");
                        let mend = "name its own trunks, or those of no tenant".to_owned();
                        notes.push(Note::about(key, Some(field), what, mend));
                    }
                }
            }
        }
        for key in self.new.keys() {
            let Some(tenant) = &key.tenant else { continue };
            let owner = SettingKey::new(Section::Tenant, None, tenant.as_str());
            if !self.new.contains_key(&owner) {
                let what = format!("there is no tenant \"{tenant}\"");
                notes.push(Note::about(key, Some("tenant"), what, "add the tenant first".into()));
            } else if key.section == Section::Tariff && !decks.has(tenant.as_str()) {
                let (what, mend) = ("its deck is not stored".to_owned(), "send it".to_owned());
                notes.push(Note::about(key, None, what, mend));
            }
        }
        self.notes.extend(notes);
    }

    /// Of a phone's password its hash is stored, and the domain that it was made for.
    fn hash_passwords(&mut self, directory: &Directory) {
        for (key, row) in self.new.iter_mut().filter(|(key, _)| key.section == Section::Extension) {
            let Some(tenant) = &key.tenant else { continue };
            let Some(fields) = row.body.as_object_mut().filter(|of| of.contains_key("password"))
            else {
                continue;
            };
            let extension = directory.extension(tenant, &key.id);
            let Some(login) = extension.and_then(|extension| extension.login.as_ref()) else {
                continue;
            };
            let realm = directory.tenant(tenant).and_then(|tenant| tenant.domains.first());
            fields.remove("password");
            fields.insert("ha1".to_owned(), crate::hex(&login.ha1.to_bytes()).into());
            fields.insert("realm".to_owned(), realm.map_or("", String::as_str).into());
        }
    }

    /// What is different, as told and as stored: what goes first, so that others may have its names.
    fn changes(mut self, directory: &Directory) -> (Vec<RowChange>, Vec<Change>) {
        let (mut told, mut made) = (Vec::new(), Vec::new());
        for (key, row) in &self.stored {
            if !self.new.contains_key(key) {
                let (before, version) = (Some(row.body.clone()), row.version);
                told.push(RowChange { key: key.clone(), before, after: None, version });
                made.push(Change::Remove(key.clone(), Expected::Version(version)));
            }
        }
        for (key, row) in std::mem::take(&mut self.new) {
            let before = self.stored.get(&key).map(|row| row.body.clone());
            if before.as_ref() == Some(&row.body) {
                continue;
            }
            let expected = match row.version {
                0 => Expected::New,
                version => Expected::Version(version),
            };
            let attachment = match (key.section, &key.tenant) {
                (Section::Tariff, Some(tenant)) => {
                    self.decks.remove(tenant.as_str()).map(|(_, deck)| deck)
                }
                _ => None,
            };
            let draft = Draft {
                label: key.id.clone(),
                claims: claims(&key, &row.body, directory),
                body: row.body.clone(),
                attachment,
            };
            let (after, version) = (Some(row.body), row.version);
            told.push(RowChange { key: key.clone(), before, after, version });
            made.push(Change::Put(key, draft, expected));
        }
        (told, made)
    }

    fn wrong(&mut self, key: &SettingKey, field: Option<&str>, what: &str, mend: &str) {
        self.notes.push(Note::about(key, field, what.to_owned(), mend.to_owned()));
    }
}

/// What only this row may have. The directory was checked for it; several nodes on one database check it once more.
fn claims(key: &SettingKey, body: &Json, directory: &Directory) -> Vec<Claim> {
    let claim = |kind: &str, name: &str| Claim { kind: kind.to_owned(), name: name.to_owned() };
    match (key.section, &key.tenant) {
        (Section::Trunk, _) => vec![claim("trunk", &key.id)],
        (Section::Tenant, _) => {
            // A domain that follows from where we listen is not the tenant's own.
            let tenant = directory.tenant(&TenantId::new(&key.id));
            let tenant = tenant.filter(|_| body.get("domains").is_some());
            let domains = tenant.map(|tenant| tenant.domains.as_slice()).unwrap_or_default();
            domains.iter().map(|domain| claim("domain", &domain.to_ascii_lowercase())).collect()
        }
        (Section::Extension, Some(tenant)) => {
            let extension = directory.extension(tenant, &key.id);
            let numbers =
                extension.map(|extension| extension.numbers.as_slice()).unwrap_or_default();
            numbers.iter().map(|number| claim("number", &number.full())).collect()
        }
        (Section::Reseller, _) => {
            let tenants = body.get("tenants").and_then(Json::as_array);
            let tenants = tenants.into_iter().flatten().filter_map(Json::as_str);
            ringfence_api::reseller_claims(&tenants.map(TenantId::new).collect::<Vec<_>>())
        }
        _ => Vec::new(),
    }
}
