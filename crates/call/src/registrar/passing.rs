//! REGISTER passed to the PBX that keeps the registration. The PBX sees a contact of ours per contact of the phone, so
//! it rings the phone through us, and asks for the password itself.

use super::asked::{self, Asked, AskedContact};
use super::register::{Request, binding, in_order, write_contacts};
use super::{Binding, Party, Registrar, same_contact};
use crate::auth::{Authority, sender};
use crate::directory::Directory;
use crate::route::source;
use crate::wire::Wire;
use crate::{Owner, ServerKey};
use bytes::Bytes;
use ringfence_guard::Guard;
use ringfence_model::Now;
use ringfence_sip::digest::{Authorization, Challenge};
use ringfence_sip::{Builder, Flow, Message, Method, Name, NameAddr, Uri};
use siphasher::sip128::{Hasher128, SipHasher24};
use std::collections::HashMap;
use std::hash::Hasher;
use std::time::Duration;

/// REGISTERs that wait for a PBX. More are refused: a PBX that answers nothing must not fill the memory.
const WAITING_MAX: usize = 4_096;

/// What waits for an answer.
#[derive(Debug, Default)]
pub struct Passing {
    waiting: HashMap<u32, Waiting>,
    last: u32,
}

#[derive(Debug)]
struct Waiting {
    server: ServerKey,
    party: Party,
    flow: Flow,
    message: Message,
    /// The phone's contacts, each with the user part it has towards the PBX.
    contacts: Vec<Binding>,
    forget_all: bool,
}

/// Fields of the phone that the PBX sees.
const UPWARD: [Name; 5] =
    [Name::Authorization, Name::ProxyAuthorization, Name::Expires, Name::UserAgent, Name::Allow];
/// Fields of the PBX that the phone sees.
const DOWNWARD: [Name; 6] = [
    Name::WwwAuthenticate,
    Name::ProxyAuthenticate,
    Name::AuthenticationInfo,
    Name::MinExpires,
    Name::RetryAfter,
    Name::Warning,
];

impl Registrar {
    /// Sends a phone's REGISTER on to its PBX.
    pub(super) fn pass(
        &mut self,
        wire: &mut Wire<'_>,
        server: ServerKey,
        to: Option<Flow>,
        request: Request<'_>,
    ) {
        if let Err(code) = self.try_pass(wire, server, to, request) {
            refuse(request.now, wire, server, (request.flow, request.message), code);
        }
    }

    fn try_pass(
        &mut self,
        wire: &mut Wire<'_>,
        server: ServerKey,
        to: Option<Flow>,
        request: Request<'_>,
    ) -> Result<(), u16> {
        let Request { now, party, flow, message, head, .. } = request;
        if head.max_forwards == Some(0) {
            return Err(483);
        }
        if self.passing.waiting.len() >= WAITING_MAX {
            return Err(503);
        }
        let to = to.ok_or(503_u16)?;
        let asked = asked::read(message)?;
        let contacts = match &asked {
            Asked::Set(contacts) => contacts.as_slice(),
            Asked::Query | Asked::Forget => &[],
        };
        let contacts: Vec<Binding> = contacts
            .iter()
            .map(|contact| self.with_token(wire, request, contact))
            .collect::<Result<_, u16>>()?;
        let forget_all = matches!(asked, Asked::Forget);
        let branch = wire.mint.branch();
        let bytes = upward(wire.directory, &to, &branch, request, &contacts, &asked);
        let bytes = bytes.ok_or(400_u16)?;
        self.passing.last = self.passing.last.wrapping_add(1);
        let id = self.passing.last;
        let (party, message, flow) = (party.clone(), message.clone(), *flow);
        let waiting = Waiting { server, party, flow, message, contacts, forget_all };
        self.passing.waiting.insert(id, waiting);
        let owner = Owner::Passed(id);
        let Wire { transactions, out, .. } = wire;
        transactions.request(now.moment, to, Method::Register, &branch, bytes, owner, out);
        Ok(())
    }

