//! Requests outside of dialogs: who asks, what for, and what the ruling makes of it.

use super::Calls;
use super::redirect::Redirected;
use super::referral::Referral;
use super::tarpit::Late;
use crate::auth::{Caller as Asker, Entry};
use crate::b2bua::{Allowed, Asked, Call, Caller, Reason, Way};
use crate::core::{Place, Reply};
use crate::directory::{Adviser, Directory, Registering};
use crate::identify::Origin;
use crate::registrar::Party;
use crate::rewrite::{self, Trust};
use crate::route::{self, LegTarget, Net, Plan};
use crate::stateless::{phrase, reply_flow};
use crate::{Output, Ruling};
use bytes::Bytes;
use ringfence_guard::Guard;
use ringfence_model::{CallId, Now, TrunkId};
use ringfence_sip::{Builder, Message, Method, Name};
use std::sync::Arc;
use std::time::Duration;

/// An attempt that waits for its ruling.
#[derive(Debug)]
pub struct Pending {
    pub call: CallId,
    pub waiting: Waiting,
}

/// What waits.
#[derive(Debug)]
pub enum Waiting {
    /// A new call; with a way of its own when it replaces another one's dialog.
    Call { place: Place, plan: Box<Plan>, replaces: Option<Box<Way>> },
    /// A REFER.
    Referral(Box<Referral>),
    /// A call that was sent elsewhere.
    Redirected(Box<Redirected>),
}

impl Calls {
    /// A new request outside of any dialog of ours.
    pub(super) fn incoming(
        &mut self,
        now: Now,
        directory: &Directory,
        origin: Origin<'_>,
        asked: Asked,
        guard: &mut Guard,
    ) {
        let (flow, message) = (asked.flow, &asked.message);
        let in_dialog = message.address(Name::To).is_some_and(|to| to.tag().is_some());
        if in_dialog {
            // RFC 3261 §12.2.2, before any password: who proved it would hear the same. Leaves nothing behind.
            self.core.transactions.abandon_server(asked.server);
            return self.refuse(&flow, message, 481);
        }
        let entry =
            self.authority.admit(now, directory, &self.registrar, origin, &flow, message, guard);
        let asker = match entry {
            Entry::Caller(asker) => asker,
            Entry::Answer(bytes) => return self.answer_and_forget(&asked, bytes),
            Entry::Late(bytes) => {
                let late = Late { due: now.moment + guard.tarpit(), asked, bytes };
                if let Some(late) = self.tarpit.put(late) {
                    self.core.transactions.abandon_server(late.asked.server);
                }
                return;
            }
            Entry::Silence => return self.core.transactions.abandon_server(asked.server),
        };
        match message.method() {
            Some(Method::Invite) => self.invited(now, directory, &asker, asked),
            Some(Method::Register) => {
                let wire = &mut self.core.wire(directory);
                let came = (&asked.flow, &asked.message);
                self.registrar.receive(now, wire, &self.trunks, asked.server, &asker, came);
            }
            Some(method) if lets_pass(&asker, method, &asked.message) => {
                self.pass(now, directory, &asker, asked);
            }
            Some(Method::Options) => self.answer(now, &asked, 200, |builder| {
                builder.field(Name::Allow, &[rewrite::ALLOW]);
                builder.field(Name::Accept, &[b"application/sdp"]);
            }),
            _ => self.answer(now, &asked, 405, |builder| {
                builder.field(Name::Allow, &[rewrite::ALLOW]);
            }),
        }
    }

    /// Leaves nothing behind: what is asked again is a new question.
    pub(super) fn answer_and_forget(&mut self, asked: &Asked, bytes: Bytes) {
        self.core.transactions.abandon_server(asked.server);
        if let Ok(head) = asked.message.essentials() {
            let flow = reply_flow(&asked.flow, &head.via);
            self.core.out.push_back(Output::Transmit { flow, bytes, call: None });
        }
    }

    pub(super) fn answer(
        &mut self,
        now: Now,
        asked: &Asked,
        code: u16,
        fill: impl FnOnce(&mut Builder),
    ) {
        let tag = self.core.mint.tag();
        let reply = Reply {
            server: asked.server,
            request: &asked.message,
            flow: &asked.flow,
            code,
            reason: phrase(code).as_bytes(),
            tag: &tag,
        };
        self.core.refuse(now, reply, fill);
    }

