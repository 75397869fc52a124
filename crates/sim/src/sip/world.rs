//! Drives gate and nodes through virtual time.

use super::agent::{Agent, Role};
use super::attack::Attack;
use super::fault::Fault;
use super::house::{GATE, House};
use super::network::{Towards, Way};
use super::plan::{Fact, Plan, Purpose};
use super::reckoning;
use super::scenario::{START, Scenario};
use super::watch::Watch;
use crate::chance::Chance;
use anyhow::{Context, Result};
use bytes::Bytes;
use ringfence_gate::{Command, Gate, Input, Output, Shard, Snapshot};
use ringfence_model::{CallEvent, Moment, Now, Scope, WallTime};
use ringfence_sip::{ConnectionId, Flow, Transport};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Something that must always hold did not.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "{what}\n  at {at_ms} ms; replay: cargo run -p ringfence-sim --bin world -- sip --seed {seed}"
)]
pub struct Broken {
    /// The seed of the run.
    pub seed: u64,
    /// Virtual time, in milliseconds.
    pub at_ms: u64,
    /// What.
    pub what: String,
}

/// What a run did.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Outcome {
    /// A hash of everything the gate said.
    pub hash: u64,
    /// A hash after each message sent, up to the first act of the firewall.
    pub trail: Vec<u64>,
    /// What was said of each outbound call, by plan: whether it was refused, and why.
    pub verdicts: BTreeMap<usize, String>,
    /// Messages the gate was given, and those it sent.
    pub messages: (u64, u64),
    /// Calls that were asked about or came in.
    pub attempts: u64,
    /// Those that were answered, refused by a verdict, and cut.
    pub answered: u64,
    /// See `answered`.
    pub rejected: u64,
    /// See `answered`.
    pub cut: u64,
    /// Emergency calls that reached a carrier.
    pub protected: u64,
    /// Calls whose end was foretold and came so.
    pub foretold: u64,
    /// Messages of attackers.
    pub strikes: u64,
}

impl Outcome {
    /// Adds the counts of another run.
    pub fn add(&mut self, other: &Self) {
        self.messages.0 += other.messages.0;
        self.messages.1 += other.messages.1;
        self.attempts += other.attempts;
        self.answered += other.answered;
        self.rejected += other.rejected;
        self.cut += other.cut;
        self.protected += other.protected;
        self.foretold += other.foretold;
        self.strikes += other.strikes;
    }
}

