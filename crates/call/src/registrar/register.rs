//! REGISTER as the registrar answers it (RFC 3261 §10.3).

use super::asked::{self, Asked, AskedContact, Code};
use super::{Binding, Party, Registrar};
use crate::directory::{Registering, Tenant};
use crate::route::source;
use crate::stateless::Responder;
use crate::{Outbox, Output};
use bytes::Bytes;
use ringfence_model::{CallEvent, Moment, Now, Registration};
use ringfence_sip::{Builder, Essentials, Flow, Message, Name};
use std::time::Duration;

/// What one may ask for.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    pub contacts_max: usize,
    pub expires_min: Duration,
    pub expires_max: Duration,
}

/// For a trunk of a tenant whose phones do not register here.
const OF_TRUNKS: Bounds = Bounds {
    contacts_max: 4,
    expires_min: Duration::from_secs(60),
    expires_max: Duration::from_secs(3_600),
};

impl Bounds {
    pub fn of(tenant: Option<&Tenant>) -> Self {
        match tenant.map(|tenant| &tenant.registering) {
            Some(Registering::Here { contacts_max, expires_min, expires_max }) => Self {
                contacts_max: usize::from(*contacts_max).max(1),
                expires_min: *expires_min,
                expires_max: (*expires_max).max(*expires_min),
            },
            _ => OF_TRUNKS,
        }
    }
}

/// A REGISTER of somebody who may.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    pub now: Now,
    pub party: &'a Party,
    pub bounds: Bounds,
    pub flow: &'a Flow,
    pub message: &'a Message,
    pub head: &'a Essentials<'a>,
}

/// Why it is refused.
enum No {
    Code(Code),
    /// Asked for less than the shortest time.
    TooBrief(Duration),
    /// Needs what is not spoken here.
    Needs(Vec<u8>),
}

impl From<Code> for No {
    fn from(code: Code) -> Self {
        Self::Code(code)
    }
}

/// Extensions spoken here that a REGISTER may require.
const SPOKEN: [&str; 2] = ["path", "outbound"];

impl Registrar {
    /// The answer, after it was acted on.
    pub(super) fn register(
        &mut self,
        request: Request<'_>,
        responder: &Responder,
        out: &mut Outbox,
    ) -> Option<(u16, Bytes)> {
        let Request { message, flow, party, .. } = request;
        let done = self.act(request);
        let code = match &done {
            Ok(_) => 200,
            Err(No::Code(code)) => *code,
            Err(No::TooBrief(_)) => 423,
            Err(No::Needs(_)) => 420,
        };
        let mut answer = responder.begin(message, flow, code)?;
        match done {
            Ok(done) => {
                self.write(request, &done, &mut answer);
                if done.changed {
                    self.registered(request.now, party, flow, message, out);
                }
            }
            Err(No::TooBrief(least)) => {
                answer.number(Name::MinExpires, u32::try_from(least.as_secs()).unwrap_or(u32::MAX));
            }
            Err(No::Needs(what)) => {
                answer.field(Name::Unsupported, &[&what]);
            }
            Err(No::Code(_)) => {}
        }
        Some((code, answer.finish(b"").ok()?))
    }

    /// All or nothing (RFC 3261 §10.3 step 7).
    fn act(&mut self, request: Request<'_>) -> Result<Done, No> {
        let Request { now, message, party, .. } = request;
        needs(message)?;
        let asked = asked::read(message)?;
        let mut bindings: Vec<Binding> =
            self.contacts(now.moment, party).into_iter().cloned().collect();
        let mut outbound = false;
        match &asked {
            Asked::Query => return Ok(Done { changed: false, outbound }),
            Asked::Forget => {
                bindings.iter().try_for_each(|binding| in_order(binding, request.head))?;
                bindings.clear();
            }
            Asked::Set(contacts) => {
                for contact in contacts {
                    outbound |= set(&mut bindings, contact, request)?;
                }
            }
        }
        self.put(now.moment, party, bindings);
        Ok(Done { changed: true, outbound })
    }

    fn write(&self, request: Request<'_>, done: &Done, answer: &mut Builder) {
        let Request { now, message, party, .. } = request;
        write_contacts(&self.contacts(now.moment, party), now.moment, answer);
        if message.lists(Name::Supported, "path") {
            for field in message.fields().filter(|field| field.name == Name::Path) {
                answer.copy(field);
            }
        }
        if done.outbound {
            // RFC 5626 §6: so that the device knows its flow will be used.
            answer.field(Name::Require, &[b"outbound"]);
        }
        answer.field(Name::Supported, &[b"path, outbound"]);
    }