    /// A new call: asked about before anything else is done.
    fn invited(&mut self, now: Now, directory: &Directory, asker: &Asker<'_>, asked: Asked) {
        let Ok(head) = asked.message.essentials() else { return };
        if self.calls.len() >= CALLS_MAX {
            return self.answer(now, &asked, 503, |builder| {
                builder.number(Name::RetryAfter, 30);
            });
        }
        if head.max_forwards == Some(0) {
            return self.answer(now, &asked, 483, |_| {});
        }
        let trunk = match asker {
            Asker::Trunk { trunk, .. } => Some(&trunk.id),
            Asker::Extension { .. } | Asker::Passed { .. } => None,
        };
        if self.core.is_loop(&asked.message, trunk) {
            return self.answer(now, &asked, 482, |_| {});
        }
        let unsupported = rewrite::unsupported(&asked.message);
        if !unsupported.is_empty() {
            return self.answer(now, &asked, 420, |builder| {
                builder.field(Name::Unsupported, &[&unsupported]);
            });
        }
        let plan = match route::plan(now.moment, directory, &self.registrar, asker, &asked.message)
        {
            Ok(plan) => plan,
            Err(refusal) => return self.answer(now, &asked, refusal.code, |_| {}),
        };
        let replaces = self.replaced(&asked.message, &plan.tenant).map(Box::new);
        if asked.message.has(Name::Replaces) && replaces.is_none() {
            return self.answer(now, &asked, 481, |_| {});
        }
        let id = self.core.call_id(now);
        let attempt = Box::new(plan.attempt(id, &asked.flow, &asked.message));
        self.core.transactions.trying(asked.server, &asked.message, &mut self.core.out);
        let caller = caller(asker, asked);
        let core = &mut self.core;
        let made =
            self.calls.insert_with(|place| Call::new(core, now, place, attempt.clone(), caller));
        let Some(place) = made else { return };
        self.by_id.insert(id, place);
        let waiting = Waiting::Call { place, plan: Box::new(plan), replaces };
        self.pending = Some(Pending { call: id, waiting });
        self.core.out.push_back(Output::Judge(attempt));
    }

    /// What was ruled about a call.
    pub(super) fn ruled(&mut self, now: Now, pending: Pending, ruling: Ruling) {
        let (place, plan, replaces) = match pending.waiting {
            Waiting::Call { place, plan, replaces } => (place, plan, replaces),
            Waiting::Referral(referral) => return self.referral_ruled(now, *referral, ruling),
            Waiting::Redirected(call) => return self.redirection_ruled(now, *call, ruling),
        };
        let (max_duration, protected, b_number, dial) = match ruling {
            Ruling::Refuse { text } => {
                return self.with(now, place, |call, core| {
                    let code = call.reject_code();
                    call.refuse(core, now, code, Some(Reason::of(code, &text)));
                });
            }
            Ruling::Allow { max_duration, protected, b_number, dial } => {
                (max_duration, protected, b_number, dial)
            }
        };
        if self.draining && !protected {
            return self.with(now, place, |call, core| call.refuse(core, now, 503, None));
        }
        let directory = Arc::clone(&self.core.directory);
        if let Some(adviser) = pending_adviser(&directory, &plan) {
            let ruling = Allowed { protected, max_duration, ring: RING };
            return self.with(now, place, |call, core| call.advise(core, now, adviser, ruling));
        }
        if let Some(mut way) = replaces {
            let host = from_host(&directory, &plan, None, b"");
            let ring = RING;
            return self.with(now, place, |call, core| {
                let ours = core.ours(&way.flow);
                let host = if host.is_empty() { crate::core::host_of(&ours) } else { host };
                let shown = call.invite().map(|invite| rewrite::shown_as(invite, None, host));
                way.from = shown.unwrap_or_default();
                call.allow(core, now, vec![vec![*way]], Allowed { protected, max_duration, ring });
            });
        }
        let net = Net { directory: &directory, registrar: &self.registrar, trunks: &self.trunks };
        let ruled = route::Way { protected, b_number, dial: dial.as_deref() };
        let ways = route::routes(now.moment, net, &plan, ruled);
        let ring = directory.tenant(&plan.tenant).map_or(RING, |tenant| tenant.ring);
        self.with(now, place, |call, core| match ways {
            Err(refusal) => call.refuse(core, now, refusal.code, None),
            Ok(ways) => {
                let Some(invite) = call.invite() else { return };
                let way = |target| way(core, &directory, &plan, invite, target);
                let ways = ways.into_iter().map(|group| group.into_iter().map(way).collect());
                let ways = ways.collect();
                call.planned(plan);
                call.allow(core, now, ways, Allowed { protected, max_duration, ring });
            }
        });
    }
}

