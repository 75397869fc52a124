//! Exposure: limits hold while calls ring and run, and nothing is left after them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod shard;

use ringfence_fraud::max_loss;
use ringfence_gate::{Gate, Input, Output};
use ringfence_model::{
    Action, LimitKind, Limits, ListEntry, Money, Now, Pass, Policy, Reason, WallTime, Window,
};
use shard::Shard;

/// Behaviour never stops calls to Germany here: only money does.
fn limited(limits: Limits) -> Policy {
    let germany = ListEntry { prefix: "+49".parse().unwrap(), note: "branch".into() };
    Policy {
        limits,
        extension_limits: Limits::default(),
        permit: vec![germany],
        ..Policy::default()
    }
}

#[test]
fn many_calls_at_once_cannot_pass_the_limit_together() {
    let limits = Limits { per_hour: Some(Money::cents(10)), ..Limits::default() };
    let mut shard = Shard::new(limited(limits));
    let verdicts: Vec<_> = (0..40).map(|n| shard.dial(&format!("{n}"), "004930123456").0).collect();
    let allowed = verdicts.iter().filter(|v| v.action == Action::Allow).count();
    assert!(allowed > 0 && allowed < 40, "{allowed}");
    let reserved: Money = verdicts.iter().map(|v| v.exposure).sum();
    assert!(reserved <= Money::cents(10), "{reserved}");
    let refused = verdicts.last().unwrap();
    assert!(matches!(
        refused.reasons.first(),
        Some(Reason::LimitReached { whose: LimitKind::Tenant, window: Window::Hour, .. })
    ));
    assert!(matches!(refused.pass.first(), Some(Pass::RaiseLimit { .. })));
}

#[test]
fn a_running_call_is_cut_before_its_limit_is_passed() {
    let limits = Limits { per_hour: Some(Money::cents(20)), ..Limits::default() };
    let mut shard = Shard::new(limited(limits));
    let (verdict, _) = shard.dial("205", "004930123456");
    shard.answer(verdict.call);
    let mut cut = None;
    for secs in (10..3_600).step_by(10) {
        let said = shard.wait(10);
        if said.iter().any(|o| matches!(o, Output::Cut { .. })) {
            cut = Some(secs);
            break;
        }
    }
    let secs = cut.expect("the call is cut");
    shard.now += 1;
    shard.release(verdict.call, secs + 1);
    let engine = shard.gate.engine();
    let mut state = engine.tenant_state(&"acme".into()).unwrap().clone();
    let spent = state.spend.exposure(WallTime::from_secs(shard.now), Window::Hour);
    assert!(spent <= Money::cents(20) && spent > Money::cents(15), "{spent} after {secs} s");
    let bound = max_loss(engine.tenant_settings(&"acme".into()));
    assert!(spent <= bound.hour.unwrap());
}

#[test]
fn after_quiet_nothing_is_reserved() {
    let mut shard = Shard::new(Policy::default());
    let calls: Vec<_> =
        (0..10).map(|n| shard.dial(&format!("{n}"), "004930123456").0.call).collect();
    for (n, call) in calls.into_iter().enumerate() {
        if n % 2 == 0 {
            shard.answer(call);
            shard.wait(30);
        }
        shard.release(call, if n % 2 == 0 { 30 } else { 0 });
        shard.release(call, 5); // said twice
    }
    let state = shard.gate.engine().tenant_state(&"acme".into()).unwrap();
    assert_eq!((state.spend.active(), state.spend.reserved()), (0, Money::ZERO));
    assert!(state.active.is_empty() && !shard.gate.engine().is_busy());
}

#[test]
fn a_gap_in_the_deck_is_dear_not_free() {
    let mut shard = Shard::new(Policy::default());
    let (verdict, _) = shard.dial("205", "+999123456");
    assert!(verdict.exposure >= Money::units(1), "{}", verdict.exposure);
}

#[test]
fn a_restart_changes_no_verdict() {
    let mut shard = Shard::new(Policy::default());
    shard.weeks(2, "205", &["004930123456", "0612345678"]);
    let (running, _) = shard.dial("205", "004930123456");
    shard.answer(running.call);
    let stored = serde_json::to_vec(&shard.gate.state()).unwrap();
    let state = serde_json::from_slice(&stored).unwrap();
    let mut again =
        Gate::restore(&Default::default(), shard::snapshot(Policy::default()), state).unwrap();
    let dialled = ["004930123456", "0023276123456", "003222345678", "09001234"];
    for (n, number) in dialled.into_iter().enumerate() {
        let attempt = shard.attempt("206", number);
        shard.now += 60 * n as i64;
        let now = Now::from_wall(WallTime::from_secs(shard.now));
        let event = ringfence_model::CallEvent::Attempt(attempt);
        let mut said = [Vec::new(), Vec::new()];
        for (gate, said) in [&mut shard.gate, &mut again].into_iter().zip(&mut said) {
            gate.handle(now, Input::Event(&event));
            loop {
                match gate.poll() {
                    Output::Sleep(_) => break,
                    output => said.push(output),
                }
            }
        }
        assert_eq!(said[0], said[1], "{number}");
    }
    assert_eq!(shard.gate.state(), again.state());
}

#[test]
fn a_clock_that_steps_back_does_no_harm() {
    let mut shard = Shard::new(Policy::default());
    let (call, _) = shard.dial("205", "004930123456");
    shard.answer(call.call);
    shard.now -= 7_200;
    shard.tell(Input::Tick);
    let (verdict, _) = shard.dial("205", "0201234567");
    assert_eq!(verdict.action, Action::Allow);
    shard.now += 7_260;
    shard.release(call.call, 60);
    let state = shard.gate.engine().tenant_state(&"acme".into()).unwrap();
    assert_eq!(state.spend.reserved(), Money::ZERO);
}

#[test]
fn facts_do_not_put_off_the_look_at_running_calls() {
    let mut shard = Shard::new(Policy::default());
    let (call, _) = shard.dial("205", "004930123456");
    shard.answer(call.call);
    let due = |shard: &mut Shard| match shard.gate.poll() {
        Output::Sleep(due) => due,
        other => panic!("{other:?}"),
    };
    let first = due(&mut shard).expect("a look is wanted");
    for _ in 0..30 {
        shard.now += 1;
        shard.dial("206", "0201234567");
    }
    assert_eq!(due(&mut shard), Some(first), "still due");
    shard.tell(Input::Tick);
    assert!(due(&mut shard) > Some(first));
}
