//! Drives a gate through a world as production does: ticks when it asks for them, operators, a desk that reviews,
//! restarts, clock steps; with the checkers looking on.

use crate::check::Checks;
use crate::scenario::{Fault, Scenario, Turn};
use crate::world::World;
use anyhow::{Context, Result};
use ringfence_gate::{Command, Gate, Input, Output, Setup, Snapshot};
use ringfence_model::{Block, BlockId, CallEvent, Moment, Now, Review, Scope, TenantId, WallTime};
use std::collections::VecDeque;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;
use std::time::Duration;

/// Something that must always hold did not.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{what}\n  at {at_ms} ms; replay: cargo run -p ringfence-sim --bin world -- --seed {seed}")]
pub struct Broken {
    /// The seed of the run.
    pub seed: u64,
    /// Virtual time, in milliseconds since 1970.
    pub at_ms: i64,
    /// What.
    pub what: String,
}

/// What came out of a run.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Outcome {
    /// A hash of everything the gate said.
    pub hash: u64,
    /// How the calls ended.
    pub ends: crate::calls::Ends,
    /// Facts that went in.
    pub events: u64,
    /// Looks at running calls.
    pub ticks: u64,
    /// Blocks the engine made.
    pub blocks: u64,
    /// Protected calls that were put through.
    pub protected: u64,
    /// Times the exposure was computed anew and compared.
    pub sums: u64,
    /// The largest share of the promised maximum loss per hour that was really lost.
    pub nearest: f64,
}

/// Runs `scenario` to its end, showing each turn to `watch`.
///
/// # Errors
/// [`Broken`] when a checker objects; another error when the scenario itself is unusable.
pub fn run(scenario: &Scenario, watch: &mut dyn FnMut(WallTime, Turn<'_>)) -> Result<Outcome> {
    Run::new(scenario, watch)?.until_quiet()
}

struct Run<'a> {
    scenario: &'a Scenario,
    watch: &'a mut dyn FnMut(WallTime, Turn<'_>),
    world: World,
    snapshot: Snapshot,
    gate: Gate,
    checks: Checks,
    faults: VecDeque<(WallTime, Fault)>,
    reviews: VecDeque<(WallTime, TenantId)>,
    /// When the gate wants a tick.
    asked: Option<Moment>,
    step_secs: i64,
    restart: bool,
    newest_block: Option<BlockId>,
    hash: foldhash::fast::FoldHasher<'static>,
    outcome: Outcome,
}

enum Next {
    Tick,
    Fault,
    Review,
    World,
}

