//! Worlds of SIP messages, each held to everything that must always hold. A world that breaks something prints the
//! command that shows it.

#![allow(clippy::unwrap_used, clippy::panic)]

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
