//! The called end until the call stands.

use super::caller::contact_line;
use super::text;
use super::transactions::Key;
use super::{Agent, Call, Cancel, Deed, Role, State};
use crate::sip::plan::{Elsewhere, End, Fact, Plan, Treatment, Why};
use bytes::Bytes;
use ringfence_model::Moment;
use ringfence_sip::{Message, Method, Name};
use std::time::Duration;

/// A host that is no party to anything.
const NOBODY: &str = "198.18.66.166";
/// How many lines a PBX has for one kind of call.
const LINES: usize = 20;
/// The longest ringing.
pub(super) const RING: Duration = Duration::from_secs(180);

impl Agent {
    /// A request other than ACK came.
    pub(super) fn asked(&mut self, at: Moment, message: &Message, plans: &[Plan]) {
        let Some(key) = text::key(message) else { return };
        if !self.is_new(at, &key, message) {
            return;
        }
        if message.method() == Some(Method::Cancel) {
            return self.cancelled(at, &key);
        }
        if !text::tag(message, Name::To).is_empty() {
            return self.asked_in_dialog(at, &key, message, plans);
        }
        match message.method() {
            Some(Method::Invite) => self.invited(at, key, message, plans),
            Some(Method::Options) => self.reply(at, &key, 200, "o", "", ""),
            _ => self.reply(at, &key, 405, "o", "", ""),
        }
    }

    fn invited(&mut self, at: Moment, key: Key, message: &Message, plans: &[Plan]) {
        let number = text::plan(message);
        let Some((number, plan)) = number.and_then(|n| Some((n, plans.get(n)?))) else {
            self.note(Fact::Wrong(format!(
                "an INVITE of no plan: {}",
                text::lossy(message.bytes())
            )));
            return self.reply(at, &key, 404, "x", "", "");
        };
        let body = Bytes::copy_from_slice(message.body());
        self.note(Fact::Asked { plan: number, dialled: text::user(message), body });
        if let Role::Carrier { always: Some(code), .. } = self.role {
            let tag = self.word();
            return self.reply(at, &key, code, &tag, "", "");
        }
        self.made += 1;
        let id = self.made as u32;
        let tag = self.word();
        let call = Call {
            plan: number,
            end: End::Called,
            id: text::field(message, Name::CallId),
            local: (format!("{};tag={tag}", text::field(message, Name::To)), tag),
            remote: (text::field(message, Name::From), text::tag(message, Name::From)),
            target: text::contact(message).unwrap_or_default(),
            cseq: 1_000,
            invite: key.clone(),
            state: State::Setup,
            tries: 0,
            cancel: Cancel::No,
            version: 1,
            hops: message.number(Name::MaxForwards).unwrap_or(0),
            continues: None,
        };
        self.calls.insert(id, call);
        if let Some(server) = self.servers.get_mut(&key) {
            server.call = Some(id);
        }
        self.reply(at, &key, 100, "", "", "");
        // Nobody rings for ever, whatever becomes of the caller.
        self.act(at + RING, id, Deed::Refuse(480));
        // Where it was sent, it is answered.
        let sent = matches!(&plan.treatment, Treatment::Redirect(Elsewhere::Number(to))
            if text::user(message).ends_with(to.trim_start_matches(['0', '+'])));
        let answer = Treatment::Answer { ring: Duration::from_millis(500), forks: 1 };
        self.treat(at, id, if sent { &answer } else { &plan.treatment });
    }

    fn treat(&mut self, at: Moment, id: u32, treatment: &Treatment) {
        let soon = at + Duration::from_millis(u64::from(self.chance.within((20, 300))));
        match treatment {
            Treatment::Answer { ring, forks } => {
                self.act(soon, id, Deed::Ring);
                self.act(soon + *ring, id, Deed::Answer { forks: *forks });
            }
            Treatment::Refuse { ring, code } => {
                self.act(soon, id, Deed::Ring);
                self.act(soon + *ring, id, Deed::Refuse(*code));
            }
            Treatment::Ring => self.act(soon, id, Deed::Ring),
            Treatment::Redirect(_) => self.act(soon, id, Deed::Redirect),
            Treatment::Return => self.act(soon, id, Deed::Return),
            Treatment::Silent => {}
        }
    }

