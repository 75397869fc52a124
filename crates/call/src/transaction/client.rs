//! One client transaction (RFC 3261 §17.1, RFC 6026 §7.2).

use super::key::Key;
use super::of_invite;
use super::timing::{LONG, Schedule, T2, T4};
use super::{Outbox, Owner};
use crate::{Output, TimerId};
use bytes::Bytes;
use ringfence_model::Moment;
use ringfence_sip::{Flow, Message, Name};
use std::time::Duration;

/// Early dialogs with reliable provisional responses that one INVITE may have; what forks into more is attacked.
const EARLY_MAX: usize = 16;

/// A request of ours and its responses.
#[derive(Debug)]
pub struct Client {
    pub key: Key,
    pub flow: Flow,
    /// Who wants to know; nobody for a CANCEL and for what was abandoned.
    pub owner: Option<Owner>,
    pub timer: Option<TimerId>,
    pub is_invite: bool,
    /// It is among those that linger.
    pub lingering: bool,
    state: State,
    kept: Kept,
    schedule: Schedule,
    rare: Option<Box<Rare>>,
    /// It was sent over a second connection.
    sent_anew: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// Calling, or Trying: nothing was heard.
    Unheard,
    Proceeding,
    /// A final response came, other than 2xx to INVITE.
    Completed,
    /// A 2xx to INVITE came.
    Accepted,
    Over,
}

#[derive(Debug)]
enum Kept {
    /// Until the final response: to send it again, and to make ACK and CANCEL of it.
    Request(Bytes),
    Ack(Bytes),
    Nothing,
}

/// What few transactions need.
#[derive(Debug, Default)]
struct Rare {
    /// To be sent, with this reason, once anything was heard.
    cancel: Option<Box<[u8]>>,
    cancelled: bool,
    /// Per early dialog: its tag, hashed, and the last `RSeq` that was heard in order (RFC 3262 §4).
    early: Vec<(u64, u32)>,
}

/// What a response is to the user of the transaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Told {
    Nothing,
    New { last: bool },
    Again2xx,
}

impl Client {
    pub fn new(
        now: Moment,
        key: Key,
        flow: Flow,
        is_invite: bool,
        request: Bytes,
        owner: Option<Owner>,
    ) -> Self {
        // Timers A and B, or E and F.
        let schedule = Schedule::resends(now, !flow.transport.is_reliable(), now + LONG);
        Self {
            key,
            flow,
            owner,
            timer: None,
            is_invite,
            lingering: false,
            state: State::Unheard,
            kept: Kept::Request(request),
            schedule,
            rare: None,
            sent_anew: false,
        }
    }

    pub const fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    /// Whether it only absorbs what is repeated, for half a minute (Timer M).
    pub const fn lingers(&self) -> bool {
        matches!(self.state, State::Accepted)
    }

    pub const fn is_unheard(&self) -> bool {
        matches!(self.state, State::Unheard)
    }

    /// Whether no final response was heard.
    pub const fn is_open(&self) -> bool {
        matches!(self.state, State::Unheard | State::Proceeding)
    }

    pub fn next(&self) -> Option<Moment> {
        self.schedule.next()
    }

    /// A response came; `tag` is its To tag.
    pub fn heard(
        &mut self,
        now: Moment,
        code: u16,
        tag: u64,
        response: &Message,
        out: &mut Outbox,
    ) -> Told {
        match (code, self.state) {
            (100..=199, State::Unheard | State::Proceeding) => self.provisional(tag, response),
            (200..=299, State::Unheard | State::Proceeding) if self.is_invite => {
                // Timer M.
                self.end(State::Accepted, Kept::Nothing, now + LONG);
                Told::New { last: true }
            }
            // After a failure there can be no 2xx from one UAS; from a fork that answers late it must still be ended.
            (200..=299, State::Accepted | State::Completed) if self.is_invite => Told::Again2xx,
            (200.., State::Unheard | State::Proceeding) => {
                self.complete(now, response, out);
                Told::New { last: true }
            }
            (300.., State::Completed) => {
                self.send_ack(out);
                Told::Nothing
            }
            _ => Told::Nothing,
        }
    }