    /// Keeps what changed, and tells of a phone at another address than its last one.
    pub(super) fn registered(
        &mut self,
        now: Now,
        party: &Party,
        flow: &Flow,
        message: &Message,
        out: &mut Outbox,
    ) {
        let from = flow.remote.ip().to_canonical();
        let person = self.people.get_mut(party).filter(|person| !person.bindings.is_empty());
        let is_new = person.is_some_and(|person| person.seen.replace(from) != Some(from));
        if is_new || !self.is_kept(now.moment, party) {
            out.push_back(self.checkpoint(now, party));
        }
        if let (true, Party::Phone { tenant, extension }) = (is_new, party) {
            let (tenant, extension) = (tenant.clone(), extension.clone());
            let source = source(flow, message);
            let event = CallEvent::Registered(Registration { tenant, extension, source });
            out.push_back(Output::Event(event));
        }
    }
}

struct Done {
    changed: bool,
    outbound: bool,
}

fn needs(message: &Message) -> Result<(), No> {
    let unspoken: Vec<&[u8]> = message
        .values(Name::Require)
        .filter(|token| !SPOKEN.iter().any(|own| token.eq_ignore_ascii_case(own.as_bytes())))
        .collect();
    if unspoken.is_empty() { Ok(()) } else { Err(No::Needs(unspoken.join(&b", "[..]))) }
}

/// Sets or forgets one contact; whether its flow is kept as in RFC 5626.
fn set(
    bindings: &mut Vec<Binding>,
    contact: &AskedContact<'_>,
    request: Request<'_>,
) -> Result<bool, No> {
    let Request { bounds, message, .. } = request;
    let outbound = asked::outbound(message, contact)?;
    let asked_for = contact.expires.unwrap_or(bounds.expires_max);
    let mut new = binding(contact, request, asked_for.min(bounds.expires_max))?;
    if !outbound {
        new.reg_id = None;
    }
    let old = bindings.iter().position(|binding| binding.is_of(&new));
    if let Some(old) = old.and_then(|at| bindings.get(at)) {
        in_order(old, request.head)?;
    }
    if asked_for.is_zero() {
        old.map(|at| bindings.remove(at));
        return Ok(false);
    }
    if asked_for < bounds.expires_min {
        return Err(No::TooBrief(bounds.expires_min));
    }
    if let Some(old) = old.and_then(|at| bindings.get_mut(at)) {
        *old = new;
        return Ok(outbound);
    }
    if bindings.len() >= bounds.contacts_max {
        // A phone that was restarted under another port must not be locked out by its own past: the contact that was
        // not refreshed for longest gives way, but never one of this very request.
        let oldest = bindings
            .iter()
            .enumerate()
            .filter(|(_, b)| b.call_id != new.call_id || b.cseq != new.cseq)
            .min_by_key(|(_, binding)| binding.refreshed)
            .map(|(at, _)| at);
        bindings.remove(oldest.ok_or(No::Code(403))?);
    }
    bindings.push(new);
    Ok(outbound)
}

/// The contact as it would be kept.
pub fn binding(
    contact: &AskedContact<'_>,
    request: Request<'_>,
    expires: Duration,
) -> Result<Binding, Code> {
    let Request { now, flow, message, head, .. } = request;
    Ok(Binding {
        contact: contact.uri.into(),
        q: contact.q,
        instance: contact.instance.map(Into::into),
        reg_id: contact.reg_id,
        path: asked::path(message)?,
        flow: *flow,
        call_id: head.call_id.into(),
        cseq: head.cseq.number,
        refreshed: now.moment,
        expires: now.moment + expires,
        user_agent: source(flow, message).user_agent,
        token: None,
    })
}

/// A request that was overtaken by a later one of the same device changes nothing (RFC 3261 §10.3 step 7).
pub fn in_order(old: &Binding, head: &Essentials<'_>) -> Result<(), Code> {
    let overtaken = *old.call_id == *head.call_id && head.cseq.number <= old.cseq;
    if overtaken { Err(500) } else { Ok(()) }
}

/// What is bound now, with the time that is left.
pub fn write_contacts(bindings: &[&Binding], now: Moment, answer: &mut Builder) {
    for binding in bindings {
        let left = (binding.expires - now).saturating_add(Duration::from_millis(500));
        let left = left.as_secs().to_string();
        let mut pieces: Vec<&[u8]> = vec![b"<", &binding.contact, b">;expires=", left.as_bytes()];
        let q = format!("{}.{:03}", binding.q / 1_000, binding.q % 1_000);
        if binding.q < 1_000 {
            pieces.extend([b";q=", q.as_bytes()]);
        }
        if let Some(instance) = &binding.instance {
            pieces.extend([b";+sip.instance=", &**instance]);
        }
        let reg_id = binding.reg_id.map(|id| id.to_string()).unwrap_or_default();
        if !reg_id.is_empty() {
            pieces.extend([b";reg-id=", reg_id.as_bytes()]);
        }
        answer.field(Name::Contact, &pieces);
    }
}
