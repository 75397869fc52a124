//! What must always hold, checked from outside: from the facts that went in and the words that came out, with sums
//! of their own.

mod blocks;
mod book;
mod tables;

pub use blocks::still_works;
pub use book::Book;
pub use tables::{quiet, within_caps};

use crate::deck;
use crate::scenario::{Fault, Scenario};
use crate::wish::Purpose;
use crate::world::World;
use anyhow::{Context, Result, bail, ensure};
use blocks::Standing;
use ringfence_gate::{Gate, Output};
use ringfence_model::{
    Action, Attempt, CallEvent, CallId, Destination, Direction, Mode, Money, Policy, Reason,
    Target, TenantId, TrafficClass, Verdict, WallTime,
};
use ringfence_numbering::{DialPlan, Numbering, Tariff};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The checkers of one run.
pub struct Checks {
    tariff: Arc<Tariff>,
    plans: BTreeMap<TenantId, Arc<DialPlan>>,
    modes: BTreeMap<TenantId, Mode>,
    standing: Standing,
    book: Book,
    /// Where the attempt that is being judged wants to go, and why.
    target: Option<(Target, Option<Purpose>)>,
    verdicts: u32,
    wall: WallTime,
    ticks: u64,
    protected: u64,
    /// Running calls nobody earns from, with where they go; `None` inside the tenant.
    ordinary: BTreeMap<CallId, (Attempt, Option<Destination>)>,
}

impl Checks {
    /// The checkers for `scenario`.
    ///
    /// # Errors
    /// When a policy of it cannot work.
    pub fn new(scenario: &Scenario) -> Result<Self> {
        let snapshot = scenario.snapshot()?;
        let plans = snapshot.tenants.iter().map(|(id, s)| (id.clone(), Arc::clone(&s.dial_plan)));
        let modes = scenario.companies.iter().zip(&scenario.policies);
        let steady = !scenario.faults.iter().any(|(_, fault)| matches!(fault, Fault::ClockStep(_)));
        let mut book = Book::new(steady);
        for company in &scenario.companies {
            let policies: Vec<&Policy> = scenario.policies_of(&company.tenant).collect();
            book.bound(&company.tenant, &policies)?;
        }
        Ok(Self {
            tariff: Arc::clone(&scenario.tariff),
            plans: plans.collect(),
            modes: modes.map(|(company, p)| (company.tenant.clone(), p.mode)).collect(),
            standing: Standing::default(),
            book,
            target: None,
            verdicts: 0,
            wall: WallTime(i64::MIN),
            ticks: 0,
            protected: 0,
            ordinary: BTreeMap::new(),
        })
    }

    /// Protected calls seen.
    #[must_use]
    pub const fn protected(&self) -> u64 {
        self.protected
    }

    /// Sums compared.
    #[must_use]
    pub const fn sums(&self) -> u64 {
        self.book.sums
    }

    /// The largest share of the promised maximum loss per hour that was lost.
    #[must_use]
    pub const fn nearest(&self) -> f64 {
        self.book.nearest
    }

    /// Another policy holds.
    pub fn policy_changed(&mut self, tenant: &TenantId, policy: &Policy) {
        self.modes.insert(tenant.clone(), policy.mode);
    }

    /// Before a fact goes in.
    pub fn before_event(&mut self, _at: WallTime, event: &CallEvent, world: &World) {
        self.verdicts = 0;
        self.target = None;
        if let CallEvent::Attempt(attempt) = event
            && let Some(plan) = self.plans.get(&attempt.tenant)
        {
            let target = Numbering::embedded().classify(&attempt.dialled, plan);
            self.target = Some((target, world.purpose(attempt.call)));
        }
    }

