//! Challenges and their verification, per realm.

use crate::directory::Tenant;
use crate::stateless::Responder;
use bytes::Bytes;
use ringfence_model::WallTime;
use ringfence_sip::digest::{
    Algorithm, Authorization, Challenged, Challenger, Ha1, Refused, Replays,
};
use ringfence_sip::{Flow, Message, Method, Name};
use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

/// How long a nonce may be used. Phones take up a new one without asking anybody.
const NONCE_LIFETIME: Duration = Duration::from_secs(300);
/// Nonces in use at once whose counts are remembered: 80 bytes each.
const NONCES_MAX: usize = 65_536;

/// Who is challenged.
#[derive(Clone, Copy)]
pub struct Asker<'a> {
    pub now: WallTime,
    pub flow: &'a Flow,
    pub message: &'a Message,
}

/// What credentials are worth.
pub enum Outcome {
    /// They prove it.
    Right,
    /// Nothing is known yet: ask again.
    Again { stale: bool },
    /// Made in a way that was not offered, such as with an algorithm this tenant does not take: ask again.
    Unfit,
    /// They are for another URI.
    OtherUri,
    /// No such user, or not its password.
    Wrong,
}

/// The challengers of all realms. Their number is bounded by that of the tenants.
pub struct Challengers {
    secret: [u8; 32],
    by_realm: HashMap<String, Option<Challenger>>,
    replays: Replays,
    /// When the last nonce was made.
    struck_us: u64,
    decoy: Ha1,
    responder: Responder,
}

impl std::fmt::Debug for Challengers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Challengers").field("realms", &self.by_realm.len()).finish_non_exhaustive()
    }
}

impl Challengers {
    pub fn new(secret: &[u8; 32], shard: u8) -> Self {
        Self {
            secret: *secret,
            by_realm: HashMap::new(),
            replays: Replays::new(NONCES_MAX, NONCE_LIFETIME),
            struck_us: 0,
            decoy: Ha1::decoy(secret, b""),
            responder: Responder::new(secret, shard),
        }
    }

    /// The answer that asks for a password: 401 by a registrar, 407 for all else (RFC 3261 §22.3).
    pub fn challenge(&mut self, tenant: &Tenant, asker: Asker<'_>, stale: bool) -> Option<Bytes> {
        let is_register = asker.message.method() == Some(Method::Register);
        let (code, name) =
            if is_register { (401, Name::WwwAuthenticate) } else { (407, Name::ProxyAuthenticate) };
        let now = self.moment_of_its_own(microseconds(asker.now));
        let challenger = self.of(tenant)?;
        let values: Vec<_> =
            challenger.challenge(now, &binding(asker.flow), stale, algorithms(tenant)).collect();
        let extra: Vec<(Name, &[u8])> = values.iter().map(|v| (name, v.as_slice())).collect();
        self.respond(asker, code, &extra)
    }

    /// A nonce is told from others by its microsecond, and requests that came together are handled at the same one:
    /// without this, of the phones behind one address that are challenged at once only the first would be let in.
    fn moment_of_its_own(&mut self, now_us: u64) -> u64 {
        // A clock that was set back is followed, or nonces would lie in its future.
        let is_near = now_us.abs_diff(self.struck_us) < 1_000_000;
        self.struck_us = if is_near { now_us.max(self.struck_us + 1) } else { now_us };
        self.struck_us
    }

    /// Whether the credentials prove `ha1`. Without one the work is the same.
    pub fn verify(
        &mut self,
        tenant: &Tenant,
        asker: Asker<'_>,
        credentials: &Authorization<'_>,
        ha1: Option<&Ha1>,
    ) -> Outcome {
        let now = microseconds(asker.now);
        let request = Challenged {
            method: asker.message.method_text(),
            uri: asker.message.uri_text(),
            binding: &binding(asker.flow),
        };
        let exists = ha1.is_some();
        let decoy = self.decoy.clone();
        let Some(challenger) = self.of(tenant) else { return Outcome::Wrong };
        let ha1 = ha1.unwrap_or(&decoy);
        match challenger.verify(now, request, credentials, ha1, algorithms(tenant)) {
            Ok(_) if !exists => Outcome::Wrong,
            Ok(accepted) => match self.replays.admit(now, &accepted) {
                Ok(()) => Outcome::Right,
                Err(_) => Outcome::Again { stale: true },
            },
            Err(Refused::Stale) => Outcome::Again { stale: true },
            Err(Refused::Wrong) => Outcome::Wrong,
            Err(Refused::Uri) => Outcome::OtherUri,
            Err(Refused::Realm) => Outcome::Again { stale: false },
            Err(Refused::Algorithm | Refused::Qop) => Outcome::Unfit,
        }
    }

    /// An answer without a trace.
    pub fn respond(&self, asker: Asker<'_>, code: u16, extra: &[(Name, &[u8])]) -> Option<Bytes> {
        self.responder.respond(asker.message, asker.flow, code, extra)
    }

    /// A tenant without a usable domain has no realm, and nobody can log in.
    fn of(&mut self, tenant: &Tenant) -> Option<&Challenger> {
        let realm = tenant.domains.first()?;
        if !self.by_realm.contains_key(realm) {
            let new = Challenger::new(realm, &self.secret, NONCE_LIFETIME).ok();
            self.by_realm.insert(realm.clone(), new);
        }
        self.by_realm.get(realm)?.as_ref()
    }
}

/// The credentials for `realm` among those a request carries.
pub fn credentials<'m>(message: &'m Message, realm: &str) -> Option<Authorization<'m>> {
    message
        .lines(Name::Authorization)
        .chain(message.lines(Name::ProxyAuthorization))
        .filter_map(|value| Authorization::parse(value).ok())
        .find(|credentials| credentials.realm.means(realm.as_bytes()))
}

/// What phones may use. A tenant that says nothing gets the strong one.
fn algorithms(tenant: &Tenant) -> &[Algorithm] {
    if tenant.algorithms.is_empty() { &[Algorithm::Sha256] } else { &tenant.algorithms }
}

/// A nonce serves only where it was sent: this address and port.
fn binding(flow: &Flow) -> [u8; 18] {
    let ip = match flow.remote.ip() {
        IpAddr::V4(ip) => ip.to_ipv6_mapped(),
        IpAddr::V6(ip) => ip,
    };
    let mut bytes = [0; 18];
    let port = flow.remote.port().to_be_bytes();
    for (to, from) in bytes.iter_mut().zip(ip.octets().iter().chain(&port)) {
        *to = *from;
    }
    bytes
}

fn microseconds(wall: WallTime) -> u64 {
    u64::try_from(wall.0).unwrap_or(0)
}
