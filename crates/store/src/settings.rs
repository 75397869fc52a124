//! What people set: tenants, trunks, extensions, policies, tariffs … each one JSON value with a version.
//!
//! The server checks what a value says before it comes here; what the store answers for is that a change is durable,
//! on record, made to what its maker saw, and that what only one may have is had by one.

use crate::attachments;
use crate::audit::{About, Act, append};
use crate::link::Link;
use crate::sql::Query;
use crate::value::{Row, Value, args};
use crate::{Result, Store, StoreError};
use ringfence_model::{TenantId, WallTime};
use serde_json::{Value as Json, json};
use std::fmt;

/// A sort of setting.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Section {
    /// The platform's own.
    Platform,
    /// A reseller, who looks after tenants.
    Reseller,
    /// A protected customer.
    Tenant,
    /// A SIP link.
    Trunk,
    /// An internal user.
    Extension,
    /// What was declared about fraud.
    Policy,
    /// What calls cost; the deck itself is the attachment.
    Tariff,
    /// Numbers of a tenant.
    Numbers,
    /// Office hours.
    Hours,
    /// Who is told.
    Contact,
    /// Where and how notifications go.
    Notification,
}

impl Section {
    /// Each of them.
    pub const ALL: [Self; 11] = [
        Self::Platform,
        Self::Reseller,
        Self::Tenant,
        Self::Trunk,
        Self::Extension,
        Self::Policy,
        Self::Tariff,
        Self::Numbers,
        Self::Hours,
        Self::Contact,
        Self::Notification,
    ];

    /// Its name, as in subjects of the audit log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::Reseller => "reseller",
            Self::Tenant => "tenant",
            Self::Trunk => "trunk",
            Self::Extension => "extension",
            Self::Policy => "policy",
            Self::Tariff => "tariff",
            Self::Numbers => "numbers",
            Self::Hours => "hours",
            Self::Contact => "contact",
            Self::Notification => "notification",
        }
    }

    fn of(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|section| section.as_str() == text)
    }
}

/// Which setting.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct SettingKey {
    /// Its sort.
    pub section: Section,
    /// Whose it is; `None` for the platform's own, tenants themselves among them.
    pub tenant: Option<TenantId>,
    /// Its name, unique among its sort in its tenant.
    pub id: String,
}

impl SettingKey {
    /// The key of a setting.
    #[must_use]
    pub fn new(section: Section, tenant: Option<&TenantId>, id: &str) -> Self {
        Self { section, tenant: tenant.cloned(), id: id.to_owned() }
    }

    fn owner(&self) -> &str {
        self.tenant.as_ref().map_or("", TenantId::as_str)
    }

    /// A tenant's own row is the tenant's in the audit log.
    fn audited_tenant(&self) -> Option<TenantId> {
        let itself = (self.section == Section::Tenant).then(|| TenantId::new(&self.id));
        self.tenant.clone().or(itself)
    }
}

impl fmt::Display for SettingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slash = if self.tenant.is_some() { "/" } else { "" };
        write!(f, "{} {}{slash}{}", self.section.as_str(), self.owner(), self.id)
    }
}

/// What only one setting may have at a time: the number +31201234567, the domain office.example.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Claim {
    /// Of what sort: `number`, `domain`, `login`.
    pub kind: String,
    /// The thing itself, in the one form it is always written in.
    pub name: String,
}

/// A setting as it is.
#[derive(Clone, PartialEq, Debug)]
pub struct Setting {
    /// Which one.
    pub key: SettingKey,
    /// What people call it; found by its beginning.
    pub label: String,
    /// The setting itself.
    pub body: Json,
    /// Its version, from 1.
    pub version: i64,
    /// When it was changed last.
    pub changed: WallTime,
    /// By whom.
    pub changed_by: String,
}

/// A setting as it shall be.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Draft {
    /// What people call it.
    pub label: String,
    /// The setting itself.
    pub body: Json,
    /// What nobody else may have.
    pub claims: Vec<Claim>,
    /// Something large that goes with it, such as a rate deck; `None` leaves the one it has.
    pub attachment: Option<Vec<u8>>,
}

/// What its maker believes of the row that is changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expected {
    /// There is none yet.
    New,
    /// It has this version.
    Version(i64),
    /// Whatever it is.
    Any,
}

/// One change of several that hold together or not at all.
#[derive(Clone, PartialEq, Debug)]
pub enum Change {
    /// This is so from now on.
    Put(SettingKey, Draft, Expected),
    /// This is gone.
    Remove(SettingKey, Expected),
}

/// Which settings are wanted. Everything that is left open matches.
#[derive(Clone, Default, Debug)]
pub struct SettingFilter {
    /// Of this sort.
    pub section: Option<Section>,
    /// Of this tenant.
    pub tenant: Option<TenantId>,
    /// Whose name begins so (as written).
    pub label: Option<String>,
    /// After this one: the last of the page before.
    pub after: Option<SettingKey>,
}

