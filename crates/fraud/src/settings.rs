//! A tenant's policy, checked and compiled once, so that nothing can fail while a call waits.

use crate::calendar::{Calendar, CalendarError};
use ipnet::IpNet;
use ringfence_model::{ClassRule, ExtensionId, Limits, Mode, Policy};
use std::collections::HashMap;
use std::net::IpAddr;

/// What is wrong with a policy.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum SettingsError {
    /// Hours, zone or closures.
    #[error(transparent)]
    Calendar(#[from] CalendarError),
    /// A source that is no address range.
    #[error("sources: {0:?} is not an address or range such as 192.0.2.0/24")]
    BadSource(String),
    /// A steering figure out of its range.
    #[error("steering.{field}: {value} is out of range; use {range}")]
    BadSteering {
        /// The field.
        field: &'static str,
        /// What it is.
        value: String,
        /// What it may be.
        range: &'static str,
    },
    /// A limit below zero.
    #[error("{field} is negative")]
    NegativeLimit {
        /// The field.
        field: &'static str,
    },
    /// A shorter window allows more than a longer one, so the shorter can never bind.
    #[error("{scope}: the limit per {shorter} is above the limit per {longer} and can never bind")]
    LimitOrder {
        /// Whose limits.
        scope: &'static str,
        /// The shorter window.
        shorter: &'static str,
        /// The longer window.
        longer: &'static str,
    },
}

/// A compiled policy.
#[derive(Clone, Debug)]
pub struct Settings {
    policy: Policy,
    calendar: Calendar,
    sources: Vec<IpNet>,
    extension_sources: HashMap<ExtensionId, Vec<IpNet>>,
}

impl Settings {
    /// Compiles `policy`.
    ///
    /// # Errors
    /// The first thing in it that cannot work.
    pub fn new(policy: Policy) -> Result<Self, SettingsError> {
        let calendar = Calendar::new(&policy.time_zone, &policy.office)?;
        let sources = networks(&policy.sources)?;
        let mut extension_sources = HashMap::new();
        for (extension, own) in &policy.extensions {
            if let Some(list) = &own.sources {
                extension_sources.insert(extension.clone(), networks(list)?);
            }
        }
        check_steering(&policy)?;
        check_limits("limits", &policy.limits)?;
        check_limits("extension_limits", &policy.extension_limits)?;
        check_limits("trunk_limits", &policy.trunk_limits)?;
        check_limits("destination_limits", &policy.destination_limits)?;
        check_limits("source_limits", &policy.source_limits)?;
        Ok(Self { policy, calendar, sources, extension_sources })
    }

    /// The policy as declared.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Whether verdicts act.
    #[must_use]
    pub fn enforces(&self) -> bool {
        self.policy.mode == Mode::Enforce
    }

    /// A calendar of its own for whoever keeps it.
    #[must_use]
    pub fn calendar(&self) -> Calendar {
        self.calendar.clone()
    }

    /// Whether `extension` may call from `ip`.
    #[must_use]
    pub fn allows_source(&self, extension: Option<&ExtensionId>, ip: IpAddr) -> bool {
        let own = extension.and_then(|e| self.extension_sources.get(e));
        let list = own.unwrap_or(&self.sources);
        list.is_empty() || list.iter().any(|net| net.contains(&ip))
    }

    /// The limits of `extension`.
    #[must_use]
    pub fn extension_limits(&self, extension: Option<&ExtensionId>) -> Limits {
        extension
            .and_then(|e| self.policy.extensions.get(e))
            .and_then(|own| own.limits)
            .unwrap_or(self.policy.extension_limits)
    }

    /// The class rules for `extension`, the first that matches to be taken.
    pub fn class_rules(&self, extension: Option<&ExtensionId>) -> impl Iterator<Item = &ClassRule> {
        let own = extension.and_then(|e| self.policy.extensions.get(e));
        own.into_iter().flat_map(|own| own.classes.iter()).chain(self.policy.classes.iter())
    }
}

fn networks(list: &[String]) -> Result<Vec<IpNet>, SettingsError> {
    list.iter()
        .map(|text| {
            let text = text.trim();
            text.parse::<IpNet>()
                .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
                .map_err(|_| SettingsError::BadSource(text.chars().take(64).collect()))
        })
        .collect()
}

fn check_steering(policy: &Policy) -> Result<(), SettingsError> {
    let steering = &policy.steering;
    let loss = steering.loss_accept.as_f64();
    if !(0.1..=100_000.0).contains(&loss) {
        return Err(SettingsError::BadSteering {
            field: "loss_accept",
            value: steering.loss_accept.to_string(),
            range: "0.10 to 100000",
        });
    }
    if !(0.1..=10_000.0).contains(&steering.wrong_stops_accept) {
        return Err(SettingsError::BadSteering {
            field: "wrong_stops_accept",
            value: steering.wrong_stops_accept.to_string(),
            range: "0.1 to 10000 per 1000 customers and month",
        });
    }
    Ok(())
}

fn check_limits(scope: &'static str, limits: &Limits) -> Result<(), SettingsError> {
    let windows = [
        ("call", limits.per_call),
        ("hour", limits.per_hour),
        ("day", limits.per_day),
        ("week", limits.per_week),
        ("month", limits.per_month),
    ];
    if windows.iter().any(|(_, limit)| limit.is_some_and(|l| l.0 < 0)) {
        return Err(SettingsError::NegativeLimit { field: scope });
    }
    let set: Vec<_> = windows.iter().filter_map(|&(name, limit)| Some((name, limit?))).collect();
    for (shorter, longer) in set.iter().zip(set.iter().skip(1)) {
        if shorter.1 > longer.1 {
            return Err(SettingsError::LimitOrder { scope, shorter: shorter.0, longer: longer.0 });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_model::{ExtensionPolicy, Money};

    #[test]
    fn the_default_policy_works() {
        assert!(Settings::new(Policy::default()).unwrap().enforces());
    }

    #[test]
    fn an_extension_may_have_its_own_sources() {
        let mut policy = Policy { sources: vec!["192.0.2.0/24".into()], ..Policy::default() };
        let own = ExtensionPolicy { sources: Some(vec![]), ..ExtensionPolicy::default() };
        policy.extensions.insert("205".into(), own);
        let settings = Settings::new(policy).unwrap();
        let stranger = "203.0.113.9".parse().unwrap();
        assert!(!settings.allows_source(Some(&"204".into()), stranger));
        assert!(settings.allows_source(Some(&"205".into()), stranger));
        assert!(settings.allows_source(None, "192.0.2.9".parse().unwrap()));
    }

    #[test]
    fn refuses_what_cannot_work() {
        let bad = |change: fn(&mut Policy)| {
            let mut policy = Policy::default();
            change(&mut policy);
            Settings::new(policy).unwrap_err().to_string()
        };
        assert!(bad(|p| p.sources = vec!["192.0.2".into()]).contains("192.0.2"));
        assert!(bad(|p| p.steering.wrong_stops_accept = 0.0).contains("wrong_stops_accept"));
        assert!(bad(|p| p.limits.per_hour = Some(Money::units(5_000))).contains("per hour"));
        assert!(bad(|p| p.limits.per_call = Some(Money(-1))).contains("negative"));
    }
}
