//! From the first odd call to the block, the cut, the review and the probation.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod shard;

use ringfence_gate::{Command, Input, Output};
use ringfence_model::{
    Action, CallEvent, Level, Mode, Policy, Reason, Review, Scope, SignalKind, Source, WallTime,
};
use shard::{DAY, Shard};
use std::time::Duration;

const CUSTOMERS: [&str; 4] = ["0201234567", "0612345678", "004930123456", "003222345678"];
const SIERRA_LEONE: &str = "0023276123456";

/// A company with two weeks of ordinary calls behind it.
fn company() -> Shard {
    let mut shard = Shard::new(Policy::default());
    shard.weeks(3, "205", &CUSTOMERS);
    shard.weeks(1, "206", &CUSTOMERS);
    shard
}

/// Calls from a stolen account until the block falls; gives what the block said.
fn attack(shard: &mut Shard, extension: &str) -> (usize, Vec<Output>) {
    for tried in 0..60 {
        let mut attempt = shard.attempt(extension, &format!("002327612{:04}", 3_400 + tried));
        attempt.source = Some(Source {
            ip: "203.0.113.66".parse().unwrap(),
            country: Some("PS".parse().unwrap()),
            user_agent: Some("pplsip".into()),
        });
        let (verdict, said) = shard.try_call(attempt);
        if said.iter().any(|o| matches!(o, Output::Blocked { .. })) {
            assert_eq!(verdict.action, Action::Reject, "the call that tips the scale is refused");
            return (tried, said);
        }
        shard.answer(verdict.call);
        let said = shard.wait(20);
        if said.iter().any(|o| matches!(o, Output::Blocked { .. })) {
            return (tried, said);
        }
    }
    panic!("sixty calls and no block");
}

#[test]
fn ordinary_calls_pass_without_evidence() {
    let mut shard = company();
    for number in CUSTOMERS {
        let verdict = shard.talk("205", number, 60);
        assert_eq!(verdict.action, Action::Allow);
        assert!(verdict.evidence < 1.0, "{number}: {}", verdict.evidence);
    }
}

#[test]
fn a_stolen_account_is_blocked_at_once_and_home_calls_go_on() {
    let mut shard = company();
    shard.now += 12 * 3_600; // ten in the evening
    let (tried, said) = attack(&mut shard, "205");
    assert!(tried <= 2, "{tried} calls let through");
    let Some(Output::Blocked { block, reasons, .. }) =
        said.iter().find(|o| matches!(o, Output::Blocked { .. }))
    else {
        panic!("{said:?}")
    };
    assert_eq!(block.scope, Scope::Extension("acme".into(), "205".into()));
    assert_eq!(block.level, Level::National);
    let kinds: Vec<SignalKind> = reasons
        .iter()
        .filter_map(|r| if let Reason::Signal(s) = r { Some(s.kind) } else { None })
        .collect();
    assert!(kinds.contains(&SignalKind::Source) && kinds.contains(&SignalKind::Destination));

    assert_eq!(shard.dial("205", SIERRA_LEONE).0.action, Action::Reject);
    assert_eq!(shard.dial("205", "0201234567").0.action, Action::Allow, "national goes on");
    assert_eq!(shard.dial("206", "004930123456").0.action, Action::Allow, "others too");
    assert_eq!(shard.dial("205", "112").0.action, Action::Allow);
}

#[test]
fn a_block_cuts_only_what_it_forbids() {
    let mut shard = company();
    let (home, _) = shard.dial("205", "0201234567");
    let (abroad, _) = shard.dial("205", "004930123456");
    let (other, _) = shard.dial("206", "004930123456");
    for call in [home.call, abroad.call, other.call] {
        shard.answer(call);
    }
    let said = shard.tell(Input::Command(Command::Block {
        scope: Scope::Extension("acme".into(), "205".into()),
        level: Level::National,
        until: None,
        by: "operator".into(),
    }));
    let cut: Vec<_> = said
        .iter()
        .filter_map(|o| if let Output::Cut { call, .. } = o { Some(*call) } else { None })
        .collect();
    assert_eq!(cut, [abroad.call]);
}

