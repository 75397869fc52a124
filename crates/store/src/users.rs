//! People who may log in, and what they may do where.
//!
//! Hashes, second factors and their keys are made and read by the caller; here they are opaque, and never in the audit
//! log.

use crate::audit::{About, Act, append};
use crate::link::Link;
use crate::settings::{Expected, check};
use crate::value::{Row, args};
use crate::{Result, Store, StoreError};
use ringfence_model::{TenantId, WallTime};
use serde_json::{Value as Json, json};
use std::collections::HashMap;

/// What somebody may be.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Role {
    /// Looks after the platform.
    PlatformAdmin,
    /// Looks after tenants of a reseller.
    Reseller,
    /// Looks after a tenant.
    TenantAdmin,
    /// Watches calls and acts on cases.
    Operator,
    /// Sees everything and changes nothing.
    Auditor,
}

impl Role {
    /// Each of them.
    pub const ALL: [Self; 5] =
        [Self::PlatformAdmin, Self::Reseller, Self::TenantAdmin, Self::Operator, Self::Auditor];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PlatformAdmin => "platform_admin",
            Self::Reseller => "reseller",
            Self::TenantAdmin => "tenant_admin",
            Self::Operator => "operator",
            Self::Auditor => "auditor",
        }
    }

    /// The role of that name.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

/// Where a role holds.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Reach {
    /// Everywhere.
    Platform,
    /// At all tenants of a reseller, by its id.
    Reseller(String),
    /// At one tenant.
    Tenant(TenantId),
}

impl Reach {
    const fn parts(&self) -> (&'static str, &str) {
        match self {
            Self::Platform => ("platform", ""),
            Self::Reseller(id) => ("reseller", id.as_str()),
            Self::Tenant(_) => ("tenant", ""),
        }
    }

    fn subject(&self) -> &str {
        match self {
            Self::Tenant(id) => id.as_str(),
            other => other.parts().1,
        }
    }

    fn of(scope: &str, subject: &str) -> Option<Self> {
        Some(match scope {
            "platform" => Self::Platform,
            "reseller" => Self::Reseller(subject.to_owned()),
            "tenant" => Self::Tenant(TenantId::new(subject)),
            _ => return None,
        })
    }
}

/// A role somewhere.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Grant {
    /// What one may be.
    pub role: Role,
    /// Where.
    pub reach: Reach,
}

/// Somebody who may log in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct User {
    /// Never changes.
    pub id: String,
    /// What is typed; kept in small letters, unique.
    pub login: String,
    /// What people call them.
    pub name: String,
    /// The hash of the password, in its text form.
    pub password: Option<String>,
    /// The secret of the second factor, encrypted by the caller.
    pub totp: Option<Vec<u8>>,
    /// Passkeys.
    pub passkeys: Json,
    /// Hashes of recovery codes that were not used.
    pub recovery: Vec<String>,
    /// What they may do where.
    pub grants: Vec<Grant>,
    /// Whether they may not log in.
    pub disabled: bool,
    /// Its version, from 1; 0 in one that is not stored yet.
    pub version: i64,
}

/// What attempts to log in left.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Logins {
    /// Failed ones since the last that worked.
    pub failed: u32,
    /// The last of them.
    pub failed_at: Option<WallTime>,
    /// The last that worked.
    pub seen: Option<WallTime>,
}

/// The one form a login is kept and looked for in.
#[must_use]
pub fn folded(login: &str) -> String {
    login.trim().to_lowercase()
}

impl Store {
    /// Makes or changes a user; the new version. [`User::version`] is what the caller saw, 0 for a new one.
    ///
    /// # Errors
    /// When the login is taken, the user was changed meanwhile, or it cannot be written.
    pub fn put_user(&self, act: &Act, user: &User) -> Result<i64> {
        self.change(|link| {
            let before = by(link, "id", &user.id)?;
            let found = before.as_ref().map_or(0, |user| user.version);
            let subject = format!("user {}", folded(&user.login));
            let expected =
                if user.version == 0 { Expected::New } else { Expected::Version(user.version) };
            check(&subject, expected, found)?;
            match by(link, "login", &folded(&user.login))? {
                Some(other) if other.id != user.id => {
                    return Err(StoreError::Refused(format!("the login {} is taken", other.login)));
                }
                _ => {}
            }
            write(link, user, found + 1)?;
            let before = before.as_ref().map(shown);
            let after = shown(user);
            let (before, after) = (before.as_ref(), Some(&after));
            append(link, act, About { tenant: None, subject: &subject, before, after })?;
            Ok(found + 1)
        })
    }

