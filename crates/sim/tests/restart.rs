//! A program that was stopped and started again says what one that ran on would have said.

#![allow(clippy::unwrap_used, clippy::panic)]

use ringfence_model::WallTime;
use ringfence_sim::{Fault, Scenario, run};
use std::time::Duration;

fn hash(scenario: &Scenario) -> u64 {
    run(scenario, &mut |_, _| {}).unwrap().hash
}

#[test]
fn a_restart_changes_no_word() {
    for seed in 2_000..2_060 {
        let mut scenario = Scenario::of_seed(seed).unwrap();
        // A clock that was stepped back is remembered by the running program only.
        scenario.faults.retain(|(_, fault)| !matches!(fault, Fault::Restart | Fault::ClockStep(_)));
        let without = hash(&scenario);
        let span = (scenario.until - scenario.start).as_secs();
        let restarts =
            (1..40).map(|n| (scenario.start + Duration::from_secs(span * n / 40), Fault::Restart));
        scenario.faults.extend(restarts);
        scenario.faults.sort_by_key(|(at, _): &(WallTime, Fault)| *at);
        assert_eq!(hash(&scenario), without, "seed {seed}");
    }
}

#[test]
fn the_same_seed_says_the_same() {
    for seed in 3_000..3_030 {
        let [once, again] =
            [0, 1].map(|_| run(&Scenario::of_seed(seed).unwrap(), &mut |_, _| {}).unwrap());
        assert_eq!(once, again, "seed {seed}");
    }
    let other = hash(&Scenario::of_seed(3_030).unwrap());
    assert_ne!(hash(&Scenario::of_seed(3_031).unwrap()), other, "and another seed something else");
}