    /// What this end planned is due.
    pub(super) fn do_deed(&mut self, at: Moment, id: u32, deed: Deed, plans: &[Plan]) {
        let Some(call) = self.calls.get(&id) else { return };
        let (key, tag, asked) =
            (call.invite.clone(), call.local.1.clone(), call.state == State::Setup);
        let called = call.end == End::Called;
        match deed {
            Deed::Cancel => self.cancel(at, id),
            Deed::HangUp => self.hang_up(at, id),
            Deed::Hold(direction) => self.hold(at, id, direction, plans),
            Deed::Transfer => self.transfer(at, id, plans),
            Deed::NoAck if called && call.state == State::Answered => self.hang_up(at, id),
            // As caller: nobody answered the CANCEL.
            Deed::NoAck if asked && !called => self.unanswered(at, Some(id), super::Aim::Call),
            Deed::Ring if asked => {
                let contact = contact_line(&self.host, self.transport);
                self.reply(at, &key, 180, &tag, &contact, "");
            }
            Deed::Refuse(code) if asked => {
                self.reply(at, &key, code, &tag, "", "");
                self.calls.remove(&id);
            }
            Deed::Redirect if asked => self.redirect(at, id, plans),
            Deed::Answer { forks } if asked => {
                self.answer(at, id);
                (1..forks).for_each(|_| self.answer_of_fork(at, id));
            }
            Deed::Return if asked => self.pass_on(at, id, plans),
            _ => {}
        }
    }

    fn redirect(&mut self, at: Moment, id: u32, plans: &[Plan]) {
        let Some(call) = self.calls.remove(&id) else { return };
        let to = match plans.get(call.plan).map(|plan| &plan.treatment) {
            Some(Treatment::Redirect(Elsewhere::Number(to))) => {
                let host = if matches!(self.role, Role::Phone(_)) {
                    self.domain()
                } else {
                    self.host.clone()
                };
                format!("{to}@{host}")
            }
            _ => format!("elsewhere@{NOBODY}"),
        };
        let contact = format!("Contact: <sip:{to}>\r\n");
        self.reply(at, &call.invite, 302, &call.local.1, &contact, "");
    }

