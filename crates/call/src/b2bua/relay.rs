//! Requests of ours inside a call, most of them passed on with the other leg's numbers, and their answers.

use super::asked::{Asked, answer};
use super::pair::{Pair, Settled};
use super::release::Reason;
use super::reliable::{Invited, knows};
use super::tell::Telling;
use super::{Call, Fields, LATE, Party, Stage, owner_of};
use crate::core::{Core, Sending, crossing};
use crate::dialog::{self, Dialog};
use crate::rewrite::identity;
use crate::transaction::{ClientKey, Owner};
use ringfence_model::{Now, ReleasedBy};
use ringfence_sip::{Message, Name};

/// A request of ours inside a call that is not answered yet.
#[derive(Debug)]
pub struct Relay {
    pub id: u32,
    pub pair: u32,
    pub client: Option<ClientKey>,
    /// Its number as it was sent.
    pub cseq: u32,
    pub method: Box<[u8]>,
    /// How often its challenge was answered, and with what the last time.
    pub answers: u8,
    pub credentials: Option<(Name, Vec<u8>)>,
    pub purpose: Purpose,
    /// It was sent a second time, to another address.
    pub moved: bool,
}

/// What a request of ours is for.
#[derive(Debug)]
pub enum Purpose {
    /// A party asked, and waits for the answer.
    Passed { from: Party, asked: Box<Asked>, cseq_in: u32, fields: Fields },
    /// We ask it ourselves, of this party.
    Own { of: Party, fields: Fields },
    /// Who asked has been answered already.
    Forgotten { of: Party },
}

impl Purpose {
    /// Who is asked.
    pub const fn of(&self) -> Party {
        match self {
            Self::Passed { from, .. } => from.other(),
            Self::Own { of, .. } | Self::Forgotten { of } => *of,
        }
    }
}

impl Relay {
    pub fn new(id: u32, pair: u32, method: &[u8], purpose: Purpose) -> Self {
        let method = method.into();
        let (client, credentials) = (None, None);
        Self { id, pair, client, cseq: 0, method, answers: 0, credentials, purpose, moved: false }
    }

    /// Sends it, for the first time or with credentials.
    pub fn send(&mut self, core: &mut Core, now: Now, pair: &mut Pair, owner: Owner) -> Option<()> {
        let of = self.purpose.of();
        if !matches!(self.purpose, Purpose::Passed { .. }) {
            return self.send_own(core, now, pair.side_mut(of), owner);
        }
        let Purpose::Passed { asked, fields, .. } = &self.purpose else { return None };
        let message = &asked.message;
        let (source, to) = match of {
            Party::Callee => (&pair.caller, &mut pair.callee),
            Party::Caller => (&pair.callee, &mut pair.caller),
        };
        let hidden = source.hidden();
        let (flow, tag, parties) = (to.flow, to.local_tag, (source.trust, to.trust));
        let hops = message.number(Name::MaxForwards).unwrap_or(70).saturating_sub(1);
        let credentials = &self.credentials;
        let sent = core.request(
            now,
            to,
            Sending { method: message.method_text(), max_forwards: hops, owner, mark: None },
            |builder, ours| {
                if message.has(Name::Contact) {
                    dialog::contact(builder, &flow, ours, &tag);
                }
                if let Some((name, value)) = credentials {
                    builder.field(*name, &[value]);
                }
                let crossing = crossing(parties, &hidden, ours);
                crossing.copy(message, builder);
                identity(&crossing, message, None, builder);
                for (name, value) in fields {
                    builder.field(*name, &[value]);
                }
            },
            message.body(),
        );
        let (client, cseq) = sent.ok()?;
        (self.client, self.cseq) = (Some(client), cseq);
        Some(())
    }

    /// Sends a request that is ours alone.
    pub fn send_own(
        &mut self,
        core: &mut Core,
        now: Now,
        dialog: &mut Dialog,
        owner: Owner,
    ) -> Option<()> {
        let fields: &[_] = match &self.purpose {
            Purpose::Own { fields, .. } => fields,
            _ => &[],
        };
        let credentials = &self.credentials;
        let sent = core.request(
            now,
            dialog,
            Sending { method: &self.method, max_forwards: 70, owner, mark: None },
            |builder, _| {
                for (name, value) in fields {
                    builder.field(*name, &[value]);
                }
                if let Some((name, value)) = credentials {
                    builder.field(*name, &[value]);
                }
            },
            b"",
        );
        let (client, cseq) = sent.ok()?;
        (self.client, self.cseq) = (Some(client), cseq);
        Some(())
    }
}

fn to_tag(request: &Message) -> Option<&[u8]> {
    request.address(Name::To)?.tag()
}

/// Whether an answer says that the party has no such call any more, or is not there (RFC 3261 §12.2.1.2). Of other
/// requests 481 may speak of something else, such as a subscription.
fn is_gone(method: &[u8], code: u16) -> bool {
    matches!(code, 408 | 481) && [&b"INVITE"[..], b"UPDATE", b"OPTIONS"].contains(&method)
}

