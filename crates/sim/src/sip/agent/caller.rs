//! The calling end until the call stands.

use super::text::{self, Request};
use super::transactions::{Aim, Key};
use super::{Agent, Call, Cancel, Deed, Role, State};
use crate::sip::plan::{End, Fact, Plan};
use ringfence_model::Moment;
use ringfence_sip::Message;

impl Agent {
    /// Begins a call. `continues` is the call it is made for, when this end only passes it on.
    pub fn call(
        &mut self,
        at: Moment,
        number: usize,
        plan: &Plan,
        (dialled, hops): (&str, u32),
        continues: Option<u32>,
    ) {
        self.now = at;
        self.made += 1;
        let id = self.made as u32;
        let (tag, domain) = (self.word(), self.domain());
        let host = if matches!(self.role, Role::Phone(_)) { &domain } else { &self.host };
        let call = Call {
            plan: number,
            end: End::Caller,
            id: self.chance.draw().to_string(),
            local: (format!("<sip:{}@{host}>;tag={tag}", plan.identity), tag),
            remote: (format!("<sip:{dialled}@{domain}>"), String::new()),
            target: format!("sip:{dialled}@{domain}"),
            cseq: 1,
            invite: Key::default(),
            state: State::Setup,
            tries: 0,
            cancel: Cancel::No,
            version: 1,
            hops,
            continues,
        };
        self.calls.insert(id, call);
        self.invite(at, id, plan.late_offer, "");
        let patience = if continues.is_none() { plan.patience } else { super::called::RING };
        self.act(at + patience, id, Deed::Cancel);
    }

    fn invite(&mut self, at: Moment, id: u32, late_offer: bool, credentials: &str) {
        let branch = self.branch();
        let Some(call) = self.calls.get_mut(&id) else { return };
        let offer = text::sdp(&self.host, call.plan, 1, "sendrecv");
        let body = if late_offer { String::new() } else { offer };
        let contact = contact_line(&self.host, self.transport);
        let more = format!("{contact}{}X-World: {}\r\n{credentials}", self.product, call.plan);
        let (uri, call_id) = (call.target.clone(), call.id.clone());
        let (from, to, cseq, hops) =
            (call.local.0.clone(), call.remote.0.clone(), call.cseq, call.hops);
        let host = self.host.clone();
        let request = Request {
            method: "INVITE",
            uri: &uri,
            via: (self.transport.as_str(), &host, &branch),
            from: &from,
            to: &to,
            call_id: &call_id,
            cseq,
            hops,
            more: &more,
            body: &body,
        };
        let key = self.ask(at, &request, Some(id), Aim::Call);
        if let Some(call) = self.calls.get_mut(&id) {
            call.invite = key;
        }
    }

    pub(super) fn provisional(
        &mut self,
        at: Moment,
        call: Option<u32>,
        aim: Aim,
        message: &Message,
    ) {
        let Some(id) = call.filter(|_| aim == Aim::Call) else { return };
        let Some(call) = self.calls.get_mut(&id) else { return };
        // A CANCEL waits for the first sign of life (RFC 3261 §9.1).
        if call.cancel == Cancel::Wanted {
            call.cancel = Cancel::No;
            return self.cancel(at, id);
        }
        if let Some(before) = call.continues.filter(|_| message.code() != Some(100)) {
            self.pass_ringing(at, before);
        }
    }

