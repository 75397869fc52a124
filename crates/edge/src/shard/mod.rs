//! One shard at work: hears, lets the gate think, speaks.
//!
//! Each turn takes a bounded number of inputs from every source, so that a flood on one starves no other, then sends
//! what came out of it. Both clocks are read once a turn.

mod connections;
mod speak;

use bytes::Bytes;
use ringfence_call::End;
use ringfence_gate::{Gate, Input, Output};
use ringfence_model::{Moment, Now};
use ringfence_sip::{Flow, Transport};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::sleep_until;

use crate::clock::Clock;
use crate::counters::{Lag, ShardCounters};
use crate::order::{Handed, Order};
use crate::records::Records;
use crate::stream::{Heard, Streams};
use crate::tap::{Tap, Way};
use crate::udp::{BATCH, Datagram, Port, Tray};
use connections::Connections;

/// Messages taken per turn from other shards, and from connections.
const MESSAGES_PER_TURN: usize = 64;
/// Datagrams after which what they led to is sent: others work on it while the rest of a batch is looked at.
const ANSWERED_PER_SEND: usize = 8;
/// Orders taken per turn. Each may be long work, such as taking in a directory.
const ORDERS_PER_TURN: usize = 4;
/// Flows the gate is told to be broken per input.
const BROKEN_PER_INPUT: usize = 64;
/// When the gate is asked again after a fault at which it may have lost track of its timers.
const FAULT_PAUSE: Duration = Duration::from_secs(1);
/// A gate that asks for a tick at once is asked again after this long: no timer of SIP is finer.
const TICK_DISTANCE: Duration = Duration::from_millis(1);

/// What a shard shares with the rest of the rim.
#[derive(Clone)]
pub struct Surroundings {
    pub clock: Clock,
    pub counters: Arc<ShardCounters>,
    pub lag: Arc<Lag>,
    pub tap: Arc<Tap>,
    pub streams: Arc<Streams>,
    /// Every shard's, in order, its own as well.
    pub neighbours: Vec<mpsc::Sender<Handed>>,
}

/// What a shard hears besides its sockets.
pub struct Inbox {
    pub orders: mpsc::Receiver<Order>,
    pub handed: mpsc::Receiver<Handed>,
    pub streams: mpsc::Receiver<Heard>,
    pub stop: watch::Receiver<bool>,
}

/// One shard.
pub struct Shard {
    index: u8,
    gate: Gate,
    ports: Vec<Port>,
    connections: Connections,
    inbox: Inbox,
    around: Surroundings,
    records: Records,
    /// Said during this turn.
    said: Vec<Output>,
    /// Flows on which something could not be sent: the gate hears of it after the input at hand.
    broken: Vec<Flow>,
    tick_at: Option<Moment>,
    /// Nothing that waits now came before this, but for datagrams that were left: their arrival is known.
    caught_up: Moment,
    tray: Tray,
    heard: Vec<(usize, Datagram)>,
    early: Option<Early>,
}

/// What ended a pause.
enum Early {
    Order(Order),
    Handed(Handed),
    Stream(Heard),
}

impl Shard {
    /// A shard with its sockets. Must be called in the runtime that will run it.
    pub fn new(
        index: u8,
        gate: Gate,
        ports: Vec<Port>,
        inbox: Inbox,
        around: Surroundings,
        records: Records,
    ) -> Self {
        Self {
            index,
            gate,
            ports,
            connections: Connections::default(),
            inbox,
            records,
            said: Vec::new(),
            broken: Vec::new(),
            // A gate that was restored has timers due.
            tick_at: Some(Moment(0)),
            caught_up: around.clock.now().moment,
            around,
            tray: Tray::new(),
            heard: Vec::with_capacity(BATCH),
            early: None,
        }
    }

