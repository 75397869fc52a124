//! A contact is asked about a refused call, and what they approve.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod shard;

use ringfence_fraud::approved::{Approved, To};
use ringfence_gate::{Command, Input, Output};
use ringfence_model::{
    Action, ClassRule, Level, Money, Pass, Policy, Scope, TrafficClass, Verdict, WallTime, When,
};
use shard::{DAY, Shard};
use std::time::Duration;

const SIERRA_LEONE: &str = "0023276123456";
const ANOTHER: &str = "0023276123457";
const CUBA: &str = "005352345678";

/// Closed abroad, and somebody to ask.
fn asking(hold_for_approval: bool) -> Shard {
    let class = TrafficClass::International;
    let rule = ClassRule { class, countries: vec![], when: When::Always, allow: false };
    let high = ClassRule { class: TrafficClass::HighRisk, ..rule.clone() };
    Shard::new(Policy { hold_for_approval, classes: vec![rule, high], ..Policy::default() })
}

fn asks(verdict: &Verdict) -> bool {
    verdict.pass.iter().any(|pass| matches!(pass, Pass::Approval { .. }))
}

fn approve(shard: &mut Shard, to: To, units: i64) {
    let until = WallTime::from_secs(shard.now + DAY / 4);
    let amount = Money::units(units);
    let approved = Approved { to, until, amount, promised: Money::ZERO, by: "contact:anna".into() };
    shard.tell(Input::Command(Command::Approve { tenant: "acme".into(), approved }));
}

#[test]
fn a_closed_country_is_asked_about_and_opens_for_a_while() {
    assert!(!asks(&asking(false).dial("205", SIERRA_LEONE).0), "nobody is to be asked");
    let mut shard = asking(true);
    let (refused, _) = shard.dial("205", SIERRA_LEONE);
    assert!(refused.action == Action::Reject && asks(&refused), "{refused:?}");
    approve(&mut shard, To::Number("+23276123456".parse().unwrap()), 50);
    let (verdict, _) = shard.dial("205", SIERRA_LEONE);
    assert_eq!(verdict.action, Action::Allow);
    assert!(verdict.max_duration.unwrap() < Duration::from_secs(12 * 3_600), "it is paid for");
    assert_eq!(shard.dial("205", ANOTHER).0.action, Action::Reject, "that number alone");
    approve(&mut shard, To::Country("SL".parse().unwrap()), 50);
    assert_eq!(shard.dial("205", ANOTHER).0.action, Action::Allow);
    assert_eq!(shard.dial("205", CUBA).0.action, Action::Reject);
    shard.now += DAY / 2;
    assert_eq!(shard.dial("206", ANOTHER).0.action, Action::Reject, "its time is over");
}

#[test]
fn approved_calls_spend_what_was_approved_and_no_more() {
    let mut shard = asking(true);
    approve(&mut shard, To::Country("SL".parse().unwrap()), 10);
    let mut promised = Money::ZERO;
    for _ in 0..20 {
        let (verdict, _) = shard.dial("205", SIERRA_LEONE);
        if verdict.action == Action::Reject {
            assert!(asks(&verdict), "more is asked for");
            break;
        }
        shard.answer(verdict.call);
        let state = shard.gate.engine().tenant_state(&"acme".into()).unwrap();
        promised = state.approved.first().unwrap().promised;
    }
    assert!(promised > Money::units(5) && promised <= Money::units(10), "{promised:?}");
    assert_eq!(shard.dial("205", SIERRA_LEONE).0.action, Action::Reject);
}

#[test]
fn a_persons_block_goes_before_an_approval() {
    let mut shard = asking(true);
    approve(&mut shard, To::Country("SL".parse().unwrap()), 50);
    let (running, _) = shard.dial("205", SIERRA_LEONE);
    shard.answer(running.call);
    let said = shard.tell(Input::Command(Command::Block {
        scope: Scope::Tenant("acme".into()),
        level: Level::National,
        until: None,
        by: "operator".into(),
    }));
    let cut = |of: &Output| matches!(of, Output::Cut { call, .. } if *call == running.call);
    assert!(said.iter().any(cut), "{said:?}");
    let (refused, _) = shard.dial("205", SIERRA_LEONE);
    assert!(refused.action == Action::Reject && !asks(&refused), "{refused:?}");
}
