//! A call that stands: hold, transfer, hang-up, from either end.

use super::caller::contact_line;
use super::text::{self, Request};
use super::transactions::{Aim, Key};
use super::{Agent, Deed, State};
use crate::sip::plan::{End, Fact, Plan, Why};
use ringfence_model::Moment;
use ringfence_sip::{Message, Method, Name};
use std::time::Duration;

impl Agent {
    /// The call a request inside a dialog is about.
    pub(super) fn find(&self, message: &Message) -> Option<u32> {
        let id = text::field(message, Name::CallId);
        let (own, other) = (text::tag(message, Name::To), text::tag(message, Name::From));
        let mut all = self.calls.iter();
        all.find(|(_, call)| call.id == id && call.local.1 == own && call.remote.1 == other)
            .map(|(id, _)| *id)
    }

    pub(super) fn asked_in_dialog(
        &mut self,
        at: Moment,
        key: &Key,
        message: &Message,
        plans: &[Plan],
    ) {
        let Some(id) = self.find(message) else {
            return self.reply(at, key, 481, "", "", "");
        };
        if !text::lossy(message.uri_text()).contains(&self.host) {
            let uri = text::lossy(message.uri_text());
            self.note(Fact::Wrong(format!("asked as {uri}, which is not the Contact given")));
        }
        match message.method() {
            Some(Method::Bye) => {
                self.reply(at, key, 200, "", "", "");
                let invite = self.calls.get(&id).map(|call| call.invite.clone());
                if let Some(server) = invite.and_then(|invite| self.servers.get_mut(&invite)) {
                    server.unacked = false;
                }
                self.over(id, Why::Bye);
            }
            Some(Method::Invite) => self.reinvited(at, id, key, message),
            Some(Method::Refer) => self.referred(at, id, key, message, plans),
            Some(Method::Options | Method::Info | Method::Update | Method::Notify) => {
                self.reply(at, key, 200, "", "", "");
            }
            _ => self.reply(at, key, 405, "", "", ""),
        }
    }

    fn reinvited(&mut self, at: Moment, id: u32, key: &Key, message: &Message) {
        let asking = self.clients.values().any(|client| {
            client.aim == Aim::Hold
                && client.call == Some(id)
                && client.stage != super::transactions::Stage::Done
        });
        if asking {
            // RFC 3261 §14.2
            return self.reply(at, key, 491, "", "", "");
        }
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.target = text::contact(message).unwrap_or_else(|| call.target.clone());
        call.version += 1;
        let body = text::sdp(&self.host, call.plan, call.version, "recvonly");
        let more = contact_line(&self.host, self.transport);
        self.reply(at, key, 200, "", &more, &body);
    }

    /// Plans what happens while the call stands; with a direction, says so to the other end.
    pub(super) fn hold(&mut self, at: Moment, id: u32, direction: &'static str, plans: &[Plan]) {
        let Some(call) = self.calls.get(&id) else { return };
        let Some(plan) = plans.get(call.plan) else { return };
        let (end, state) = (call.end, call.state);
        if direction.is_empty() {
            if plan.hangs_up == end {
                self.act(at + plan.talk, id, Deed::HangUp);
            }
            if let Some(hold) = plan.hold.filter(|_| end == End::Caller) {
                self.act(at + hold, id, Deed::Hold("sendonly"));
                self.act(at + hold * 2, id, Deed::Hold("sendrecv"));
            }
            // Both at once: glare.
            if let Some(hold) =
                plan.hold.filter(|_| end == End::Called && plan.hops.is_multiple_of(2))
            {
                self.act(at + hold, id, Deed::Hold("sendonly"));
            }
            if let Some((after, _)) = plan.transfer.as_ref().filter(|_| end == End::Caller) {
                self.act(at + *after, id, Deed::Transfer);
            }
            return;
        }
        if state != State::Up {
            return;
        }
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.version += 1;
        let body = text::sdp(&self.host, call.plan, call.version, direction);
        let more = contact_line(&self.host, self.transport);
        self.ask_inside(at, id, ("INVITE", Aim::Hold), &more, &body);
    }

