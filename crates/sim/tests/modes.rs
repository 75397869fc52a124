//! `observe` differs from `enforce` in the acts alone.

#![allow(clippy::unwrap_used, clippy::panic)]

use ringfence_gate::Output;
use ringfence_model::{Action, CallEvent, Mode, Policy};
use ringfence_sim::Scenario;
use ringfence_sim::replay::{record, replay};

/// The facts of a world as they are when nobody acts.
fn observed(
    seed: u64,
    mut scenario: Scenario,
) -> (Scenario, Vec<(ringfence_model::WallTime, CallEvent)>) {
    scenario.faults.clear();
    for policy in &mut scenario.policies {
        policy.mode = Mode::Observe;
    }
    let facts = record(&scenario).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    (scenario, facts)
}

#[test]
fn observe_never_acts() {
    let mut would = 0;
    for seed in 5_000..5_040 {
        let (scenario, facts) = observed(seed, Scenario::of_seed(seed).unwrap());
        let (said, _) = replay(scenario.snapshot().unwrap(), &facts);
        for (_, output) in &said {
            match output {
                Output::Verdict(verdict) => {
                    assert!(!verdict.acted, "seed {seed}");
                    would += u32::from(verdict.action == Action::Reject);
                }
                Output::Cut { call, .. } => panic!("seed {seed}: call {call} was cut"),
                Output::Blocked { block, .. } => assert!(block.shadow, "seed {seed}"),
                _ => {}
            }
        }
    }
    assert!(would > 500, "{would} calls would have been refused");
}

#[test]
fn honest_calls_are_weighed_alike() {
    let mut weighed = 0;
    for seed in 6_000..6_060 {
        let mut scenario = Scenario::honest(seed, 2).unwrap();
        scenario.odd = 0.0;
        let (watching, facts) = observed(seed, scenario);
        let (seen, _) = replay(watching.snapshot().unwrap(), &facts);
        let mut acting = watching;
        acting.policies = acting.companies.iter().map(|_| Policy::default()).collect();
        let (done, _) = replay(acting.snapshot().unwrap(), &facts);
        let refused = |(_, output): &(_, Output)| matches!(output, Output::Verdict(v) if v.action == Action::Reject);
        if seen.iter().chain(&done).any(refused) {
            continue;
        }
        let words = |said: &[(_, Output)]| -> Vec<String> {
            let plain = said.iter().map(|(_, output)| {
                let mut output = output.clone();
                if let Output::Verdict(verdict) = &mut output {
                    verdict.acted = false;
                }
                format!("{output:?}")
            });
            plain.collect()
        };
        assert_eq!(words(&seen), words(&done), "seed {seed}");
        weighed += seen
            .iter()
            .filter(|(_, o)| matches!(o, Output::Verdict(v) if !v.reasons.is_empty()))
            .count();
    }
    assert!(weighed > 200, "{weighed}");
}