/// One line of the ladder.
#[derive(Debug)]
pub enum Line<'a> {
    /// A message arrived at the gate.
    Heard(SocketAddr, &'a Bytes),
    /// The gate sent one.
    Sent(SocketAddr, &'a Bytes),
    /// A message got lost: from a node, or to it.
    Lost(Towards, SocketAddr, &'a Bytes),
    /// The gate said something else.
    Said(&'a Output),
    /// Something went wrong.
    Fault(&'a Fault),
}

/// Runs a world to its end.
///
/// # Errors
/// [`Broken`] when a checker objects.
pub fn run(scenario: &Scenario, show: &mut dyn FnMut(Moment, Line<'_>)) -> Result<Outcome> {
    let mut world = World::new(scenario, show)?;
    let end = world.until_quiet().and_then(|()| {
        let seen = reckoning::Seen {
            scenario,
            plans: &world.plans,
            agents: &world.agents,
            watch: &world.watch,
            disturbed: &world.disturbed,
        };
        reckoning::at_the_end(&seen, &world.gate)
    });
    let foretold = end.map_err(|what| Broken {
        seed: scenario.seed,
        at_ms: world.at.0 / 1_000,
        what: format!("{what:#}"),
    })?;
    let outcome = Outcome { foretold, strikes: world.strikes, ..world.watch.outcome() };
    Ok(Outcome { protected: reckoning::protected(&world.plans, &world.agents), ..outcome })
}

enum Event {
    ToGate { flow: Flow, bytes: Bytes },
    ToNode(usize, Bytes),
    Begin(usize),
    Fault(Fault),
    Strike(usize, u32),
    Register(usize),
    Leave(usize),
    Greed,
    Closed(Flow),
    Store,
}

/// What nothing that happened to a node may be held against.
#[derive(Default)]
pub struct Disturbed {
    /// Nodes to which something happened.
    pub nodes: Vec<usize>,
    /// Plans an operator ended.
    pub ended: Vec<usize>,
    /// Calls were shed, or no new ones taken, at some time.
    pub shed: bool,
    /// The program was started again.
    pub restart: Option<Moment>,
}

/// What was stored, with when: the last second of it may be lost.
#[derive(Default)]
struct Store {
    engine: String,
    events: Vec<(Moment, WallTime, CallEvent)>,
    checkpoints: Vec<(Moment, [u8; 16], Option<Bytes>)>,
}

impl Store {
    /// What survives a stop at `at`.
    fn left(&self, at: Moment) -> BTreeMap<[u8; 16], Bytes> {
        let mut left = BTreeMap::new();
        for (_, key, state) in self.checkpoints.iter().filter(|(when, ..)| *when + LOST <= at) {
            match state {
                Some(state) => left.insert(*key, state.clone()),
                None => left.remove(key),
            };
        }
        left
    }
}

struct World<'a> {
    scenario: &'a Scenario,
    show: &'a mut dyn FnMut(Moment, Line<'_>),
    snapshot: Arc<Snapshot>,
    gate: Gate,
    store: Store,
    /// What the gate's moments begin at: a machine that starts again counts anew.
    epoch_us: u64,
    gate_at: SocketAddr,
    asked: Option<Moment>,
    agents: Vec<Agent>,
    ways: Vec<Way>,
    off: Vec<bool>,
    read: Vec<usize>,
    plans: Vec<Plan>,
    queue: BTreeMap<(Moment, u64), Event>,
    made: u64,
    connections: u64,
    overheard: Vec<Bytes>,
    chance: Chance,
    greed: Chance,
    watch: Watch,
    disturbed: Disturbed,
    step_us: i64,
    strikes: u64,
    at: Moment,
}

/// A Tuesday at ten in Amsterdam.
const MORNING: i64 = 1_794_906_000_000_000;
/// What a stop may lose.
const LOST: Duration = Duration::from_secs(1);
/// How long it takes to start again.
const DOWN: Duration = Duration::from_secs(2);
/// So long after everybody went home all must be quiet.
const QUIET: Duration = Duration::from_secs(3 * 3_600);
/// What an attacker can keep of what it overheard.
const OVERHEARD: usize = 40;

impl<'a> World<'a> {
    fn new(scenario: &'a Scenario, show: &'a mut dyn FnMut(Moment, Line<'_>)) -> Result<Self> {
        let snapshot = Arc::new(scenario.house.snapshot()?);
        let gate_at: SocketAddr = GATE.parse()?;
        let chance = Chance::new(scenario.seed ^ 0xa9e7_0000);
        let residents = &scenario.house.residents;
        let agents = residents.iter().zip(100u64..).map(|(resident, fork)| {
            let own = chance.fork(fork);
            Agent::new(resident.role.clone(), (resident.inside, gate_at), resident.transport, own)
        });
        let ways = residents.iter().zip(200u64..).map(|(resident, fork)| {
            let addresses = (resident.inside, resident.outside);
            Way::new(resident.transport, addresses, scenario.weather, chance.fork(fork))
        });
        let mut world = Self {
            agents: agents.collect(),
            ways: ways.collect(),
            off: vec![false; residents.len()],
            read: vec![0; residents.len()],
            plans: scenario.plans.clone(),
            gate: Gate::of_shard(&shard(scenario.seed), Arc::clone(&snapshot)),
            queue: BTreeMap::new(),
            watch: Watch::new(scenario),
            chance: chance.fork(1),
            greed: chance.fork(2),
            made: 0,
            connections: 0,
            overheard: Vec::new(),
            disturbed: Disturbed::default(),
            store: Store::default(),
            epoch_us: 0,
            step_us: 0,
            strikes: 0,
            at: START,
            asked: None,
            scenario,
            show,
            snapshot,
            gate_at,
        };
        world.begin()?;
        Ok(world)
    }

    fn begin(&mut self) -> Result<()> {
        self.resolve()?;
        for node in super::house::PHONES..self.scenario.house.cracked() {
            let wait = self.chance.within((0, 3_000));
            self.put(START + Duration::from_millis(u64::from(wait)), Event::Register(node));
            self.put(self.scenario.end, Event::Leave(node));
        }
        for (number, plan) in self.scenario.plans.iter().enumerate() {
            if plan.at.0 < u64::MAX {
                self.put(plan.at, Event::Begin(number));
            }
        }
        for (index, attack) in self.scenario.attacks.iter().enumerate() {
            self.put(attack.start, Event::Strike(index, 0));
        }
        for (at, fault) in &self.scenario.faults {
            self.put(*at, Event::Fault(fault.clone()));
        }
        let restarts = self.scenario.faults.iter().filter(|(_, f)| matches!(f, Fault::Restart));
        let before: Vec<_> =
            restarts.map(|(at, _)| Moment(at.0.saturating_sub(20_000_000))).collect();
        before.into_iter().for_each(|at| self.put(at, Event::Store));
        if let Some((from, _)) = self.scenario.cracked {
            for parallel in 0..4 {
                self.put(from + Duration::from_secs(7 * parallel), Event::Greed);
            }
        }
        Ok(())
    }

    /// Tells the gate where the trunks are.
    fn resolve(&mut self) -> Result<()> {
        for (trunk, hop) in self.scenario.house.hops() {
            self.tell(Input::Resolved { trunk, hops: vec![hop] })?;
        }
        Ok(())
    }

    fn until_quiet(&mut self) -> Result<()> {
        let end = self.scenario.end + QUIET;
        loop {
            let queued = self.queue.keys().next().map(|(at, _)| *at);
            let woken = self.agents.iter().enumerate().filter(|(node, _)| !self.off(*node));
            let woken = woken.filter_map(|(node, agent)| Some((agent.due()?, node))).min();
            let asked = self.asked.map(|at| at.max(self.at));
            let next = [queued, woken.map(|(at, _)| at), asked].into_iter().flatten().min();
            let Some(next) = next.filter(|next| *next <= end) else { return Ok(()) };
            self.at = self.at.max(next);
            if asked == Some(next) {
                self.tell(Input::Tick)?;
            } else if queued == Some(next) {
                let Some((_, event)) = self.queue.pop_first() else { continue };
                self.happen(event)?;
            } else if let Some((_, node)) = woken {
                self.with(node, |agent, at, plans| agent.wake(at, plans))?;
            }
        }
    }

    fn off(&self, node: usize) -> bool {
        self.off.get(node).copied().unwrap_or(true)
    }

    fn happen(&mut self, event: Event) -> Result<()> {
        match event {
            Event::ToGate { flow, bytes } => {
                (self.show)(self.at, Line::Heard(flow.remote, &bytes));
                self.watch.heard();
                self.overhear(&flow, &bytes);
                self.tell(Input::Message { flow, bytes })
            }
            Event::ToNode(node, bytes) if !self.off(node) => {
                self.with(node, |agent, at, plans| agent.hear(at, &bytes, plans))
            }
            Event::Begin(number) => {
                let Some(plan) = self.plans.get(number).cloned() else { return Ok(()) };
                if self.off(plan.caller) {
                    return Ok(());
                }
                // What goes in circles begins where the carrier returns it to.
                let dialled = match self.agents.get(plan.caller).map(|agent| &agent.role) {
                    Some(Role::Carrier { returns_to, .. }) if plan.purpose == Purpose::Loop => {
                        returns_to.clone()
                    }
                    _ => plan.dialled.clone(),
                };
                let how = (dialled, plan.hops);
                self.with(plan.caller, |agent, at, _| {
                    agent.call(at, number, &plan, (&how.0, how.1), None);
                })
            }
            Event::Register(node) if !self.off(node) => {
                self.with(node, |agent, at, _| agent.register(at))
            }
            Event::Leave(node) if !self.off(node) => {
                self.with(node, |agent, at, _| agent.leave(at))
            }
            Event::ToNode(..) | Event::Register(_) | Event::Leave(_) => Ok(()),
            Event::Fault(fault) => self.fault(&fault),
            Event::Strike(index, count) => self.strike(index, count),
            Event::Greed => self.greedy_call(),
            Event::Closed(flow) => self.tell(Input::Closed(flow)),
            Event::Store => self.keep_engine(),
        }
    }

    /// Lets a node do something and sends what it has to say.
    fn with(&mut self, node: usize, act: impl FnOnce(&mut Agent, Moment, &[Plan])) -> Result<()> {
        let Some(agent) = self.agents.get_mut(node) else { return Ok(()) };
        act(agent, self.at, &self.plans);
        let letters = agent.take();
        for bytes in letters {
            self.deliver(node, bytes);
        }
        self.react(node);
        Ok(())
    }

    fn deliver(&mut self, node: usize, bytes: Bytes) {
        let Some(way) = self.ways.get_mut(node) else { return };
        if way.transport.is_reliable() && way.connection.is_none() {
            self.connections += 1;
            way.connection = Some(ConnectionId(self.connections));
        }
        let flow = Flow {
            transport: way.transport,
            local: self.gate_at,
            remote: way.outside,
            connection: way.connection,
        };
        let arrivals = way.travel(self.at, Towards::Gate);
        if arrivals.is_empty() {
            (self.show)(self.at, Line::Lost(Towards::Gate, flow.remote, &bytes));
        }
        for at in arrivals {
            self.put(at, Event::ToGate { flow, bytes: bytes.clone() });
        }
    }

    /// The one who knows a password goes on after each call.
    fn react(&mut self, node: usize) {
        if node != self.scenario.house.cracked() {
            return;
        }
        let (Some(agent), Some(read)) = (self.agents.get(node), self.read.get_mut(node)) else {
            return;
        };
        let facts = agent.facts.get(*read..).unwrap_or_default();
        *read = agent.facts.len();
        let mut waits = Vec::new();
        for (_, fact) in facts {
            match fact {
                Fact::Over { .. } | Fact::GaveUp { .. } => waits.push(self.greed.within((1, 20))),
                // Refused: it waits until limits may be wider again, and takes another number.
                Fact::Final { code: 300.., .. } => waits.push(self.greed.within((5, 120))),
                _ => {}
            }
        }
        for secs in waits {
            self.put(self.at + Duration::from_secs(u64::from(secs)), Event::Greed);
        }
    }

    fn greedy_call(&mut self) -> Result<()> {
        let Some((_, until)) = self.scenario.cracked else { return Ok(()) };
        if self.at > until {
            return Ok(());
        }
        let number = self.plans.len();
        let plan = Plan {
            at: self.at,
            caller: self.scenario.house.cracked(),
            tenant: super::house::HOSTED.into(),
            identity: "1001".into(),
            dialled: Scenario::paying(&mut self.greed),
            purpose: Purpose::Fraud,
            treatment: super::plan::Treatment::Answer { ring: Duration::from_secs(1), forks: 1 },
            patience: Duration::from_secs(60),
            talk: Duration::from_secs(u64::from(self.greed.within((60, 900)))),
            hangs_up: super::plan::End::Caller,
            hold: None,
            transfer: None,
            late_offer: false,
            hops: 70,
        };
        self.plans.push(plan);
        self.happen(Event::Begin(number))
    }

    fn strike(&mut self, index: usize, count: u32) -> Result<()> {
        let Some(attack) = self.scenario.attacks.get(index) else { return Ok(()) };
        let Attack { every, count: most, .. } = *attack;
        if count + 1 < most {
            self.put(self.at + every, Event::Strike(index, count + 1));
        }
        let domain = super::house::DOMAIN;
        let Some((remote, bytes)) = attack.strike(&mut self.chance, domain, &self.overheard) else {
            return Ok(());
        };
        self.strikes += 1;
        let flow =
            Flow { transport: Transport::Udp, local: self.gate_at, remote, connection: None };
        self.happen(Event::ToGate { flow, bytes })
    }

    /// Keeps some messages for attackers who listen on the way.
    fn overhear(&mut self, flow: &Flow, bytes: &Bytes) {
        let own = super::attack::Method::of(&flow.remote).is_some();
        if own || self.scenario.attacks.is_empty() || !self.chance.happens(0.3) {
            return;
        }
        if self.overheard.len() < OVERHEARD {
            self.overheard.push(bytes.clone());
        } else {
            let at = self.chance.below(OVERHEARD as u64) as usize;
            if let Some(place) = self.overheard.get_mut(at) {
                *place = bytes.clone();
            }
        }
    }

    fn fault(&mut self, fault: &Fault) -> Result<()> {
        (self.show)(self.at, Line::Fault(fault));
        match *fault {
            Fault::Rebind(node) | Fault::Cut(node) | Fault::Crash(node) | Fault::Break(node) => {
                self.disturbed.nodes.push(node);
            }
            Fault::End(plan) => self.disturbed.ended.push(plan),
            Fault::Load(..) | Fault::Drain | Fault::Block(..) => self.disturbed.shed = true,
            _ => {}
        }
        match fault {
            Fault::Rebind(node) => self.ways.get_mut(*node).into_iter().for_each(Way::rebind),
            Fault::Cut(node) | Fault::Mend(node) => {
                if let Some(way) = self.ways.get_mut(*node) {
                    way.cut = matches!(fault, Fault::Cut(_));
                }
                if matches!(fault, Fault::Cut(_)) {
                    self.break_connection(*node);
                }
            }
            Fault::Crash(node) => {
                let at = self.at;
                self.agents.get_mut(*node).into_iter().for_each(|agent| agent.crash(at));
                self.off.get_mut(*node).into_iter().for_each(|off| *off = true);
                self.break_connection(*node);
            }
            Fault::Boot(node) => {
                self.off.get_mut(*node).into_iter().for_each(|off| *off = false);
                self.happen(Event::Register(*node))?;
            }
            Fault::Break(node) => {
                self.break_connection(*node);
                self.happen(Event::Register(*node))?;
            }
            Fault::ClockStep(secs) => self.step_us += secs * 1_000_000,
            Fault::Block(tenant, level) => {
                self.tell(Input::Command(Command::Block {
                    scope: Scope::Tenant(tenant.clone()),
                    level: *level,
                    until: None,
                    by: "operator".into(),
                }))?;
            }
            Fault::End(plan) => {
                if let Some(call) = self.watch.call_of(*plan) {
                    self.watch.ordered(call);
                    self.tell(Input::Command(Command::Cut { call, by: "operator".into() }))?;
                }
            }
            Fault::Load(waiting, backlog) => {
                self.tell(Input::Load { waiting: *waiting, backlog: *backlog })?;
            }
            Fault::Drain => self.tell(Input::Command(Command::Drain))?,
            Fault::Restart => self.restart()?,
        }
        Ok(())
    }

    /// Stores the engine's state; facts are stored as they come.
    fn keep_engine(&mut self) -> Result<()> {
        self.store.engine = serde_json::to_string(&self.gate.state())?;
        self.store.events.clear();
        Ok(())
    }

    /// Stops the program without a word and starts it again with what it stored.
    fn restart(&mut self) -> Result<()> {
        self.disturbed.restart = Some(self.at);
        let stopped = self.at;
        self.at = stopped + DOWN;
        // What arrived meanwhile found nobody.
        let later = self.queue.split_off(&(self.at, 0));
        let meanwhile = std::mem::replace(&mut self.queue, later);
        for (_, event) in meanwhile {
            if !matches!(event, Event::ToGate { .. } | Event::Closed(_)) {
                self.put(self.at, event);
            }
        }
        let state = serde_json::from_str(&self.store.engine)?;
        let shard = shard(self.scenario.seed);
        self.gate = Gate::restore(&shard, Arc::clone(&self.snapshot), state)?;
        self.epoch_us = self.at.0 - 1_000_000;
        for (_, wall, event) in self.store.events.iter().filter(|(at, ..)| *at + LOST <= stopped) {
            self.gate.handle(Now::from_wall(*wall), Input::Event(event));
            while !matches!(self.gate.poll(), Output::Sleep(_)) {}
        }
        if self.step_us != 0 {
            // Stored contacts end by the wall clock, and so earlier than telephones think.
            self.disturbed.nodes.extend(super::house::PHONES..self.ways.len());
        }
        let left = self.store.left(stopped);
        let now = self.now();
        self.gate.take_up(now, left.into_iter());
        let running = self.gate.calls().running().map(|view| view.call).collect();
        self.watch.restarted(&running);
        self.listen()?;
        self.resolve()?;
        for node in 0..self.ways.len() {
            let Some(way) = self.ways.get_mut(node) else { continue };
            if way.connection.take().is_some() {
                self.disturbed.nodes.push(node);
                self.happen(Event::Register(node))?;
            }
        }
        Ok(())
    }

    fn now(&self) -> Now {
        let wall = WallTime(MORNING + (self.at.0 as i64) + self.step_us);
        Now { moment: Moment(self.at.0 - self.epoch_us), wall }
    }

    fn break_connection(&mut self, node: usize) {
        let Some(way) = self.ways.get_mut(node) else { return };
        if let Some(connection) = way.connection.take() {
            let flow = Flow {
                transport: way.transport,
                local: self.gate_at,
                remote: way.outside,
                connection: Some(connection),
            };
            self.put(self.at + Duration::from_millis(100), Event::Closed(flow));
        }
    }

    /// Gives the gate an input and takes everything it has to say.
    fn tell(&mut self, input: Input<'_>) -> Result<()> {
        self.gate.handle(self.now(), input);
        self.listen()
    }

    fn listen(&mut self) -> Result<()> {
        loop {
            let output = self.gate.poll();
            match output {
                Output::Sleep(asked) => {
                    self.asked = asked.map(|asked| Moment(asked.0.saturating_add(self.epoch_us)));
                    return Ok(());
                }
                Output::Transmit { flow, bytes, call } => {
                    (self.show)(self.at, Line::Sent(flow.remote, &bytes));
                    self.watch.sent(self.at, &flow, &bytes, call)?;
                    self.transmit(flow, bytes);
                }
                other => {
                    (self.show)(self.at, Line::Said(&other));
                    self.keep(&other);
                    self.watch.said(self.at, &other).context("of what the gate said")?;
                }
            }
        }
    }

    fn keep(&mut self, output: &Output) {
        match output {
            Output::Event(event) => {
                let wall = self.now().wall;
                self.store.events.push((self.at, wall, event.clone()));
            }
            Output::Checkpoint { key, state } => {
                self.store.checkpoints.push((self.at, *key, state.clone()));
            }
            _ => {}
        }
    }

    fn transmit(&mut self, flow: Flow, bytes: Bytes) {
        let node = if flow.connection.is_some() {
            self.ways.iter().position(|way| way.connection == flow.connection)
        } else {
            self.ways
                .iter()
                .position(|way| way.outside == flow.remote && way.transport == flow.transport)
        };
        // Telephones cannot be connected to: they are behind an address translator.
        let opens = |node: usize| House::is_carrier(node) || node == super::house::PBX;
        let reachable = node.filter(|node| {
            let way = self.ways.get(*node);
            way.is_some_and(|way| {
                !flow.transport.is_reliable()
                    || way.connection.is_some()
                    || (opens(*node) && !way.cut && !self.off(*node))
            })
        });
        let Some(node) = reachable else {
            if flow.transport.is_reliable() {
                self.put(self.at + Duration::from_millis(200), Event::Closed(flow));
            }
            return;
        };
        let Some(way) = self.ways.get_mut(node) else { return };
        if flow.transport.is_reliable() && way.connection.is_none() {
            self.connections += 1;
            way.connection = Some(ConnectionId(self.connections));
        }
        let arrivals = way.travel(self.at, Towards::Node);
        if arrivals.is_empty() {
            (self.show)(self.at, Line::Lost(Towards::Node, flow.remote, &bytes));
        }
        for at in arrivals {
            self.put(at, Event::ToNode(node, bytes.clone()));
        }
        self.overhear(&flow, &bytes);
    }

    fn put(&mut self, at: Moment, event: Event) {
        self.made += 1;
        self.queue.insert((at, self.made), event);
    }
}

fn shard(seed: u64) -> Shard {
    let mut chance = Chance::new(seed ^ 0x5ec7_e700);
    Shard { number: 0, secret: std::array::from_fn(|_| chance.draw() as u8) }
}
