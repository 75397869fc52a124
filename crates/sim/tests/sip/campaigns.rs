//! Each attack and each fault, for certain and strong.

use ringfence_sim::sip::{Campaign, Outcome, Scenario, run};

const SEEDS: std::ops::Range<u64> = 2_000..2_006;

/// What happened in some worlds of a campaign.
fn worlds(campaign: Campaign) -> Outcome {
    let mut sum = Outcome::default();
    for seed in SEEDS {
        let scenario = Scenario::of_campaign(campaign, seed);
        sum.add(&run(&scenario, &mut |_, _| {}).unwrap_or_else(|e| panic!("{e}")));
    }
    assert!(sum.foretold > 5, "hardly a call came to a foretold end: {sum:?}");
    sum
}

macro_rules! campaigns {
    ($($name:ident $campaign:ident $holds:expr;)*) => { $(#[test] fn $name() {
        let sum = worlds(Campaign::$campaign);
        let holds: fn(&Outcome) -> bool = $holds;
        assert!(holds(&sum), "it was not there: {sum:?}");
    })* };
}

campaigns! {
    a_cracked_extension CrackedExtension |sum| sum.fraud > 10 && sum.rejected > 20;
    scanners Scanner |sum| sum.strikes >= 6_000;
    guessed_passwords BruteForce |sum| sum.strikes >= 6_000;
    a_flood_of_invites InviteFlood |sum| sum.strikes >= 12_000;
    bye_and_cancel_of_others Spoof |sum| sum.strikes >= 5_000;
    replayed_messages Replay |sum| sum.strikes >= 5_000;
    calls_in_circles Loops |sum| sum.rounds > 200;
    a_storm_of_messages_that_are_nearly_right MalformedStorm |sum| sum.strikes >= 12_000;
    a_dead_carrier DeadCarrier |sum| sum.answered > 10;
    redirections Redirects |sum| sum.redirected > 30;
    loss Loss |sum| sum.lost > 300;
    duplication Duplication |sum| sum.twice > 1_000;
    reordering Reordering |sum| sum.overtaken > 300;
    translators_that_forget NatRebinding |sum| sum.faults >= 36;
    dead_peers DeadPeer |sum| sum.faults >= 12;
    a_stalled_store StalledStore |sum| sum.faults >= 12;
    clocks_that_are_set ClockStep |sum| sum.faults >= 24;
    restarts Restart |sum| sum.faults >= 6;
}
