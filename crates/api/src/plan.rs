//! Settings as somebody wants them, and what that changes: what the node is asked to check and to put in force.
//!
//! A setting's body is a section of the boot file without its names, which are in its key. A policy and a rate deck are
//! rows of their own.

use ringfence_model::TenantId;
use ringfence_store::{Expected, Section, SettingKey};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use utoipa::ToSchema;

/// The id of a tenant's own policy and of its tariff: there is one of each.
pub const POLICY: &str = "policy";
/// See [`POLICY`].
pub const TARIFF: &str = "tariff";

/// Settings as somebody wants them.
#[derive(Clone, PartialEq, Debug)]
pub struct Plan {
    /// What.
    pub wanted: Wanted,
    /// Whether tenants, trunks, extensions, policies and tariffs that are not wanted go.
    pub prune: bool,
    /// Only if the store's settings are at this revision.
    pub revision: Option<i64>,
}

/// What is wanted.
#[derive(Clone, PartialEq, Debug)]
pub enum Wanted {
    /// A plan as people write it: TOML, with the sections of the boot file. It names no files.
    Text(String),
    /// Single rows.
    Rows(Vec<WantedRow>),
}

/// A row as it shall be.
#[derive(Clone, PartialEq, Debug)]
pub struct WantedRow {
    /// Which.
    pub key: SettingKey,
    /// The setting; `None`: it goes. A secret that is [`kept`] stays as it is.
    pub body: Option<Json>,
    /// A rate deck as CSV; `None`: the one it has stays.
    pub attachment: Option<Vec<u8>>,
    /// What is believed of the row.
    pub expected: Expected,
}

/// What a plan changes.
#[derive(Clone, PartialEq, Debug)]
pub struct Planned {
    /// The revision of the store's settings it was worked out for, or made.
    pub revision: i64,
    /// Rows that change, in the order in which they are made.
    pub changes: Vec<RowChange>,
    /// What works and is probably not meant.
    pub warnings: Vec<Note>,
    /// What its rows are known by that others are known by too.
    pub shared: Vec<Shared>,
}

/// By what a row that changes is known, and by what another is known that is not of the same tenant. Whoever asks from
/// there could be taken for the other one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shared {
    /// The row that changes: a trunk or an extension.
    pub key: SettingKey,
    /// The field of it.
    pub field: &'static str,
    /// What it says there: a network, the name in a certificate.
    pub what: String,
    /// The other row.
    pub with: SettingKey,
}

impl Shared {
    /// As who may see both rows is told of it.
    #[must_use]
    pub fn note(&self) -> Note {
        let with = title_of(
            self.with.section.as_str(),
            self.with.tenant.as_ref().map(TenantId::as_str),
            &self.with.id,
        );
        let what = format!("{} also leads to {with}", self.what);
        let mend = "take another, or see that domains, numbers or listeners tell the two apart";
        Note::about(&self.key, Some(self.field), what, mend.to_owned())
    }
}

/// How a row changes. Secrets are in it.
#[derive(Clone, PartialEq, Debug)]
pub struct RowChange {
    /// Which.
    pub key: SettingKey,
    /// As it is; `None`: it is new.
    pub before: Option<Json>,
    /// As it will be; `None`: it goes.
    pub after: Option<Json>,
    /// Its version before; 0 for a new one.
    pub version: i64,
}

/// Something wrong or doubtful about a setting.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
pub struct Note {
    /// The sort of setting: `tenant`, `trunk`, `extension`, `policy`, `tariff`, `contact`, `notification`; empty when it is about none alone.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub section: String,
    /// Whose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Its name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// Which field of it, when it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub mend: String,
}

impl Note {
    /// About a setting, or a field of it.
    #[must_use]
    pub fn about(key: &SettingKey, field: Option<&str>, what: String, mend: String) -> Self {
        Self {
            section: key.section.as_str().to_owned(),
            tenant: key.tenant.as_ref().map(|tenant| tenant.as_str().to_owned()),
            id: key.id.clone(),
            field: field.map(str::to_owned),
            what,
            mend,
        }
    }