    /// A contact of the phone keeps the user part it was given first.
    fn with_token(
        &self,
        wire: &mut Wire<'_>,
        request: Request<'_>,
        contact: &AskedContact<'_>,
    ) -> Result<Binding, u16> {
        let expires = contact.expires.unwrap_or(DEFAULT_EXPIRES);
        let mut new = binding(contact, request, expires)?;
        let known = self.contacts(request.now.moment, request.party);
        let old = known.into_iter().find(|old| old.is_of(&new));
        if let Some(old) = old {
            in_order(old, request.head)?;
        }
        let token = old.and_then(|old| old.token.clone());
        new.token = Some(token.unwrap_or_else(|| wire.mint.contact().as_bytes().into()));
        Ok(new)
    }

    /// The PBX answered a REGISTER.
    pub fn response(
        &mut self,
        now: Now,
        wire: &mut Wire<'_>,
        id: u32,
        message: &Message,
        (authority, guard): (&mut Authority, &mut Guard),
    ) {
        let Some(code) = message.code().filter(|code| *code >= 200) else { return };
        let Some(waiting) = self.passing.waiting.remove(&id) else { return };
        note(now, wire.directory, &waiting, message, authority, guard);
        if code < 300 {
            self.granted(now, wire, &waiting, message);
        }
        // A redirection would tell where the PBX is, and lead the phone past us.
        let code = if (300..400).contains(&code) { 503 } else { code };
        let Waiting { server, party, flow, message: request, .. } = &waiting;
        let Some(mut answer) = wire.responder.begin(request, flow, code) else { return };
        for field in message.fields().filter(|field| DOWNWARD.contains(&field.name)) {
            answer.copy(field);
        }
        if code < 300 {
            write_contacts(&self.contacts(now.moment, party), now.moment, &mut answer);
        }
        if let Ok(bytes) = answer.finish(b"") {
            wire.transactions.respond(now.moment, *server, code, bytes, wire.out);
        }
    }

    /// The PBX did not answer.
    pub fn unanswered(&mut self, now: Now, wire: &mut Wire<'_>, id: u32) {
        if let Some(waiting) = self.passing.waiting.remove(&id) {
            refuse(now, wire, waiting.server, (&waiting.flow, &waiting.message), 504);
        }
    }

    /// How many REGISTERs wait for a PBX.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.passing.waiting.len()
    }

    fn granted(&mut self, now: Now, wire: &mut Wire<'_>, waiting: &Waiting, message: &Message) {
        let party = &waiting.party;
        let mut bindings: Vec<Binding> =
            self.contacts(now.moment, party).into_iter().cloned().collect();
        if waiting.forget_all {
            bindings.clear();
        }
        for new in &waiting.contacts {
            bindings.retain(|old| old.token != new.token && !same_place(old, new));
            let left = grant(message, new, now);
            if !left.is_zero() {
                bindings.push(Binding { expires: now.moment + left, ..new.clone() });
            }
        }
        if waiting.forget_all || !waiting.contacts.is_empty() {
            self.put(now.moment, party, bindings);
            self.registered(now, party, &waiting.flow, &waiting.message, wire.out);
        }
    }
}

/// When neither the phone nor the PBX says how long (RFC 3261 §10.2.1.1).
const DEFAULT_EXPIRES: Duration = Duration::from_secs(3_600);

fn same_place(a: &Binding, b: &Binding) -> bool {
    a.flow.remote == b.flow.remote && same_contact(&a.contact, &b.contact)
}

/// How long the PBX keeps a contact.
fn grant(message: &Message, asked: &Binding, now: Now) -> Duration {
    let token = asked.token.as_deref().unwrap_or_default();
    let asked_for = asked.expires - now.moment;
    let secs = |secs: u32| Duration::from_secs(secs.into());
    let number = |text: &[u8]| std::str::from_utf8(text).ok()?.parse().ok();
    let of_request = || message.number(Name::Expires).map_or(asked_for, secs);
    if asked_for.is_zero() {
        return Duration::ZERO;
    }
    for value in message.values(Name::Contact) {
        let Some(address) = NameAddr::read(value) else { continue };
        if address.uri().and_then(|uri: Uri<'_>| uri.user) == Some(token) {
            return address.params.value("expires").and_then(number).map_or_else(of_request, secs);
        }
    }
    // Some PBXs list no contacts at all; one that lists others has dropped ours.
    if message.has(Name::Contact) { Duration::ZERO } else { of_request() }
}