    fn provisional(&mut self, tag: u64, response: &Message) -> Told {
        if self.state == State::Unheard {
            self.state = State::Proceeding;
            if self.is_invite {
                // However long it rings: the user of the transaction ends it.
                self.schedule = Schedule::IDLE;
            } else {
                self.schedule.slow_down(T2);
            }
        }
        match response.number(Name::RSeq).filter(|_| response.lists(Name::Require, "100rel")) {
            Some(rseq) if self.is_invite && !self.in_order(tag, rseq) => Told::Nothing,
            _ => Told::New { last: false },
        }
    }

    /// Whether a reliable response is new and the next in its early dialog (RFC 3262 §4).
    fn in_order(&mut self, tag: u64, rseq: u32) -> bool {
        let early = &mut self.rare.get_or_insert_default().early;
        let room = early.len() < EARLY_MAX;
        match early.iter_mut().find(|(known, _)| *known == tag) {
            Some((_, last)) if last.checked_add(1) == Some(rseq) => *last = rseq,
            None if room => early.push((tag, rseq)),
            _ => return false,
        }
        true
    }

    fn complete(&mut self, now: Moment, response: &Message, out: &mut Outbox) {
        let reliable = self.flow.transport.is_reliable();
        if !self.is_invite {
            // Timer K.
            self.end(State::Completed, Kept::Nothing, now + T4);
        } else if let Kept::Request(invite) = &self.kept {
            let ack = of_invite::ack(invite, response).map_or(Kept::Nothing, Kept::Ack);
            // Timer D.
            self.end(State::Completed, ack, now + LONG);
            self.send_ack(out);
        }
        if reliable {
            self.state = State::Over;
        }
    }

    fn end(&mut self, state: State, kept: Kept, end: Moment) {
        self.state = state;
        self.kept = kept;
        self.schedule = Schedule::ends(end);
        self.rare = None;
    }

    fn send_ack(&self, out: &mut Outbox) {
        if let Kept::Ack(ack) = &self.kept {
            self.send(ack.clone(), out);
        }
    }

    /// CANCEL is wanted.
    pub fn want_cancel(&mut self, reason: &[u8]) {
        if self.is_invite && self.is_open() {
            let rare = self.rare.get_or_insert_default();
            if !rare.cancelled {
                rare.cancel = Some(Box::from(reason));
            }
        }
    }

    /// The CANCEL, when it is wanted and may be sent: a provisional response was heard (RFC 3261 §9.1). From here on
    /// the INVITE has 32 s to end.
    pub fn take_cancel(&mut self, now: Moment) -> Option<Bytes> {
        if self.state != State::Proceeding {
            return None;
        }
        let rare = self.rare.as_mut()?;
        let reason = rare.cancel.take()?;
        rare.cancelled = true;
        self.schedule = Schedule::ends(now + LONG);
        match &self.kept {
            Kept::Request(invite) => of_invite::cancel(invite, &reason),
            _ => None,
        }
    }

    /// Does what is due; says whether it timed out unanswered.
    pub fn due(&mut self, now: Moment, out: &mut Outbox) -> bool {
        if self.schedule.is_over(now) {
            let timed_out = self.is_open();
            self.state = State::Over;
            return timed_out;
        }
        // Timer A doubles without bound, Timer E up to T2.
        let max = if self.is_invite { Duration::MAX } else { T2 };
        if self.schedule.resend(now, max)
            && let Kept::Request(request) = &self.kept
        {
            self.send(request.clone(), out);
        }
        false
    }

    /// The connection it went over broke: sends it over another one, once. Says whether it did: a party that came to us
    /// over its own connection cannot be called back.
    pub fn send_anew(&mut self, out: &mut Outbox) -> bool {
        let Kept::Request(request) = &self.kept else { return false };
        if self.flow.connection.is_some() || std::mem::replace(&mut self.sent_anew, true) {
            return false;
        }
        self.send(request.clone(), out);
        true
    }

    fn send(&self, bytes: Bytes, out: &mut Outbox) {
        let call = self.owner.and_then(Owner::call);
        out.push_back(Output::Transmit { flow: self.flow, bytes, call });
    }
}