    fn ask_inside(&mut self, at: Moment, id: u32, what: (&str, Aim), more: &str, body: &str) {
        let branch = self.branch();
        let host = self.host.clone();
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.cseq += 1;
        let (uri, from, to) = (call.target.clone(), call.local.0.clone(), call.remote.0.clone());
        let (call_id, cseq) = (call.id.clone(), call.cseq);
        let request = Request {
            method: what.0,
            uri: &uri,
            via: (self.transport.as_str(), &host, &branch),
            from: &from,
            to: &to,
            call_id: &call_id,
            cseq,
            hops: 70,
            more,
            body,
        };
        self.ask(at, &request, Some(id), what.1);
    }

    pub(super) fn hold_answered(&mut self, at: Moment, id: u32, message: &Message, again: bool) {
        let code = message.code().unwrap_or(0);
        match code {
            200..300 if again => {
                self.acknowledge_again(message);
            }
            200..300 => {
                if let (Some(call), Some(contact)) =
                    (self.calls.get_mut(&id), text::contact(message))
                {
                    call.target = contact;
                }
                self.acknowledge(id, message, "");
            }
            491 if !again => {
                let wait = self.chance.within((100, 4_000));
                self.act(at + Duration::from_millis(u64::from(wait)), id, Deed::Hold("sendrecv"));
            }
            408 | 481 if !again => self.over(id, Why::Gone),
            _ => {}
        }
    }

    /// Says BYE.
    pub(super) fn hang_up(&mut self, at: Moment, id: u32) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        if !matches!(call.state, State::Up | State::Answered) {
            return;
        }
        call.state = State::Closing;
        self.ask_inside(at, id, ("BYE", Aim::Bye), "", "");
    }

    /// Sends the other end on to somebody else (RFC 3515).
    pub(super) fn transfer(&mut self, at: Moment, id: u32, plans: &[Plan]) {
        let Some(call) = self.calls.get(&id).filter(|call| call.state == State::Up) else { return };
        let Some((_, to)) = plans.get(call.plan).and_then(|plan| plan.transfer.clone()) else {
            return;
        };
        let next = call.plan + 1;
        let more = format!(
            "{}Refer-To: <sip:{to}@{}>\r\nX-World: {next}\r\n",
            contact_line(&self.host, self.transport),
            self.domain()
        );
        self.ask_inside(at, id, ("REFER", Aim::Refer), &more, "");
    }

    pub(super) fn refer_answered(&mut self, at: Moment, id: u32, message: &Message) {
        if message.code() == Some(202) {
            self.act(at + Duration::from_secs(1), id, Deed::HangUp);
        }
    }

    /// Asked to call somebody else: the plan after this one.
    fn referred(&mut self, at: Moment, id: u32, key: &Key, message: &Message, plans: &[Plan]) {
        let next = text::plan(message).and_then(|number| Some((number, plans.get(number)?)));
        let to = ringfence_sip::NameAddr::read(text::field(message, Name::ReferTo).as_bytes())
            .and_then(|to| to.uri()?.user_text());
        let (Some((number, plan)), Some(to)) = (next, to) else {
            return self.reply(at, key, 603, "", "", "");
        };
        let contact = contact_line(&self.host, self.transport);
        self.reply(at, key, 202, "", &contact, "");
        let more = format!(
            "{contact}Event: refer\r\nSubscription-State: terminated;reason=noresource\r\n\
             Content-Type: message/sipfrag\r\n"
        );
        self.ask_inside(at, id, ("NOTIFY", Aim::Notify), &more, "SIP/2.0 100 Trying\r\n");
        self.call(at, number, plan, (&to, 70), None);
    }
}
