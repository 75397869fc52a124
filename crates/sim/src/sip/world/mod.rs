//! Drives gate and nodes through virtual time.

mod adversary;
mod faults;
mod restart;
mod schedule;
mod wire;

pub use faults::Disturbed;

use super::agent::{Agent, Role};
use super::fault::Fault;
use super::house::{GATE, PHONES};
use super::ladder::Line;
use super::network::{Carried, Way};
use super::outcome::{Broken, Outcome};
use super::plan::{Plan, Purpose, Treatment};
use super::reckoning;
use super::scenario::{START, Scenario};
use super::watch::Watch;
use crate::chance::Chance;
use anyhow::{Context, Result};
use bytes::Bytes;
use restart::Store;
use ringfence_gate::{Gate, Input, Output, Shard, Snapshot};
use ringfence_model::{Moment, Now, WallTime};
use schedule::{Event, Schedule};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Runs a world to its end.
///
/// # Errors
/// [`Broken`] when a checker objects.
pub fn run(scenario: &Scenario, show: &mut dyn FnMut(Moment, Line<'_>)) -> Result<Outcome> {
    run_through(scenario, show, &mut |output| vec![output])
}

/// The same with something between the gate and the world that changes what the gate says: to see that the checkers
/// notice.
///
/// # Errors
/// [`Broken`] when a checker objects.
pub fn run_through(
    scenario: &Scenario,
    show: &mut dyn FnMut(Moment, Line<'_>),
    between: &mut dyn FnMut(Output) -> Vec<Output>,
) -> Result<Outcome> {
    let mut world = World::new(scenario, show, between)?;
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
        replay: scenario.replay(),
        at_ms: world.at.0 / 1_000,
        what: format!("{what:#}"),
    })?;
    Ok(Outcome { foretold, ..world.outcome() })
}

struct World<'a> {
    scenario: &'a Scenario,
    show: &'a mut dyn FnMut(Moment, Line<'_>),
    between: &'a mut dyn FnMut(Output) -> Vec<Output>,
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
    schedule: Schedule,
    connections: u64,
    overheard: Vec<Bytes>,
    chance: Chance,
    greed: Chance,
    watch: Watch,
    disturbed: Disturbed,
    step_us: i64,
    strikes: u64,
    faults: u64,
    at: Moment,
}

/// A Tuesday at ten in Amsterdam.
const MORNING: i64 = 1_794_906_000_000_000;
/// So long after everybody went home all must be quiet.
const QUIET: Duration = Duration::from_secs(3 * 3_600);
impl<'a> World<'a> {
    fn new(
        scenario: &'a Scenario,
        show: &'a mut dyn FnMut(Moment, Line<'_>),
        between: &'a mut dyn FnMut(Output) -> Vec<Output>,
    ) -> Result<Self> {
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
            schedule: Schedule::default(),
            watch: Watch::new(scenario),
            chance: chance.fork(1),
            greed: chance.fork(2),
            connections: 0,
            overheard: Vec::new(),
            disturbed: Disturbed::default(),
            store: Store::default(),
            epoch_us: 0,
            step_us: 0,
            strikes: 0,
            faults: 0,
            at: START,
            asked: None,
            scenario,
            show,
            between,
            snapshot,
            gate_at,
        };
        scenario
            .dead
            .and_then(|dead| world.off.get_mut(dead))
            .into_iter()
            .for_each(|off| *off = true);
        world.begin()?;
        Ok(world)
    }

    fn outcome(&self) -> Outcome {
        let asked =
            |kind: &dyn Fn(&Plan) -> bool| reckoning::asked_for(&self.plans, &self.agents, kind);
        let carried = |what: fn(&Carried) -> u64| self.ways.iter().map(|w| what(&w.carried)).sum();
        Outcome {
            protected: asked(&|plan| plan.purpose == Purpose::Protected),
            fraud: asked(&|plan| plan.purpose == Purpose::Fraud),
            redirected: asked(&|plan| matches!(plan.treatment, Treatment::Redirect(_))),
            strikes: self.strikes,
            faults: self.faults,
            lost: carried(|c| c.lost),
            twice: carried(|c| c.twice),
            overtaken: carried(|c| c.overtaken),
            ..self.watch.outcome()
        }
    }

    fn begin(&mut self) -> Result<()> {
        self.resolve()?;
        for node in PHONES..self.scenario.house.cracked() {
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
        // The engine's state is stored now and then: here so that much and little is to be done again after it.
        for (at, fault) in &self.scenario.faults {
            if matches!(fault, Fault::Restart | Fault::Stall(_)) {
                self.put(Moment(at.0.saturating_sub(20_000_000)), Event::Store);
            }
        }
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
            let queued = self.schedule.next();
            let woken = self.agents.iter().enumerate().filter(|(node, _)| !self.off(*node));
            let woken = woken.filter_map(|(node, agent)| Some((agent.due()?, node))).min();
            let asked = self.asked.map(|at| at.max(self.at));
            let next = [queued, woken.map(|(at, _)| at), asked].into_iter().flatten().min();
            let Some(next) = next.filter(|next| *next <= end) else { return Ok(()) };
            self.at = self.at.max(next);
            if asked == Some(next) {
                self.tell(Input::Tick)?;
            } else if queued == Some(next) {
                let Some(event) = self.schedule.pop() else { continue };
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
                self.watch.heard(self.at, &bytes);
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
            Event::Closed(flow, end) => self.tell(Input::Closed { flow, end }),
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

    fn now(&self) -> Now {
        let wall = WallTime(MORNING + (self.at.0 as i64) + self.step_us);
        Now { moment: Moment(self.at.0 - self.epoch_us), wall }
    }

    /// Gives the gate an input and takes everything it has to say.
    fn tell(&mut self, input: Input<'_>) -> Result<()> {
        self.gate.handle(self.now(), input);
        self.listen()
    }

    fn listen(&mut self) -> Result<()> {
        loop {
            let said = self.gate.poll();
            let done = matches!(said, Output::Sleep(_));
            for output in (self.between)(said) {
                self.heed(output)?;
            }
            if done {
                return Ok(());
            }
        }
    }

    fn heed(&mut self, output: Output) -> Result<()> {
        match output {
            Output::Sleep(asked) => {
                self.asked = asked.map(|asked| Moment(asked.0.saturating_add(self.epoch_us)));
            }
            Output::Transmit { flow, bytes, call } => {
                (self.show)(self.at, Line::Sent(flow.remote, &bytes));
                self.watch.sent(self.at, &flow, &bytes, call)?;
                self.transmit(flow, bytes);
            }
            other => {
                (self.show)(self.at, Line::Said(&other));
                let wall = self.now().wall;
                self.store.keep((self.at, wall), &other);
                self.watch.said(self.at, &other).context("of what the gate said")?;
            }
        }
        Ok(())
    }

    fn put(&mut self, at: Moment, event: Event) {
        self.schedule.put(at, event);
    }
}

fn shard(seed: u64) -> Shard {
    let mut chance = Chance::new(seed ^ 0x5ec7_e700);
    Shard { number: 0, secret: std::array::from_fn(|_| chance.draw() as u8) }
}
