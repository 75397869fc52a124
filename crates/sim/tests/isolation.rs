//! One tenant's calls change nothing for another.

#![allow(clippy::unwrap_used, clippy::panic)]

use ringfence_gate::Output;
use ringfence_model::{CallEvent, CallId, TenantId, WallTime};
use ringfence_sim::Scenario;
use ringfence_sim::replay::{record, replay};
use std::collections::HashMap;

/// Whose calls are whose, from the attempts.
fn owners(facts: &[(WallTime, CallEvent)]) -> HashMap<CallId, TenantId> {
    let attempts = facts.iter().filter_map(|(_, event)| match event {
        CallEvent::Attempt(attempt) => Some((attempt.call, attempt.tenant.clone())),
        _ => None,
    });
    attempts.collect()
}

fn tenant_of<'a>(
    event: &'a CallEvent,
    owners: &'a HashMap<CallId, TenantId>,
) -> Option<&'a TenantId> {
    match event {
        CallEvent::Tenant(start) => Some(&start.tenant),
        CallEvent::Attempt(attempt) => Some(&attempt.tenant),
        CallEvent::Ringing { call } | CallEvent::Answered { call } => owners.get(call),
        CallEvent::Released(release) => owners.get(&release.call),
        CallEvent::Registered(registration) => Some(&registration.tenant),
        CallEvent::RegistrationFailed(failure) => Some(&failure.tenant),
        CallEvent::ConfigChanged(change) => Some(&change.tenant),
        CallEvent::Reviewed(review) => Some(&review.tenant),
    }
}

/// What was said about one tenant, in words that do not count the blocks of others.
fn about(
    said: &[(WallTime, Output)],
    tenant: &TenantId,
    owners: &HashMap<CallId, TenantId>,
) -> Vec<String> {
    let concerns = |output: &Output| match output {
        Output::Verdict(verdict) => owners.get(&verdict.call) == Some(tenant),
        Output::Cut { call, .. } => owners.get(call) == Some(tenant),
        Output::Blocked { block, .. } | Output::Lifted { block, .. } => {
            block.scope.tenant() == tenant
        }
        Output::Alerted(alert) => &alert.tenant == tenant,
        _ => false,
    };
    let own = said.iter().filter(|(_, output)| concerns(output));
    own.map(|(at, output)| {
        let mut output = output.clone();
        if let Output::Blocked { block, .. } | Output::Lifted { block, .. } = &mut output {
            block.id = ringfence_model::BlockId(0);
        }
        if let Output::Lifted { replaced_by: Some(id), .. } = &mut output {
            *id = ringfence_model::BlockId(0);
        }
        format!("{} {output:?}", at.as_millis())
    })
    .collect()
}

#[test]
fn alone_or_together_the_same_is_said() {
    let mut compared = 0;
    for seed in 4_000..4_040 {
        let mut scenario = Scenario::of_seed(seed).unwrap();
        scenario.faults.clear();
        if scenario.companies.len() < 2 {
            continue;
        }
        let facts = record(&scenario).unwrap();
        let owners = owners(&facts);
        let together = replay(scenario.snapshot().unwrap(), &facts).0;
        for company in &scenario.companies {
            let own = |event: &CallEvent| tenant_of(event, &owners) == Some(&company.tenant);
            let alone = facts.iter().filter(|(_, event)| own(event));
            let alone = replay(scenario.snapshot().unwrap(), alone).0;
            let (alone, together) = (
                about(&alone, &company.tenant, &owners),
                about(&together, &company.tenant, &owners),
            );
            assert_eq!(alone, together, "seed {seed}, {}", company.tenant);
            compared += alone.len();
        }
    }
    assert!(compared > 5_000, "{compared}");
}
