//! Turns records into the events of calls and lets the gate judge them.

use super::cases::{About, Cases};
use super::findings::{Fate, Judged, Watched};
use super::fit;
use super::survey::{self, Survey};
use super::{Options, Replay};
use crate::{Gate, Input, Output, Snapshot};
use ringfence_model::{
    Action, Attempt, CallEvent, CallId, Cdr, Direction, Limits, Moment, Money, Now, Reason,
    Release, ReleasedBy, Target, TenantId, Verdict, WallTime, Window,
};
use ringfence_numbering::Numbering;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

/// A record that claims a longer call is taken to have ended here: its cost counts in full all the same.
const CALL_MAX: Duration = Duration::from_secs(24 * 3_600);
/// Starts that can be real: 1970 to 2100.
const JUDGED: RangeInclusive<WallTime> = WallTime(0)..=WallTime::from_secs(4_102_444_800);
/// How often progress is told, in records.
const PROGRESS_EVERY: usize = 8_192;

/// The gate, and where the replay stands.
pub struct Drive<'a> {
    gate: Gate,
    enforcing: Arc<Snapshot>,
    options: &'a Options,
    cdrs: &'a [Cdr],
    survey: Survey,
    cases: Cases,
    /// What is still to come of calls that were let through. Releases come before answers of the same moment.
    pending: BinaryHeap<Reverse<(WallTime, Next, u32)>>,
    next_tick: Option<Moment>,
    learn_until: WallTime,
    learning: bool,
    /// Inbound calls by what ties their legs together, to find the outbound call that continues one.
    inbound: HashMap<&'a str, u32, foldhash::fast::FixedState>,
    cuts: Vec<(u32, Vec<Reason>)>,
    watched: Option<Watched>,
    raised_limits: Vec<(TenantId, Limits)>,
}

/// The next event of a call.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Next {
    Release,
    Answer,
}

/// What the whole drive leaves behind.
pub struct Driven {
    pub survey: Survey,
    pub cases: Cases,
    pub watched: Option<Watched>,
    pub raised_limits: Vec<(TenantId, Limits)>,
}

impl<'a> Drive<'a> {
    pub fn new(replay: &'a Replay, cdrs: &'a [Cdr], survey: Survey, learn_until: WallTime) -> Self {
        Self {
            gate: Gate::new(Arc::clone(&replay.watching)),
            enforcing: Arc::clone(&replay.enforcing),
            options: &replay.options,
            cdrs,
            survey,
            cases: Cases::default(),
            pending: BinaryHeap::new(),
            next_tick: None,
            learn_until,
            learning: true,
            inbound: HashMap::default(),
            cuts: Vec::new(),
            watched: None,
            raised_limits: Vec::new(),
        }
    }

    /// Judges the records of `order` for as long as `progress` says so.
    pub fn run(mut self, order: &[u32], progress: &mut dyn FnMut(usize) -> bool) -> Option<Driven> {
        for (done, &index) in order.iter().enumerate() {
            if done % PROGRESS_EVERY == 0 && !progress(done) {
                return None;
            }
            let Some(cdr) = self.cdrs.get(index as usize) else { continue };
            // What has an impossible time is only counted.
            if JUDGED.contains(&cdr.started) {
                self.advance(cdr.started);
                self.attempt(index, cdr);
            }
        }
        self.advance(WallTime(i64::MAX));
        progress(order.len()).then_some(Driven {
            survey: self.survey,
            cases: self.cases,
            watched: self.watched,
            raised_limits: self.raised_limits,
        })
    }

    /// Everything that happens up to and including `to`.
    fn advance(&mut self, to: WallTime) {
        while let Some(&Reverse((at, next, index))) = self.pending.peek() {
            if at > to {
                break;
            }
            self.pending.pop();
            self.tick_until(at);
            match next {
                Next::Answer => self.answer(at, index),
                Next::Release => self.release(at, index),
            }
        }
        // Once nothing is pending no call runs, and no tick is wanted.
        if to != WallTime(i64::MAX) {
            self.tick_until(to);
        }
    }

    fn tick_until(&mut self, to: WallTime) {
        while let Some(at) = self.next_tick.map(wall_of).filter(|&at| at <= to) {
            self.handle(at, Input::Tick);
        }
    }