    /// Says 200.
    fn answer(&mut self, at: Moment, id: u32) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.state = State::Answered;
        let (plan, key, tag) = (call.plan, call.invite.clone(), call.local.1.clone());
        let body = text::sdp(&self.host, plan, 1, "sendrecv");
        let more = format!("{}X-World: {plan}\r\n", contact_line(&self.host, self.transport));
        self.reply(at, &key, 200, &tag, &more, &body);
        self.note(Fact::Said200 { plan });
    }

    /// Another end that the call was forked to answers at the same time, with a tag of its own.
    fn answer_of_fork(&mut self, at: Moment, id: u32) {
        let Some(call) = self.calls.get(&id) else { return };
        let (first, plan, tag) = (call.invite.clone(), call.plan, format!("{:x}", self.made));
        let Some(request) = self.servers.get(&first).map(|server| server.request.clone()) else {
            return;
        };
        self.made += 1;
        let fork = self.made as u32;
        let key = (format!("{}-{fork}", first.0), first.1.clone());
        let copy = Call {
            plan,
            end: End::Called,
            id: text::field(&request, Name::CallId),
            local: (format!("{};tag={tag}", text::field(&request, Name::To)), tag.clone()),
            remote: (text::field(&request, Name::From), text::tag(&request, Name::From)),
            target: text::contact(&request).unwrap_or_default(),
            cseq: 2_000,
            invite: key.clone(),
            state: State::Answered,
            tries: 0,
            cancel: Cancel::No,
            version: 1,
            hops: 0,
            continues: None,
        };
        self.calls.insert(fork, copy);
        self.is_new(at, &key, &request);
        if let Some(server) = self.servers.get_mut(&key) {
            server.call = Some(fork);
        }
        let body = text::sdp(&self.host, plan, 1, "sendrecv");
        let more = format!("{}X-World: {plan}\r\n", contact_line(&self.host, self.transport));
        self.reply(at, &key, 200, &tag, &more, &body);
    }

    fn cancelled(&mut self, at: Moment, key: &Key) {
        let invite = (key.0.clone(), "INVITE".to_owned());
        let known = self.servers.get(&invite).map(|server| server.call);
        let Some(call) = known else {
            return self.reply(at, key, 481, "c", "", "");
        };
        self.reply(at, key, 200, "c", "", "");
        let Some(id) = call else { return };
        let waits = self.calls.get(&id).filter(|call| call.state == State::Setup);
        let Some(tag) = waits.map(|call| call.local.1.clone()) else { return };
        self.reply(at, &invite, 487, &tag, "", "");
        let onward: Vec<u32> = self
            .calls
            .iter()
            .filter(|(_, call)| call.continues == Some(id))
            .map(|(id, _)| *id)
            .collect();
        onward.into_iter().for_each(|onward| self.cancel(at, onward));
        self.over(id, Why::Cancelled);
    }

    /// An ACK came.
    pub(super) fn acked(&mut self, at: Moment, message: &Message) {
        let Some((branch, _)) = text::key(message) else { return };
        let refusal = (branch, "INVITE".to_owned());
        if let Some(server) = self.servers.get_mut(&refusal) {
            server.unacked = false;
            return;
        }
        let Some(id) = self.find(message) else { return };
        let (call_id, cseq) = (text::field(message, Name::CallId), text::cseq(message));
        for server in self.servers.values_mut().filter(|server| server.unacked) {
            let again = server.call.is_none()
                && text::field(&server.request, Name::CallId) == call_id
                && !text::tag(&server.request, Name::To).is_empty();
            if text::cseq(&server.request) == cseq && (again || server.call == Some(id)) {
                server.unacked = false;
            }
        }
        let Some(call) = self.calls.get_mut(&id) else { return };
        if call.state != State::Answered {
            return;
        }
        call.state = State::Up;
        let plan = call.plan;
        let body = Bytes::copy_from_slice(message.body());
        self.note(Fact::Up { plan, end: End::Called, body });
        self.act(at, id, Deed::Hold(""));
    }

    /// Passes the call on, as a switch does whose table is wrong.
    fn pass_on(&mut self, at: Moment, id: u32, plans: &[Plan]) {
        let Some(call) = self.calls.get(&id) else { return };
        let (hops, number) = (call.hops, call.plan);
        let Some(plan) = plans.get(number) else { return };
        let Some(hops) = hops.checked_sub(1).filter(|hops| *hops > 0) else {
            return self.refuse_passed(at, id, 483);
        };
        // A circle takes lines until none is left.
        let lines = self.calls.values().filter(|call| call.plan == number).count();
        if self.role == Role::Pbx && lines > LINES {
            return self.refuse_passed(at, id, 503);
        }
        let to = match &self.role {
            Role::Carrier { returns_to, .. } => returns_to.clone(),
            _ => plan.dialled.clone(),
        };
        self.call(at, number, plan, (&to, hops), Some(id));
    }

    fn refuse_passed(&mut self, at: Moment, id: u32, code: u16) {
        if let Some(call) = self.calls.remove(&id) {
            self.reply(at, &call.invite, code, &call.local.1, "", "");
        }
    }

    /// The call that continues another one rings.
    pub(super) fn pass_ringing(&mut self, at: Moment, before: u32) {
        let Some(call) = self.calls.get(&before).filter(|call| call.state == State::Setup) else {
            return;
        };
        let (key, tag) = (call.invite.clone(), call.local.1.clone());
        self.reply(at, &key, 180, &tag, "", "");
    }

    /// ... was answered.
    pub(super) fn pass_answer(&mut self, at: Moment, before: u32) {
        if self.calls.get(&before).is_some_and(|call| call.state == State::Setup) {
            self.answer(at, before);
        }
    }

    /// ... failed.
    pub(super) fn finish_continued(&mut self, at: Moment, id: u32, code: u16) {
        let before = self.calls.get(&id).and_then(|call| call.continues);
        if let Some(before) = before
            && self.calls.get(&before).is_some_and(|call| call.state == State::Setup)
        {
            self.refuse_passed(at, before, code);
        }
    }
}