#[test]
fn emergency_passes_on_every_level_and_reserves_nothing() {
    let levels =
        [Level::Guarded, Level::National, Level::Geographic, Level::Internal, Level::Suspended];
    for level in levels {
        let mut shard = Shard::new(Policy::default());
        shard.tell(Input::Command(Command::Block {
            scope: Scope::Tenant("acme".into()),
            level,
            until: None,
            by: "operator".into(),
        }));
        for number in ["112", "0112", "+31112", "0031112", "116111", "113", "144", "911"] {
            let (verdict, said) = shard.dial("205", number);
            assert_eq!(verdict.action, Action::Allow, "{number} at {level:?}");
            assert!(said.is_empty() && verdict.exposure.0 == 0 && verdict.max_duration.is_none());
        }
        assert!(!shard.gate.engine().is_busy());
    }
}

#[test]
fn a_person_who_says_it_was_right_lifts_the_block_and_makes_it_normal() {
    let mut shard = company();
    let (_, _) = attack(&mut shard, "205");
    shard.now += 3_600;
    let review = Review { tenant: "acme".into(), fraud: false, call: None };
    let said = shard.event(CallEvent::Reviewed(review));
    assert!(said.iter().any(|o| matches!(o, Output::Lifted { by: None, .. })), "{said:?}");
    let before = shard.dial("206", "0023276129999").0;
    assert_eq!(before.action, Action::Allow);
    let known = |v: &ringfence_model::Verdict| {
        v.reasons.iter().any(
            |r| matches!(r, Reason::Signal(s) if s.kind == SignalKind::Destination && s.weight > 1.0),
        )
    };
    assert!(!known(&before), "Sierra Leone is no longer held against a call");
}

#[test]
fn a_person_who_says_it_was_fraud_leaves_tight_limits_behind() {
    let mut shard = company();
    attack(&mut shard, "205");
    shard.now += 3_600;
    shard.event(CallEvent::Reviewed(Review { tenant: "acme".into(), fraud: true, call: None }));
    let state = shard.gate.engine().tenant_state(&"acme".into()).unwrap();
    assert!(state.blocks.is_empty());
    assert!(state.probation_until > ringfence_model::WallTime::from_secs(shard.now + DAY));
    let (again, _) = attack(&mut shard, "206");
    assert_eq!(again, 0, "the next attempt of the kind is stopped at its first call");
}

#[test]
fn who_lifts_a_block_is_told() {
    let mut shard = company();
    attack(&mut shard, "205");
    let state = shard.gate.engine().tenant_state(&"acme".into()).unwrap();
    let id = state.blocks.first().unwrap().id;
    let said = shard.tell(Input::Command(Command::Unblock { id, by: "ada".into() }));
    let by_ada = |output: &Output| matches!(output, Output::Lifted { block, by: Some(by), .. } if block.id == id && &**by == "ada");
    assert!(said.iter().any(by_ada), "{said:?}");
}

/// What is shown as in force is what is in force: a block that another took the place of has an end.
#[test]
fn a_block_takes_the_place_of_those_that_it_covers_and_of_no_others() {
    let mut shard = company();
    let mut block = |level, hours: Option<u64>| {
        let end = |hours: u64| WallTime::from_secs(shard.now) + Duration::from_secs(3_600 * hours);
        let until = hours.map(end);
        let scope = Scope::Tenant("acme".into());
        let order = Command::Block { scope, level, until, by: "ada".into() };
        let said = shard.tell(Input::Command(order));
        let lifted = said.iter().filter_map(|output| match output {
            Output::Lifted { block, by: None, replaced_by: Some(new) } => Some((block.id, *new)),
            _ => None,
        });
        let lifted: Vec<_> = lifted.collect();
        let set = said.iter().find_map(|output| match output {
            Output::Blocked { block, .. } => Some(block.id),
            _ => None,
        });
        (set.unwrap(), lifted)
    };
    let (first, _) = block(Level::Guarded, Some(4));
    let (stricter, lifted) = block(Level::National, Some(8));
    assert_eq!(lifted, [(first, stricter)]);
    let (shorter, lifted) = block(Level::National, Some(1));
    assert_eq!(lifted, [], "the one of eight hours goes on after it");
    let (for_ever, lifted) = block(Level::National, None);
    assert_eq!(lifted, [(stricter, for_ever), (shorter, for_ever)]);
}

#[test]
fn a_block_ends_by_itself_and_says_so() {
    let mut shard = company();
    attack(&mut shard, "205");
    shard.now += 8 * DAY;
    let said = shard.tell(Input::Tick);
    let (verdict, after) = shard.dial("205", "004930123456");
    assert_eq!(verdict.action, Action::Allow, "{verdict:?}");
    let lifted = said.iter().chain(&after).any(|o| matches!(o, Output::Lifted { by: None, .. }));
    assert!(lifted, "{said:?} {after:?}");
}