    /// What people call the setting: `trunk "kpn" of office`.
    #[must_use]
    pub fn title(&self) -> String {
        title_of(&self.section, self.tenant.as_deref(), &self.id)
    }

    /// About the whole.
    #[must_use]
    pub fn of_all(what: String, mend: String) -> Self {
        let (section, id) = (String::new(), String::new());
        Self { section, tenant: None, id, field: None, what, mend }
    }
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.section.is_empty() {
            write!(f, "{}: ", self.title())?;
        }
        if let Some(field) = self.field.as_ref().filter(|field| !self.what.starts_with(*field)) {
            write!(f, "{field}: ")?;
        }
        write!(f, "{}; {}", self.what, self.mend)
    }
}

/// What people call a setting: `trunk "kpn" of office`.
fn title_of(section: &str, tenant: Option<&str>, id: &str) -> String {
    match (section, tenant) {
        (POLICY | TARIFF, Some(tenant)) => format!("{section} of {tenant}"),
        (_, Some(tenant)) => format!("{section} \"{id}\" of {tenant}"),
        (_, None) => format!("{section} \"{id}\""),
    }
}

/// What a plan changes, as people are shown it: without secrets.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct PlannedView {
    /// The revision of the settings it was worked out for, or made.
    pub revision: i64,
    /// Rows that change.
    pub changes: Vec<ChangeView>,
    /// What works and is probably not meant.
    pub warnings: Vec<Note>,
}

/// How a row changes, without secrets.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct ChangeView {
    /// `add`, `change` or `remove`.
    pub act: String,
    /// The sort of setting.
    pub section: String,
    /// Whose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Its name.
    pub id: String,
    /// What changes in it, or what a new one says.
    pub fields: Vec<FieldChange>,
}

/// How a field changes.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, ToSchema)]
pub struct FieldChange {
    /// Its name; inside tables `limits.per_day`.
    pub field: String,
    /// What it says; absent when it is new. A secret is `{"kept": true}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = serde_json::Value, required = false)]
    pub from: Option<Json>,
    /// What it will say; absent when it goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = serde_json::Value, required = false)]
    pub to: Option<Json>,
}

impl From<Planned> for PlannedView {
    fn from(planned: Planned) -> Self {
        Self {
            revision: planned.revision,
            changes: planned.changes.iter().map(ChangeView::from).collect(),
            warnings: planned
                .warnings
                .into_iter()
                .chain(planned.shared.iter().map(Shared::note))
                .collect(),
        }
    }
}

impl From<&RowChange> for ChangeView {
    fn from(change: &RowChange) -> Self {
        let act = match (&change.before, &change.after) {
            (None, _) => "add",
            (Some(_), Some(_)) => "change",
            (Some(_), None) => "remove",
        };
        let mut fields = Vec::new();
        if change.after.is_some() {
            differ("", change.before.as_ref(), change.after.as_ref(), &mut fields);
        }
        Self {
            act: act.to_owned(),
            section: change.key.section.as_str().to_owned(),
            tenant: change.key.tenant.as_ref().map(|tenant| tenant.as_str().to_owned()),
            id: change.key.id.clone(),
            fields,
        }
    }
}

impl std::fmt::Display for ChangeView {
    /// As a plan is shown: `~ tenant "office"`, and below it a line for each field.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = match self.act.as_str() {
            "add" => '+',
            "remove" => '-',
            _ => '~',
        };
        write!(f, "{sign} {}", title_of(&self.section, self.tenant.as_deref(), &self.id))?;
        for FieldChange { field, from, to } in &self.fields {
            let shown =
                |value: &Json| if is_kept(value) { "***".to_owned() } else { value.to_string() };
            match (from, to) {
                (Some(from), Some(to)) => {
                    write!(f, "\n    {field}: {} -> {}", shown(from), shown(to))?;
                }
                (None, Some(to)) => write!(f, "\n    {field}: {}", shown(to))?,
                (Some(from), None) => write!(f, "\n    {field}: {} -> (none)", shown(from))?,
                (None, None) => {}
            }
        }
        Ok(())
    }
}

