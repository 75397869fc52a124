//! One shard of the firewall as a value: facts and orders in, verdicts and orders out.

use crate::advised::Advised;
use crate::io::{Command, Input, Output};
use crate::signalling::{Signalling, VOICE};
use crate::snapshot::Snapshot;
use ringfence_fraud::{Act, Engine, EngineState, Facts, WrongVersion};
use ringfence_model::{
    Attempt, CallEvent, CallId, ConfigChange, Country, Destination, Direction, Moment, Money, Now,
    Target, Verdict, WallTime,
};
use ringfence_numbering::{Numbering, Rate};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// What makes a shard itself.
#[derive(Clone, Debug, Default)]
pub struct Shard {
    /// Its number, from 0.
    pub number: u8,
    /// Seeds its tokens, nonces and table hashes; the same after a restart, or phones must authenticate anew and
    /// messages of running calls find no home.
    pub secret: [u8; 32],
}

/// One shard.
pub struct Gate {
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) engine: Engine,
    pub(crate) signalling: Signalling,
    pub(crate) advised: Advised,
    pub(crate) outputs: VecDeque<Output>,
    acts: Vec<Act>,
    /// The latest wall time handled. A clock that steps back runs slow here until it has caught up: records stay in
    /// order, and nonces differ.
    wall: WallTime,
    /// When that was.
    moment: Option<Moment>,
    next_tick: Option<Moment>,
}

impl Gate {
    /// How often running calls are looked at.
    pub const TICK: Duration = Duration::from_secs(10);

    /// A shard that knows nothing yet.
    #[must_use]
    pub fn new(snapshot: Arc<Snapshot>) -> Self {
        Self::of_shard(&Shard::default(), snapshot)
    }

    /// The same for one shard of several.
    #[must_use]
    pub fn of_shard(shard: &Shard, snapshot: Arc<Snapshot>) -> Self {
        let mut engine = Engine::new(Arc::clone(&snapshot.default.settings));
        adopt(&mut engine, &snapshot);
        Self::with_engine(shard, snapshot, engine)
    }

    /// A shard that takes up where another one stopped.
    ///
    /// # Errors
    /// When the state was written by a version with another layout.
    pub fn restore(
        shard: &Shard,
        snapshot: Arc<Snapshot>,
        state: EngineState,
    ) -> Result<Self, WrongVersion> {
        let wall = state.wall;
        let mut engine = Engine::restore(state, Arc::clone(&snapshot.default.settings))?;
        adopt(&mut engine, &snapshot);
        let mut gate = Self::with_engine(shard, snapshot, engine);
        gate.wall = wall;
        if gate.engine.is_busy() {
            gate.next_tick = Some(Moment(0));
        }
        Ok(gate)
    }

    fn with_engine(shard: &Shard, snapshot: Arc<Snapshot>, engine: Engine) -> Self {
        Self {
            signalling: Signalling::new(shard, &snapshot),
            advised: Advised::new(seed(&shard.secret)),
            snapshot,
            engine,
            outputs: VecDeque::new(),
            acts: Vec::new(),
            wall: WallTime(i64::MIN),
            moment: None,
            next_tick: None,
        }
    }

    /// Makes room at once for the calls of a busy shard, so that none waits while a table grows.
    pub fn make_room(&mut self) {
        self.signalling.calls.make_room();
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
        let now = self.forward(now);
        let mut looked = false;
        match input {
            Input::Message { flow, bytes } => self.message(now, flow, bytes),
            Input::Handed { flow, bytes } => self.handed(now, flow, bytes),
            Input::Connected { flow, names } => self.signalling.calls.connection(&flow, names),
            Input::Closed { flow, end } => self.signalling.calls.closed(now, flow, end),
            Input::Resolved { trunk, hops } => self.signalling.calls.resolved(now, &trunk, hops),
            Input::Load { waiting, backlog } => {
                self.signalling.load.observe(now.moment, waiting, backlog);
            }
            Input::Event(event) => self.event(now, event),
            Input::Tick => looked = self.tick(now),
            Input::Snapshot(snapshot) => self.adopt(now, snapshot),
            Input::Command(command) => self.command(now, command),
        }
        self.wind_up(now, looked);
    }

    /// After an input: lets engine and signalling come to rest, and sees when the next look is due.
    pub(crate) fn wind_up(&mut self, now: Now, looked: bool) {
        self.settle(now);
        // Only a look puts off the next one: facts that come first must not starve it. Looks fall on whole
        // multiples of their distance, so that no tenant's calls shift another's.
        self.next_tick = match self.next_tick {
            _ if !self.engine.is_busy() => None,
            Some(due) if !looked => Some(due),
            _ => Some(after(now.moment)),
        };
    }

    /// The same with a wall time that never goes back nor stands still.
    pub(crate) fn forward(&mut self, now: Now) -> Now {
        let gone = self.moment.replace(now.moment).map_or(Duration::ZERO, |last| now.moment - last);
        self.wall = now.wall.max(self.wall + gone / 2);
        Now { wall: self.wall, ..now }
    }

