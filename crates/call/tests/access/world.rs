//! A shard's signalling without calls: enough of a dispatcher to hear requests, and a clock that only tests move.

use bytes::Bytes;
use ringfence_call::{
    Authority, Caller, Directory, Entry, Heard, Mint, Outbox, Output, Owner, Registrar, Responder,
    Transactions, Trunks, Wire, identify, reply_flow,
};
use ringfence_call::{Due, Parts};
use ringfence_guard::{Admission, Guard, Sender, Settings};
use ringfence_model::{CallEvent, Moment, Now, WallTime};
use ringfence_sip::{Flow, Limits, Message, Method, Transport};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

pub const SECRET: [u8; 32] = [3; 32];
pub const US: &str = "198.51.100.1:5060";

pub struct World {
    pub directory: Arc<Directory>,
    pub authority: Authority,
    pub registrar: Registrar,
    pub trunks: Trunks,
    pub transactions: Transactions,
    pub guard: Guard,
    pub now: Now,
    pub sent: Vec<(Flow, Message)>,
    pub events: Vec<CallEvent>,
    pub kept: HashMap<[u8; 16], Bytes>,
    /// Requests that were let in and are no REGISTER: who they are of.
    pub heard: Vec<String>,
    /// Requests that got no answer at all.
    pub silent: usize,
    mint: Mint,
    responder: Responder,
}

impl World {
    pub fn new(parts: Parts) -> Self {
        let directory = Arc::new(Directory::new(parts).unwrap());
        let mut settings =
            Settings { sources_max: 4_096, accounts_max: 4_096, ..Settings::default() };
        let trunks = &directory.parts().trunks;
        settings.trusted.extend(trunks.iter().flat_map(|trunk| trunk.networks.iter().copied()));
        let mut new = Self {
            directory,
            authority: Authority::new(&SECRET, 0),
            registrar: Registrar::default(),
            trunks: Trunks::default(),
            transactions: Transactions::new(5),
            guard: Guard::new(settings, 9),
            now: Now { moment: Moment(1_000_000_000), wall: WallTime::from_secs(1_795_000_000) },
            sent: Vec::new(),
            events: Vec::new(),
            kept: HashMap::new(),
            heard: Vec::new(),
            silent: 0,
            mint: Mint::new(&SECRET, 0),
            responder: Responder::new(&SECRET, 0),
        };
        new.with_wire(|world, wire| world.trunks.adopt(world.now, 0, wire));
        new
    }

    /// Bytes from somewhere, through the guard.
    pub fn hear(&mut self, flow: &Flow, bytes: Bytes) {
        let sender = sender(flow);
        if let Admission::Pass(_) = self.guard.admit(self.now.moment, sender, &bytes) {
            let message = Message::parse(bytes, &Limits::default()).unwrap();
            self.receive(flow, &message);
        } else {
            self.silent += 1;
        }
    }

    fn receive(&mut self, flow: &Flow, message: &Message) {
        let head = message.essentials().unwrap();
        let mut out = Outbox::new();
        let heard = self.transactions.receive(self.now.moment, *flow, message, &head, &mut out);
        self.take(out);
        match heard {
            Heard::Request(server) => self.request(flow, message, server),
            Heard::Response { owner: Owner::Passed(id), .. } => {
                self.with_wire(|world, wire| {
                    let judges = (&mut world.authority, &mut world.guard);
                    world.registrar.response(world.now, wire, id, message, judges);
                });
            }
            Heard::Response { owner, .. } => {
                self.with_wire(|w, wire| w.trunks.response(w.now, wire, owner, message));
            }
            _ => {}
        }
    }

    fn request(&mut self, flow: &Flow, message: &Message, server: ringfence_call::ServerKey) {
        let directory = Arc::clone(&self.directory);
        let origin = identify(&directory, flow, &[], message);
        let entry = self.authority.admit(
            self.now,
            &directory,
            &self.registrar,
            origin,
            flow,
            message,
            &mut self.guard,
        );
        match entry {
            Entry::Answer(bytes) | Entry::Late(bytes) => {
                self.transactions.abandon_server(server);
                let flow = reply_flow(flow, &message.essentials().unwrap().via);
                self.take([Output::Transmit { flow, bytes, call: None }].into());
            }
            Entry::Silence => {
                self.transactions.abandon_server(server);
                self.silent += 1;
            }
            Entry::Caller(caller) if message.method() == Some(Method::Register) => {
                self.with_wire(|w, wire| {
                    w.registrar.receive(w.now, wire, &w.trunks, server, &caller, (flow, message));
                });
            }
            Entry::Caller(caller) => {
                self.transactions.abandon_server(server);
                self.heard.push(name(&caller));
            }
        }
    }