    fn attempt(&mut self, index: u32, cdr: &'a Cdr) {
        let tenant = cdr.tenant.as_ref().unwrap_or(&self.options.tenant);
        let attempt = self.attempt_of(index, cdr, tenant);
        let verdict = self.handle(cdr.started, Input::Event(&CallEvent::Attempt(attempt)));
        if self.options.watch == Some(index as usize) {
            self.watch(cdr, tenant, verdict.clone());
        }
        if let Some(verdict) = verdict
            && verdict.action == Action::Reject
        {
            let stopped = verdict.acted && !self.learning;
            let prevented =
                if stopped { self.stop(index, Fate::Refused, Money::ZERO) } else { Money::ZERO };
            let place = self.judged(index).and_then(|judged| judged.to);
            let by_block = matches!(verdict.reasons.first(), Some(Reason::Blocked { .. }));
            let case = self.cases.refused(
                cdr.started,
                About { tenant, extension: cdr.extension.as_ref(), place },
                verdict,
                prevented,
                stopped,
            );
            if stopped {
                self.assign(index, case, by_block);
                return;
            }
        }
        let (at, next) = match answered(cdr) {
            Some(at) => (at, Next::Answer),
            None => (ended(cdr, cdr.started), Next::Release),
        };
        self.pending.push(Reverse((at, next, index)));
    }

    fn answer(&mut self, at: WallTime, index: u32) {
        if self.is_stopped(index) {
            return;
        }
        let Some(cdr) = self.cdrs.get(index as usize) else { return };
        self.pending.push(Reverse((ended(cdr, at), Next::Release, index)));
        self.handle(at, Input::Event(&CallEvent::Answered { call: id(index) }));
    }

    fn release(&mut self, at: WallTime, index: u32) {
        if self.is_stopped(index) {
            return;
        }
        let Some(cdr) = self.cdrs.get(index as usize) else { return };
        let release = Release {
            call: id(index),
            code: cdr.code,
            billable_ms: cdr.billable_ms,
            by: ReleasedBy::Parties,
        };
        self.handle(at, Input::Event(&CallEvent::Released(release)));
    }

    /// Gives the gate one input and does what it says.
    fn handle(&mut self, at: WallTime, input: Input<'_>) -> Option<Verdict> {
        if self.learning && at >= self.learn_until {
            self.learning = false;
            if self.options.fit_limits {
                let engine = self.gate.engine();
                let (fitted, raised) = fit::fitted(&self.enforcing, engine, &self.survey.tenants);
                self.enforcing = Arc::new(fitted);
                self.raised_limits = raised;
            }
            let enforcing = Arc::clone(&self.enforcing);
            self.give(at, Input::Snapshot(enforcing));
        }
        let verdict = self.give(at, input);
        while let Some((index, reasons)) = self.cuts.pop() {
            self.cut(at, index, reasons);
        }
        verdict
    }

    fn give(&mut self, at: WallTime, input: Input<'_>) -> Option<Verdict> {
        self.gate.handle(Now::from_wall(at), input);
        let mut verdict = None;
        loop {
            match self.gate.poll() {
                Output::Sleep(next) => {
                    self.next_tick = next;
                    return verdict;
                }
                Output::Verdict(answer) => verdict = Some(answer),
                Output::Cut { call, reasons, .. } => {
                    self.cuts.push((u32::try_from(call.0).unwrap_or(u32::MAX), reasons));
                }
                Output::Blocked { block, reasons, .. } => {
                    self.cases.blocked(at, block, reasons, self.learning);
                }
                Output::Lifted { block, .. } => self.cases.lifted(at, block),
                Output::Alerted(alert) => {
                    let index = alert.call.and_then(|call| u32::try_from(call.0).ok());
                    let place = index.and_then(|index| self.judged(index)?.to);
                    self.cases.alerted(at, alert, place, self.learning);
                }
                // Records carry no signalling.
                Output::Transmit { .. }
                | Output::Hand { .. }
                | Output::Close(_)
                | Output::HangUp { .. }
                | Output::Ended { .. }
                | Output::Checkpoint { .. }
                | Output::Event(_)
                | Output::Finished(_) => {}
            }
        }
    }

    /// Ends a running call at `at`, as the gate ordered.
    fn cut(&mut self, at: WallTime, index: u32, reasons: Vec<Reason>) {
        let Some(cdr) = self.cdrs.get(index as usize) else { return };
        if self.is_stopped(index) {
            return;
        }
        let talked = answered(cdr).map_or(Duration::ZERO, |answered| at - answered);
        let charged = talked.min(Duration::from_millis(cdr.billable_ms));
        let spent = self.cost_until(index, cdr, charged);
        let prevented = self.stop(index, Fate::Cut, spent);
        let tenant = cdr.tenant.as_ref().unwrap_or(&self.options.tenant);
        let place = self.judged(index).and_then(|judged| judged.to);
        let about = About { tenant, extension: cdr.extension.as_ref(), place };
        if let Some(watched) =
            self.watched.as_mut().filter(|_| self.options.watch == Some(index as usize))
        {
            watched.cut = Some((at, charged, reasons.clone()));
        }
        let case = self.cases.cut(at, about, reasons, prevented);
        self.assign(index, case, false);
        let release = Release {
            call: id(index),
            code: if talked.is_zero() { 487 } else { 200 },
            billable_ms: u64::try_from(charged.as_millis()).unwrap_or(u64::MAX),
            by: ReleasedBy::Policy,
        };
        self.give(at, Input::Event(&CallEvent::Released(release)));
    }