impl Call {
    pub(super) fn relay_heard(
        &mut self,
        core: &mut Core,
        now: Now,
        at: usize,
        message: &Message,
        last: bool,
    ) {
        let code = message.code().unwrap_or_default();
        if last && self.relay_challenged(core, now, at, code, message).is_some() {
            return;
        }
        let Some(relay) = self.relays.get(at) else { return };
        let Purpose::Passed { from, asked, cseq_in, .. } = &relay.purpose else {
            if last {
                self.own_heard(core, now, at, code);
            }
            return;
        };
        if code == 100 {
            return;
        }
        let (from, cseq_in, relay_id) = (*from, *cseq_in, relay.id);
        let Some(pair_at) = self.pairs.iter().position(|pair| pair.id == relay.pair) else {
            return;
        };
        let answering = from.other();
        let cseq = (cseq_in, relay.cseq);
        let invited = Invited { relay: relay_id, server: asked.server, answering, cseq };
        let known = knows(&asked.message);
        let reliability = self.reliability(core, now, (pair_at, invited), known, message);
        let Some(relay) = self.relays.get(at) else { return };
        let Purpose::Passed { asked, .. } = &relay.purpose else { return };
        let is_invite = &*relay.method == b"INVITE";
        let refreshes = is_invite || &*relay.method == b"UPDATE";
        let mut moved = false;
        if let Some(pair) = self.pairs.get_mut(pair_at) {
            let side = pair.side_mut(answering);
            if let Some(to) = message.address(Name::To)
                && side.remote_tag.is_empty()
                && (200..300).contains(&code)
            {
                side.hear(message, &to);
                core.reach(side);
            }
            let telling = Telling {
                server: asked.server,
                request: &asked.message,
                flow: &asked.flow,
                from: pair.side(answering),
                to: pair.side(from),
                first: to_tag(&asked.message).is_none(),
                fields: Vec::new(),
                reliability,
            };
            telling.send(core, now, message);
            if refreshes && (200..300).contains(&code) {
                for (party, message) in [(answering, message), (from, &asked.message)] {
                    let side = pair.side_mut(party);
                    moved |= side.refresh(message);
                    core.reach(side);
                }
            }
            if is_invite && (200..300).contains(&code) {
                let settled = Settled {
                    relay: relay.id,
                    pair: pair.id,
                    by: from,
                    cseq_in,
                    cseq_out: relay.cseq,
                    ack: None,
                };
                self.settled.push(settled);
                self.tidy_at = Some(now.moment + LATE);
            }
        }
        if last {
            let relay = self.relays.remove(at);
            self.refreshed(now, &relay.method, code, message);
            if refreshes && code < 300 {
                self.keep(core, now, moved);
            }
            if let Purpose::Passed { asked, .. } = &relay.purpose {
                self.subscribed(now, &asked.message, message);
                self.notified(&asked.message);
            }
            if is_gone(&relay.method, code) {
                self.end(core, now, ReleasedBy::Parties, 200, None, None);
            }
            self.passed_by();
        }
    }

    /// The answer to a request of ours alone.
    fn own_heard(&mut self, core: &mut Core, now: Now, at: usize, code: u16) {
        let method = self.relays.get(at).map(|relay| relay.method.clone()).unwrap_or_default();
        self.relay_done(core, at);
        if is_gone(&method, code) {
            self.end(core, now, ReleasedBy::Parties, 200, None, None);
        }
    }

    fn relay_done(&mut self, core: &mut Core, at: usize) {
        let relay = self.relays.remove(at);
        self.strays.retain(|stray| stray.bye != relay.id);
        if self.stage == Stage::Over && self.relays.is_empty() && self.owed_bye.is_none() {
            self.forget(core);
        }
    }

    pub(super) fn relay_unanswered(&mut self, core: &mut Core, now: Now, at: usize, code: u16) {
        if code == 503 && self.elsewhere(core, now, at).is_some() {
            return;
        }
        let Some(relay) = self.relays.get(at) else { return };
        let method = relay.method.clone();
        if let Purpose::Passed { asked, .. } = &relay.purpose {
            answer(core, now, asked, 408);
        }
        self.relay_done(core, at);
        if is_gone(&method, 408) {
            self.end(core, now, ReleasedBy::Parties, 200, None, Some(Reason::of(408, "no answer")));
        }
        self.passed_by();
    }

    /// A request whose connection is gone goes out once more, to where the party's trunk is now.
    fn elsewhere(&mut self, core: &mut Core, now: Now, at: usize) -> Option<()> {
        let (call, place) = (self.id, self.place);
        let relay = self.relays.get_mut(at)?;
        let pair = self.pairs.iter_mut().find(|pair| pair.id == relay.pair)?;
        let side = pair.side_mut(relay.purpose.of());
        let trunk = side.trunk.as_ref()?;
        let new = *core.hops.get(trunk)?;
        let moved = new.remote != side.flow.remote || side.flow.connection.is_some();
        if !moved || relay.moved {
            return None;
        }
        relay.moved = true;
        side.flow = new;
        let owner = owner_of(call, place, relay.id);
        relay.send(core, now, pair, owner)
    }
}