    /// Lets time go by, doing everything when it is due.
    pub fn pass(&mut self, time: Duration) {
        let until = self.now.moment + time;
        while let Some(at) = self.next_timer().filter(|at| *at <= until) {
            self.step_to(at.max(self.now.moment));
        }
        self.step_to(until);
    }

    pub fn next_timer(&self) -> Option<Moment> {
        [
            self.transactions.next_timer(),
            self.registrar.next_timer(),
            self.trunks.next_timer(),
            self.authority.next_timer(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn step_to(&mut self, at: Moment) {
        let passed = at - self.now.moment;
        self.now = Now { moment: at, wall: self.now.wall + passed };
        let mut out = Outbox::new();
        while let Some(due) = self.transactions.due(self.now.moment, &mut out) {
            let (Due::Timeout { owner, .. } | Due::Unreachable { owner, .. }) = due else {
                continue;
            };
            self.with_wire(|w, wire| match owner {
                Owner::Passed(id) => w.registrar.unanswered(w.now, wire, id),
                _ => w.trunks.unanswered(w.now, wire, due),
            });
        }
        self.take(out);
        self.with_wire(|w, wire| w.registrar.due(w.now, wire));
        self.with_wire(|w, wire| w.trunks.tick(w.now, wire));
        while let Some(event) = self.authority.due(self.now.moment) {
            self.events.push(event);
        }
    }

    pub fn with_wire(&mut self, work: impl FnOnce(&mut Self, &mut Wire<'_>)) {
        let mut out = Outbox::new();
        let directory = Arc::clone(&self.directory);
        let mut transactions = std::mem::replace(&mut self.transactions, Transactions::new(0));
        let (mut mint, responder) = (self.mint.clone(), self.responder.clone());
        let mut wire = Wire {
            directory: &directory,
            transactions: &mut transactions,
            mint: &mut mint,
            responder: &responder,
            out: &mut out,
        };
        work(self, &mut wire);
        (self.transactions, self.mint) = (transactions, mint);
        self.take(out);
    }

    pub fn take(&mut self, out: Outbox) {
        for output in out {
            match output {
                Output::Transmit { flow, bytes, .. } => {
                    let message = Message::parse(bytes, &Limits::default()).unwrap();
                    message.essentials().unwrap();
                    self.sent.push((flow, message));
                }
                Output::Event(event) => self.events.push(event),
                Output::Checkpoint { key, state: Some(state) } => {
                    self.kept.insert(key, state);
                }
                Output::Checkpoint { key, state: None } => {
                    self.kept.remove(&key);
                }
                other => panic!("{other:?}"),
            }
        }
    }

    /// What was sent since the last time, to this address.
    pub fn sent_to(&mut self, remote: SocketAddr) -> Vec<Message> {
        let (theirs, others) =
            self.sent.drain(..).partition(|(flow, _): &(Flow, _)| flow.remote == remote);
        self.sent = others;
        theirs.into_iter().map(|(_, message): (Flow, Message)| message).collect()
    }
}

pub fn sender(flow: &Flow) -> Sender {
    match flow.transport {
        Transport::Udp => Sender::datagram(flow.remote),
        _ => Sender::stream(flow.remote),
    }
}

pub fn udp(remote: &str) -> Flow {
    Flow {
        transport: Transport::Udp,
        local: US.parse().unwrap(),
        remote: remote.parse().unwrap(),
        connection: None,
    }
}

fn name(caller: &Caller<'_>) -> String {
    match caller {
        Caller::Trunk { trunk, .. } => format!("trunk {}", trunk.id),
        Caller::Extension { extension, .. } => format!("extension {}", extension.id),
        Caller::Passed { extension, .. } => format!("passed {extension}"),
    }
}