impl<'a> Run<'a> {
    fn new(scenario: &'a Scenario, watch: &'a mut dyn FnMut(WallTime, Turn<'_>)) -> Result<Self> {
        let snapshot = scenario.snapshot()?;
        let gate = Gate::new(Arc::new(snapshot.clone()));
        let world = scenario.world();
        let outcome = Outcome {
            hash: 0,
            ends: world.ends,
            events: 0,
            ticks: 0,
            blocks: 0,
            protected: 0,
            sums: 0,
            nearest: 0.0,
        };
        Ok(Self {
            checks: Checks::new(scenario)?,
            faults: scenario.faults.iter().cloned().collect(),
            reviews: VecDeque::new(),
            asked: None,
            step_secs: 0,
            restart: false,
            newest_block: None,
            hash: foldhash::fast::FixedState::with_seed(0).build_hasher(),
            scenario,
            watch,
            world,
            snapshot,
            gate,
            outcome,
        })
    }

    fn until_quiet(mut self) -> Result<Outcome> {
        let mut at = self.scenario.start;
        while let Some((when, next)) = self.next() {
            at = at.max(when);
            let turn = match next {
                Next::Tick => self.tick(at),
                Next::Fault => self.fault(at),
                Next::Review => self.review(at),
                Next::World => self.event(at),
            };
            turn.map_err(|what| self.broken(at, what))?;
        }
        self.checks.at_the_end(&self.gate, &self.world).map_err(|what| self.broken(at, what))?;
        self.outcome.hash = self.hash.finish();
        self.outcome.ends = self.world.ends;
        self.outcome.protected = self.checks.protected();
        self.outcome.sums = self.checks.sums();
        self.outcome.nearest = self.checks.nearest();
        Ok(self.outcome)
    }

    fn broken(&self, at: WallTime, what: anyhow::Error) -> anyhow::Error {
        Broken { seed: self.scenario.seed, at_ms: at.as_millis(), what: format!("{what:#}") }.into()
    }

    /// What comes next; of several things at one time, first the look at running calls.
    fn next(&self) -> Option<(WallTime, Next)> {
        let tick = self.asked.map(|asked| (wall_of(asked), Next::Tick));
        let fault = self.faults.front().map(|(at, _)| (*at, Next::Fault));
        let review = self.reviews.front().map(|(at, _)| (*at, Next::Review));
        let world = self.world.due().map(|at| (at, Next::World));
        [tick, fault, review, world].into_iter().flatten().min_by_key(|(at, _)| *at)
    }

    fn now(&self, at: WallTime) -> Now {
        let stepped = WallTime(at.0 + self.step_secs * 1_000_000);
        Now { moment: moment_of(at), wall: stepped }
    }

    fn tick(&mut self, at: WallTime) -> Result<()> {
        self.restart_if_wanted()?;
        self.outcome.ticks += 1;
        (self.watch)(at, Turn::Tick);
        self.gate.handle(self.now(at), Input::Tick);
        self.listen(at, None)?;
        self.checks.after_tick(at, &self.gate)
    }

    fn event(&mut self, at: WallTime) -> Result<()> {
        let Some(event) = self.world.step() else { return Ok(()) };
        self.give(at, &event)
    }

    fn give(&mut self, at: WallTime, event: &CallEvent) -> Result<()> {
        if self.asked.is_none() {
            self.restart_if_wanted()?;
        }
        self.outcome.events += 1;
        (self.watch)(at, Turn::Event(event));
        self.checks.before_event(at, event, &self.world);
        self.gate.handle(self.now(at), Input::Event(event));
        self.listen(at, Some(event))?;
        self.checks.after_event(at, event, &self.gate)
    }

    /// Takes everything the gate has to say.
    fn listen(&mut self, at: WallTime, event: Option<&CallEvent>) -> Result<()> {
        loop {
            let output = self.gate.poll();
            if let Output::Sleep(asked) = output {
                self.asked = asked;
                return self.checks.all_said(event);
            }
            (self.watch)(at, Turn::Said(&output));
            self.hash.write(format!("{output:?}").as_bytes());
            self.checks.said(at, self.now(at).wall, event, &output, &self.world)?;
            self.world.hear(at, &output);
            self.desk(at, &output);
        }
    }

    /// The operator's desk looks at blocks and alerts some hours later.
    fn desk(&mut self, at: WallTime, output: &Output) {
        let tenant = match output {
            Output::Blocked { block: Block { id, scope, origin, .. }, .. } => {
                self.newest_block = Some(*id);
                if *origin != ringfence_model::Origin::Engine {
                    return;
                }
                self.outcome.blocks += 1;
                scope.tenant()
            }
            Output::Alerted(alert) => &alert.tenant,
            _ => return,
        };
        if !self.reviews.iter().any(|(_, waiting)| waiting == tenant) {
            let hours = 1 + self.scenario.seed % 17;
            self.reviews.push_back((at + Duration::from_secs(3_600 * hours), tenant.clone()));
        }
    }

    fn review(&mut self, at: WallTime) -> Result<()> {
        let Some((_, tenant)) = self.reviews.pop_front() else { return Ok(()) };
        let fraud = self.world.is_attacked(&tenant, at - Duration::from_secs(86_400));
        if fraud && self.scenario.seed.is_multiple_of(3) {
            self.world.close_holes(&tenant, at);
        }
        self.give(at, &CallEvent::Reviewed(Review { tenant, fraud, call: None }))
    }

    fn fault(&mut self, at: WallTime) -> Result<()> {
        let Some((_, fault)) = self.faults.pop_front() else { return Ok(()) };
        (self.watch)(at, Turn::Fault(&fault));
        match fault {
            Fault::Restart => self.restart = true,
            Fault::ClockStep(secs) => self.step_secs += secs,
            Fault::Unblock => {
                if let Some(id) = self.newest_block {
                    self.order(at, Command::Unblock { id, by: "operator".into() })?;
                }
            }
            Fault::Block { company, one_extension, level, hours } => {
                let Some(company) = self.scenario.companies.get(company) else { return Ok(()) };
                let tenant = company.tenant.clone();
                let scope = match company.extensions.first().filter(|_| one_extension) {
                    Some(extension) => Scope::Extension(tenant, extension.clone()),
                    None => Scope::Tenant(tenant),
                };
                let until = Some(self.now(at).wall + Duration::from_secs(3_600 * hours));
                self.order(at, Command::Block { scope, level, until, by: "operator".into() })?;
            }
            Fault::Policy(index, policy) => {
                let Some(company) = self.scenario.companies.get(index) else { return Ok(()) };
                let setup: Setup = self.scenario.setup(&policy, company.outside_line)?;
                self.snapshot.tenants.insert(company.tenant.clone(), setup);
                self.checks.policy_changed(&company.tenant, &policy);
                let snapshot = Input::Snapshot(Arc::new(self.snapshot.clone()));
                self.gate.handle(self.now(at), snapshot);
                self.listen(at, None)?;
            }
        }
        Ok(())
    }

    fn order(&mut self, at: WallTime, command: Command) -> Result<()> {
        self.gate.handle(self.now(at), Input::Command(command));
        self.listen(at, None)
    }

    /// Stops and starts again with what was stored. Done when a look is due or none is wanted, so that a run with
    /// restarts can be held against one without.
    fn restart_if_wanted(&mut self) -> Result<()> {
        if !std::mem::take(&mut self.restart) {
            return Ok(());
        }
        let stored =
            serde_json::to_string(&self.gate.state()).context("the state cannot be written")?;
        let state = serde_json::from_str(&stored).context("the state cannot be read back")?;
        self.gate = Gate::restore(&Default::default(), Arc::new(self.snapshot.clone()), state)?;
        Ok(())
    }
}

/// Virtual time runs evenly: the moment is the true time, whatever the wall clock shows.
fn moment_of(at: WallTime) -> Moment {
    Moment(at.0.unsigned_abs())
}

fn wall_of(moment: Moment) -> WallTime {
    WallTime(i64::try_from(moment.0).unwrap_or(i64::MAX))
}