#[test]
fn observe_says_the_same_and_does_nothing() {
    let mut shard = company();
    let watching = Policy { mode: Mode::Observe, ..Policy::default() };
    shard.tell(Input::Snapshot(shard::snapshot(watching)));
    shard.now += 12 * 3_600;
    let mut refused = 0;
    for n in 0..20 {
        let mut attempt = shard.attempt("205", &format!("002327612{:04}", 3_400 + n));
        attempt.source = Some(Source {
            ip: "203.0.113.66".parse().unwrap(),
            country: Some("PS".parse().unwrap()),
            user_agent: Some("pplsip".into()),
        });
        let (verdict, said) = shard.try_call(attempt);
        assert!(!verdict.acted);
        assert!(!said.iter().any(|o| matches!(o, Output::Cut { .. })));
        assert!(!said.iter().any(|o| matches!(o, Output::Blocked { block, .. } if !block.shadow)));
        refused += usize::from(verdict.action == Action::Reject);
        shard.answer(verdict.call);
        shard.wait(20);
    }
    assert!(refused >= 17, "{refused} of 20 would have been refused");
}

#[test]
fn a_suspension_stops_internal_calls_too_and_nothing_less_does() {
    let mut shard = Shard::new(Policy::default());
    for (level, action) in [(Level::Internal, Action::Allow), (Level::Suspended, Action::Reject)] {
        shard.tell(Input::Command(Command::Block {
            scope: Scope::Extension("acme".into(), "205".into()),
            level,
            until: None,
            by: "operator".into(),
        }));
        assert_eq!(shard.dial("205", "206").0.action, action, "{level:?}");
    }
    assert_eq!(shard.dial("206", "205").0.action, Action::Allow);
}

#[test]
fn a_tenant_gets_its_own_policy_from_its_first_call() {
    let mut snapshot = (*shard::snapshot(Policy::default())).clone();
    let strict = Policy {
        deny: vec![ringfence_model::ListEntry {
            prefix: "+49".parse().unwrap(),
            note: String::new(),
        }],
        ..Policy::default()
    };
    let own = shard::snapshot(strict).default.clone();
    snapshot.tenants.insert("acme".into(), own);
    let mut shard = Shard::new(Policy::default());
    shard.tell(Input::Snapshot(std::sync::Arc::new(snapshot)));
    assert_eq!(shard.dial("205", "004930123456").0.action, Action::Reject);
    shard.tell(Input::Snapshot(shard::snapshot(Policy::default())));
    assert_eq!(shard.dial("205", "004930123456").0.action, Action::Allow, "and loses it again");
}

#[test]
fn an_attempt_said_twice_counts_once() {
    let mut shard = company();
    let attempt = shard.attempt("205", "004930123456");
    let first = shard.try_call(attempt.clone()).0;
    let reserved =
        |shard: &Shard| shard.gate.engine().tenant_state(&"acme".into()).unwrap().spend.reserved();
    let once = reserved(&shard);
    shard.try_call(attempt);
    assert_eq!(reserved(&shard), once);
    shard.release(first.call, 0);
    assert_eq!(reserved(&shard).0, 0);
}

#[test]
fn an_emergency_call_that_a_source_calls_internal_passes_too() {
    let mut shard = Shard::new(Policy::default());
    shard.tell(Input::Command(Command::Block {
        scope: Scope::Tenant("acme".into()),
        level: Level::Suspended,
        until: None,
        by: "operator".into(),
    }));
    let mut attempt = shard.attempt("205", "112");
    attempt.direction = ringfence_model::Direction::Internal;
    assert_eq!(shard.try_call(attempt).0.action, Action::Allow);
}

#[test]
fn a_strict_block_cuts_running_national_calls() {
    let mut shard = Shard::new(Policy::default());
    let fixed = shard.dial("205", "0201234567").0.call;
    let mobile = shard.dial("205", "0612345678").0.call;
    let inside = shard.dial("205", "206").0.call;
    let ended = shard.dial("205", "0612345679").0.call;
    shard.release(ended, 10);
    for (level, expected) in
        [(Level::Geographic, vec![mobile]), (Level::Suspended, vec![fixed, inside])]
    {
        let said = shard.tell(Input::Command(Command::Block {
            scope: Scope::Extension("acme".into(), "205".into()),
            level,
            until: None,
            by: "operator".into(),
        }));
        let cut: Vec<_> = said
            .iter()
            .filter_map(|o| if let Output::Cut { call, .. } = o { Some(*call) } else { None })
            .collect();
        assert_eq!(cut, expected, "{level:?}");
    }
}
