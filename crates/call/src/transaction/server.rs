//! One server transaction (RFC 3261 §17.2, RFC 6026 §7.1), with the retransmission of 2xx (RFC 3261 §13.3.1.4) and of
//! reliable provisional responses (RFC 3262 §3).

use super::key::Key;
use super::timing::{LONG, Schedule, T2, T4};
use super::{Outbox, Owner};
use crate::{Output, TimerId};
use bytes::Bytes;
use ringfence_model::Moment;
use ringfence_sip::Flow;
use std::time::Duration;

/// A request and its responses.
#[derive(Debug)]
pub struct Server {
    pub key: Key,
    /// Only of an INVITE: finds the transaction that the ACK of a 2xx means.
    pub invite: Option<Key>,
    /// Where responses go.
    pub flow: Flow,
    pub owner: Option<Owner>,
    pub timer: Option<TimerId>,
    /// CANCEL was heard.
    pub cancelled: bool,
    /// It is among those that linger.
    pub lingering: bool,
    state: State,
    /// The To tag of the 2xx, hashed.
    to_tag: u64,
    /// What is sent again when the request comes again. A copy of exactly its size: it may lie here for 32 s.
    last: Box<[u8]>,
    schedule: Schedule,
    unpracked: Vec<Unpracked>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// Trying or Proceeding: no final response yet.
    Open,
    /// A final response was sent, other than 2xx to INVITE.
    Completed,
    /// The ACK for it came (INVITE only).
    Confirmed,
    /// A 2xx to INVITE was sent.
    Accepted,
    /// The ACK for it came.
    Acknowledged,
    Over,
}

/// A reliable provisional response that no PRACK came for.
#[derive(Debug)]
struct Unpracked {
    rseq: u32,
    bytes: Box<[u8]>,
    schedule: Schedule,
}

/// What an ACK was for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Acked {
    /// The 2xx; heard for the first time.
    Success,
    /// A failure, or the 2xx again.
    Absorbed,
    /// Nothing that was sent.
    Nothing,
}

/// What a timer of the transaction tells its user.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ServerDue {
    NoAck,
    NoPrack(u32),
    Unanswered,
}

impl Server {
    pub fn new(now: Moment, key: Key, invite: Option<Key>, flow: Flow) -> Self {
        // A request other than INVITE that is not answered by then has been given up by who sent it (RFC 4320 §4.2).
        let schedule = if invite.is_some() { Schedule::IDLE } else { Schedule::ends(now + LONG) };
        Self {
            key,
            invite,
            flow,
            owner: None,
            timer: None,
            cancelled: false,
            lingering: false,
            state: State::Open,
            to_tag: 0,
            last: Box::default(),
            schedule,
            unpracked: Vec::new(),
        }
    }

    pub const fn is_open(&self) -> bool {
        matches!(self.state, State::Open)
    }

    pub const fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    /// Whether it only absorbs what is repeated, for half a minute (Timers J and L).
    pub const fn lingers(&self) -> bool {
        match self.state {
            State::Completed => self.invite.is_none(),
            State::Acknowledged => true,
            _ => false,
        }
    }

    pub const fn is_accepted(&self) -> bool {
        matches!(self.state, State::Accepted | State::Acknowledged)
    }

    /// The response that was sent last.
    pub fn last(&self) -> &[u8] {
        &self.last
    }

    pub fn next(&self) -> Option<Moment> {
        let unpracked = self.unpracked.iter();
        unpracked.filter_map(|one| one.schedule.next()).chain(self.schedule.next()).min()
    }

    /// The request came again.
    pub fn heard_again(&self, out: &mut Outbox) {
        if matches!(self.state, State::Open | State::Completed) && !self.last.is_empty() {
            self.send_copy(&self.last, out);
        }
    }

    pub fn provisional(&mut self, bytes: Bytes, out: &mut Outbox) {
        self.last = Box::from(&*bytes);
        self.send(bytes, out);
    }

    pub fn reliable(&mut self, now: Moment, rseq: u32, bytes: Bytes, out: &mut Outbox) {
        let schedule = Schedule::resends(now, true, now + LONG);
        let one = Unpracked { rseq, bytes: Box::from(&*bytes), schedule };
        self.unpracked.push(one);
        self.provisional(bytes, out);
    }

