//! One request: who may send it, and what the others are told.

use super::challenge::{self, Asker, Outcome};
use super::{Authority, Caller, Entry, sender};
use crate::directory::{Directory, Extension, Login, Registering, Side, Tenant, Trunk};
use crate::identify::address;
use crate::registrar::Registrar;
use bytes::Bytes;
use ringfence_guard::{Aor, Evidence, Guard};
use ringfence_model::{ExtensionId, Now};
use ringfence_sip::digest::{Authorization, Ha1};
use ringfence_sip::{Flow, Message, Method, Name};

/// One request being looked at.
pub struct Desk<'a, 'd> {
    pub authority: &'a mut Authority,
    pub now: Now,
    pub directory: &'d Directory,
    pub registrar: &'a Registrar,
    pub flow: &'a Flow,
    pub message: &'a Message,
    pub guard: &'a mut Guard,
}

impl<'d> Desk<'_, 'd> {
    pub fn trunk(&mut self, trunk: &'d Trunk, tenant: Option<&'d Tenant>) -> Entry<'d> {
        if let Some(login) = &trunk.login {
            // A known address may ask whether we live without a password.
            if self.message.method() == Some(Method::Options) && !trunk.networks.is_empty() {
                return Entry::Caller(Caller::Trunk { trunk, tenant });
            }
            return self.trunk_with_login(trunk, login, tenant);
        }
        // Phones and PBX of one office share an address; phones are told by registering.
        let phones = tenant.filter(|tenant| trunk.side == Side::Pbx && self.is_of_phone(tenant));
        match phones {
            Some(tenant) => self.phone(tenant),
            None if self.message.method() == Some(Method::Register) => self.answer(403),
            None => Entry::Caller(Caller::Trunk { trunk, tenant }),
        }
    }

    fn is_of_phone(&self, tenant: &Tenant) -> bool {
        if tenant.registering == Registering::Nobody {
            return false;
        }
        self.message.method() == Some(Method::Register) || self.registered_here(tenant).is_some()
    }

    pub fn phone(&mut self, tenant: &'d Tenant) -> Entry<'d> {
        let Registering::PassedTo(trunk) = &tenant.registering else {
            return self.phone_with_login(tenant);
        };
        let Some(trunk) = self.directory.trunk(trunk) else { return self.stranger() };
        let is_register = self.message.method() == Some(Method::Register);
        let extension = if is_register {
            address(self.message, Name::To)
                .and_then(|to| to.user_text())
                .map(|u| ExtensionId::new(&u))
        } else {
            self.registered_here(tenant)
        };
        match extension {
            Some(_) if is_register && !self.may_pass(tenant) => Entry::Silence,
            Some(extension) => Entry::Caller(Caller::Passed { tenant, trunk, extension }),
            None => self.stranger(),
        }
    }

    /// Whether a password may be shown to the PBX. Its challenges cannot be imitated, so there is no answer.
    fn may_pass(&mut self, tenant: &Tenant) -> bool {
        let Some(user) = claimed(self.message) else { return true };
        let (sender, aor) = (sender(self.flow), self.authority.aor(tenant, &user));
        let may = self.guard.may_try(self.now.moment, sender, aor);
        if !may {
            self.guard.failed(self.now.moment, sender, aor);
        }
        may
    }

    /// As which extension the sender's flow is registered; where several are, From tells.
    fn registered_here(&self, tenant: &Tenant) -> Option<ExtensionId> {
        let named = address(self.message, Name::From).and_then(|from| from.user_text());
        self.registrar.phone_at(self.flow, &tenant.id, named.as_deref()).cloned()
    }

    pub fn stranger<'e>(&mut self) -> Entry<'e> {
        let seen = match self.message.method() {
            Some(Method::Invite) => Evidence::UnauthorisedInvite,
            _ => Evidence::UnknownAor,
        };
        self.guard.observed(self.now.moment, sender(self.flow), seen);
        Entry::Silence
    }

    fn trunk_with_login(
        &mut self,
        trunk: &'d Trunk,
        login: &Login,
        tenant: Option<&'d Tenant>,
    ) -> Entry<'d> {
        let own = trunk.tenant.as_ref().and_then(|id| self.directory.tenant(id));
        // A password belongs to a realm, and a realm to a tenant.
        let Some(realm_of) = own.or(tenant) else { return self.stranger() };
        let by_login = |user: &str| (login.user == user).then_some(&login.ha1);
        match self.check(realm_of, &by_login) {
            Ok(_) => Entry::Caller(Caller::Trunk { trunk, tenant }),
            Err(entry) => entry,
        }
    }

    fn phone_with_login(&mut self, tenant: &'d Tenant) -> Entry<'d> {
        let directory = self.directory;
        let ip = self.flow.remote.ip().to_canonical();
        // From an address where its phones may not be, no password is the right one.
        let may_be_here = |e: &&Extension| {
            e.networks.is_empty() || e.networks.iter().any(|net| net.contains(&ip))
        };
        let by_login = |user: &str| {
            let found = directory.extension_of_login(&tenant.id, user).filter(may_be_here)?;
            found.login.as_ref().map(|login| &login.ha1)
        };
        let user = match self.check(tenant, &by_login) {
            Ok(user) => user,
            Err(entry) => return entry,
        };
        match directory.extension_of_login(&tenant.id, &user) {
            Some(extension) if self.may_register(extension, &user) => {
                Entry::Caller(Caller::Extension { tenant, extension })
            }
            _ => self.answer(403),
        }
    }

    /// Nobody registers as somebody else (RFC 3261 §10.3 step 4).
    fn may_register(&self, extension: &Extension, user: &str) -> bool {
        if self.message.method() != Some(Method::Register) {
            return true;
        }
        let to = address(self.message, Name::To).and_then(|to| to.user_text());
        to.is_some_and(|to| to == extension.id.as_str() || to == user)
    }

    /// The user whose password was right; otherwise the answer.
    fn check<'l>(
        &mut self,
        tenant: &Tenant,
        by_login: &dyn Fn(&str) -> Option<&'l Ha1>,
    ) -> Result<String, Entry<'d>> {
        let asker = Asker { now: self.now.wall, flow: self.flow, message: self.message };
        let realm = tenant.domains.first().map_or("", String::as_str);
        let Some(credentials) = challenge::credentials(self.message, realm) else {
            self.note_unknown(tenant, None);
            return Err(at_once(self.authority.challengers.challenge(tenant, asker, false)));
        };
        let user = String::from_utf8_lossy(&credentials.username.unescaped()).into_owned();
        let (sender, aor) = (sender(self.flow), self.authority.aor(tenant, &user));
        if !self.guard.may_try(self.now.moment, sender, aor) {
            self.failed(tenant, &user, aor);
            let answer = self.authority.challengers.challenge(tenant, asker, false);
            return Err(self.late(answer));
        }
        let challengers = &mut self.authority.challengers;
        match challengers.verify(tenant, asker, &credentials, by_login(&user)) {
            Outcome::Right => {
                self.guard.succeeded(self.now.moment, sender, aor);
                Ok(user)
            }
            Outcome::Again { stale } => Err(at_once(challengers.challenge(tenant, asker, stale))),
            // No guess, and yet a phone that never gets in: its people are told.
            Outcome::Unfit => {
                let answer = challengers.challenge(tenant, asker, false);
                self.count(tenant, &user);
                Err(at_once(answer))
            }
            Outcome::OtherUri => Err(at_once(challengers.respond(asker, 400, &[]))),
            Outcome::Wrong => {
                let answer = challengers.challenge(tenant, asker, false);
                self.failed(tenant, &user, aor);
                self.note_unknown(tenant, Some(&user));
                Err(self.late(answer))
            }
        }
    }

    fn failed(&mut self, tenant: &Tenant, user: &str, aor: Aor) {
        self.guard.failed(self.now.moment, sender(self.flow), aor);
        self.count(tenant, user);
    }

    fn count(&mut self, tenant: &Tenant, user: &str) {
        let known = self.directory.extension_of_login(&tenant.id, user);
        let source = crate::route::source(self.flow, self.message);
        let extension = known.map(|extension| extension.id.clone());
        self.authority.failures.count(self.now.moment, &tenant.id, extension, source);
    }

    /// Asking for accounts that do not exist is evidence. The answer is the same all the same.
    fn note_unknown(&mut self, tenant: &Tenant, user: Option<&str>) {
        let directory = self.directory;
        let exists = |user: &str| {
            directory.extension_of_login(&tenant.id, user).is_some()
                || directory.trunk_of_login(&tenant.id, user).is_some()
                || directory.extension(&tenant.id, user).is_some()
        };
        let is_invite = self.message.method() == Some(Method::Invite);
        let evidence = match user {
            Some(_) if is_invite => Evidence::UnauthorisedInvite,
            Some(user) if !exists(user) => Evidence::UnknownAor,
            Some(_) => return,
            None => {
                let named = address(self.message, Name::From).and_then(|from| from.user_text());
                if named.is_some_and(|user| exists(&user)) {
                    return;
                }
                Evidence::UnknownAor
            }
        };
        self.guard.observed(self.now.moment, sender(self.flow), evidence);
    }

    fn answer<'e>(&mut self, code: u16) -> Entry<'e> {
        let asker = Asker { now: self.now.wall, flow: self.flow, message: self.message };
        at_once(self.authority.challengers.respond(asker, code, &[]))
    }

    /// The answer to a wrong password, and to one that was not looked at: both wait alike.
    fn late<'e>(&self, bytes: Option<Bytes>) -> Entry<'e> {
        match bytes {
            Some(bytes) if !self.guard.tarpit().is_zero() => Entry::Late(bytes),
            bytes => at_once(bytes),
        }
    }
}

fn at_once<'e>(bytes: Option<Bytes>) -> Entry<'e> {
    bytes.map_or(Entry::Silence, Entry::Answer)
}

/// The user name in credentials of any realm.
fn claimed(message: &Message) -> Option<String> {
    let mut lines =
        message.lines(Name::Authorization).chain(message.lines(Name::ProxyAuthorization));
    let read = lines.find_map(|value| Authorization::parse(value).ok())?;
    Some(String::from_utf8_lossy(&read.username.unescaped()).into_owned())
}
