//! One shard at work: hears, lets the gate think, speaks.
//!
//! Each turn takes a bounded number of inputs from every source, so that a flood on one starves no other, then sends
//! what came out of it. Both clocks are read once a turn.

use bytes::Bytes;
use ringfence_gate::{Gate, Input, Output};
use ringfence_model::{CallId, Moment, Now};
use ringfence_sip::{Flow, Transport};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::sleep_until;

use crate::clock::Clock;
use crate::counters::{Lag, ShardCounters};
use crate::order::{Handed, Order};
use crate::records::Records;
use crate::tap::{Tap, Traced, Way};
use crate::udp::{BATCH, Datagram, Port, Tray};

/// Messages taken per turn from other shards.
const HANDED_PER_TURN: usize = 64;
/// Orders taken per turn. Each may be long work, such as taking in a directory.
const ORDERS_PER_TURN: usize = 4;
/// A gate that asks for a tick at once is asked again after this long: no timer of SIP is finer.
const TICK_DISTANCE: Duration = Duration::from_millis(1);

/// What a shard shares with the rest of the rim.
#[derive(Clone)]
pub struct Surroundings {
    pub clock: Clock,
    pub counters: Arc<ShardCounters>,
    pub lag: Arc<Lag>,
    pub tap: Arc<Tap>,
    /// Every shard's, in order, its own as well.
    pub neighbours: Vec<mpsc::Sender<Handed>>,
}

/// What a shard hears besides its sockets.
pub struct Inbox {
    pub orders: mpsc::Receiver<Order>,
    pub handed: mpsc::Receiver<Handed>,
    pub stop: watch::Receiver<bool>,
}

/// One shard.
pub struct Shard {
    index: u8,
    gate: Gate,
    ports: Vec<Port>,
    inbox: Inbox,
    around: Surroundings,
    records: Records,
    /// Said during this turn.
    said: Vec<Output>,
    /// Flows on which something could not be sent: the gate hears of it after the input at hand.
    broken: Vec<Flow>,
    tick_at: Option<Moment>,
    /// When the queues were last seen empty.
    caught_up: Moment,
    tray: Tray,
    heard: Vec<Datagram>,
    early: Option<Early>,
}

