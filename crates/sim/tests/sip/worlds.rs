//! Worlds as they come, and pairs of worlds that must be the same.

use ringfence_model::Mode;
use ringfence_sim::sip::{Outcome, Scenario, run};

const PER_BATCH: u64 = 25;

fn batch(number: u64) {
    let mut sum = Outcome::default();
    for seed in number * PER_BATCH..(number + 1) * PER_BATCH {
        let outcome =
            run(&Scenario::of_seed(seed), &mut |_, _| {}).unwrap_or_else(|e| panic!("{e}"));
        sum.add(&outcome);
    }
    assert!(sum.attempts > 300 && sum.answered > 80 && sum.rejected > 30, "{sum:?}");
    assert!(sum.protected > 10 && sum.foretold > 80 && sum.strikes > 4_000, "{sum:?}");
}

macro_rules! batches {
    ($($name:ident $number:literal)*) => { $(#[test] fn $name() { batch($number) })* };
}
batches! {
    worlds_0 0  worlds_1 1  worlds_2 2  worlds_3 3
    worlds_4 4  worlds_5 5  worlds_6 6  worlds_7 7
}

#[test]
fn the_same_seed_says_the_same() {
    for seed in 1_000..1_010 {
        let [once, again] = [0, 1].map(|_| run(&Scenario::of_seed(seed), &mut |_, _| {}).unwrap());
        assert_eq!(once, again, "seed {seed}");
    }
}

#[test]
fn watching_sends_the_same_bytes_as_acting_until_the_first_act() {
    let (mut compared, mut acted) = (0, 0);
    for seed in 1_100..1_120 {
        let [watched, enforced] = [Mode::Observe, Mode::Enforce]
            .map(|mode| run(&Scenario::of_seed(seed).in_mode(mode), &mut |_, _| {}).unwrap());
        let until = enforced.trail.len();
        assert!(watched.trail.len() >= until, "seed {seed}");
        assert_eq!(watched.trail[..until], enforced.trail[..], "seed {seed}");
        compared += until;
        acted += enforced.rejected;
        assert_eq!(watched.rejected, 0, "seed {seed}");
    }
    assert!(compared > 1_000 && acted > 20, "{compared} messages, {acted} refusals");
}

#[test]
fn one_tenant_changes_no_verdict_of_another() {
    let mut compared = 0;
    for seed in 1_200..1_220 {
        let together = Scenario::of_seed(seed).without_strangers();
        for tenant in ["acme", "hosted"] {
            let alone = run(&together.clone().only(tenant), &mut |_, _| {}).unwrap();
            let both = run(&together, &mut |_, _| {}).unwrap();
            for (plan, verdict) in &alone.verdicts {
                assert_eq!(both.verdicts.get(plan), Some(verdict), "seed {seed}, call {plan}");
                compared += 1;
            }
        }
    }
    assert!(compared > 100, "{compared} verdicts");
}
