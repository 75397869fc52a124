//! What parties ask inside a call: answered here, or passed on to the other one.

use super::relay::{Purpose, Relay};
use super::release::Reason;
use super::{Call, Fields, Party, Stage};
use crate::core::{Core, Reply, Seat, crossing};
use crate::stateless::phrase;
use crate::token::Token;
use crate::transaction::ServerKey;
use ringfence_model::{Now, ReleasedBy};
use ringfence_sip::{Flow, Message, Method, Name};

/// Requests of one call that wait for an answer.
const RELAYS_MAX: usize = 32;

/// A request inside a dialog.
#[derive(Debug)]
pub struct Asked {
    pub server: ServerKey,
    pub flow: Flow,
    pub message: Message,
}

impl Call {
    /// A request came in a dialog of this call.
    pub fn asked(&mut self, core: &mut Core, now: Now, seat: Seat, asked: Asked) {
        self.asked_with(core, now, seat, asked, Vec::new());
    }

    /// The same; `fields` go along when it is passed on.
    pub fn asked_with(
        &mut self,
        core: &mut Core,
        now: Now,
        seat: Seat,
        asked: Asked,
        fields: Fields,
    ) {
        let Ok(head) = asked.message.essentials() else { return };
        let (cseq, method) = (head.cseq.number, head.cseq.method);
        let hops = head.max_forwards.unwrap_or(70);
        let from_tag = head.from.tag().unwrap_or_default();
        let Some((at, party)) = self.seated(seat, head.call_id, from_tag) else {
            return answer(core, now, &asked, 481);
        };
        let Some(pair) = self.pairs.get_mut(at) else { return };
        let pair_id = pair.id;
        let side = pair.side_mut(party);
        if side.remote_cseq.is_some_and(|last| cseq < last) {
            // RFC 3261 §12.2.2
            return answer(core, now, &asked, 500);
        }
        side.remote_cseq = Some(cseq);
        if side.remote_tag.is_empty() {
            // It speaks before it answered, as a notifier may (RFC 6665 §4.4.1).
            side.remote_tag = from_tag.into();
        }
        side.follow(&asked.flow);
        if self.stage == Stage::Over {
            let code = if method == Method::Bye { 200 } else { 481 };
            return answer(core, now, &asked, code);
        }
        match method {
            Method::Bye => self.hung_up(core, now, party, pair_id, &asked),
            _ if hops == 0 => answer(core, now, &asked, 483),
            _ if self.relays.len() >= RELAYS_MAX => answer(core, now, &asked, 503),
            Method::Invite if self.invite_clashes(party).is_some() => {
                answer(core, now, &asked, self.invite_clashes(party).unwrap_or(491));
            }
            Method::Prack => match self.pracked(core, at, party, &asked.message) {
                Some(rack) => {
                    let fields = vec![(Name::RAck, rack)];
                    self.pass_on(core, now, (at, party), asked, (cseq, fields));
                }
                None => answer(core, now, &asked, 481),
            },
            _ => self.pass_on(core, now, (at, party), asked, (cseq, fields)),
        }
    }

    /// The answer to an INVITE while another one is open (RFC 3261 §14.2), or its ACK has not come.
    fn invite_clashes(&self, party: Party) -> Option<u16> {
        let open = |by: Party| {
            self.relays.iter().any(|relay| {
                let same = matches!(&relay.purpose, Purpose::Passed { from, .. } if *from == by);
                same && &*relay.method == b"INVITE"
            })
        };
        let unacked = |by: Party| self.settled.iter().any(|s| s.ack.is_none() && s.by == by);
        let other = party.other();
        if open(party) || (self.stage == Stage::Trying && party == Party::Caller) {
            return Some(500);
        }
        (open(other) || unacked(other) || self.stage == Stage::Trying).then_some(491)
    }