/// What the answer says about the password.
fn note(
    now: Now,
    directory: &Directory,
    waiting: &Waiting,
    answer: &Message,
    authority: &mut Authority,
    guard: &mut Guard,
) {
    let Party::Phone { tenant, extension } = &waiting.party else { return };
    let Some(tenant) = directory.tenant(tenant) else { return };
    let request = &waiting.message;
    let credentials = request
        .lines(Name::Authorization)
        .chain(request.lines(Name::ProxyAuthorization))
        .find_map(|value| Authorization::parse(value).ok());
    let Some(credentials) = credentials else { return };
    let user = String::from_utf8_lossy(&credentials.username.unescaped()).into_owned();
    let (sender, aor) = (sender(&waiting.flow), authority.aor(tenant, &user));
    match answer.code() {
        Some(200..=299) => guard.succeeded(now.moment, sender, aor),
        Some(401 | 403 | 407) if !is_stale(answer) => {
            guard.failed(now.moment, sender, aor);
            let source = source(&waiting.flow, request);
            let known = directory.extension(&tenant.id, extension.as_str());
            let extension = known.map(|known| known.id.clone());
            authority.failed_elsewhere(now.moment, tenant, extension, source);
        }
        _ => {}
    }
}

fn is_stale(answer: &Message) -> bool {
    answer
        .lines(Name::WwwAuthenticate)
        .chain(answer.lines(Name::ProxyAuthenticate))
        .filter_map(|value| Challenge::parse(value).ok())
        .any(|challenge| challenge.stale)
}

/// The REGISTER as the PBX gets it. Request URI, From and To stay: the password is bound to the first, the account is
/// named by the others.
fn upward(
    directory: &Directory,
    to: &Flow,
    branch: &[u8],
    request: Request<'_>,
    contacts: &[Binding],
    asked: &Asked<'_>,
) -> Option<Bytes> {
    let Request { message, head, .. } = request;
    let ours = directory.listener(to)?.advertised.as_bytes();
    let mut builder = Builder::request(Method::Register, message.uri_text());
    let transport = to.transport.as_str().as_bytes();
    builder
        .field(Name::Via, &[b"SIP/2.0/", transport, b" ", ours, b";rport;branch=", branch])
        .number(Name::MaxForwards, head.max_forwards.unwrap_or(70).saturating_sub(1));
    for field in message.fields().filter(|f| matches!(f.name, Name::From | Name::To)) {
        builder.copy(field);
    }
    builder
        .field(Name::CallId, &[&call_id(request.party, head.call_id)])
        .cseq(head.cseq.number, b"REGISTER");
    if matches!(asked, Asked::Forget) {
        builder.field(Name::Contact, &[b"*"]);
    }
    let param = to.transport.as_param().as_bytes();
    for contact in contacts {
        let token = contact.token.as_deref().unwrap_or_default();
        let left = (contact.expires - request.now.moment).as_secs().to_string();
        let uri: [&[u8]; 7] = [b"<sip:", token, b"@", ours, b";transport=", param, b">;expires="];
        let pieces: Vec<&[u8]> = uri.into_iter().chain([left.as_bytes()]).collect();
        builder.field(Name::Contact, &pieces);
    }
    for field in message.fields().filter(|field| UPWARD.contains(&field.name)) {
        builder.copy(field);
    }
    builder.finish(b"").ok()
}

/// The same for all REGISTERs of a phone's run (RFC 3261 §10.2), and saying nothing of the phone's own.
fn call_id(party: &Party, call_id: &[u8]) -> Vec<u8> {
    let mut hasher = SipHasher24::new();
    if let Party::Phone { tenant, extension } = party {
        hasher.write(tenant.as_str().as_bytes());
        hasher.write(&[0xff]);
        hasher.write(extension.as_str().as_bytes());
        hasher.write(&[0xff]);
    }
    hasher.write(call_id);
    let hash = hasher.finish128().as_u128();
    format!("{hash:032x}").into_bytes()
}

fn refuse(
    now: Now,
    wire: &mut Wire<'_>,
    server: ServerKey,
    (flow, message): (&Flow, &Message),
    code: u16,
) {
    if let Some(bytes) = wire.responder.respond(message, flow, code, &[]) {
        wire.transactions.respond(now.moment, server, code, bytes, wire.out);
    }
}
