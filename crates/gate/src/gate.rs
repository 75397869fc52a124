//! One shard of the firewall as a value: facts and orders in, verdicts and orders out.

use crate::io::{Command, Input, Output};
use crate::snapshot::Snapshot;
use ringfence_fraud::{Act, Engine, EngineState, Facts, WrongVersion};
use ringfence_model::{
    Attempt, CallEvent, ConfigChange, Country, Destination, Direction, Moment, Money, Now, Target,
    Verdict, WallTime,
};
use ringfence_numbering::{Numbering, Rate};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// One shard.
pub struct Gate {
    snapshot: Arc<Snapshot>,
    engine: Engine,
    outputs: VecDeque<Output>,
    acts: Vec<Act>,
    /// The latest wall time handled: a clock that steps back stands still here.
    wall: WallTime,
    next_tick: Option<Moment>,
}

impl Gate {
    /// How often running calls are looked at.
    pub const TICK: Duration = Duration::from_secs(10);

    /// A shard that knows nothing yet.
    #[must_use]
    pub fn new(snapshot: Arc<Snapshot>) -> Self {
        let mut engine = Engine::new(Arc::clone(&snapshot.default.settings));
        adopt(&mut engine, &snapshot);
        Self::with_engine(snapshot, engine)
    }

    /// A shard that takes up where another one stopped.
    ///
    /// # Errors
    /// When the state was written by a version with another layout.
    pub fn restore(snapshot: Arc<Snapshot>, state: EngineState) -> Result<Self, WrongVersion> {
        let wall = state.wall;
        let mut engine = Engine::restore(state, Arc::clone(&snapshot.default.settings))?;
        adopt(&mut engine, &snapshot);
        let mut gate = Self::with_engine(snapshot, engine);
        gate.wall = wall;
        if gate.engine.is_busy() {
            gate.next_tick = Some(Moment(0));
        }
        Ok(gate)
    }

    fn with_engine(snapshot: Arc<Snapshot>, engine: Engine) -> Self {
        Self {
            snapshot,
            engine,
            outputs: VecDeque::new(),
            acts: Vec::new(),
            wall: WallTime(i64::MIN),
            next_tick: None,
        }
    }

    /// Everything that must survive a restart.
    #[must_use]
    pub fn state(&self) -> EngineState {
        self.engine.state(self.wall)
    }

    /// The engine, to be looked at.
    #[must_use]
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Takes in one input. Ask [`Gate::poll`] until it sleeps before the next.
    pub fn handle(&mut self, now: Now, input: Input<'_>) {
        debug_assert!(self.outputs.is_empty(), "poll until Sleep before the next input");
        self.wall = self.wall.max(now.wall);
        let now = Now { wall: self.wall, ..now };
        let looked = matches!(input, Input::Tick);
        match input {
            Input::Event(event) => self.event(now, event),
            Input::Tick => self.engine.tick(now, &mut self.acts),
            Input::Snapshot(snapshot) => {
                adopt(&mut self.engine, &snapshot);
                self.snapshot = snapshot;
            }
            Input::Command(command) => self.command(now, command),
            Input::Message { .. }
            | Input::Handed { .. }
            | Input::Closed(_)
            | Input::Resolved { .. }
            | Input::Load { .. } => {}
        }
        self.outputs.extend(self.acts.drain(..).map(Output::from));
        // Only a look puts off the next one: facts that come first must not starve it. Looks fall on whole
        // multiples of their distance, so that no tenant's calls shift another's.
        self.next_tick = match self.next_tick {
            _ if !self.engine.is_busy() => None,
            Some(due) if !looked => Some(due),
            _ => Some(after(now.moment)),
        };
    }

    /// What the gate has to say, in order; [`Output::Sleep`] when that is all.
    pub fn poll(&mut self) -> Output {
        self.outputs.pop_front().unwrap_or(Output::Sleep(self.next_tick))
    }