    /// Takes the call back.
    pub(super) fn cancel(&mut self, at: Moment, id: u32) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        if call.state != State::Setup || call.cancel != Cancel::No {
            return;
        }
        call.cancel = Cancel::Wanted;
        let key = call.invite.clone();
        let heard = self
            .clients
            .get(&key)
            .is_some_and(|client| client.stage == super::transactions::Stage::Proceeding);
        if !heard {
            return;
        }
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.cancel = Cancel::Sent;
        let (uri, call_id, cseq) = (call.target.clone(), call.id.clone(), call.cseq);
        let (from, to, host) = (call.local.0.clone(), call.remote.0.clone(), self.host.clone());
        let to = to.split(";tag=").next().unwrap_or_default().to_owned();
        let request = Request {
            method: "CANCEL",
            uri: &uri,
            via: (self.transport.as_str(), &host, &key.0),
            from: &from,
            to: &to,
            call_id: &call_id,
            cseq,
            hops: 70,
            more: "",
            body: "",
        };
        self.ask(at, &request, Some(id), Aim::Cancel);
        // RFC 3261 §9.1: without a final answer the transaction is given up 64*T1 after the CANCEL.
        self.set(at + super::transactions::LONG, super::Timer::Act(id, Deed::NoAck));
    }

    /// A final answer to something this end asked.
    pub(super) fn answer_heard(
        &mut self,
        at: Moment,
        (call, aim): (Option<u32>, Aim),
        message: &Message,
        again: bool,
    ) {
        match (aim, call) {
            (Aim::Register, _) if !again => self.register_answered(at, message),
            (Aim::Call, Some(id)) => self.invite_answered(at, id, message, again),
            (Aim::Hold, Some(id)) => self.hold_answered(at, id, message, again),
            (Aim::Bye, Some(id)) if !again => {
                if message.code() != Some(200) {
                    let code = message.code().unwrap_or(0);
                    // 481: both hung up at once.
                    if code != 481 {
                        self.note(Fact::Wrong(format!("a BYE is answered with {code}")));
                    }
                }
                self.over(id, crate::sip::plan::Why::Own);
            }
            (Aim::Refer, Some(id)) if !again => self.refer_answered(at, id, message),
            _ => {}
        }
    }

    fn invite_answered(&mut self, at: Moment, id: u32, message: &Message, again: bool) {
        let code = message.code().unwrap_or(0);
        let Some(call) = self.calls.get(&id) else { return };
        let (plan, state, tag) =
            (call.plan, call.state, text::tag(message, ringfence_sip::Name::To));
        if again {
            let same = state != State::Setup && call.remote.1 == tag;
            match (code < 300, same) {
                (true, true) => {
                    self.acknowledge_again(message);
                }
                (true, false) => {
                    self.note(Fact::Wrong(format!("a second 2xx, of {tag}, for call {plan}")));
                }
                (false, _) if state != State::Setup => {
                    self.note(Fact::Wrong(format!("{code} after a 2xx for call {plan}")));
                }
                _ => {}
            }
            return;
        }
        match code {
            200..300 => self.invite_accepted(at, id, message),
            401 | 407 if call.tries < 3 && matches!(self.role, Role::Phone(_)) => {
                self.invite_with_password(at, id, message);
            }
            _ => {
                self.note(Fact::Final { plan, code });
                self.finish_continued(at, id, code);
                self.calls.remove(&id);
            }
        }
    }

    fn invite_with_password(&mut self, at: Moment, id: u32, message: &Message) {
        let Role::Phone(account) = self.role.clone() else { return };
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.tries += 1;
        call.cseq += 1;
        let uri = call.target.clone();
        let late = self
            .clients
            .get(&call.invite)
            .and_then(|client| self.read(&client.bytes))
            .is_some_and(|invite| invite.body().is_empty());
        let line = self.credentials(message, ("INVITE", &uri), &account).unwrap_or_default();
        self.invite(at, id, late, &line);
    }

    fn invite_accepted(&mut self, at: Moment, id: u32, message: &Message) {
        let late = message_offers(message, self, id);
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.remote = (
            text::field(message, ringfence_sip::Name::To),
            text::tag(message, ringfence_sip::Name::To),
        );
        call.target = text::contact(message).unwrap_or_default();
        call.state = State::Up;
        let plan = call.plan;
        let body =
            if late { text::sdp(&self.host.clone(), plan, 1, "sendrecv") } else { String::new() };
        self.note(Fact::Final { plan, code: 200 });
        self.acknowledge(id, message, &body);
        let body = bytes::Bytes::copy_from_slice(message.body());
        self.note(Fact::Up { plan, end: End::Caller, body });
        if let Some(before) = self.calls.get(&id).and_then(|call| call.continues) {
            return self.pass_answer(at, before);
        }
        self.act(at, id, Deed::Hold(""));
    }

    /// Acknowledges a 2xx to an INVITE and keeps the ACK for when the 2xx comes again (RFC 3261 §13.2.2.4).
    pub(super) fn acknowledge(&mut self, id: u32, answer: &Message, body: &str) {
        let branch = self.branch();
        let (host, transport) = (self.host.clone(), self.transport.as_str());
        let Some(call) = self.calls.get(&id) else { return };
        let bytes = Request {
            method: "ACK",
            uri: &call.target,
            via: (transport, &host, &branch),
            from: &call.local.0,
            to: &call.remote.0,
            call_id: &call.id,
            cseq: text::cseq(answer),
            hops: 70,
            more: "",
            body,
        }
        .write();
        if let Some(client) = text::key(answer).and_then(|key| self.clients.get_mut(&key)) {
            client.ack = Some(bytes.clone());
        }
        self.send(bytes);
    }

    pub(super) fn acknowledge_again(&mut self, answer: &Message) {
        let client = text::key(answer).and_then(|key| self.clients.get(&key));
        let ack = client.and_then(|client| client.ack.clone());
        ack.into_iter().for_each(|bytes| self.send(bytes));
    }
}

/// Whether the INVITE of a call had no offer, so that the 2xx holds it.
fn message_offers(message: &Message, agent: &Agent, id: u32) -> bool {
    let sent = agent.calls.get(&id).and_then(|call| agent.clients.get(&call.invite));
    let invite = sent.and_then(|client| agent.read(&client.bytes));
    invite.is_some_and(|invite| invite.body().is_empty()) && !message.body().is_empty()
}

pub fn contact_line(host: &str, transport: ringfence_sip::Transport) -> String {
    let by = transport.as_param();
    format!("Contact: <sip:me@{host};transport={by}>\r\n")
}