    /// Removes a user and ends their sessions.
    ///
    /// # Errors
    /// When there is none, or it cannot be written.
    pub fn remove_user(&self, act: &Act, id: &str) -> Result<()> {
        self.change(|link| {
            let before = by(link, "id", id)?.ok_or_else(|| no_user(id))?;
            link.execute("DELETE FROM person WHERE id = $1", args![id])?;
            let subject = format!("user {}", before.login);
            let before = Some(&shown(&before)).cloned();
            let about =
                About { tenant: None, subject: &subject, before: before.as_ref(), after: None };
            append(link, act, about).map(drop)
        })
    }

    /// A user by id.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn user(&self, id: &str) -> Result<User> {
        self.look(|link| by(link, "id", id))?.ok_or_else(|| no_user(id))
    }

    /// A user by login, in whatever letters.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn user_by_login(&self, login: &str) -> Result<Option<User>> {
        self.look(|link| by(link, "login", &folded(login)))
    }

    /// Users in the order of their logins, after that one.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn users(&self, after: Option<&str>, limit: u32) -> Result<Vec<User>> {
        self.look_still(|link| {
            let sql = format!("{SELECT} WHERE login > $1 ORDER BY login LIMIT $2");
            let rows = link.query(&sql, args![after.unwrap_or_default(), limit])?;
            let mut users: Vec<User> = rows.into_iter().map(user).collect::<Result<_>>()?;
            let mut grants: HashMap<String, Vec<Grant>> = HashMap::new();
            let Some((first, last)) = users.first().zip(users.last()) else { return Ok(users) };
            let rows = link.query(
                "SELECT person.id, role, scope, subject FROM person_role
                 JOIN person ON person.id = person_role.person
                 WHERE login >= $1 AND login <= $2 ORDER BY role, scope, subject",
                args![&first.login, &last.login],
            )?;
            for row in rows {
                let mut cells = row.cells();
                grants.entry(cells.take()?).or_default().push(grant(&mut cells)?);
            }
            for user in &mut users {
                user.grants = grants.remove(&user.id).unwrap_or_default();
            }
            Ok(users)
        })
    }

    /// How many may log in and have this role everywhere: the last of them may not be removed.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn count_platform(&self, role: Role) -> Result<u64> {
        let row = self.look(|link| {
            link.first(
                "SELECT count(*) FROM person_role JOIN person ON person.id = person_role.person
                 WHERE role = $1 AND scope = 'platform' AND disabled = 0",
                args![role.as_str()],
            )
        })?;
        row.map_or(Ok(0), Row::only)
    }

    /// Notes that somebody logged in, or failed to.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn note_login(&self, id: &str, worked: bool, at: WallTime) -> Result<()> {
        let sql = if worked {
            "UPDATE person SET failed = 0, seen = $1 WHERE id = $2"
        } else {
            "UPDATE person SET failed = failed + 1, failed_at = $1 WHERE id = $2"
        };
        self.change(|link| link.execute(sql, args![at, id])).map(drop)
    }

    /// What attempts to log in left.
    ///
    /// # Errors
    /// When there is no such user, or it cannot be read.
    pub fn logins(&self, id: &str) -> Result<Logins> {
        let sql = "SELECT failed, failed_at, seen FROM person WHERE id = $1";
        let row = self.look(|link| link.first(sql, args![id]))?.ok_or_else(|| no_user(id))?;
        let mut cells = row.cells();
        Ok(Logins { failed: cells.take()?, failed_at: cells.take()?, seen: cells.take()? })
    }

    /// Uses up a recovery code; whether there was one with that hash.
    ///
    /// # Errors
    /// When there is no such user, or it cannot be written.
    pub fn use_recovery(&self, act: &Act, id: &str, hash: &str) -> Result<bool> {
        self.change(|link| {
            let mut user = by(link, "id", id)?.ok_or_else(|| no_user(id))?;
            let before = user.recovery.len();
            user.recovery.retain(|of| of != hash);
            if user.recovery.len() == before {
                return Ok(false);
            }
            write(link, &user, user.version + 1)?;
            let left = json!({"recovery_codes": user.recovery.len()});
            let subject = format!("user {}", user.login);
            let about = About { tenant: None, subject: &subject, before: None, after: Some(&left) };
            append(link, act, about).map(|_| true)
        })
    }
}

