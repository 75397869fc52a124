//! People as others see them, and what is right to write of them.

use super::factors::{self, Factor};
use crate::caller::Caller;
use crate::refusal::Refusal;
use crate::rights::{Grant, Permission, Place, Reach, Role};
use crate::stored;
use ringfence_store::{Store, User};
use serde::Serialize;
use utoipa::ToSchema;

/// Longest login and name, in characters.
const CHARS_MAX: usize = 120;
/// Most grants of one person.
const GRANTS_MAX: usize = 50;
/// Users are read so many at a time.
const STEP: u32 = 500;

/// Somebody who may log in.
#[derive(Serialize, ToSchema)]
pub struct UserView {
    /// Never changes.
    pub id: String,
    /// What is typed.
    pub login: String,
    /// What people call them.
    pub name: String,
    /// What they may do.
    pub grants: Vec<Grant>,
    /// What they can give as second factor.
    pub factors: Vec<Factor>,
    /// Whether they have not yet used their invitation.
    pub invited: bool,
    /// Whether they may not log in.
    pub disabled: bool,
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        Self {
            grants: stored::grants(&user),
            factors: factors::of(&user),
            invited: user.password.is_none() && !factors::has_second(&user),
            id: user.id,
            login: user.login,
            name: user.name,
            disabled: user.disabled,
        }
    }
}

/// A login that will do, in small letters.
pub fn login(text: &str) -> Result<String, Refusal> {
    let login = ringfence_store::folded(text);
    let good = |c: char| c.is_alphanumeric() || "@.-_+".contains(c);
    // A key's name in the audit log begins with `key:`, which no login can.
    if login.is_empty() || login.chars().count() > CHARS_MAX || !login.chars().all(good) {
        let what = "a login is 1 to 120 letters, digits and @ . - _ +".to_owned();
        return Err(Refusal::Invalid(what));
    }
    if login == OURSELVES {
        return Err(Refusal::Invalid(format!("{OURSELVES} is our own name")));
    }
    Ok(login)
}

/// As whom we act in the audit log.
pub const OURSELVES: &str = "ringfence";

/// A name that will do.
pub fn name(text: &str) -> Result<String, Refusal> {
    let name = text.trim();
    let count = name.chars().count();
    if count == 0 || count > CHARS_MAX || name.chars().any(char::is_control) {
        return Err(Refusal::Invalid(format!("a name is 1 to {CHARS_MAX} letters")));
    }
    Ok(name.to_owned())
}

/// Whether these grants make sense.
pub fn check(grants: &[Grant]) -> Result<(), Refusal> {
    if grants.len() > GRANTS_MAX {
        return Err(Refusal::Invalid(format!("more than {GRANTS_MAX} grants")));
    }
    match grants.iter().find(|grant| !grant.role.fits(&grant.reach)) {
        Some(Grant { role, reach }) => {
            Err(Refusal::Invalid(format!("the role {role:?} cannot be given over {reach:?}")))
        }
        None => Ok(()),
    }
}

/// Where a reach belongs.
pub fn place(store: &Store, reach: &Reach) -> Result<Place, Refusal> {
    match reach {
        Reach::Platform => Ok(Place::Platform),
        Reach::Reseller(id) => Ok(Place::Reseller(id.clone())),
        Reach::Tenant(id) => stored::place_of(store, id),
    }
}

/// Where a person belongs: wherever they may do something; one who may do nothing belongs to the platform.
pub fn places(store: &Store, grants: &[Grant]) -> Result<Vec<Place>, Refusal> {
    if grants.is_empty() {
        return Ok(vec![Place::Platform]);
    }
    grants.iter().map(|grant| place(store, &grant.reach)).collect()
}

/// Whether the caller sees this person at all: some of what they may do is in the caller's reach.
pub fn is_seen(store: &Store, caller: &Caller, user: &User) -> Result<bool, Refusal> {
    let places = places(store, &stored::grants(user))?;
    Ok(places.iter().any(|place| caller.holds(Permission::ReadPeople, place)))
}

/// Refuses unless the caller may change people wherever this one may do something.
pub fn may_change(store: &Store, caller: &Caller, user: &User) -> Result<(), Refusal> {
    if !is_seen(store, caller, user)? {
        return Err(Refusal::NotFound("user"));
    }
    let places = places(store, &stored::grants(user))?;
    if places.iter().all(|place| caller.holds(Permission::ChangePeople, place)) {
        Ok(())
    } else {
        Err(Refusal::NotAllowed(Permission::ChangePeople.as_str()))
    }
}

/// Refuses unless the caller may give these grants: none beyond the own reach, and none that can more than the own.
pub fn may_give(store: &Store, caller: &Caller, grants: &[Grant]) -> Result<(), Refusal> {
    for grant in grants {
        let place = place(store, &grant.reach)?;
        caller.may_at(Permission::ChangePeople, &place, "tenant or reseller")?;
        for permission in Permission::ALL.iter().filter(|of| grant.role.holds(**of)) {
            caller.may_at(*permission, &place, "tenant or reseller")?;
        }
    }
    Ok(())
}

/// Refuses to leave the platform without anybody who looks after it: `user` will have only `grants`.
pub fn keep_one_admin(store: &Store, user: &User, grants: &[Grant]) -> Result<(), Refusal> {
    let admin = Grant { role: Role::PlatformAdmin, reach: Reach::Platform };
    let goes = !user.disabled && stored::grants(user).contains(&admin) && !grants.contains(&admin);
    if goes && store.count_platform(ringfence_store::Role::PlatformAdmin)? <= 1 {
        return Err(Refusal::Conflict {
            code: "last_admin",
            message: "nobody else looks after the platform".into(),
            hint: "make another platform admin first",
        });
    }
    Ok(())
}

/// All people, a step at a time, until `each` says that it is enough.
pub fn walk(
    store: &Store,
    after: Option<String>,
    mut each: impl FnMut(User) -> Result<bool, Refusal>,
) -> Result<(), Refusal> {
    let mut after = after;
    loop {
        let users = store.users(after.as_deref(), STEP)?;
        let Some(last) = users.last() else { return Ok(()) };
        after = Some(last.login.clone());
        for user in users {
            if !each(user)? {
                return Ok(());
            }
        }
    }
}