/// What ended a pause.
enum Early {
    Order(Order),
    Handed(Handed),
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
            inbox,
            records,
            said: Vec::new(),
            broken: Vec::new(),
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
            if self.turn() {
                // Lets the runtime look at the sockets again.
                tokio::task::yield_now().await;
            } else {
                self.pause().await;
                self.caught_up = self.around.clock.now().moment;
            }
        }
        self.turn();
        self.gate
    }

    /// Handles some of what waits; says whether more may wait.
    fn turn(&mut self) -> bool {
        let now = self.around.clock.now();
        self.report_load(now);
        let mut more = false;
        match self.early.take() {
            Some(Early::Order(order)) => self.order(now, order),
            Some(Early::Handed(handed)) => self.handed(now, handed),
            None => {}
        }
        for port in 0..self.ports.len() {
            more |= self.hear(now, port);
        }
        more |= self.take_handed(now);
        more |= self.take_orders(now);
        if self.tick_at.is_some_and(|at| at <= now.moment) {
            self.tick_at = None;
            self.feed(now, Input::Tick);
            self.tick_at = self.tick_at.map(|at| at.max(now.moment + TICK_DISTANCE));
        }
        self.flush(now);
        self.put_down(now);
        more
    }

    /// Whatever waits came after the queues were last empty.
    fn report_load(&mut self, now: Now) {
        let waiting = now.moment - self.caught_up;
        self.around.lag.observe(waiting);
        let backlog = self.inbox.handed.len() + self.inbox.orders.len();
        self.feed(now, Input::Load { waiting, backlog });
    }

    fn hear(&mut self, now: Now, port: usize) -> bool {
        let Some(at) = self.ports.get(port) else { return false };
        let local = at.local;
        let mut heard = std::mem::take(&mut self.heard);
        let more = at.receive(&mut self.tray, &mut heard);
        self.around.counters.datagrams_received.add(heard.len() as u64);
        for (remote, bytes) in heard.drain(..) {
            let flow = Flow { transport: Transport::Udp, local, remote, connection: None };
            if bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
                // Keeps a hole in a NAT open; over datagrams nobody waits for an answer (RFC 5626 §3.5).
                self.around.counters.keep_alives.up();
                continue;
            }
            self.copy(now, Way::In, flow, &bytes, None);
            self.feed(now, Input::Message { flow, bytes });
        }
        self.heard = heard;
        more
    }

    fn take_handed(&mut self, now: Now) -> bool {
        for _ in 0..HANDED_PER_TURN {
            let Ok(handed) = self.inbox.handed.try_recv() else { return false };
            self.handed(now, handed);
        }
        true
    }

    fn handed(&mut self, now: Now, handed: Handed) {
        self.around.counters.taken_over.up();
        match handed {
            Handed::Message { flow, bytes } => self.feed(now, Input::Handed { flow, bytes }),
            Handed::Transmit { flow, bytes, call } => {
                self.transmit(now, flow, bytes, call);
                self.tell_broken(now);
            }
        }
    }

    fn take_orders(&mut self, now: Now) -> bool {
        for _ in 0..ORDERS_PER_TURN {
            let Ok(order) = self.inbox.orders.try_recv() else { return false };
            self.order(now, order);
        }
        true
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

    fn tell_broken(&mut self, now: Now) {
        while let Some(flow) = self.broken.pop() {
            self.careful(|shard| {
                shard.gate.handle(now, Input::Closed(flow));
                shard.obey(now);
            });
        }
    }

    /// A fault in the gate costs what the input was about, not the shard.
    fn careful(&mut self, act: impl FnOnce(&mut Self)) {
        if catch_unwind(AssertUnwindSafe(|| act(self))).is_err() {
            self.around.counters.faults.up();
        }
    }

    fn obey(&mut self, now: Now) {
        loop {
            match self.gate.poll() {
                Output::Transmit { flow, bytes, call } => self.transmit(now, flow, bytes, call),
                Output::Hand { shard, flow, bytes } => {
                    self.hand(shard, Handed::Message { flow, bytes });
                }
                Output::Close(_) => {}
                Output::Sleep(until) => {
                    self.tick_at = until;
                    return;
                }
                said => self.said.push(said),
            }
        }
    }

    fn transmit(&mut self, now: Now, flow: Flow, bytes: Bytes, call: Option<CallId>) {
        let port = self.ports.iter_mut().find(|port| port.local == flow.local);
        match (flow.transport, port) {
            (Transport::Udp, Some(port)) => {
                port.send(flow.remote, bytes.clone(), &self.around.counters);
                self.copy(now, Way::Out, flow, &bytes, call);
            }
            _ => {
                self.around.counters.dropped_nowhere.up();
                self.broken.push(flow);
            }
        }
    }

    fn flush(&mut self, now: Now) {
        for port in &mut self.ports {
            let local = port.local;
            port.flush(&self.around.counters, |remote| {
                let transport = Transport::Udp;
                self.broken.push(Flow { transport, local, remote, connection: None });
            });
        }
        self.tell_broken(now);
    }

    fn hand(&mut self, shard: u8, handed: Handed) {
        let counters = &self.around.counters;
        match self.around.neighbours.get(usize::from(shard)) {
            Some(neighbour) if shard != self.index => match neighbour.try_send(handed) {
                Ok(()) => counters.handed_over.up(),
                Err(_) => counters.dropped_shard_busy.up(),
            },
            _ => counters.dropped_nowhere.up(),
        }
    }

    fn copy(&self, at: Now, way: Way, flow: Flow, bytes: &Bytes, call: Option<CallId>) {
        self.around.tap.copy(|| Traced {
            shard: self.index,
            way,
            flow,
            at: at.wall,
            bytes: bytes.clone(),
            call,
        });
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
            match ports.iter().any(|port| port.poll_ready(context).is_ready()) {
                true => std::task::Poll::Ready(()),
                false => std::task::Poll::Pending,
            }
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
            Some(order) = inbox.orders.recv() => *early = Some(Early::Order(order)),
            _ = inbox.stop.changed() => {}
            () = tick => {}
        }
    }
}
