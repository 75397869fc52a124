//! A telephone, PBX or carrier: a user agent of its own, written after the RFC and not after the firewall, so that a
//! misreading there is not mirrored here.

mod called;
mod caller;
mod dialog;
mod registering;
pub mod text;
mod transactions;

use crate::chance::Chance;
use crate::sip::plan::{End, Fact, Plan, Why};
use bytes::Bytes;
use registering::Registering;
use ringfence_model::Moment;
use ringfence_sip::{Limits, Message, Method, Transport};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use transactions::{Aim, Client, Key, Server};

/// What a node is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Role {
    /// A telephone with an account.
    Phone(Account),
    /// A telephone system that is known by its address.
    Pbx,
    /// A carrier.
    Carrier {
        /// The code it answers every call with; for carriers that are not first choice, or are overloaded.
        always: Option<u16>,
        /// Where it returns calls that go in circles.
        returns_to: String,
    },
}

/// What a telephone registers as.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
    /// User part and user name.
    pub user: String,
    /// The password it knows.
    pub password: String,
    /// Domain and realm.
    pub domain: String,
    /// How long its contact shall hold, in seconds.
    pub expires_secs: u32,
}

/// One user agent.
pub struct Agent {
    /// What it is.
    pub role: Role,
    /// What it saw, with when.
    pub facts: Vec<(Moment, Fact)>,
    host: String,
    gate: String,
    /// The line that says which product it is; empty for one that does not say.
    product: String,
    transport: Transport,
    chance: Chance,
    clients: BTreeMap<Key, Client>,
    servers: BTreeMap<Key, Server>,
    calls: BTreeMap<u32, Call>,
    timers: BTreeMap<(Moment, u64), Timer>,
    registering: Registering,
    made: u64,
    out: Vec<Bytes>,
    now: Moment,
}

/// One end of a call.
struct Call {
    plan: usize,
    end: End,
    id: String,
    /// From or To of this end with its tag, and the tag alone.
    local: (String, String),
    /// The same of the other end; the tag is empty until it is known.
    remote: (String, String),
    target: String,
    cseq: u32,
    /// The INVITE that made it.
    invite: Key,
    state: State,
    tries: u8,
    cancel: Cancel,
    version: u32,
    hops: u32,
    /// The call that this one continues.
    continues: Option<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// Asked or asking.
    Setup,
    /// A 200 was sent and not yet acknowledged.
    Answered,
    /// Both agree.
    Up,
    /// This end said BYE.
    Closing,
}

/// Whether a call is taken back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Cancel {
    No,
    /// As soon as there is a sign of life.
    Wanted,
    Sent,
}

enum Timer {
    Repeat(Key),
    GiveUp(Key),
    RepeatAnswer(Key),
    Forget(Key),
    Act(u32, Deed),
    Register,
}

#[derive(Clone, PartialEq, Debug)]
enum Deed {
    Ring,
    Answer { forks: u8 },
    Refuse(u16),
    Redirect,
    Return,
    Cancel,
    HangUp,
    Hold(&'static str),
    Transfer,
    NoAck,
}

impl Agent {
    /// One at `inside` that talks to the firewall at `gate`.
    #[must_use]
    pub fn new(
        role: Role,
        (inside, gate): (SocketAddr, SocketAddr),
        transport: Transport,
        chance: Chance,
    ) -> Self {
        Self {
            role,
            facts: Vec::new(),
            host: inside.to_string(),
            gate: gate.to_string(),
            product: String::new(),
            transport,
            chance,
            clients: BTreeMap::new(),
            servers: BTreeMap::new(),
            calls: BTreeMap::new(),
            timers: BTreeMap::new(),
            registering: Registering::default(),
            made: 0,
            out: Vec::new(),
            now: Moment(0),
        }
    }

    /// The same, which says what product it is.
    #[must_use]
    pub fn made_as(self, product: &str) -> Self {
        Self { product: format!("User-Agent: {product}\r\n"), ..self }
    }

