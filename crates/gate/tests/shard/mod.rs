//! A gate with one tenant, driven in virtual time: what the tests below have in common.

#![allow(dead_code)] // each test file uses its part

use ringfence_fraud::Settings;
use ringfence_gate::{Gate, Input, Output, Setup, Snapshot};
use ringfence_model::{
    Action, Attempt, CallEvent, CallId, Direction, Now, Policy, Release, ReleasedBy, Source,
    Verdict, Via, WallTime,
};
use ringfence_numbering::{DialPlan, Tariff};
use std::sync::Arc;

/// Monday 2026-03-02 10:00 in Amsterdam.
pub const MONDAY_10: i64 = 1_772_442_000;
pub const DAY: i64 = 86_400;

pub struct Shard {
    pub gate: Gate,
    pub now: i64,
    next_call: u64,
}

pub fn snapshot(policy: Policy) -> Arc<Snapshot> {
    let plan = DialPlan::default();
    let tariff = Arc::new(Tariff::default_bands(plan.country));
    let settings = Arc::new(Settings::new(policy).unwrap());
    Arc::new(Snapshot::of(Setup { settings, dial_plan: Arc::new(plan), tariff }))
}

impl Shard {
    pub fn new(policy: Policy) -> Self {
        Self { gate: Gate::new(snapshot(policy)), now: MONDAY_10, next_call: 1 }
    }

    /// Hands one input over and gathers what is said.
    pub fn tell(&mut self, input: Input<'_>) -> Vec<Output> {
        self.gate.handle(Now::from_wall(WallTime::from_secs(self.now)), input);
        let mut said = Vec::new();
        loop {
            match self.gate.poll() {
                Output::Sleep(_) => return said,
                output => said.push(output),
            }
        }
    }

    pub fn event(&mut self, event: CallEvent) -> Vec<Output> {
        self.tell(Input::Event(&event))
    }

    /// Lets time pass with the ticks a running call gets.
    pub fn wait(&mut self, secs: i64) -> Vec<Output> {
        let end = self.now + secs;
        let mut said = Vec::new();
        while self.now < end {
            self.now = (self.now + 10).min(end);
            said.extend(self.tell(Input::Tick));
        }
        said
    }

    pub fn attempt(&mut self, extension: &str, dialled: &str) -> Attempt {
        let call = CallId(self.next_call);
        self.next_call += 1;
        Attempt {
            call,
            tenant: "acme".into(),
            trunk: Some("trunk-1".into()),
            extension: Some(extension.into()),
            direction: Direction::Outbound,
            a_number: None,
            dialled: dialled.into(),
            forwarded_by: None,
            via: Via::Phone,
            source: Some(Source {
                ip: "192.0.2.7".parse().unwrap(),
                country: Some("NL".parse().unwrap()),
                user_agent: Some("Yealink/1".into()),
            }),
            parent: None,
        }
    }

    /// Tries a call; the verdict comes first, then what else was said.
    pub fn dial(&mut self, extension: &str, dialled: &str) -> (Verdict, Vec<Output>) {
        let attempt = self.attempt(extension, dialled);
        self.try_call(attempt)
    }

    pub fn try_call(&mut self, attempt: Attempt) -> (Verdict, Vec<Output>) {
        let mut said = self.event(CallEvent::Attempt(attempt));
        let at = said.iter().position(|o| matches!(o, Output::Verdict(_))).expect("a verdict");
        let Output::Verdict(verdict) = said.remove(at) else { unreachable!() };
        (verdict, said)
    }

    pub fn answer(&mut self, call: CallId) {
        self.event(CallEvent::Answered { call });
    }

    pub fn release(&mut self, call: CallId, secs: u64) -> Vec<Output> {
        self.event(CallEvent::Released(Release {
            call,
            code: 200,
            billable_ms: secs * 1_000,
            by: ReleasedBy::Parties,
        }))
    }

    /// A whole honest call of `secs` seconds.
    pub fn talk(&mut self, extension: &str, dialled: &str, secs: i64) -> Verdict {
        let (verdict, _) = self.dial(extension, dialled);
        if verdict.action == Action::Allow {
            self.now += 8;
            self.answer(verdict.call);
            self.wait(secs);
            self.release(verdict.call, secs.unsigned_abs());
        }
        verdict
    }

    /// Weeks of working days with calls to `numbers`, so that they are normal.
    pub fn weeks(&mut self, weeks: i64, extension: &str, numbers: &[&str]) {
        for _ in 0..weeks {
            for _ in 0..5 {
                let morning = self.now;
                for number in numbers {
                    self.talk(extension, number, 120);
                    self.now += 900;
                }
                self.now = morning + DAY;
            }
            self.now += 2 * DAY;
        }
    }
}