/// Calls of one shard at once: 6 kB each.
const CALLS_MAX: usize = 262_144;

/// How long a route may ring when no tenant says.
pub(super) const RING: Duration = Duration::from_secs(120);

/// Set when the trunk that sent the INVITE only asks.
fn pending_adviser(directory: &Directory, plan: &Plan) -> Option<Adviser> {
    directory.trunk(plan.trunk.as_ref()?)?.adviser
}

/// Who called, as far as its leg is concerned.
fn caller(asker: &Asker<'_>, asked: Asked) -> Caller {
    let Asked { server, flow, message } = asked;
    let (trust, trunk, reject_code) = caller_of(asker);
    Caller { server, flow, trust, trunk, reject_code, invite: message }
}

/// How far who asks is believed, its trunk, and its code for refusals.
pub fn caller_of(asker: &Asker<'_>) -> (Trust, Option<TrunkId>, u16) {
    match asker {
        Asker::Trunk { trunk, .. } => {
            (trust(trunk.trusted), Some(trunk.id.clone()), trunk.reject_code)
        }
        Asker::Extension { tenant, .. } => (Trust::Phone, None, tenant.reject_code),
        Asker::Passed { tenant, .. } => (Trust::PassedPhone, None, tenant.reject_code),
    }
}

const fn trust(trusted: bool) -> Trust {
    if trusted { Trust::Trusted } else { Trust::Untrusted }
}

/// A way as a leg needs it.
pub fn way(
    core: &crate::core::Core,
    directory: &Directory,
    plan: &Plan,
    request: &Message,
    target: LegTarget,
) -> Way {
    let trunk = match &target.party {
        Party::Trunk(id) => directory.trunk(id),
        Party::Phone { .. } => None,
    };
    let phone = || match directory.tenant(&plan.tenant).map(|tenant| &tenant.registering) {
        Some(Registering::PassedTo(_)) => Trust::PassedPhone,
        _ => Trust::Phone,
    };
    let ours = core.ours(&target.flow);
    let shown = plan.shown.map(|number| number.full().into_bytes());
    Way {
        trunk: trunk.map(|trunk| trunk.id.clone()),
        trust: trunk.map_or_else(phone, |trunk| trust(trunk.trusted)),
        flow: target.flow,
        uri: target.uri,
        routes: target.route.unwrap_or_default(),
        to: [b"<", &*target.to, b">"].concat().into(),
        from: rewrite::shown_as(
            request,
            shown.as_deref(),
            from_host(directory, plan, trunk, &ours),
        ),
        caller: shown.map(Into::into),
        failover: trunk.map(|trunk| trunk.failover_codes.as_slice().into()).unwrap_or_default(),
        fields: Vec::new(),
    }
}

/// The host in From: a carrier we register at knows us in its own domain, the tenant's people see its domain, others
/// see ours.
fn from_host<'a>(
    directory: &'a Directory,
    plan: &Plan,
    trunk: Option<&'a crate::Trunk>,
    ours: &'a [u8],
) -> &'a [u8] {
    let registered = trunk
        .and_then(|trunk| trunk.upstream.as_ref())
        .and_then(|upstream| ringfence_sip::Uri::read(upstream.aor.as_bytes()))
        .map(|uri| uri.host);
    let inside = trunk.is_none_or(|trunk| trunk.side == crate::Side::Pbx);
    let tenant = || directory.tenant(&plan.tenant)?.domains.first().map(String::as_bytes);
    registered.or_else(|| tenant().filter(|_| inside)).unwrap_or_else(|| crate::core::host_of(ours))
}

/// Whether the tenant lets a method pass outside of calls. OPTIONS without a user asks us ourselves.
fn lets_pass(asker: &Asker<'_>, method: Method, message: &Message) -> bool {
    let tenant = match asker {
        Asker::Trunk { tenant, .. } => *tenant,
        Asker::Extension { tenant, .. } | Asker::Passed { tenant, .. } => Some(*tenant),
    };
    let named = message.uri().is_some_and(|uri| uri.user.is_some());
    let listed = |name: &String| name.as_bytes() == message.method_text();
    (named || method != Method::Options)
        && tenant.is_some_and(|tenant| tenant.methods.iter().any(listed))
}
