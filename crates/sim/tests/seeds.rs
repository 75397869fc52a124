//! A thousand worlds, each held to everything that must always hold. A world that breaks something prints the
//! command that shows it.

#![allow(clippy::unwrap_used, clippy::panic)]

use ringfence_sim::{Scenario, run};

const PER_BATCH: u64 = 125;

/// What a batch really exercised: worlds in which nothing happens prove nothing.
#[derive(Default, Debug)]
struct Sum {
    attempts: u32,
    rejected: u32,
    cut: u32,
    blocks: u64,
    protected: u64,
    sums: u64,
}

fn batch(number: u64) {
    let mut sum = Sum::default();
    for seed in number * PER_BATCH..(number + 1) * PER_BATCH {
        let outcome = run(&Scenario::of_seed(seed).unwrap(), &mut |_, _| {})
            .unwrap_or_else(|e| panic!("{e}"));
        sum.attempts += outcome.ends.attempts;
        sum.rejected += outcome.ends.rejected;
        sum.cut += outcome.ends.cut;
        sum.blocks += outcome.blocks;
        sum.protected += outcome.protected;
        sum.sums += outcome.sums;
    }
    assert!(sum.attempts > 15_000 && sum.rejected > 2_000 && sum.cut > 80, "{sum:?}");
    assert!(sum.blocks > 60 && sum.protected > 80 && sum.sums > 100_000, "{sum:?}");
}

macro_rules! batches {
    ($($name:ident $number:literal)*) => { $(#[test] fn $name() { batch($number) })* };
}
batches! {
    worlds_0 0  worlds_1 1  worlds_2 2  worlds_3 3
    worlds_4 4  worlds_5 5  worlds_6 6  worlds_7 7
}
