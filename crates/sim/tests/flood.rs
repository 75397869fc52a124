//! Facts that no orderly world would send: floods, ends without beginnings, beginnings without ends, repetitions,
//! disorder. Memory stays bounded and nothing is held for ever.

#![allow(clippy::unwrap_used, clippy::panic)]

use ringfence_gate::{Gate, Input, Output, Snapshot};
use ringfence_model::{
    Action, Attempt, CallEvent, CallId, Direction, Limits, Now, Policy, Release, ReleasedBy,
    Source, Via, WallTime,
};
use ringfence_sim::chance::Chance;
use ringfence_sim::check::{quiet, within_caps};
use ringfence_sim::replay::record;
use ringfence_sim::{Scenario, deck};
use std::sync::Arc;
use std::time::Duration;

const START: WallTime = WallTime::from_secs(1_780_300_000);

fn unlimited() -> Snapshot {
    let scenario = Scenario::honest(1, 1).unwrap();
    let none = Limits::default();
    let mut policy = Policy { limits: none, extension_limits: none, ..Policy::default() };
    policy.steering.loss_accept = ringfence_model::Money::units(100_000);
    policy.steering.wrong_stops_accept = 0.1;
    let mut setup = scenario.setup(&policy, "").unwrap();
    setup.tariff =
        Arc::new(deck::tariff("prefix,eur_min,eur_call,min_s,step_s\n49,0.0001,0,0,1\n").unwrap());
    Snapshot::of(setup)
}

fn attempt(n: u64) -> Attempt {
    let [_, _, _, _, _, b, c, d] = n.to_be_bytes();
    Attempt {
        call: CallId(n + 1),
        tenant: "flooded".into(),
        trunk: Some(format!("trunk-{n}").as_str().into()),
        extension: Some(format!("{n}").as_str().into()),
        direction: Direction::Outbound,
        a_number: None,
        dialled: format!("004930{:07}", 2_000_000 + n).into(),
        forwarded_by: None,
        via: Via::Phone,
        source: Some(Source { ip: [10, b, c, d].into(), country: None, user_agent: None }),
        parent: None,
    }
}

fn give(gate: &mut Gate, at: WallTime, input: Input<'_>) -> Option<Action> {
    let mut action = None;
    gate.handle(Now::from_wall(at), input);
    loop {
        match gate.poll() {
            Output::Sleep(_) => return action,
            Output::Verdict(verdict) => action = Some(verdict.action),
            _ => {}
        }
    }
}

fn release(call: u64) -> CallEvent {
    CallEvent::Released(Release {
        call: CallId(call),
        code: 200,
        billable_ms: 0,
        by: ReleasedBy::Parties,
    })
}

#[test]
fn floods_of_strange_names_stay_within_caps() {
    let mut gate = Gate::new(Arc::new(unlimited()));
    for n in 0..70_000u64 {
        let at = START + Duration::from_millis(n * 700);
        give(&mut gate, at, Input::Event(&CallEvent::Attempt(attempt(n))));
        give(&mut gate, at, Input::Event(&release(n + 1)));
    }
    let state = gate.state();
    within_caps(&state).unwrap();
    quiet(&state).unwrap();
}

#[test]
fn calls_that_never_end_stay_within_caps() {
    let mut gate = Gate::new(Arc::new(unlimited()));
    let mut refused = 0;
    for n in 0..6_000u64 {
        let event = CallEvent::Attempt(attempt(n));
        refused += u32::from(give(&mut gate, START, Input::Event(&event)) == Some(Action::Reject));
    }
    assert_eq!(refused, 6_000 - 4_096);
    within_caps(&gate.state()).unwrap();
    for n in 0..6_000 {
        give(&mut gate, START, Input::Event(&release(n + 1)));
    }
    quiet(&gate.state()).unwrap();
    let event = CallEvent::Attempt(attempt(7_000));
    assert_eq!(give(&mut gate, START, Input::Event(&event)), Some(Action::Allow));
}

#[test]
fn ends_without_beginnings_leave_nothing() {
    let mut gate = Gate::new(Arc::new(unlimited()));
    for n in 0..10_000 {
        give(&mut gate, START, Input::Event(&CallEvent::Answered { call: CallId(n) }));
        give(&mut gate, START, Input::Event(&release(n)));
    }
    assert!(!gate.engine().is_busy());
    quiet(&gate.state()).unwrap();
}

#[test]
fn disorder_repetition_and_loss_never_break_the_sums() {
    for seed in 7_000..7_030u64 {
        let scenario = Scenario::of_seed(seed).unwrap();
        let facts = record(&scenario).unwrap();
        let mut chance = Chance::new(seed);
        let mut gate = Gate::new(Arc::new(scenario.snapshot().unwrap()));
        let mut held: Vec<&CallEvent> = Vec::new();
        let mut at = scenario.start;
        for (when, event) in &facts {
            at = *when;
            let times = match chance.below(20) {
                0 => 0,
                1 => 2,
                2 => {
                    held.push(event);
                    0
                }
                _ => 1,
            };
            for _ in 0..times {
                give(&mut gate, at, Input::Event(event));
            }
            if chance.happens(0.1)
                && let Some(late) = held.pop()
            {
                give(&mut gate, at, Input::Event(late));
            }
            if chance.happens(0.3) {
                give(&mut gate, at, Input::Tick);
            }
        }
        // Whatever got lost: in the end each call is over, some of them twice.
        for _ in 0..2 {
            let attempts = facts.iter().filter_map(|(_, event)| match event {
                CallEvent::Attempt(attempt) => Some(attempt.call.0),
                _ => None,
            });
            for call in attempts {
                give(&mut gate, at, Input::Event(&release(call)));
            }
        }
        let state = gate.state();
        quiet(&state).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        within_caps(&state).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    }
}
