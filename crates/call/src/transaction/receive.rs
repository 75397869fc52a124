//! Where a message belongs, and what it is to whoever uses that transaction.

use super::client::Told;
use super::key::Key;
use super::server::{Acked, Server};
use super::{ClientKey, Heard, Outbox, Owner, ServerKey, Transaction, Transactions};
use crate::Output;
use crate::stateless::{begin, phrase, reply_flow};
use ringfence_model::Moment;
use ringfence_sip::{Essentials, Flow, Message, Method, Name, NameAddr, Start, field_of};

impl Transactions {
    /// Says what a message is, and answers what needs no thinking.
    pub fn receive(
        &mut self,
        now: Moment,
        flow: Flow,
        message: &Message,
        essentials: &Essentials<'_>,
        out: &mut Outbox,
    ) -> Heard {
        match message.start() {
            Start::Response(code) => self.response(now, &flow, code, message, essentials, out),
            Start::Request(Method::Ack) => self.ack(now, &flow, message, essentials),
            Start::Request(Method::Cancel) => self.cancelled(&flow, message, essentials, out),
            Start::Request(method) => {
                self.request_heard(now, &flow, method, message, essentials, out)
            }
        }
    }

    fn request_heard(
        &mut self,
        now: Moment,
        flow: &Flow,
        method: Method,
        message: &Message,
        head: &Essentials<'_>,
        out: &mut Outbox,
    ) -> Heard {
        let key = self.keys.server(flow, message, head, message.method_text());
        if let Some(server) = self.by_key.get(&key).and_then(|slot| self.slots.get(*slot)) {
            if let Transaction::Server(server) = server {
                server.heard_again(out);
            }
            return Heard::Absorbed;
        }
        let in_dialog = head.to.tag().is_some();
        let max = if in_dialog { self.max.saturating_add(self.max / 8) } else { self.max };
        if self.slots.len() - self.clients - self.lingering.servers >= max {
            return Heard::Full;
        }
        let invite = (method == Method::Invite).then(|| self.keys.invite(flow, head));
        if let Some(invite) = invite
            && !in_dialog
            && self.is_merged(invite)
        {
            return Heard::Merged;
        }
        let server = Server::new(now, key, invite, reply_flow(flow, &head.via));
        let slot = self.slots.insert(Transaction::Server(server));
        self.by_key.insert(key, slot);
        if let Some(invite) = invite {
            self.invites.insert(invite, slot);
        }
        self.settle(slot);
        Heard::Request(ServerKey(slot))
    }

    /// Only one in progress counts: after a failure the sender may try again by another way.
    fn is_merged(&self, invite: Key) -> bool {
        let known = self.invites.get(&invite).and_then(|slot| self.slots.get(*slot));
        matches!(known, Some(Transaction::Server(s)) if s.is_open() || s.is_accepted())
    }

    fn ack(&mut self, now: Moment, flow: &Flow, message: &Message, head: &Essentials<'_>) -> Heard {
        let key = self.keys.server(flow, message, head, b"INVITE");
        // By its branch it is of a failure (or of a 2xx, from senders that know no better); else of a 2xx.
        let by_branch = self.by_key.get(&key).copied();
        let slot = by_branch.or_else(|| self.invites.get(&self.keys.invite(flow, head)).copied());
        let tag = self.keys.tag(head.to.tag());
        let Some(slot) = slot else { return Heard::Ack(None) };
        let Some(Transaction::Server(server)) = self.slots.get_mut(slot) else {
            return Heard::Ack(None);
        };
        if by_branch.is_none() && !server.is_accepted() {
            return Heard::Ack(None);
        }
        let acked = server.acked(now, tag);
        self.settle(slot);
        match acked {
            Acked::Success => Heard::Ack(Some(ServerKey(slot))),
            Acked::Absorbed => Heard::Absorbed,
            Acked::Nothing => Heard::Ack(None),
        }
    }

    /// CANCEL has no transaction of its own: as long as its INVITE is known the same answer can be made again.
    fn cancelled(
        &mut self,
        flow: &Flow,
        message: &Message,
        head: &Essentials<'_>,
        out: &mut Outbox,
    ) -> Heard {
        let key = self.keys.server(flow, message, head, b"INVITE");
        let Some(slot) = self.by_key.get(&key).copied() else { return Heard::Stray };
        let Some(Transaction::Server(invite)) = self.slots.get_mut(slot) else {
            return Heard::Stray;
        };
        let first = invite.is_open() && !std::mem::replace(&mut invite.cancelled, true);
        let call = invite.owner.and_then(Owner::call);
        // RFC 3261 §9.2: the same To tag as in the responses to the INVITE.
        let own = self.responder.tag(message);
        let tag = to_tag_of(invite.last()).unwrap_or(&own);
        let ok = begin(message, flow, 200, phrase(200).as_bytes(), tag);
        if let Some(bytes) = ok.and_then(|ok| ok.finish(b"").ok()) {
            let flow = reply_flow(flow, &head.via);
            out.push_back(Output::Transmit { flow, bytes, call });
        }
        if first { Heard::Cancelled(ServerKey(slot)) } else { Heard::Absorbed }
    }

    fn response(
        &mut self,
        now: Moment,
        flow: &Flow,
        code: u16,
        message: &Message,
        head: &Essentials<'_>,
        out: &mut Outbox,
    ) -> Heard {
        // RFC 3261 §8.1.3.3: with a second Via it is somebody else's.
        if message.values(Name::Via).nth(1).is_some() {
            return Heard::Stray;
        }
        let Some(branch) = head.via.branch() else { return Heard::Stray };
        let key = self.keys.client(branch, head.cseq.method);
        let Some(slot) = self.by_key.get(&key).copied() else { return Heard::Stray };
        let tag = self.keys.tag(head.to.tag());
        let Some(Transaction::Client(client)) = self.slots.get_mut(slot) else {
            return Heard::Stray;
        };
        if client.flow.remote.ip().to_canonical() != flow.remote.ip().to_canonical() {
            return Heard::Stray;
        }
        let told = client.heard(now, code, tag, message, out);
        let owner = client.owner;
        self.send_cancel(now, slot, out);
        self.settle(slot);
        let client = ClientKey(slot);
        match (told, owner) {
            (Told::New { last }, Some(owner)) => Heard::Response { client, owner, last },
            (Told::Again2xx, Some(owner)) => Heard::Again2xx { client, owner },
            (Told::Again2xx, None) => Heard::Stray,
            _ => Heard::Absorbed,
        }
    }
}

/// The To tag of a response of ours.
pub fn to_tag_of(response: &[u8]) -> Option<&[u8]> {
    NameAddr::read(field_of(response, Name::To)?)?.tag()
}
