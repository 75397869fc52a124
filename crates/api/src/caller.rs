//! Who asks, and what they may do here and now.

use crate::access::{self, Access};
use crate::app::App;
use crate::http::cookie;
use crate::http::route::Needs;
use crate::people::factors;
use crate::refusal::Refusal;
use crate::rights::{Grant, Permission, Place, Reach, allows};
use crate::secret::Token;
use crate::stored;
use axum::http::{HeaderMap, header};
use ipnet::IpNet;
use ringfence_model::{TenantId, WallTime};
use ringfence_store::{ApiKey, Session, Store, User};
use std::net::IpAddr;
use std::time::Duration;

/// A session or key that is used is noted so often.
const NOTE_EACH: Duration = Duration::from_secs(60);
/// How fresh a login must be for changing how one logs in.
const FRESH: Duration = Duration::from_secs(15 * 60);

/// Who asks.
#[derive(Clone)]
pub enum Caller {
    /// Somebody who has not logged in.
    Nobody,
    /// A person with a session.
    Person(Box<Person>),
    /// A program with a key.
    Key(Box<Key>),
}

/// A person with a session.
#[derive(Clone)]
pub struct Person {
    /// As the store has them.
    pub user: User,
    /// The session.
    pub session: Session,
    /// Whether all was given that their roles ask for.
    pub full: bool,
    /// What they may do from this address at this hour.
    pub grants: Vec<Grant>,
}

/// A program with a key.
#[derive(Clone)]
pub struct Key {
    /// As the store has it.
    pub row: ApiKey,
    /// What it may do.
    pub permissions: Vec<Permission>,
    /// How far.
    pub reach: Reach,
}

/// Finds out who asks, and refuses who lacks what the route needs.
pub async fn identify(
    app: &App,
    headers: &HeaderMap,
    from: IpAddr,
    at: WallTime,
    needs: Needs,
) -> Result<Caller, Refusal> {
    if needs == Needs::Nothing {
        return Ok(Caller::Nobody);
    }
    let caller = if headers.contains_key(header::AUTHORIZATION) {
        let token = bearer(headers).ok_or(Refusal::Stranger)?;
        if !matches!(needs, Needs::Right(_)) {
            return Err(Refusal::PersonsOnly);
        }
        let hash = token.hash();
        app.work(move |store| key(store, &hash, from, at)).await?
    } else {
        let token = cookie::token(headers, app.tls()).ok_or(Refusal::Stranger)?;
        let (hash, settings) = (token.hash(), app.settings());
        let (idle, life) = (settings.session_idle, settings.session_life);
        app.work(move |store| person(store, &hash, from, at, (idle, life))).await?
    };
    match (&caller, needs) {
        (Caller::Person(person), Needs::Person | Needs::Right(_)) if !person.full => {
            Err(Refusal::HalfLogin)
        }
        (_, Needs::Right(permission)) if !caller.holds_somewhere(permission) => {
            Err(Refusal::NotAllowed(permission.as_str()))
        }
        _ => Ok(caller),
    }
}

fn bearer(headers: &HeaderMap) -> Option<Token> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = text.split_once(' ')?;
    let token = token.trim().strip_prefix(KEY_PREFIX)?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Token::parse(token)).flatten()
}

/// What keys begin with, so that scanners of code and logs know one when they see it.
pub const KEY_PREFIX: &str = "rf_";

fn key(store: &Store, hash: &[u8; 32], from: IpAddr, at: WallTime) -> Result<Caller, Refusal> {
    let row = store.key(hash, at)?.ok_or(Refusal::Stranger)?;
    let nets: Vec<IpNet> = row.nets.iter().filter_map(|net| net.parse().ok()).collect();
    // A net that cannot be read shuts the key out rather than open it.
    if nets.len() != row.nets.len() || !access::admits(&nets, from) {
        return Err(Refusal::NotFromHere);
    }
    if row.used.is_none_or(|used| at - used > NOTE_EACH) {
        store.note_key_used(&row.id, at)?;
    }
    let permissions = row.scopes.iter().filter_map(|scope| Permission::of(scope)).collect();
    let reach = row.tenant.clone().map_or(Reach::Platform, Reach::Tenant);
    Ok(Caller::Key(Box::new(Key { row, permissions, reach })))
}

fn person(
    store: &Store,
    hash: &[u8; 32],
    from: IpAddr,
    at: WallTime,
    (idle, life): (Duration, Duration),
) -> Result<Caller, Refusal> {
    let session = store.session(hash, at)?.ok_or(Refusal::Stranger)?;
    let user = store.user(&session.user)?;
    if user.disabled {
        return Err(Refusal::Stranger);
    }
    if at - session.seen > NOTE_EACH {
        store.touch_session(hash, at, (at + idle).min(session.created + life))?;
    }
    let all = stored::grants(&user);
    let grants = in_force(store, &all, from, at)?;
    if grants.is_empty() && !all.is_empty() {
        return Err(Refusal::NotFromHere);
    }
    let full = factors::is_full(&session.strength, &user);
    Ok(Caller::Person(Box::new(Person { user, session, full, grants })))
}

