//! A PBX asks whether a call may be made.

use super::table::{Advised, Entry, REMEMBERED, RINGING_MAX, State};
use super::{Answer, Full, Name, Question};
use crate::gate::Gate;
use crate::io::Output;
use crate::signalling::VOICE;
use ringfence_model::{
    Action, Attempt, CallEvent, CallId, Money, Now, Release, ReleasedBy, Target, Verdict,
};
use std::sync::Arc;

/// How far a call is when it is judged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stage {
    /// Its PBX waits for the answer.
    New,
    /// It is made, or runs.
    Runs,
    /// It is over.
    Over,
}

impl Gate {
    /// Judges a call of a PBX that asks; the same call to the same number once. Poll afterwards.
    ///
    /// # Errors
    /// When more calls run than can be followed.
    pub fn advise(&mut self, now: Now, question: Question) -> Result<Answer, Full> {
        let now = self.forward(now);
        let name = question.name();
        let answer = match self.advised.to(&name, &question.attempt.dialled) {
            Some(known) => Ok(known.answer()),
            None => self.asked(now, question, Stage::New),
        };
        self.wind_up(now, false);
        answer
    }

    /// Judges a call, and follows it.
    pub(super) fn asked(
        &mut self,
        now: Now,
        question: Question,
        stage: Stage,
    ) -> Result<Answer, Full> {
        self.advised.room(&question.attempt.tenant)?;
        let attempt = self.named_anew(now, &question);
        self.outputs.push_back(Output::Event(CallEvent::Attempt(attempt.clone())));
        let (verdict, protected) = match self.judge(now, &attempt) {
            Some((mut verdict, target)) => {
                // Nothing was prevented.
                verdict.acted &= stage != Stage::Over;
                self.outputs.push_back(Output::Verdict(verdict.clone()));
                (verdict, matches!(target, Target::Protected(_)))
            }
            None => (Verdict::allowed(attempt.call, false), false),
        };
        let answer = answer(&verdict, protected, question.terms.reject_code);
        self.follow(now, question, attempt, answer.clone(), stage);
        if answer.refused && stage == Stage::Runs {
            let (call, reasons) = (answer.call, verdict.reasons);
            self.outputs.push_back(Output::Cut { call, reasons, cost: Money::ZERO });
            self.end_advised(now, call, &answer.why);
        }
        Ok(answer)
    }

    fn named_anew(&mut self, now: Now, question: &Question) -> Attempt {
        let call = self.signalling.calls.name_call(now);
        let Name { tenant, trunk, .. } = question.name();
        let parent = question.continues.as_ref().and_then(|known_as| {
            let inbound = Name { tenant, trunk, known_as: Arc::clone(known_as) };
            self.advised.named(&inbound).last().copied()
        });
        Attempt { call, parent, ..question.attempt.clone() }
    }

    /// Remembers a refusal for a while, a call that was let through until its end.
    fn follow(
        &mut self,
        now: Now,
        question: Question,
        attempt: Attempt,
        answer: Answer,
        stage: Stage,
    ) {
        let call = attempt.call;
        let Question { known_as, handle, terms, .. } = question;
        let refused = answer.refused && stage == Stage::New;
        let answered = (!refused && !terms.tells).then_some((now.wall, now.moment));
        let (state, wait) = match (refused, answered) {
            (true, _) => (State::Refused, REMEMBERED),
            (false, None) => (State::Waits, RINGING_MAX),
            (false, Some(_)) => (State::Up, terms.assumed),
        };
        let mut entry = Entry {
            attempt,
            known_as,
            handle,
            terms,
            answer,
            state,
            began: now.wall,
            began_at: now.moment,
            answered,
            due: now.moment + wait,
        };
        if answered.is_some() {
            entry.due = entry.lease(now.moment);
        }
        let code = entry.answer.code;
        self.advised.add(entry);
        if refused {
            self.close(now, call, Release { call, code, billable_ms: 0, by: ReleasedBy::Policy });
            return;
        }
        if answered.is_some() {
            self.say(now, CallEvent::Answered { call });
        }
        self.keep_advised(call);
    }

    /// Tells the engine, and the journal.
    pub(super) fn say(&mut self, now: Now, event: CallEvent) {
        self.event(now, &event);
        self.outputs.push_back(Output::Event(event));
    }

    /// The end of a call: the engine's, and its record.
    pub(super) fn close(&mut self, now: Now, call: CallId, release: Release) {
        let Some(entry) = self.advised.get(call) else { return };
        let (billable_ms, code) = (release.billable_ms, release.code);
        let times = (entry.began, entry.answered.map(|(wall, _)| wall), now.wall);
        let known_as = entry.known_as.as_bytes();
        let cdr = ringfence_call::cdr(&entry.attempt, known_as, times, (billable_ms, code));
        self.say(now, CallEvent::Released(release));
        self.outputs.push_back(Output::Finished(Box::new(cdr)));
    }

    /// Puts down how a call is, for after a restart.
    pub(super) fn keep_advised(&mut self, call: CallId) {
        let (key, state) = (Advised::key(call), self.advised.record(call));
        self.outputs.push_back(Output::Checkpoint { key, state });
    }
}

impl Question {
    pub(super) fn name(&self) -> Name {
        let Attempt { tenant, trunk, .. } = self.attempt.clone();
        Name { tenant, trunk, known_as: Arc::clone(&self.known_as) }
    }
}

impl Entry {
    /// The answer again; one that is to end meanwhile is refused.
    fn answer(&self) -> Answer {
        match &self.state {
            State::Ending { why, .. } => {
                Answer { refused: true, why: Arc::clone(why), ..self.answer.clone() }
            }
            _ => self.answer.clone(),
        }
    }
}

fn answer(verdict: &Verdict, protected: bool, code: u16) -> Answer {
    let rejects = verdict.action == Action::Reject;
    Answer {
        call: verdict.call,
        refused: rejects && verdict.acted,
        would_refuse: rejects && !verdict.acted,
        why: if rejects { VOICE.reasons(&verdict.reasons).into() } else { "".into() },
        code,
        // In observe a cap is computed and not acted on.
        max_duration: verdict.max_duration.filter(|_| verdict.acted && !rejects),
        protected,
    }
}