    /// Takes in what arrived.
    pub fn hear(&mut self, at: Moment, bytes: &Bytes, plans: &[Plan]) {
        self.now = at;
        let Some(message) = self.read(bytes) else {
            return self.note(Fact::Wrong(format!("unreadable: {}", text::lossy(bytes))));
        };
        for fault in text::faults(&message) {
            let line = text::lossy(bytes);
            self.note(Fact::Wrong(format!("{fault} in {line}")));
        }
        match message.method() {
            None => self.answered(at, &message),
            Some(Method::Ack) => self.acked(at, &message),
            Some(_) => self.asked(at, &message, plans),
        }
    }

    /// Does what is due.
    pub fn wake(&mut self, at: Moment, plans: &[Plan]) {
        self.now = at;
        while let Some(entry) = self.timers.first_entry().filter(|entry| entry.key().0 <= at) {
            match entry.remove() {
                Timer::Repeat(key) => self.repeat(at, key),
                Timer::GiveUp(key) => self.give_up(at, &key),
                Timer::RepeatAnswer(key) => self.repeat_answer(at, key),
                Timer::Forget(key) => self.forget(at, &key),
                Timer::Act(call, deed) => self.do_deed(at, call, deed, plans),
                Timer::Register => self.register(at),
            }
        }
    }

    /// When something is due.
    #[must_use]
    pub fn due(&self) -> Option<Moment> {
        self.timers.keys().next().map(|(at, _)| *at)
    }

    /// What it sends.
    pub fn take(&mut self) -> Vec<Bytes> {
        std::mem::take(&mut self.out)
    }

    /// Switched off: everything is forgotten.
    pub fn crash(&mut self, at: Moment) {
        self.now = at;
        let ends: Vec<_> = self.calls.values().map(|call| (call.plan, call.end)).collect();
        for (plan, end) in ends {
            self.note(Fact::Over { plan, end, why: Why::Crash });
        }
        self.clients.clear();
        self.servers.clear();
        self.calls.clear();
        self.timers.clear();
        self.out.clear();
        self.registering = Registering::default();
    }

    /// Calls that one end still has.
    pub fn calls_up(&self) -> impl Iterator<Item = usize> {
        self.calls.values().map(|call| call.plan)
    }

    fn note(&mut self, fact: Fact) {
        self.facts.push((self.now, fact));
    }

    fn read(&self, bytes: &Bytes) -> Option<Message> {
        Message::parse(bytes.clone(), &Limits::default()).ok()
    }

    fn send(&mut self, bytes: Bytes) {
        self.out.push(bytes);
    }

    const fn reliable(&self) -> bool {
        self.transport.is_reliable()
    }

    fn set(&mut self, at: Moment, timer: Timer) {
        self.made += 1;
        self.timers.insert((at, self.made), timer);
    }

    fn act(&mut self, at: Moment, call: u32, deed: Deed) {
        self.set(at, Timer::Act(call, deed));
    }

    fn word(&mut self) -> String {
        format!("{:016x}", self.chance.draw())
    }

    fn branch(&mut self) -> String {
        format!("z9hG4bK{}", self.word())
    }

    /// Host and domain of what it calls.
    fn domain(&self) -> String {
        match &self.role {
            Role::Phone(account) => account.domain.clone(),
            _ => self.gate.clone(),
        }
    }

    fn over(&mut self, id: u32, why: Why) {
        if let Some(call) = self.calls.remove(&id) {
            self.note(Fact::Over { plan: call.plan, end: call.end, why });
        }
    }

    fn unanswered(&mut self, at: Moment, call: Option<u32>, aim: Aim) {
        match (aim, call) {
            (Aim::Register, _) => self.register_failed(at, 408),
            (Aim::Call, Some(id)) => {
                if let Some(plan) = self.calls.get(&id).map(|call| call.plan) {
                    self.note(Fact::GaveUp { plan });
                    self.finish_continued(at, id, 408);
                    self.calls.remove(&id);
                }
            }
            (Aim::Bye, Some(id)) => self.over(id, Why::Own),
            (Aim::Hold, Some(id)) => self.hang_up(at, id),
            _ => {}
        }
    }
}