/// The grants whose reach is open for this address and hour.
fn in_force(
    store: &Store,
    grants: &[Grant],
    from: IpAddr,
    at: WallTime,
) -> Result<Vec<Grant>, Refusal> {
    let mut open = Vec::new();
    for grant in grants {
        let (access, _) = stored::access(store, &grant.reach)?;
        if access.is_open(from, at) {
            open.push(grant.clone());
        }
    }
    Ok(open)
}

/// Whether `access` for `reach` would leave the caller with a grant there from here now.
pub fn locks_out(
    caller: &Caller,
    reach: &Reach,
    access: &Access,
    from: IpAddr,
    at: WallTime,
) -> bool {
    let Caller::Person(person) = caller else { return false };
    person.grants.iter().any(|grant| grant.reach == *reach) && !access.is_open(from, at)
}

impl Caller {
    /// As the audit log names them.
    #[must_use]
    pub fn who(&self) -> String {
        match self {
            Self::Nobody => String::new(),
            Self::Person(person) => person.user.login.clone(),
            Self::Key(key) => format!("key:{}", key.row.id),
        }
    }

    /// The person.
    ///
    /// # Errors
    /// When it is none.
    pub fn person(&self) -> Result<&Person, Refusal> {
        match self {
            Self::Person(person) => Ok(person),
            Self::Key(_) => Err(Refusal::PersonsOnly),
            Self::Nobody => Err(Refusal::Stranger),
        }
    }

    /// The person, when they logged in a moment ago.
    ///
    /// # Errors
    /// When it is none, or too long ago.
    pub fn fresh(&self, at: WallTime) -> Result<&Person, Refusal> {
        let person = self.person()?;
        if at - person.session.created > FRESH { Err(Refusal::StaleLogin) } else { Ok(person) }
    }

    /// What they are, in one word: the first role of a person, or `key`.
    pub fn role(&self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Person(person) => person.grants.first().map_or("none", |of| of.role.as_str()),
            Self::Key(_) => "key",
        }
    }

    /// Whether they may do this at that place.
    #[must_use]
    pub fn holds(&self, permission: Permission, place: &Place) -> bool {
        match self {
            Self::Nobody => false,
            Self::Person(person) => allows(&person.grants, permission, place),
            Self::Key(key) => key.permissions.contains(&permission) && key.reach.covers(place),
        }
    }

    /// Whether that place exists for them.
    #[must_use]
    pub fn sees(&self, place: &Place) -> bool {
        match self {
            Self::Nobody => false,
            Self::Person(person) => person.grants.iter().any(|grant| grant.reach.covers(place)),
            Self::Key(key) => key.reach.covers(place),
        }
    }

    /// How far they may do this: empty when nowhere.
    #[must_use]
    pub fn reaches(&self, permission: Permission) -> Vec<&Reach> {
        match self {
            Self::Nobody => Vec::new(),
            Self::Person(person) => {
                let grants = person.grants.iter().filter(|grant| grant.role.holds(permission));
                grants.map(|grant| &grant.reach).collect()
            }
            Self::Key(key) if key.permissions.contains(&permission) => vec![&key.reach],
            Self::Key(_) => Vec::new(),
        }
    }

    fn holds_somewhere(&self, permission: Permission) -> bool {
        !self.reaches(permission).is_empty()
    }

    /// Refuses unless they may do this to that tenant. What they may not see is not there.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] or [`Refusal::NotAllowed`].
    pub fn may(
        &self,
        store: &Store,
        permission: Permission,
        tenant: &TenantId,
    ) -> Result<(), Refusal> {
        self.may_at(permission, &stored::place_of(store, tenant)?, "tenant")
    }

    /// Refuses unless they may do this to what belongs to `place`; `what` it is.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] or [`Refusal::NotAllowed`].
    pub fn may_at(
        &self,
        permission: Permission,
        place: &Place,
        what: &'static str,
    ) -> Result<(), Refusal> {
        if self.holds(permission, place) {
            Ok(())
        } else if self.sees(place) {
            Err(Refusal::NotAllowed(permission.as_str()))
        } else {
            Err(Refusal::NotFound(what))
        }
    }

    /// Whose things a list shows: those of `asked`, or of all they may do this for.
    ///
    /// # Errors
    /// When they may not for the tenant they asked for.
    pub fn whose(
        &self,
        store: &Store,
        permission: Permission,
        asked: Option<&TenantId>,
    ) -> Result<Whose, Refusal> {
        if let Some(tenant) = asked {
            self.may(store, permission, tenant)?;
            return Ok(Whose::These(vec![tenant.clone()]));
        }
        let mut these = Vec::new();
        for reach in self.reaches(permission) {
            match reach {
                Reach::Platform => return Ok(Whose::All),
                Reach::Reseller(id) => these.extend(stored::tenants_of(store, id)?),
                Reach::Tenant(id) => these.push(id.clone()),
            }
        }
        these.sort_unstable();
        these.dedup();
        Ok(Whose::These(these))
    }
}

/// Whose things a list shows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Whose {
    /// Everybody's, and the platform's own.
    All,
    /// Those of these tenants.
    These(Vec<TenantId>),
}