    /// BYE: answered here, so that the other leg is released whatever becomes of this one.
    fn hung_up(&mut self, core: &mut Core, now: Now, party: Party, pair: u32, asked: &Asked) {
        answer(core, now, asked, 200);
        let reason = Reason::from(&asked.message);
        match (self.stage, party) {
            (Stage::Up, _) => {
                if party == Party::Caller {
                    self.unacked = false;
                }
                self.end(core, now, ReleasedBy::Parties, 200, Some(party), reason);
            }
            // A caller may end an early dialog so; we ring for it in all of them (RFC 3261 §15).
            (_, Party::Caller) => self.cancelled(core, now, reason),
            (_, Party::Callee) => {
                let branch = self.pair(pair).map(|pair| pair.branch);
                let at = self.branches.iter().position(|b| Some(b.id) == branch);
                if let Some(at) = at {
                    self.cancel_branch(core, now, at);
                    self.branch_failed(core, now, at, 480, None);
                }
            }
        }
    }

    fn cancel_branch(&mut self, core: &mut Core, now: Now, at: usize) {
        if let Some(branch) = self.branches.get(at) {
            core.transactions.cancel(now.moment, branch.client, b"", &mut core.out);
        }
    }

    /// Sends a request on to the other party.
    fn pass_on(
        &mut self,
        core: &mut Core,
        now: Now,
        (at, from): (usize, Party),
        asked: Asked,
        (cseq_in, fields): (u32, Fields),
    ) {
        let id = self.next_id();
        let owner = self.owner(id);
        let Some(pair) = self.pairs.get_mut(at) else { return };
        let method: Box<[u8]> = asked.message.method_text().into();
        let server = asked.server;
        let purpose = Purpose::Passed { from, asked: Box::new(asked), cseq_in, fields };
        let mut relay = Relay::new(id, pair.id, &method, purpose);
        if relay.send(core, now, pair, owner).is_some() {
            core.transactions.set_owner(server, owner);
            self.relays.push(relay);
        } else if let Purpose::Passed { asked, .. } = relay.purpose {
            answer(core, now, &asked, 400);
        }
    }

    /// The ACK of a 2xx.
    pub fn acked(&mut self, core: &mut Core, now: Now, seat: Seat, message: &Message) {
        let Ok(head) = message.essentials() else { return };
        let from_tag = head.from.tag().unwrap_or_default();
        let Some((at, party)) = self.seated(seat, head.call_id, from_tag) else { return };
        let Some(pair) = self.pairs.get(at) else { return };
        let settled = self.settled.iter_mut().find(|settled| {
            settled.by == party
                && settled.pair == pair.id
                && settled.cseq_in == head.cseq.number
                && settled.ack.is_none()
        });
        if let Some(settled) = settled {
            let (source, to) = (pair.side(party), pair.side(party.other()));
            let hidden = source.hidden();
            let ours = core.ours(&to.flow);
            let crossing = crossing((source.trust, to.trust), &hidden, &ours);
            settled.ack = core.ack(
                self.id,
                to,
                settled.cseq_out,
                |builder| crossing.copy(message, builder),
                message.body(),
            );
        }
        if party == Party::Caller && self.unacked {
            self.owed(core, now);
            self.keep(core, now, true);
        }
    }

    /// A party never acknowledged a 2xx (RFC 3261 §13.3.1.4).
    pub fn not_acked(&mut self, core: &mut Core, now: Now, relay: u32) {
        if self.stage == Stage::Over {
            if relay != 0 {
                return;
            }
            return self.owed(core, now);
        }
        self.unacked = false;
        let reason = Reason::of(408, "ACK missing");
        self.end(core, now, ReleasedBy::Parties, 200, None, Some(reason));
    }
}

/// Answers a request inside a dialog in our own words.
pub fn answer(core: &mut Core, now: Now, asked: &Asked, code: u16) {
    let tag: Token = core.mint.tag();
    let reply = Reply {
        server: asked.server,
        request: &asked.message,
        flow: &asked.flow,
        code,
        reason: phrase(code).as_bytes(),
        tag: &tag,
    };
    core.refuse(now, reply, |builder| {
        if code == 500 {
            builder.number(Name::RetryAfter, 1);
        }
    });
}