impl Store {
    /// A setting.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn setting(&self, key: &SettingKey) -> Result<Setting> {
        self.look(|link| current(link, key))?.ok_or_else(|| StoreError::NotFound(key.to_string()))
    }

    /// Settings in the order of their sort, tenant and name.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn settings(&self, filter: &SettingFilter, limit: u32) -> Result<Vec<Setting>> {
        let mut query = Query::new(SELECT);
        query.add("WHERE 1 = 1", []);
        query.add_some("AND section = ?", filter.section.map(Section::as_str));
        query.add_some("AND tenant = ?", filter.tenant.as_ref());
        if let Some(label) = &filter.label {
            query.add("AND label >= ?", [label.into()]);
            query.add_some("AND label < ?", crate::sql::after_prefix(label));
        }
        if let Some(SettingKey { section, tenant, id }) = &filter.after {
            let tenant = tenant.as_ref().map_or("", TenantId::as_str);
            let last = [section.as_str().into(), tenant.into(), id.into()];
            query.add("AND (section, tenant, id) > (?, ?, ?)", last);
        }
        query.add("ORDER BY section, tenant, id LIMIT ?", [limit.into()]);
        let rows = self.look(|link| link.query(&query.sql, &query.args))?;
        rows.into_iter().map(setting).collect()
    }

    /// Which setting has something only one may have.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn claimed_by(&self, claim: &Claim) -> Result<Option<SettingKey>> {
        let row = self.look(|link| {
            link.first(
                "SELECT section, tenant, id FROM claim WHERE kind = $1 AND name = $2",
                args![&claim.kind, &claim.name],
            )
        })?;
        row.map(|row| key(&mut row.cells())).transpose()
    }

    /// A number that is another one after every change of settings: who remembers it sees that there is news.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn settings_revision(&self) -> Result<i64> {
        let row = self.look(|link| link.first("SELECT number FROM revision WHERE one = 1", &[]))?;
        row.map_or(Ok(0), Row::only)
    }

    /// Sets one; its new version.
    ///
    /// # Errors
    /// When it was changed meanwhile ([`StoreError::Conflict`]), another has what it claims ([`StoreError::Refused`]),
    /// or it cannot be written.
    pub fn put_setting(
        &self,
        act: &Act,
        key: &SettingKey,
        draft: Draft,
        expected: Expected,
    ) -> Result<i64> {
        let made = self.change_settings(act, vec![Change::Put(key.clone(), draft, expected)])?;
        Ok(made.first().copied().unwrap_or(0))
    }

    /// Removes one.
    ///
    /// # Errors
    /// When there is none, it was changed meanwhile, or it cannot be written.
    pub fn remove_setting(&self, act: &Act, key: &SettingKey, expected: Expected) -> Result<()> {
        self.change_settings(act, vec![Change::Remove(key.clone(), expected)]).map(drop)
    }

    /// Makes several changes, all or none; the version each has now, 0 for what is gone.
    ///
    /// # Errors
    /// As for one.
    pub fn change_settings(&self, act: &Act, changes: Vec<Change>) -> Result<Vec<i64>> {
        self.change(move |link| {
            let counted = "UPDATE revision SET number = number + 1 WHERE one = 1 RETURNING number";
            let revision = link.first(counted, &[])?.map_or(Ok(0), Row::only)?;
            // What is given up may be claimed by another of the same changes.
            for change in &changes {
                let (Change::Put(key, ..) | Change::Remove(key, _)) = change;
                link.execute(
                    "DELETE FROM claim WHERE section = $1 AND tenant = $2 AND id = $3",
                    &key_args(key),
                )?;
            }
            let made = |change| match change {
                Change::Put(key, draft, expected) => {
                    put(link, act, (&key, expected), draft, revision)
                }
                Change::Remove(key, expected) => remove(link, act, &key, expected).map(|()| 0),
            };
            changes.into_iter().map(made).collect()
        })
    }
}

