//! The loss that is promised as the most, against attackers who know every limit: many calls at once, long calls,
//! fees per call, large increments, and a firewall that suspects nothing.

#![allow(clippy::unwrap_used, clippy::panic)]

use ringfence_sim::{Scenario, run};

#[test]
fn no_campaign_takes_more_than_is_promised() {
    let (mut near, mut cut) = (0, 0);
    for seed in 0..300 {
        let scenario = Scenario::of_greed(seed).unwrap();
        let outcome =
            run(&scenario, &mut |_, _| {}).unwrap_or_else(|error| panic!("{error} --greed"));
        near += u32::from(outcome.nearest > 0.8);
        cut += outcome.ends.cut;
    }
    // The bound is no empty one: attackers come near it, and running calls are cut for it.
    assert!(near > 40 && cut > 3_000, "{near} came near the bound, {cut} calls were cut");
}