    /// Works until it is told to stop; gives back what it knows.
    pub async fn run(mut self) -> Gate {
        while !*self.inbox.stop.borrow_and_update() {
            let began = self.around.clock.now();
            if self.turn(began) {
                self.caught_up = began.moment;
                // Lets the runtime look at the sockets again.
                tokio::task::yield_now().await;
            } else {
                self.pause().await;
                self.caught_up = self.around.clock.now().moment;
            }
        }
        let now = self.around.clock.now();
        self.turn(now);
        self.gate
    }

    /// Handles some of what waits; says whether more may wait.
    fn turn(&mut self, now: Now) -> bool {
        let mut more = self.hear(now);
        match self.early.take() {
            Some(Early::Order(order)) => self.order(now, order),
            Some(Early::Handed(handed)) => self.handed(now, handed),
            Some(Early::Stream(heard)) => self.stream(now, heard),
            None => {}
        }
        let mut heard = std::mem::take(&mut self.heard);
        for (at, (port, (remote, bytes))) in (1..).zip(heard.drain(..)) {
            self.datagram(now, port, remote, bytes);
            if at % ANSWERED_PER_SEND == 0 {
                self.flush(now);
            }
        }
        self.heard = heard;
        more |= self.take(now, MESSAGES_PER_TURN, |inbox| inbox.handed.try_recv(), Self::handed);
        more |= self.take(now, MESSAGES_PER_TURN, |inbox| inbox.streams.try_recv(), Self::stream);
        more |= self.take(now, ORDERS_PER_TURN, |inbox| inbox.orders.try_recv(), Self::order);
        if self.tick_at.is_some_and(|at| at <= now.moment) {
            self.tick_at = None;
            self.feed(now, Input::Tick);
            self.tick_at = self.tick_at.map(|at| at.max(now.moment + TICK_DISTANCE));
        }
        self.flush(now);
        self.put_down(now);
        more || !self.broken.is_empty()
    }

    /// Reads a batch from each socket, and tells the gate how far behind it is before it sees the first of them.
    fn hear(&mut self, now: Now) -> bool {
        let Self { ports, tray, heard, around, inbox, .. } = self;
        let mut waiting = now.moment - self.caught_up;
        let mut more = false;
        let mut batch = Vec::new();
        for (index, port) in ports.iter_mut().enumerate() {
            let found = port.receive(tray, &mut batch, &around.counters);
            more |= found.more;
            if let Some(since) = found.since {
                waiting = waiting.max(now.wall - since);
            }
            heard.extend(batch.drain(..).map(|datagram| (index, datagram)));
        }
        around.counters.datagrams_received.add(heard.len() as u64);
        let backlog = heard.len() + inbox.handed.len() + inbox.streams.len() + inbox.orders.len();
        around.lag.observe(waiting);
        self.feed(now, Input::Load { waiting, backlog });
        more
    }

