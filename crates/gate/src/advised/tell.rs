//! A PBX tells what becomes of its calls, and is told to end some.

use super::ask::Stage;
use super::table::{Entry, ORDER_AGAIN, ORDERS_MAX, State};
use super::{Full, Happened, Heard, Name, Question, Told};
use crate::gate::Gate;
use crate::io::Output;
use crate::signalling::Signalling;
use ringfence_guard::Sender;
use ringfence_model::{CallEvent, CallId, Now, RegistrationFailure, Release, ReleasedBy};
use std::sync::Arc;
use std::time::Duration;

/// Charged times that are told may be longer than what was seen here by this: the PBX heard of the answer first.
const SLACK: Duration = Duration::from_secs(5);
/// No call that was never asked about lasts longer.
const LONGEST: Duration = Duration::from_secs(24 * 3_600);

impl Gate {
    /// Takes in what a PBX tells of a call. What it repeats or tells late changes nothing. Poll afterwards.
    ///
    /// # Errors
    /// When it is a new call and more run than can be followed.
    pub fn told(&mut self, now: Now, told: Told) -> Result<Heard, Full> {
        let now = self.forward(now);
        let heard = self.hear(now, told);
        self.wind_up(now, false);
        heard
    }

    /// The PBX says that it ended this call as it was told to, or (not `there`) that it knows no such call: one that
    /// was not answered may then still be on its way, and is ordered to end again later. Poll afterwards.
    pub fn hung_up(&mut self, now: Now, call: CallId, there: bool) {
        let now = self.forward(now);
        let entry = self.advised.get(call);
        let is_over = |entry: &Entry| {
            matches!(entry.state, State::Ending { .. }) && (there || entry.answered.is_some())
        };
        if entry.is_some_and(is_over) {
            self.over(now, call, None, None);
        }
        self.wind_up(now, false);
    }

    /// A login as `account` failed at a PBX that lets others see it. Poll afterwards.
    pub fn login_failed(
        &mut self,
        now: Now,
        (sender, account): (Sender, &str),
        failure: RegistrationFailure,
    ) {
        let now = self.forward(now);
        let Signalling { calls, guard, .. } = &mut self.signalling;
        calls.login_failed(now, (sender, account), failure, guard);
        self.wind_up(now, false);
    }

    fn hear(&mut self, now: Now, told: Told) -> Result<Heard, Full> {
        let Told { name, what, handle, question } = told;
        let dialled = question.as_ref().map(|question| &*question.attempt.dialled);
        let to = dialled.and_then(|dialled| self.advised.to(&name, dialled));
        let known = match to {
            Some(entry) => Some(entry.attempt.call),
            // A call to another number is another one, whatever its name.
            None if what == Happened::Began && dialled.is_some() => None,
            None => self.advised.named(&name).last().copied(),
        };
        if let Some(call) = known {
            if handle.is_some() {
                self.advised.change(call, |entry| entry.handle = handle);
                self.keep_advised(call);
            }
            let Happened::Ended { billable_ms, code } = what else {
                return self.goes_on(now, call, what);
            };
            self.all_over(now, &name, billable_ms, code);
            return Ok(Heard::Noted(call));
        }
        if self.advised.is_gone(now.moment, &name) {
            return Ok(Heard::Over);
        }
        let ended = matches!(what, Happened::Ended { .. });
        let Some(mut question) = question else {
            if ended {
                // Its beginning may come later.
                self.advised.forget(now.moment, name);
            }
            return Ok(Heard::Unknown);
        };
        question.terms.tells = true;
        if handle.is_some() {
            question.handle = handle;
        }
        let stage = if ended { Stage::Over } else { Stage::Runs };
        let answer = self.asked(now, *question, stage)?;
        match what {
            Happened::Ended { billable_ms, code } => {
                let charged = Duration::from_millis(billable_ms.unwrap_or(0)).min(LONGEST);
                self.was(now, answer.call, charged, code);
            }
            what => {
                self.goes_on(now, answer.call, what)?;
            }
        }
        Ok(Heard::Judged(answer))
    }

    /// A call begins, is answered, or still runs.
    fn goes_on(&mut self, now: Now, call: CallId, what: Happened) -> Result<Heard, Full> {
        let Some(entry) = self.advised.get(call) else { return Ok(Heard::Unknown) };
        if what == Happened::Began {
            return Ok(Heard::Noted(call));
        }
        if entry.state != State::Refused {
            self.is_up(now, call);
            return Ok(Heard::Noted(call));
        }
        // It runs all the same: its PBX fell through to another route.
        let mut question = entry.question();
        question.terms.tells = true;
        self.over(now, call, None, None);
        let answer = self.asked(now, question, Stage::Runs)?;
        self.is_up(now, answer.call);
        Ok(Heard::Judged(answer))
    }

