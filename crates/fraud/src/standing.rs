//! Stage 2: what people declared about this call, before anything is weighed.

use crate::calendar::Civil;
use crate::settings::Settings;
use ringfence_model::{Attempt, Destination, Pass, Reason, TrafficClass};

/// What the declared policy says of a call.
#[derive(Clone, PartialEq, Debug)]
pub enum Declared {
    /// On the permit list: allowed within limits, whatever the behaviour.
    Permitted,
    /// Nothing speaks against it.
    Open,
    /// Refused, with what would have made it pass.
    Refused(Reason, Pass),
}

/// Asks sources, lists and classes, in that order.
#[must_use]
pub fn declared(
    settings: &Settings,
    civil: &Civil,
    attempt: &Attempt,
    destination: &Destination,
) -> Declared {
    let extension = attempt.extension.as_ref();
    if let Some(source) = &attempt.source
        && !settings.allows_source(extension, source.ip)
    {
        return Declared::Refused(
            Reason::SourceNotAllowed { ip: source.ip },
            Pass::AllowSource { ip: source.ip },
        );
    }
    let policy = settings.policy();
    if let Some(number) = destination.number {
        if policy.permit.iter().any(|entry| number.starts_with(entry.prefix)) {
            return Declared::Permitted;
        }
        if let Some(entry) = policy.deny.iter().find(|entry| number.starts_with(entry.prefix)) {
            return Declared::Refused(
                Reason::Denied { note: entry.note.as_str().into() },
                Pass::Permit,
            );
        }
    }
    class_open(settings, civil, attempt, destination)
}

fn class_open(
    settings: &Settings,
    civil: &Civil,
    attempt: &Attempt,
    destination: &Destination,
) -> Declared {
    let class: TrafficClass = destination.class();
    let rule = settings.class_rules(attempt.extension.as_ref()).find(|rule| {
        rule.class == class
            && civil.is(rule.when)
            && (rule.countries.is_empty() || rule.countries.contains(&destination.country))
    });
    match rule {
        Some(rule) if !rule.allow => Declared::Refused(
            Reason::ClassClosed {
                class,
                country: (!rule.countries.is_empty()).then_some(destination.country),
                only_now: rule.when != ringfence_model::When::Always,
            },
            Pass::OpenClass { class },
        ),
        _ => Declared::Open,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use ringfence_model::{
        CallId, ClassRule, Country, Direction, Kind, ListEntry, Policy, RiskTier, Source, Via, When,
    };

    fn attempt() -> Attempt {
        Attempt {
            call: CallId(1),
            tenant: "acme".into(),
            trunk: None,
            extension: Some("205".into()),
            direction: Direction::Outbound,
            a_number: None,
            dialled: "0023276123456".into(),
            forwarded_by: None,
            via: Via::Phone,
            source: Some(Source {
                ip: "192.0.2.7".parse().unwrap(),
                country: None,
                user_agent: None,
            }),
            parent: None,
        }
    }

    pub fn sierra_leone() -> Destination {
        Destination {
            number: Some("+23276123456".parse().unwrap()),
            kind: Kind::Mobile,
            country: "SL".parse().unwrap(),
            home: false,
            tier: RiskTier::A,
            range: None,
            valid: true,
        }
    }

    fn ask(policy: Policy, office: bool) -> Declared {
        let civil = Civil { day: 20_000, weekday: 1, minute: 600, holiday: false, office };
        declared(&Settings::new(policy).unwrap(), &civil, &attempt(), &sierra_leone())
    }

    fn closed_abroad(when: When, countries: Vec<Country>) -> Policy {
        let rule = ClassRule { class: TrafficClass::International, countries, when, allow: false };
        Policy { classes: vec![rule], ..Policy::default() }
    }

    #[test]
    fn open_by_default_and_closed_by_rule() {
        assert_eq!(ask(Policy::default(), true), Declared::Open);
        assert!(matches!(ask(closed_abroad(When::Always, vec![]), true), Declared::Refused(..)));
        let sl = vec!["SL".parse().unwrap()];
        assert!(matches!(ask(closed_abroad(When::Always, sl), true), Declared::Refused(..)));
        let de = vec!["DE".parse().unwrap()];
        assert_eq!(ask(closed_abroad(When::Always, de), true), Declared::Open);
    }

    #[test]
    fn a_rule_for_closed_hours_leaves_office_hours_open() {
        assert_eq!(ask(closed_abroad(When::Closed, vec![]), true), Declared::Open);
        let refused = ask(closed_abroad(When::Closed, vec![]), false);
        let Declared::Refused(Reason::ClassClosed { only_now, .. }, _) = refused else {
            panic!("{refused:?}")
        };
        assert!(only_now);
    }

    #[test]
    fn permit_wins_over_deny_and_classes_but_not_over_sources() {
        let entry = ListEntry { prefix: "+232".parse().unwrap(), note: "branch office".into() };
        let mut policy = closed_abroad(When::Always, vec![]);
        policy.deny = vec![entry.clone()];
        assert!(matches!(ask(policy.clone(), true), Declared::Refused(Reason::Denied { .. }, _)));
        policy.permit = vec![entry];
        assert_eq!(ask(policy.clone(), true), Declared::Permitted);
        policy.sources = vec!["198.51.100.0/24".into()];
        let refused = ask(policy, true);
        assert!(matches!(refused, Declared::Refused(Reason::SourceNotAllowed { .. }, _)));
    }
}