fn no_user(id: &str) -> StoreError {
    StoreError::NotFound(format!("user {id}"))
}

const SELECT: &str = "SELECT id, login, name, password, totp, passkeys, recovery, disabled, version
    FROM person";

fn by(link: &mut Link, column: &str, value: &str) -> Result<Option<User>> {
    let sql = format!("{SELECT} WHERE {column} = $1");
    let Some(row) = link.first(&sql, args![value])? else { return Ok(None) };
    let mut user = user(row)?;
    let rows = link.query(
        "SELECT role, scope, subject FROM person_role WHERE person = $1
         ORDER BY role, scope, subject",
        args![&user.id],
    )?;
    user.grants = rows.into_iter().map(|row| grant(&mut row.cells())).collect::<Result<_>>()?;
    Ok(Some(user))
}

/// Without what they may do.
fn user(row: Row) -> Result<User> {
    let mut cells = row.cells();
    Ok(User {
        id: cells.take()?,
        login: cells.take()?,
        name: cells.take()?,
        password: cells.take()?,
        totp: cells.take()?,
        passkeys: cells.json()?,
        recovery: cells.json()?,
        disabled: cells.take()?,
        version: cells.take()?,
        grants: Vec::new(),
    })
}

fn grant(cells: &mut crate::value::Cells) -> Result<Grant> {
    let role = cells.parse(Role::of)?;
    let (scope, subject): (String, String) = (cells.take()?, cells.take()?);
    let reach = Reach::of(&scope, &subject)
        .ok_or_else(|| StoreError::Corrupt(format!("a role at \"{scope}\"")))?;
    Ok(Grant { role, reach })
}

fn write(link: &mut Link, user: &User, version: i64) -> Result<()> {
    let recovery = Json::from(user.recovery.clone());
    link.insert(
        "INSERT INTO person
           (id, login, name, password, totp, passkeys, recovery, disabled, failed, version)",
        "ON CONFLICT (id) DO UPDATE SET login = excluded.login, name = excluded.name,
           password = excluded.password, totp = excluded.totp, passkeys = excluded.passkeys,
           recovery = excluded.recovery, disabled = excluded.disabled, version = excluded.version",
        &[args![
            &user.id,
            folded(&user.login),
            &user.name,
            user.password.as_ref(),
            user.totp.clone(),
            &user.passkeys,
            &recovery,
            user.disabled,
            0i64,
            version,
        ]
        .to_vec()],
    )?;
    link.execute("DELETE FROM person_role WHERE person = $1", args![&user.id])?;
    let rows = user.grants.iter().map(|Grant { role, reach }| {
        args![&user.id, role.as_str(), reach.parts().0, reach.subject()].to_vec()
    });
    let rows: Vec<_> = rows.collect();
    let head = "INSERT INTO person_role (person, role, scope, subject)";
    link.insert(head, "ON CONFLICT (person, role, scope, subject) DO NOTHING", &rows)
}

/// As the audit log shows it: that there is a secret, never the secret.
fn shown(user: &User) -> Json {
    let grants = user.grants.iter().map(|grant| {
        let (scope, _) = grant.reach.parts();
        json!({"role": grant.role.as_str(), "scope": scope, "subject": grant.reach.subject()})
    });
    json!({
        "login": folded(&user.login),
        "name": user.name,
        "password": user.password.as_deref().map(mark),
        "totp": user.totp.is_some(),
        "passkeys": user.passkeys.as_array().map_or(0, Vec::len),
        "recovery_codes": user.recovery.len(),
        "grants": grants.collect::<Vec<_>>(),
        "disabled": user.disabled,
    })
}

/// Tells that a password became another one, and nothing of it.
fn mark(password: &str) -> String {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(password.as_bytes());
    crate::settings::hex(digest.get(..4).unwrap_or_default())
}