    /// The gate said something.
    ///
    /// # Errors
    /// What it must not have said.
    pub fn said(
        &mut self,
        at: WallTime,
        wall: WallTime,
        event: Option<&CallEvent>,
        output: &Output,
        world: &World,
    ) -> Result<()> {
        self.wall = self.wall.max(wall);
        match output {
            Output::Verdict(verdict) => {
                let Some(CallEvent::Attempt(attempt)) = event else {
                    bail!("a verdict on call {} nobody asked about", verdict.call);
                };
                self.verdict(at, attempt, verdict)
            }
            Output::Cut { call, .. } => {
                ensure!(
                    world.purpose(*call) != Some(Purpose::Protected),
                    "the protected call {call} was cut"
                );
                let tenant = match self.ordinary.remove(call) {
                    Some((attempt, to)) => self.cut_rightly(attempt, to)?,
                    None => self.book.cut(*call).with_context(|| {
                        format!("call {call} was cut, but no call of this id runs")
                    })?,
                };
                ensure!(!self.observes(&tenant), "call {call} was cut in observe");
                Ok(())
            }
            Output::Blocked { block, .. } => {
                let acts = !block.shadow && block.origin == ringfence_model::Origin::Engine;
                let tenant = block.scope.tenant();
                ensure!(
                    !(acts && self.observes(tenant)),
                    "the engine blocked in observe: {block:?}"
                );
                self.standing.set(block)
            }
            Output::Lifted { block, .. } => {
                self.standing.lift(block);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Everything about one input was said.
    ///
    /// # Errors
    /// When an attempt has not got exactly one verdict.
    pub fn all_said(&mut self, event: Option<&CallEvent>) -> Result<()> {
        let Some(CallEvent::Attempt(attempt)) = event else { return Ok(()) };
        let due = u32::from(attempt.direction != Direction::Inbound);
        ensure!(self.verdicts == due, "call {}: {} verdicts", attempt.call, self.verdicts);
        Ok(())
    }

    /// After a fact went in.
    ///
    /// # Errors
    /// When money went where it must not.
    pub fn after_event(&mut self, at: WallTime, event: &CallEvent, gate: &Gate) -> Result<()> {
        match event {
            CallEvent::Answered { call } => self.book.answered(*call, at),
            CallEvent::Released(release) => {
                self.ordinary.remove(&release.call);
                self.book.released(release, at)?;
            }
            CallEvent::Attempt(attempt) => self.book.compare(&attempt.tenant, at, gate)?,
            _ => {}
        }
        Ok(())
    }

    /// After a look at running calls.
    ///
    /// # Errors
    /// When money went where it must not.
    pub fn after_tick(&mut self, at: WallTime, gate: &Gate) -> Result<()> {
        self.ticks += 1;
        for tenant in self.plans.keys() {
            self.book.within_the_hour(tenant, at)?;
            if self.ticks.is_multiple_of(8) {
                self.book.compare(tenant, at, gate)?;
            }
        }
        Ok(())
    }

    /// After everything.
    ///
    /// # Errors
    /// When something is left over.
    pub fn at_the_end(&mut self, gate: &Gate, world: &World) -> Result<()> {
        let ends = world.ends;
        ensure!(world.up() == 0, "{} calls never ended", world.up());
        ensure!(ends.attempts == ends.ended(), "attempts and ends differ: {ends:?}");
        let state = gate.state();
        quiet(&state)?;
        within_caps(&state)
    }

    /// A call nobody earns from may only be cut by a block that forbids it.
    fn cut_rightly(&self, attempt: Attempt, to: Option<Destination>) -> Result<TenantId> {
        let forbidden = match to {
            Some(to) => self.standing.allows(&attempt, &to, self.wall).is_err(),
            None => self.standing.suspends(&attempt, self.wall),
        };
        ensure!(forbidden, "call {} was cut though no block forbids it", attempt.call);
        Ok(attempt.tenant)
    }

    /// Calls inside the tenant pass on every level but the last.
    fn inside(&mut self, attempt: &Attempt, verdict: &Verdict, observes: bool) -> Result<()> {
        if self.standing.suspends(attempt, self.wall) && !observes {
            ensure!(verdict.action == Action::Reject, "call {} passed a suspension", attempt.call);
            return Ok(());
        }
        ensure!(
            verdict.action == Action::Allow || observes,
            "call {} inside the tenant was refused: {:?}",
            attempt.call,
            verdict.reasons
        );
        if verdict.action == Action::Allow {
            self.ordinary.insert(attempt.call, (attempt.clone(), None));
        }
        Ok(())
    }

    fn observes(&self, tenant: &TenantId) -> bool {
        self.modes.get(tenant) == Some(&Mode::Observe)
    }

    fn verdict(&mut self, at: WallTime, attempt: &Attempt, verdict: &Verdict) -> Result<()> {
        let call = attempt.call;
        self.verdicts += 1;
        ensure!(verdict.call == call, "the verdict on call {call} names {}", verdict.call);
        let observes = self.observes(&attempt.tenant);
        ensure!(!(observes && verdict.acted), "call {call}: a verdict acts in observe");
        let Some((target, purpose)) = self.target.take() else { return Ok(()) };
        if purpose == Some(Purpose::Protected) {
            self.protected += 1;
            return untouched(verdict);
        }
        let to = match target {
            Target::Outside(to) if attempt.direction == Direction::Outbound => to,
            Target::Protected(_) => return untouched(verdict),
            _ => return self.inside(attempt, verdict, observes),
        };
        if verdict.action == Action::Reject {
            ensure!(
                verdict.exposure == Money::ZERO || observes,
                "call {call}: money held for nothing"
            );
            return home_still_works(verdict, to.class());
        }
        if verdict.acted {
            self.standing.allows(attempt, &to, self.wall)?;
            if to.class().is_paid() {
                let rate = deck::rate(&self.tariff, &to);
                self.book.admitted(attempt, &to, rate, at);
            }
        }
        if !to.class().is_paid() {
            self.ordinary.insert(call, (attempt.clone(), Some(to)));
        }
        Ok(())
    }
}

/// A protected call is put through without a thought.
fn untouched(verdict: &Verdict) -> Result<()> {
    ensure!(
        verdict.action == Action::Allow
            && !verdict.acted
            && verdict.reasons.is_empty()
            && verdict.exposure == Money::ZERO
            && verdict.max_duration.is_none(),
        "a protected call was judged: {verdict:?}"
    );
    Ok(())
}

/// No block below `geographic` touches a national call.
fn home_still_works(verdict: &Verdict, class: TrafficClass) -> Result<()> {
    let home = matches!(class, TrafficClass::National | TrafficClass::Mobile);
    for reason in &verdict.reasons {
        if let Reason::Blocked { level, .. } = reason {
            ensure!(
                !home || *level >= ringfence_model::Level::Geographic,
                "call {}: a national call refused by a block of level {level:?}",
                verdict.call
            );
        }
    }
    Ok(())
}