    /// A PRACK came; says whether it was for anything.
    pub fn pracked(&mut self, rseq: u32) -> bool {
        let Some(at) = self.unpracked.iter().position(|one| one.rseq == rseq) else { return false };
        self.unpracked.remove(at);
        true
    }

    /// A final response. `to_tag` is that of a 2xx to INVITE.
    pub fn finish(&mut self, now: Moment, to_tag: Option<u64>, bytes: Bytes, out: &mut Outbox) {
        let unreliable = !self.flow.transport.is_reliable();
        self.unpracked = Vec::new();
        (self.state, self.schedule) = match (self.invite, to_tag) {
            // Sent again over a stream too: further on it may travel in datagrams (RFC 3261 §13.3.1.4). Timer L ends
            // when we stop.
            (Some(_), Some(to_tag)) => {
                self.to_tag = to_tag;
                (State::Accepted, Schedule::resends(now, true, now + LONG))
            }
            // Timers G and H.
            (Some(_), None) => (State::Completed, Schedule::resends(now, unreliable, now + LONG)),
            // Timer J.
            (None, _) if unreliable => (State::Completed, Schedule::ends(now + LONG)),
            (None, _) => (State::Over, Schedule::IDLE),
        };
        self.last = Box::from(&*bytes);
        self.send(bytes, out);
    }

    /// An ACK came, with this To tag.
    pub fn acked(&mut self, now: Moment, to_tag: u64) -> Acked {
        match self.state {
            State::Completed if self.invite.is_some() => {
                self.last = Box::default();
                // Timer I.
                (self.state, self.schedule) = if self.flow.transport.is_reliable() {
                    (State::Over, Schedule::IDLE)
                } else {
                    (State::Confirmed, Schedule::ends(now + T4))
                };
                Acked::Absorbed
            }
            State::Accepted if self.to_tag == to_tag => {
                self.acknowledged();
                Acked::Success
            }
            State::Acknowledged if self.to_tag == to_tag => Acked::Absorbed,
            State::Confirmed => Acked::Absorbed,
            _ => Acked::Nothing,
        }
    }

    /// The ACK of the 2xx came; says whether it was waited for. Timer L runs on.
    pub fn acknowledged(&mut self) -> bool {
        if self.state != State::Accepted {
            return false;
        }
        self.last = Box::default();
        self.state = State::Acknowledged;
        self.schedule.stop_resending();
        true
    }

    /// Does what is due.
    pub fn due(&mut self, now: Moment, out: &mut Outbox) -> Option<ServerDue> {
        if self.schedule.is_over(now) {
            let told = match self.state {
                State::Accepted => Some(ServerDue::NoAck),
                State::Open => Some(ServerDue::Unanswered),
                _ => None,
            };
            self.state = State::Over;
            return told;
        }
        if self.schedule.resend(now, T2) {
            self.send_copy(&self.last, out);
        }
        self.due_unpracked(now, out)
    }

    fn due_unpracked(&mut self, now: Moment, out: &mut Outbox) -> Option<ServerDue> {
        let (flow, call) = (self.flow, self.owner.and_then(Owner::call));
        for one in &mut self.unpracked {
            // The interval doubles without bound (RFC 3262 §3).
            if !one.schedule.is_over(now) && one.schedule.resend(now, Duration::MAX) {
                let bytes = Bytes::copy_from_slice(&one.bytes);
                out.push_back(Output::Transmit { flow, bytes, call });
            }
        }
        let at = self.unpracked.iter().position(|one| one.schedule.is_over(now))?;
        Some(ServerDue::NoPrack(self.unpracked.remove(at).rseq))
    }

    fn send(&self, bytes: Bytes, out: &mut Outbox) {
        let call = self.owner.and_then(Owner::call);
        out.push_back(Output::Transmit { flow: self.flow, bytes, call });
    }

    fn send_copy(&self, bytes: &[u8], out: &mut Outbox) {
        self.send(Bytes::copy_from_slice(bytes), out);
    }
}