    /// Lets engine and signalling answer each other until neither has anything to say.
    pub(crate) fn settle(&mut self, now: Now) {
        loop {
            for act in std::mem::take(&mut self.acts) {
                let cut = match &act {
                    Act::Cut { call, reasons, .. } => Some((*call, VOICE.reasons(reasons))),
                    _ => None,
                };
                self.outputs.push_back(act.into());
                if let Some((call, why)) = cut {
                    self.end(now, call, &why);
                }
            }
            if !self.signal(now) && self.acts.is_empty() {
                return;
            }
        }
    }

    /// Ends a call, wherever its signalling runs.
    fn end(&mut self, now: Now, call: CallId, why: &str) {
        if !self.end_advised(now, call, why) {
            self.signalling.cut(now, call, why);
        }
    }

    /// Signalling's timers when they are due, and a look at running calls; whether that look was made.
    fn tick(&mut self, now: Now) -> bool {
        let is_due = |at: Option<Moment>| at.is_some_and(|due| due <= now.moment);
        let timers = is_due(self.signalling.calls.next_timer());
        let leases = is_due(self.advised.next_timer());
        let looks = !(timers || leases) || is_due(self.next_tick);
        if timers {
            self.signalling.tick(now);
        }
        if leases {
            self.tend_advised(now);
        }
        if looks {
            self.engine.tick(now, &mut self.acts);
        }
        looks
    }

    fn adopt(&mut self, now: Now, snapshot: Arc<Snapshot>) {
        adopt(&mut self.engine, &snapshot);
        self.signalling.adopt(now, &snapshot);
        self.snapshot = snapshot;
    }

    /// What the gate has to say, in order; [`Output::Sleep`] when that is all.
    pub fn poll(&mut self) -> Output {
        self.outputs.pop_front().unwrap_or_else(|| {
            let timers = [self.signalling.calls.next_timer(), self.advised.next_timer()];
            Output::Sleep(timers.into_iter().chain([self.next_tick]).flatten().min())
        })
    }

    pub(crate) fn event(&mut self, now: Now, event: &CallEvent) {
        match event {
            CallEvent::Tenant(start) => self.engine.tenant_started(start, now.wall),
            CallEvent::Attempt(attempt) => {
                if let Some((verdict, _)) = self.judge(now, attempt) {
                    self.outputs.push_back(Output::Verdict(verdict));
                }
            }
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

    /// The answer about an attempt and what its number means; `None` for inbound ones, which are only learned from.
    pub(crate) fn judge(&mut self, now: Now, attempt: &Attempt) -> Option<(Verdict, Target)> {
        if attempt.direction == Direction::Inbound {
            self.engine.inbound(attempt, now.wall);
            return None;
        }
        let setup = self.snapshot.setup(&attempt.tenant);
        let target = Numbering::embedded().classify(&attempt.dialled, &setup.dial_plan);
        let verdict = match &target {
            // Never reaches the engine: nothing there could delay or refuse it.
            Target::Protected(_) => Verdict::allowed(attempt.call, false),
            Target::Outside(destination) if attempt.direction == Direction::Outbound => {
                self.outbound(now, attempt, destination)
            }
            Target::Internal(_) | Target::Outside(_) => {
                self.engine.internal(now, attempt, &mut self.acts)
            }
        };
        Some((verdict, target))
    }

    fn outbound(&mut self, now: Now, attempt: &Attempt, destination: &Destination) -> Verdict {
        let setup = self.snapshot.setup(&attempt.tenant);
        let civil = self.engine.civil(&attempt.tenant, now.wall);
        let priced = setup.tariff.rate(destination, civil.weekday(), civil.minute);
        let unpriced = unpriced();
        let facts = Facts {
            attempt,
            destination,
            rate: priced.unwrap_or(&unpriced),
            default_tariff: setup.tariff.is_default() || priced.is_none(),
        };
        self.engine.outbound(now, &facts, &mut self.acts)
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
            Command::Unblock { id, by } => {
                self.engine.unblock(id, by, now.wall, &mut self.acts);
            }
            Command::Approve { tenant, approved } => {
                self.engine.approve(&tenant, approved, now.wall);
            }
            Command::Cut { call, by } => {
                if self.running().any(|running| running.call == call) {
                    self.outputs.push_back(Output::Ended { call, by: Arc::clone(&by) });
                    self.end(now, call, &format!("ended by {by}"));
                }
            }
            Command::Drain => self.signalling.calls.drain(),
            Command::Ban { net, until, by } => self.signalling.ban(now, net, until, &by),
            Command::Unban(net) => self.signalling.unban(now, net),
        }
    }
}

/// The seed of a shard's tables.
pub(crate) fn seed(secret: &[u8; 32]) -> u64 {
    secret.iter().take(8).fold(0, |seed, byte| seed << 8 | u64::from(*byte))
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
            Act::Lifted { block, by, replaced_by } => Self::Lifted { block, by, replaced_by },
            Act::Alerted(alert) => Self::Alerted(alert),
        }
    }
}