    fn event(&mut self, now: Now, event: &CallEvent) {
        match event {
            CallEvent::Tenant(start) => self.engine.tenant_started(start, now.wall),
            CallEvent::Attempt(attempt) => self.attempt(now, attempt),
            CallEvent::Ringing { .. } => {}
            CallEvent::Answered { call } => self.engine.answered(now, *call),
            CallEvent::Released(release) => {
                self.engine.released(now, release, &mut self.acts);
            }
            CallEvent::Registered(registration) => self.engine.registered(registration, now.wall),
            CallEvent::RegistrationFailed(failure) => {
                self.engine.registration_failed(failure, now.wall);
            }
            CallEvent::ConfigChanged(change) => {
                let to = self.forward_country(change);
                self.engine.config_changed(change, to, now.wall);
            }
            CallEvent::Reviewed(review) => {
                self.engine.reviewed(review, now.wall, &mut self.acts);
            }
        }
    }

    fn attempt(&mut self, now: Now, attempt: &Attempt) {
        if attempt.direction == Direction::Inbound {
            return self.engine.inbound(attempt, now.wall);
        }
        let setup = self.snapshot.setup(&attempt.tenant);
        match Numbering::embedded().classify(&attempt.dialled, &setup.dial_plan) {
            // Never reaches the engine: nothing there could delay or refuse it.
            Target::Protected(_) => {
                self.outputs.push_back(Output::Verdict(Verdict::allowed(attempt.call, false)))
            }
            Target::Internal(_) => self.internal(now, attempt),
            Target::Outside(_) if attempt.direction == Direction::Internal => {
                self.internal(now, attempt);
            }
            Target::Outside(destination) => self.outbound(now, attempt, destination),
        }
    }

    fn outbound(&mut self, now: Now, attempt: &Attempt, destination: Destination) {
        let setup = self.snapshot.setup(&attempt.tenant);
        let civil = self.engine.civil(&attempt.tenant, now.wall);
        let priced = setup.tariff.rate(&destination, civil.weekday(), civil.minute);
        let unpriced = unpriced();
        let facts = Facts {
            attempt,
            destination: &destination,
            rate: priced.unwrap_or(&unpriced),
            default_tariff: setup.tariff.is_default() || priced.is_none(),
        };
        let verdict = self.engine.outbound(now, &facts, &mut self.acts);
        self.outputs.push_back(Output::Verdict(verdict));
    }

    fn internal(&mut self, now: Now, attempt: &Attempt) {
        let verdict = self.engine.internal(now, attempt, &mut self.acts);
        self.outputs.push_back(Output::Verdict(verdict));
    }

    /// The country a new forward leads to, when somebody earns from calls there.
    fn forward_country(&self, change: &ConfigChange) -> Option<Country> {
        let setup = self.snapshot.setup(&change.tenant);
        let target = change.forward_to.as_deref()?;
        match Numbering::embedded().classify(target, &setup.dial_plan) {
            Target::Outside(to) if to.class().is_paid() => Some(to.country),
            _ => None,
        }
    }

    fn command(&mut self, now: Now, command: Command) {
        match command {
            Command::Block { scope, level, until, by } => {
                self.engine.block(scope, level, until, by, now, &mut self.acts);
            }
            Command::Unblock(id) => {
                self.engine.unblock(id, now.wall, &mut self.acts);
            }
            Command::Cut { .. } | Command::Drain => {}
        }
    }
}

/// The first look after `moment`.
const fn after(moment: Moment) -> Moment {
    let distance = Gate::TICK.as_micros() as u64;
    Moment((moment.0 / distance + 1) * distance)
}

/// Puts the policies of a snapshot in force.
fn adopt(engine: &mut Engine, snapshot: &Snapshot) {
    let own = snapshot.tenants.iter().map(|(id, s)| (id.clone(), Arc::clone(&s.settings)));
    engine.adopt(Arc::clone(&snapshot.default.settings), own);
}

/// What a call costs to where the tariff has no price: dear, so that a gap in a deck is no hole in the wall.
const fn unpriced() -> Rate {
    Rate {
        connect: Money::cents(50),
        per_minute: Money::units(1),
        minimum_secs: 0,
        first_secs: 0,
        step_secs: 60,
        cap: None,
        name: None,
        class: None,
    }
}

impl From<Act> for Output {
    fn from(act: Act) -> Self {
        match act {
            Act::Cut { call, reasons, cost } => Self::Cut { call, reasons, cost },
            Act::Blocked { block, reasons, call } => Self::Blocked { block, reasons, call },
            Act::Lifted(block) => Self::Lifted(block),
            Act::Alerted(alert) => Self::Alerted(alert),
        }
    }
}