/// Notes how `before` becomes `after`, field by field.
fn differ(path: &str, before: Option<&Json>, after: Option<&Json>, all: &mut Vec<FieldChange>) {
    if before == after {
        return;
    }
    let table =
        |value: Option<&Json>| value.is_none_or(|value| value.is_object() && !is_kept(value));
    let both = before.is_some() && after.is_some();
    if (path.is_empty() || both) && table(before) && table(after) {
        let empty = serde_json::Map::new();
        let of = |value: Option<&Json>| value.and_then(Json::as_object).cloned();
        let (before, after) = (of(before), of(after));
        let (before, after) = (before.as_ref().unwrap_or(&empty), after.as_ref().unwrap_or(&empty));
        let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let inner = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            differ(&inner, before.get(name), after.get(name), all);
        }
        return;
    }
    let name = path.rsplit('.').next().unwrap_or(path);
    let shown = |value: Option<&Json>| {
        value.map(|value| if is_secret(name) { kept() } else { masked(value.clone()) })
    };
    all.push(FieldChange { field: path.to_owned(), from: shown(before), to: shown(after) });
}

/// Fields whose text nobody is shown.
#[must_use]
pub fn is_secret(field: &str) -> bool {
    matches!(field, "password" | "ha1" | "secret")
}

/// What stands for a secret that is not shown, and for one that stays as it is.
#[must_use]
pub fn kept() -> Json {
    serde_json::json!({ "kept": true })
}

/// Whether it is what [`kept`] gives.
#[must_use]
pub fn is_kept(value: &Json) -> bool {
    *value == kept()
}

/// A setting without its secrets.
#[must_use]
pub fn masked(mut body: Json) -> Json {
    mask(&mut body);
    body
}

fn mask(body: &mut Json) {
    match body {
        Json::Object(fields) => {
            for (name, value) in fields {
                if is_secret(name) { *value = kept() } else { mask(value) }
            }
        }
        Json::Array(items) => items.iter_mut().for_each(mask),
        _ => {}
    }
}

/// Whether rows of this sort are what plans are made of.
#[must_use]
pub const fn is_planned(section: Section) -> bool {
    matches!(
        section,
        Section::Reseller
            | Section::Tenant
            | Section::Trunk
            | Section::Extension
            | Section::Policy
            | Section::Tariff
            | Section::Contact
            | Section::Notification
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shown(before: Option<Json>, after: Option<Json>) -> String {
        let key = SettingKey::new(Section::Trunk, Some(&"office".into()), "kpn");
        ChangeView::from(&RowChange { key, before, after, version: 1 }).to_string()
    }

    #[test]
    fn a_difference_names_row_and_field_and_no_secret() {
        let before =
            json!({"side": "carrier", "account": {"user": "a", "password": "old"}, "x": 1});
        let after =
            json!({"side": "carrier", "account": {"user": "b", "password": "new"}, "y": [1]});
        assert_eq!(
            shown(Some(before.clone()), Some(after.clone())),
            "~ trunk \"kpn\" of office\n    account.password: *** -> ***\n    \
             account.user: \"a\" -> \"b\"\n    x: 1 -> (none)\n    y: [1]"
        );
        let added = shown(None, Some(after));
        assert!(added.starts_with("+ trunk") && added.contains("\"kept\":true"), "{added}");
        assert!(!added.contains("new"), "{added}");
        assert_eq!(shown(Some(before), None), "- trunk \"kpn\" of office");
    }

    #[test]
    fn what_is_masked_says_that_it_is_kept() {
        let body = json!({"login": {"user": "a", "password": "b"}, "list": [{"ha1": "c"}]});
        let masked = masked(body);
        assert_eq!(
            masked,
            json!({"login": {"user": "a", "password": kept()}, "list": [{"ha1": kept()}]})
        );
        assert!(is_kept(&masked["login"]["password"]) && !is_kept(&masked["login"]));
    }
}