    fn cost_until(&self, index: u32, cdr: &Cdr, charged: Duration) -> Money {
        let tenant = cdr.tenant.as_ref().unwrap_or(&self.options.tenant);
        let setup = self.enforcing.setup(tenant);
        let Target::Outside(to) = survey::target(cdr, setup) else { return Money::ZERO };
        let civil = setup.settings.calendar().civil(cdr.started);
        let cost = survey::price(setup, &self.survey.bands, &to, &civil)
            .map_or(Money::ZERO, |(rate, _)| rate.cost(charged));
        // A record's charged time may be shorter than its answer and end say.
        self.judged(index).map_or(cost, |judged| cost.min(judged.recorded))
    }

    /// Notes the fate of a stopped call; gives what it saves.
    fn stop(&mut self, index: u32, fate: Fate, spent: Money) -> Money {
        let Some(judged) = self.survey.calls.get_mut(index as usize) else { return Money::ZERO };
        judged.fate = fate;
        judged.spent = spent;
        judged.recorded - spent
    }

    fn assign(&mut self, index: u32, case: u32, by_block: bool) {
        if let Some(judged) = self.survey.calls.get_mut(index as usize) {
            judged.case = Some(case);
            judged.by_block = by_block;
        }
    }

    fn judged(&self, index: u32) -> Option<&Judged> {
        self.survey.calls.get(index as usize)
    }

    fn is_stopped(&self, index: u32) -> bool {
        self.judged(index).is_none_or(|judged| judged.fate != Fate::Passed)
    }

    fn attempt_of(&mut self, index: u32, cdr: &'a Cdr, tenant: &TenantId) -> Attempt {
        let setup = self.enforcing.setup(tenant);
        let a_number = match cdr.direction {
            Direction::Inbound => {
                match Numbering::embedded().classify(&cdr.a_number, &setup.dial_plan) {
                    Target::Outside(from) => from.number,
                    _ => None,
                }
            }
            _ => None,
        };
        let forwarded_by = survey::diverting(cdr, setup);
        let parent = cdr.correlation_id.as_deref().and_then(|tie| match cdr.direction {
            Direction::Inbound => {
                self.inbound.insert(tie, index);
                None
            }
            Direction::Outbound => self.inbound.get(tie).map(|&inbound| id(inbound)),
            Direction::Internal => None,
        });
        Attempt {
            call: id(index),
            tenant: tenant.clone(),
            trunk: cdr.trunk.clone(),
            extension: cdr.extension.clone(),
            direction: cdr.direction,
            a_number,
            dialled: Arc::clone(&cdr.dialled),
            forwarded_by,
            via: cdr.via,
            source: cdr.source.clone(),
            parent,
        }
    }

    fn watch(&mut self, cdr: &Cdr, tenant: &TenantId, verdict: Option<Verdict>) {
        let setup = self.enforcing.setup(tenant);
        let target = survey::target(cdr, setup);
        let civil = setup.settings.calendar().civil(cdr.started);
        let price = match &target {
            Target::Outside(to) => survey::price(setup, &self.survey.bands, to, &civil)
                .map(|(rate, default)| (rate.per_minute, default)),
            _ => None,
        };
        let spend = self.gate.engine().tenant_state(tenant).map(|state| state.spend.clone());
        let windows = [Window::Hour, Window::Day, Window::Week, Window::Month];
        let exposure = spend.map_or_else(Vec::new, |mut spend| {
            windows.map(|window| (window, spend.exposure(cdr.started, window))).to_vec()
        });
        self.watched =
            Some(Watched { target, price, verdict, cut: None, learning: self.learning, exposure });
    }
}

const fn id(index: u32) -> CallId {
    CallId(index as u64)
}

/// Virtual time: both clocks are one.
fn wall_of(moment: Moment) -> WallTime {
    WallTime(i64::try_from(moment.0).unwrap_or(i64::MAX))
}

/// When charging began; `None` for a call that was never charged.
fn answered(cdr: &Cdr) -> Option<WallTime> {
    if cdr.billable_ms == 0 {
        return None;
    }
    let last = cdr.started + CALL_MAX;
    let worked_out = || ended(cdr, cdr.started) - Duration::from_millis(cdr.billable_ms);
    Some(cdr.answered.unwrap_or_else(worked_out).clamp(cdr.started, last))
}

/// When the call ended, not before `from`.
fn ended(cdr: &Cdr, from: WallTime) -> WallTime {
    cdr.ended.min(cdr.started + CALL_MAX).max(from)
}
