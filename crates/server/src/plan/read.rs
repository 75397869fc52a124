//! From a plan as people write it to rows.

use crate::config::{Decks, Source};
use ringfence_api::plan::{Note, WantedRow, is_kept, is_secret};
use ringfence_model::TenantId;
use ringfence_store::{Expected, Section, SettingKey};
use serde_json::{Map, Value as Json};

use super::own;

/// No name is longer, in characters.
const NAME_CHARS_MAX: usize = 120;
/// Sections a plan may have.
const SECTIONS: [Section; 6] = [
    Section::Reseller,
    Section::Tenant,
    Section::Trunk,
    Section::Extension,
    Section::Contact,
    Section::Notification,
];

/// The text of a plan that names no files.
#[must_use]
pub fn without_files(text: String) -> Source {
    Source::new("the plan".into(), text).closed_from(0, Decks::default())
}

/// Reads a plan: the rows it wants. Files and secrets it names are read, as far as its source has them.
///
/// # Errors
/// All that is wrong with its form; what it means is checked with the settings that are there.
pub fn read(source: &Source) -> Result<Vec<WantedRow>, Vec<Note>> {
    let table: toml::Table = toml::from_str(source.text()).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        let what = error.message().lines().collect::<Vec<_>>().join(", ");
        vec![Note::of_all(format!("{}: {what}", source.place(at)), "see https://toml.io".into())]
    })?;
    let mut reader = Reader { source, rows: Vec::new(), notes: Vec::new(), only: None };
    reader.plan(table);
    if reader.notes.is_empty() { Ok(reader.rows) } else { Err(reader.notes) }
}

struct Reader<'a> {
    source: &'a Source,
    rows: Vec<WantedRow>,
    notes: Vec<Note>,
    /// The tenant of the plan, when it has one.
    only: Option<TenantId>,
}