fn put(
    link: &mut Link,
    act: &Act,
    (key, expected): (&SettingKey, Expected),
    draft: Draft,
    revision: i64,
) -> Result<i64> {
    let before = current(link, key)?;
    let found = before.as_ref().map_or(0, |setting| setting.version);
    check(&key.to_string(), expected, found)?;
    let version = found + 1;
    let had = attachments::of(link, key)?;
    let attached = draft.attachment.as_deref().map(|bytes| attachments::keep(link, bytes));
    let attached = attached.transpose()?;
    link.insert(
        "INSERT INTO setting
           (section, tenant, id, label, body, attachment, version, revision, changed, changed_by)",
        "ON CONFLICT (section, tenant, id) DO UPDATE SET
           label = excluded.label, body = excluded.body, version = excluded.version,
           attachment = COALESCE(excluded.attachment, setting.attachment),
           revision = excluded.revision, changed = excluded.changed,
           changed_by = excluded.changed_by",
        &[args![
            key.section.as_str(),
            key.owner(),
            &key.id,
            &draft.label,
            &draft.body,
            attached.clone(),
            version,
            revision,
            act.at,
            &act.who,
        ]
        .to_vec()],
    )?;
    if let (Some(had), Some(_)) = (had, &attached) {
        attachments::release(link, &had, act.at)?;
    }
    for claim in &draft.claims {
        let (section, tenant) = (key.section.as_str(), key.owner());
        let values = args![&claim.kind, &claim.name, section, tenant, &key.id];
        let made = link.execute(
            "INSERT INTO claim (kind, name, section, tenant, id) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (kind, name) DO NOTHING",
            values,
        )?;
        if made == 0 {
            return Err(StoreError::Refused(taken(link, claim)?));
        }
    }
    let before = before.map(|setting| shown(&setting.label, setting.body, None));
    let after = shown(&draft.label, draft.body, attached);
    let (tenant, subject) = (key.audited_tenant(), key.to_string());
    let (tenant, subject) = (tenant.as_ref(), subject.as_str());
    append(link, act, About { tenant, subject, before: before.as_ref(), after: Some(&after) })?;
    Ok(version)
}

fn taken(link: &mut Link, claim: &Claim) -> Result<String> {
    let sql = "SELECT section, tenant, id FROM claim WHERE kind = $1 AND name = $2";
    let by = link.first(sql, args![&claim.kind, &claim.name])?;
    let by = by.map(|row| key(&mut row.cells())).transpose()?;
    let by = by.map_or_else(|| "something else".to_owned(), |key| key.to_string());
    Ok(format!("{} {} is already that of {by}", claim.kind, claim.name))
}

fn remove(link: &mut Link, act: &Act, key: &SettingKey, expected: Expected) -> Result<()> {
    let before = current(link, key)?.ok_or_else(|| StoreError::NotFound(key.to_string()))?;
    check(&key.to_string(), expected, before.version)?;
    let had = attachments::of(link, key)?;
    link.execute(
        "DELETE FROM setting WHERE section = $1 AND tenant = $2 AND id = $3",
        &key_args(key),
    )?;
    if let Some(had) = had {
        attachments::release(link, &had, act.at)?;
    }
    let before = shown(&before.label, before.body, None);
    let (tenant, subject) = (key.audited_tenant(), key.to_string());
    let (tenant, subject) = (tenant.as_ref(), subject.as_str());
    append(link, act, About { tenant, subject, before: Some(&before), after: None }).map(drop)
}

/// As the audit log shows it: enough to set it again.
fn shown(label: &str, body: Json, attachment: Option<String>) -> Json {
    match attachment {
        Some(sha256) => json!({"label": label, "body": body, "attachment_sha256": sha256}),
        None => json!({"label": label, "body": body}),
    }
}

/// Whether the row is what its changer believes.
pub(crate) fn check(what: &str, expected: Expected, found: i64) -> Result<()> {
    let expected = match expected {
        Expected::Any => return Ok(()),
        Expected::New => 0,
        Expected::Version(_) if found == 0 => return Err(StoreError::NotFound(what.to_owned())),
        Expected::Version(version) => version,
    };
    if expected == found {
        return Ok(());
    }
    Err(StoreError::Conflict { what: what.to_owned(), expected, found })
}

/// For the audit log and for people.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

const SELECT: &str =
    "SELECT section, tenant, id, label, body, version, changed, changed_by FROM setting";

pub(crate) fn key_args(key: &SettingKey) -> [Value; 3] {
    [key.section.as_str().into(), key.owner().into(), (&key.id).into()]
}

fn current(link: &mut Link, key: &SettingKey) -> Result<Option<Setting>> {
    let sql = format!("{SELECT} WHERE section = $1 AND tenant = $2 AND id = $3");
    link.first(&sql, &key_args(key))?.map(setting).transpose()
}

fn key(cells: &mut crate::value::Cells) -> Result<SettingKey> {
    let section = cells.parse(Section::of)?;
    let tenant: String = cells.take()?;
    let tenant = (!tenant.is_empty()).then(|| TenantId::new(&tenant));
    Ok(SettingKey { section, tenant, id: cells.take()? })
}

fn setting(row: Row) -> Result<Setting> {
    let mut cells = row.cells();
    Ok(Setting {
        key: key(&mut cells)?,
        label: cells.take()?,
        body: cells.json()?,
        version: cells.take()?,
        changed: cells.take()?,
        changed_by: cells.take()?,
    })
}