    /// A call was answered, and runs.
    fn is_up(&mut self, now: Now, call: CallId) {
        let mut answers = false;
        self.advised.change(call, |entry| {
            answers = entry.answered.is_none();
            entry.terms.tells = true;
            entry.answered.get_or_insert((now.wall, now.moment));
            if matches!(entry.state, State::Waits | State::Up) {
                entry.state = State::Up;
                entry.due = entry.lease(now.moment);
            }
        });
        if answers {
            self.say(now, CallEvent::Answered { call });
        }
        self.keep_advised(call);
    }

    /// All calls of a name are over: a PBX has one call of that name, whatever it asked on the way. What was charged is
    /// that of the one that was answered, or of the last.
    fn all_over(&mut self, now: Now, name: &Name, billable_ms: Option<u64>, code: Option<u16>) {
        let calls = self.advised.named(name).to_vec();
        let answered =
            |call: &&CallId| self.advised.get(**call).is_some_and(|entry| entry.answered.is_some());
        let charged = calls.iter().rev().find(answered).or(calls.last()).copied();
        for call in calls {
            if Some(call) == charged {
                self.over(now, call, billable_ms, code);
            } else {
                self.over(now, call, Some(0), None);
            }
        }
    }

    /// A call that nobody asked about is over already: what it was is learned.
    fn was(&mut self, now: Now, call: CallId, charged: Duration, code: Option<u16>) {
        if !charged.is_zero() {
            self.advised.change(call, |entry| {
                entry.state = State::Up;
                entry.answered = Some((now.wall - charged, now.moment - charged));
                entry.began_at = now.moment - charged;
                entry.began = now.wall - charged;
            });
            self.say(now, CallEvent::Answered { call });
        }
        let billable_ms = u64::try_from(charged.as_millis()).unwrap_or(u64::MAX);
        self.over(now, call, Some(billable_ms), code);
    }

    /// A call is over.
    fn over(&mut self, now: Now, call: CallId, told_ms: Option<u64>, code: Option<u16>) {
        let Some(entry) = self.advised.get(call) else { return };
        let cut = matches!(entry.state, State::Ending { .. });
        if entry.state != State::Refused {
            let release = entry.release(now, told_ms, code, cut);
            self.close(now, call, release);
        }
        self.advised.remove(now.moment, call);
        self.keep_advised(call);
    }

    /// The engine, or a person, wants this call to end; whether it is one of these.
    pub(crate) fn end_advised(&mut self, now: Now, call: CallId, why: &str) -> bool {
        let Some(entry) = self.advised.get(call) else { return false };
        if !matches!(entry.state, State::Ending { .. } | State::Refused) {
            self.order_end(now, call, why.into());
        }
        true
    }

    fn order_end(&mut self, now: Now, call: CallId, why: Arc<str>) {
        self.advised.change(call, |entry| {
            entry.state = State::Ending { orders: 0, why };
            entry.due = now.moment;
        });
        self.order_again(now, call);
    }

    /// Tells the PBX, and again until it says that the call is over.
    fn order_again(&mut self, now: Now, call: CallId) {
        let mut order = None;
        self.advised.change(call, |entry| {
            if let State::Ending { orders, why } = &mut entry.state {
                *orders += 1;
                entry.due = now.moment + ORDER_AGAIN;
                order = (*orders <= ORDERS_MAX).then(|| Arc::clone(why));
            }
        });
        match (order, self.advised.get(call)) {
            (Some(why), Some(entry)) => {
                let handle = entry.handle.clone();
                self.outputs.push_back(Output::HangUp { call, name: entry.name(), handle, why });
                self.keep_advised(call);
            }
            _ => self.over(now, call, None, None),
        }
    }

    /// What is due: calls whose end nobody told, orders that nobody followed, refusals that may be forgotten.
    pub(crate) fn tend_advised(&mut self, now: Now) {
        while let Some(call) = self.advised.next_due(now.moment) {
            let ending = |entry: &Entry| matches!(entry.state, State::Ending { .. });
            if self.advised.get(call).is_some_and(ending) {
                self.order_again(now, call);
            } else {
                self.over(now, call, None, None);
            }
        }
    }
}

impl Entry {
    /// The question about it again.
    fn question(&self) -> Question {
        Question {
            attempt: self.attempt.clone(),
            known_as: Arc::clone(&self.known_as),
            handle: self.handle.clone(),
            continues: None,
            terms: self.terms,
        }
    }

    /// How it ended. What is told is believed as far as it can be true.
    fn release(&self, now: Now, told_ms: Option<u64>, code: Option<u16>, cut: bool) -> Release {
        let seen = self.charged(now.moment);
        let most = now.moment - self.began_at + SLACK;
        let charged = match told_ms {
            Some(told) => Duration::from_millis(told).min(most),
            None => seen,
        };
        let silent = if self.answered.is_some() || !charged.is_zero() { 200 } else { 408 };
        Release {
            call: self.attempt.call,
            code: code.unwrap_or(silent),
            billable_ms: u64::try_from(charged.as_millis()).unwrap_or(u64::MAX),
            by: if cut { ReleasedBy::Policy } else { ReleasedBy::Parties },
        }
    }
}