impl Reader<'_> {
    fn plan(&mut self, mut table: toml::Table) {
        for section in SECTIONS {
            let name = section.as_str();
            match table.remove(name) {
                None => {}
                Some(toml::Value::Array(items)) => self.section(section, items),
                Some(_) => {
                    self.wrong(format!("[{name}] stands alone"), &format!("write [[{name}]]"))
                }
            }
        }
        for name in table.keys() {
            let what = format!("a plan has no \"{name}\"");
            let mend = "it has [[tenant]], [[trunk]], [[extension]], [[contact]], [[notification]] and [[reseller]]; what the start needs stays in the boot file";
            self.notes.push(Note::of_all(what, mend.to_owned()));
        }
    }

    fn section(&mut self, section: Section, items: Vec<toml::Value>) {
        let bodies: Vec<Map<String, Json>> =
            items.into_iter().filter_map(|item| self.body(section, item)).collect();
        if section == Section::Tenant {
            self.only = match bodies.as_slice() {
                [one] => one.get("id").and_then(Json::as_str).map(TenantId::new),
                _ => None,
            };
        }
        for body in bodies {
            self.row(section, body);
        }
    }

    fn body(&mut self, section: Section, item: toml::Value) -> Option<Map<String, Json>> {
        match json(item) {
            Ok(Json::Object(fields)) => Some(fields),
            Ok(_) => {
                let name = section.as_str();
                self.wrong(format!("{name} is no table"), &format!("write [[{name}]]"));
                None
            }
            Err(what) => {
                self.wrong(format!("[[{}]]: {what}", section.as_str()), "write it in quotes");
                None
            }
        }
    }

    fn row(&mut self, section: Section, mut body: Map<String, Json>) {
        let name = section.as_str();
        let Some(Json::String(id)) = body.remove("id") else {
            return self.wrong(format!("[[{name}]] has no id"), "add id = \"...\"");
        };
        let key = match (section, body.remove("tenant")) {
            (Section::Tenant | Section::Reseller, None) => SettingKey::new(section, None, &id),
            (Section::Trunk | Section::Extension, Some(Json::String(tenant))) => {
                SettingKey::new(section, Some(&tenant.as_str().into()), &id)
            }
            (Section::Contact | Section::Notification, Some(Json::String(tenant))) => {
                SettingKey::new(section, Some(&tenant.as_str().into()), &id)
            }
            (Section::Contact | Section::Notification, None) => SettingKey::new(section, None, &id),
            (Section::Trunk, None) if body.get("side") != Some(&Json::from("pbx")) => {
                SettingKey::new(section, None, &id)
            }
            (Section::Trunk | Section::Extension, None) if self.only.is_some() => {
                SettingKey::new(section, self.only.as_ref(), &id)
            }
            _ => {
                let what = format!("{name} \"{id}\": whose it is is not clear");
                return self.wrong(what, "add tenant = \"...\" to trunks and extensions");
            }
        };
        if section == Section::Tenant {
            self.policy(&key, &mut body);
            self.tariff(&key, &mut body);
            self.table_of_file(&key, "dial_plan", &mut body);
        }
        self.secrets(&key, &mut body);
        self.want(key, Json::Object(body), None);
    }

    fn want(&mut self, key: SettingKey, body: Json, attachment: Option<Vec<u8>>) {
        if let Err(what) = name(&key.id) {
            let mend = "choose another name".to_owned();
            return self.notes.push(Note::about(&key, Some("id"), what, mend));
        }
        if self.rows.iter().any(|row| row.key == key) {
            let (what, mend) = ("it is there twice".to_owned(), "remove one".to_owned());
            return self.notes.push(Note::about(&key, None, what, mend));
        }
        self.rows.push(WantedRow { key, body: Some(body), attachment, expected: Expected::Any });
    }

    fn policy(&mut self, tenant: &SettingKey, body: &mut Map<String, Json>) {
        self.table_of_file(tenant, "policy", body);
        if let Some(policy) = body.remove("policy") {
            self.want(own(Section::Policy, &tenant.id), policy, None);
        }
    }

    /// `tariff = "rates.csv"`, or `{ sha256 = "..." }` for the deck that is stored.
    fn tariff(&mut self, tenant: &SettingKey, body: &mut Map<String, Json>) {
        let key = own(Section::Tariff, &tenant.id);
        let columns = body.remove("tariff_columns").map(|columns| ("columns".to_owned(), columns));
        let mut row: Map<String, Json> = columns.into_iter().collect();
        match body.remove("tariff") {
            None if row.is_empty() => {}
            Some(Json::String(path)) => match self.source.read_whole(0, &path) {
                Ok(deck) => self.want(key, Json::Object(row), Some(deck)),
                Err(error) => self.unread(&key, &path, &error),
            },
            Some(Json::Object(fields)) => {
                row.extend(fields);
                self.want(key, Json::Object(row), None);
            }
            _ => {
                let (what, mend) = ("there is no deck", "set tariff = \"rates.csv\"");
                self.notes.push(Note::about(&key, None, what.into(), mend.into()));
            }
        }
    }

    /// `key = "file.toml"` becomes what is in the file.
    fn table_of_file(&mut self, key: &SettingKey, field: &str, body: &mut Map<String, Json>) {
        let Some(Json::String(path)) = body.get(field) else { return };
        let path = path.clone();
        let read = self.source.read_text(0, &path);
        let table = match read.as_deref().map(toml::from_str::<toml::Value>) {
            Ok(Ok(table)) => json(table),
            Ok(Err(error)) => Err(format!("{path}: {}", error.message())),
            Err(error) => return self.unread(key, &path, error),
        };
        match table {
            Ok(table) => drop(body.insert(field.to_owned(), table)),
            Err(what) => {
                self.notes.push(Note::about(key, Some(field), what, "correct the file".into()));
            }
        }
    }

    /// `{ file = "..." }` and `{ env = "..." }` become the secret itself.
    fn secrets(&mut self, key: &SettingKey, body: &mut Map<String, Json>) {
        for (name, value) in body {
            match value {
                Json::Object(inner)
                    if is_secret(name) && !is_kept(&Json::Object(inner.clone())) =>
                {
                    match self.secret(inner) {
                        Ok(secret) => *value = Json::String(secret),
                        Err(what) => {
                            let mend = "write \"...\", { file = \"...\" } or { env = \"...\" }";
                            self.notes.push(Note::about(key, Some(name), what, mend.into()));
                        }
                    }
                }
                Json::Object(inner) => self.secrets(key, inner),
                _ => {}
            }
        }
    }

    fn secret(&self, written: &Map<String, Json>) -> Result<String, String> {
        match (
            written.get("file").and_then(Json::as_str),
            written.get("env").and_then(Json::as_str),
        ) {
            (Some(path), None) => {
                let text =
                    self.source.read_text(0, path).map_err(|error| format!("{path}: {error}"))?;
                let line = text.strip_suffix('\n').unwrap_or(&text);
                Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
            }
            (None, Some(name)) => self
                .source
                .variable(0, name)
                .ok_or_else(|| format!("the environment has no text variable {name}")),
            _ => Err("it is no secret".to_owned()),
        }
    }

    fn unread(&mut self, key: &SettingKey, path: &str, error: &std::io::Error) {
        let what = format!("cannot read {path}: {error}");
        let mend = "correct the path or its permissions; over the API, send what is in it";
        self.notes.push(Note::about(key, None, what, mend.to_owned()));
    }

    fn wrong(&mut self, what: String, mend: &str) {
        self.notes.push(Note::of_all(what, mend.to_owned()));
    }
}

/// Whether a name will do for a row.
pub(super) fn name(id: &str) -> Result<(), String> {
    let count = id.chars().count();
    if count == 0 || count > NAME_CHARS_MAX || id.trim() != id {
        return Err(format!("a name has 1 to {NAME_CHARS_MAX} characters and no space around it"));
    }
    match id.chars().find(|c| c.is_control() || *c == '/') {
        Some(_) => Err("a name has no slash and no control character".to_owned()),
        None => Ok(()),
    }
}

fn json(value: toml::Value) -> Result<Json, String> {
    Ok(match value {
        toml::Value::String(text) => Json::String(text),
        toml::Value::Integer(number) => Json::from(number),
        toml::Value::Float(number) => Json::from(number),
        toml::Value::Boolean(yes) => Json::from(yes),
        toml::Value::Datetime(date) => return Err(format!("{date} is a date without quotes")),
        toml::Value::Array(items) => {
            Json::Array(items.into_iter().map(json).collect::<Result<_, _>>()?)
        }
        toml::Value::Table(fields) => {
            let field = |(name, value)| Ok((name, json(value)?));
            Json::Object(fields.into_iter().map(field).collect::<Result<_, String>>()?)
        }
    })
}