    fn datagram(&mut self, now: Now, port: usize, remote: std::net::SocketAddr, bytes: Bytes) {
        let Some(local) = self.ports.get(port).map(|port| port.local) else { return };
        if bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
            // Keeps a hole in a NAT open; over datagrams nobody waits for an answer (RFC 5626 §3.5).
            return self.around.counters.keep_alives.up();
        }
        let flow = Flow { transport: Transport::Udp, local, remote, connection: None };
        self.copy(now, Way::In, flow, &bytes, None);
        self.feed(now, Input::Message { flow, bytes });
    }

    /// Takes up to `count` things from one queue; says whether more may wait.
    fn take<T>(
        &mut self,
        now: Now,
        count: usize,
        next: impl Fn(&mut Inbox) -> Result<T, mpsc::error::TryRecvError>,
        handle: impl Fn(&mut Self, Now, T),
    ) -> bool {
        for _ in 0..count {
            let Ok(thing) = next(&mut self.inbox) else { return false };
            handle(self, now, thing);
        }
        true
    }

    fn handed(&mut self, now: Now, handed: Handed) {
        self.around.counters.taken_over.up();
        match handed {
            Handed::Connected { flow, names } => self.feed(now, Input::Connected { flow, names }),
            Handed::Closed(flow, end) => self.feed(now, Input::Closed { flow, end }),
            Handed::Message { flow, bytes } => self.feed(now, Input::Handed { flow, bytes }),
            Handed::Transmit { flow, bytes, call } => {
                self.transmit(now, flow, bytes, call);
                self.tell_broken(now);
            }
        }
    }

    fn stream(&mut self, now: Now, heard: Heard) {
        match heard {
            Heard::MayConnect { flow, answer } => {
                let mut may = false;
                self.careful(|shard| may = shard.gate.connects(now.moment, &flow));
                // Who asked may have run out of time.
                let _ = answer.send(may);
            }
            Heard::Opened { flow, names, outlet } => {
                self.connections.accept(flow, outlet, names.clone());
                self.count_connections();
                if !names.is_empty() {
                    self.feed(now, Input::Connected { flow, names });
                }
            }
            Heard::Message { flow, bytes } => {
                self.around.counters.stream_messages_received.up();
                self.copy(now, Way::In, flow, &bytes, None);
                self.feed(now, Input::Message { flow, bytes });
            }
            Heard::Closed(flow, end) => {
                if self.forget(&flow, end) {
                    self.feed(now, Input::Closed { flow, end });
                }
            }
        }
    }

    fn order(&mut self, now: Now, order: Order) {
        match order {
            Order::Tell(input) => self.feed(now, *input),
            Order::Ask(ask) => {
                self.careful(|shard| ask(&mut shard.gate, now));
                self.settle(now);
            }
        }
    }

    /// Gives the gate an input and does what it says.
    fn feed(&mut self, now: Now, input: Input<'_>) {
        self.careful(|shard| shard.gate.handle(now, input));
        self.settle(now);
    }

    fn settle(&mut self, now: Now) {
        self.careful(|shard| shard.obey(now));
        self.tell_broken(now);
    }

    /// What the gate says to it may break as well; the rest of that is told at the next turn.
    fn tell_broken(&mut self, now: Now) {
        for _ in 0..BROKEN_PER_INPUT {
            let Some(flow) = self.broken.pop() else { return };
            self.careful(|shard| {
                shard.gate.handle(now, Input::Closed { flow, end: End::Unopened });
                shard.obey(now);
            });
        }
    }

    /// A fault in the gate costs what the input was about, not the shard.
    fn careful(&mut self, act: impl FnOnce(&mut Self)) {
        if catch_unwind(AssertUnwindSafe(|| act(self))).is_err() {
            self.around.counters.faults.up();
            let later = self.around.clock.now().moment + FAULT_PAUSE;
            self.tick_at = Some(self.tick_at.map_or(later, |at| at.min(later)));
        }
    }

    fn count_connections(&self) {
        self.around.counters.connections.set(self.connections.len() as u64);
    }

    fn put_down(&mut self, now: Now) {
        if !self.said.is_empty() {
            let dropped = self.records.put(self.index, now.wall, self.said.drain(..));
            self.around.counters.records_dropped.add(dropped);
        }
    }

    /// Waits for the next thing to do.
    async fn pause(&mut self) {
        let Self { ports, inbox, around, early, tick_at, .. } = self;
        let ready = std::future::poll_fn(|context| {
            // All are asked, so that each one wakes us.
            let ready = ports.iter().filter(|port| port.poll_ready(context).is_ready()).count();
            if ready > 0 { Poll::Ready(()) } else { Poll::Pending }
        });
        let tick = async {
            match *tick_at {
                Some(at) => sleep_until(around.clock.instant(at)).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = ready => {}
            Some(handed) = inbox.handed.recv() => *early = Some(Early::Handed(handed)),
            Some(heard) = inbox.streams.recv() => *early = Some(Early::Stream(heard)),
            Some(order) = inbox.orders.recv() => *early = Some(Early::Order(order)),
            _ = inbox.stop.changed() => {}
            () = tick => {}
        }
    }
}
