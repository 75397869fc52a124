//! What people declared for a tenant. As TOML it is the policy file; every field has a sane default.

use crate::{Country, Currency, E164, ExtensionId, Money, TrafficClass};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Whether verdicts act.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Compute and record only: what would have been stopped.
    Observe,
    /// Act.
    #[default]
    Enforce,
}

/// What was declared for one tenant.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Whether verdicts act.
    pub mode: Mode,
    /// The currency of every amount below, and of the tariff.
    pub currency: Currency,
    /// IANA name of the tenant's time zone.
    pub time_zone: String,
    /// When people normally work.
    pub office: Hours,
    /// Rules that open or close traffic classes; the first that matches decides, none means open.
    pub classes: Vec<ClassRule>,
    /// Numbers and ranges always allowed, within limits. Wins over `deny`, classes and behaviour.
    pub permit: Vec<ListEntry>,
    /// Numbers and ranges never allowed.
    pub deny: Vec<ListEntry>,
    /// Source addresses calls may come from, as CIDR (`192.0.2.0/24`); empty means anywhere.
    pub sources: Vec<String>,
    /// Limits over the whole tenant.
    pub limits: Limits,
    /// Limits of each extension that has none of its own.
    pub extension_limits: Limits,
    /// Limits of each trunk.
    pub trunk_limits: Limits,
    /// Limits per destination country and kind of line, abroad.
    pub destination_limits: Limits,
    /// Limits per source address.
    pub source_limits: Limits,
    /// What differs for single extensions.
    pub extensions: BTreeMap<ExtensionId, ExtensionPolicy>,
    /// How evidence is weighed into a stop.
    pub steering: Steering,
    /// Longest duration of one call to a paid destination, in seconds.
    pub paid_call_secs_max: u32,
    /// How long an automatic block lasts when nobody answers, in hours.
    pub block_hours: u32,
    /// How long limits stay tight after a block was lifted, in hours.
    pub probation_hours: u32,
    /// Whether contacts are asked about refused calls that they may approve.
    pub hold_for_approval: bool,
}

/// What differs for one extension.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExtensionPolicy {
    /// Replaces the tenant's `extension_limits`.
    pub limits: Option<Limits>,
    /// Asked before the tenant's class rules.
    pub classes: Vec<ClassRule>,
    /// Replaces the tenant's list of sources.
    pub sources: Option<Vec<String>>,
}

/// Office hours in the tenant's time zone.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Hours {
    /// Ranges per weekday.
    pub open: Vec<TimeRange>,
    /// Country whose public holidays count as closed.
    pub holidays: Option<Country>,
    /// Own closed days, as `2026-12-24` or `2026-07-20/2026-08-07`.
    pub closures: Vec<String>,
}

/// A day of the week.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Weekday {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

/// A range of local time on some weekdays; a range that ends before it starts runs past midnight.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeRange {
    /// On these days.
    pub days: Vec<Weekday>,
    /// `08:00`.
    pub from: String,
    /// `18:00`; `24:00` is the end of the day.
    pub to: String,
}

/// When a class rule holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Always.
    #[default]
    Always,
    /// Inside office hours.
    Office,
    /// Outside office hours, on holidays and closures.
    Closed,
}

/// Opens or closes a traffic class.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassRule {
    /// The class.
    pub class: TrafficClass,
    /// Only these countries; empty means all.
    #[serde(default)]
    pub countries: Vec<Country>,
    /// When the rule holds.
    #[serde(default)]
    pub when: When,
    /// Whether calls may pass.
    pub allow: bool,
}

/// A number or the beginning of one, on a permit or deny list.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListEntry {
    /// Leading digits in E.164, with `+`.
    pub prefix: E164,
    /// Why, or who: shown in explanations.
    #[serde(default)]
    pub note: String,
}

/// Limits of one scope; what is absent is unlimited.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Money per call.
    #[serde(with = "amount::optional")]
    pub per_call: Option<Money>,
    /// Money in any 60 minutes.
    #[serde(with = "amount::optional")]
    pub per_hour: Option<Money>,
    /// Money in any 24 hours.
    #[serde(with = "amount::optional")]
    pub per_day: Option<Money>,
    /// Money in any 7 days.
    #[serde(with = "amount::optional")]
    pub per_week: Option<Money>,
    /// Money in any 30 days.
    #[serde(with = "amount::optional")]
    pub per_month: Option<Money>,
    /// Paid calls at once.
    pub calls_active_max: Option<u32>,
    /// Paid calls started in any 60 seconds.
    pub calls_per_minute_max: Option<u32>,
}

/// The two figures that steer every stop by behaviour.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Steering {
    /// The money one is willing to lose before a stop, per attack. Lower stops sooner.
    #[serde(with = "amount")]
    pub loss_accept: Money,
    /// Wrong stops one is willing to accept, per 1000 customers and month. Higher stops sooner.
    pub wrong_stops_accept: f64,
}

/// Amounts as people write them in a policy: `250`, `2.5` or `"2.50"` in whole units; written as text.
mod amount {
    use crate::Money;
    use serde::de::{Deserializer, Error, Visitor};
    use serde::{Deserialize, Serializer};

    struct Amount;

    impl Visitor<'_> for Amount {
        type Value = Money;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an amount such as 250, 2.5 or \"2.50\"")
        }

        fn visit_i64<E: Error>(self, units: i64) -> Result<Money, E> {
            self.visit_str(&units.to_string())
        }

        fn visit_u64<E: Error>(self, units: u64) -> Result<Money, E> {
            self.visit_str(&units.to_string())
        }

        fn visit_f64<E: Error>(self, units: f64) -> Result<Money, E> {
            self.visit_str(&units.to_string())
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Money, E> {
            text.parse().map_err(E::custom)
        }
    }

    pub fn serialize<S: Serializer>(amount: &Money, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&exact(*amount))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Money, D::Error> {
        from.deserialize_any(Amount)
    }

    /// With as many decimals as it has, at least two.
    fn exact(amount: Money) -> String {
        let sign = if amount.0 < 0 { "-" } else { "" };
        let micros = amount.0.unsigned_abs();
        let fraction = format!("{:06}", micros % 1_000_000);
        let kept = fraction.trim_end_matches('0').len().max(2);
        format!("{sign}{}.{}", micros / 1_000_000, fraction.get(..kept).unwrap_or("00"))
    }

    pub mod optional {
        use super::{Amount, Deserialize, Deserializer, Money, Serializer, exact};

        pub fn serialize<S: Serializer>(amount: &Option<Money>, to: S) -> Result<S::Ok, S::Error> {
            match amount {
                Some(amount) => to.serialize_some(&exact(*amount)),
                None => to.serialize_none(),
            }
        }

        pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Money>, D::Error> {
            struct Present(Money);
            impl<'de> Deserialize<'de> for Present {
                fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                    from.deserialize_any(Amount).map(Self)
                }
            }
            Ok(Option::<Present>::deserialize(from)?.map(|present| present.0))
        }
    }
}

impl Default for Steering {
    fn default() -> Self {
        Self { loss_accept: Money::units(10), wrong_stops_accept: 20.0 }
    }
}

impl Default for Hours {
    /// Monday to Friday 08:00 to 18:00, closed on Dutch public holidays.
    fn default() -> Self {
        use Weekday::{Fri, Mon, Thu, Tue, Wed};
        Self {
            open: vec![TimeRange {
                days: vec![Mon, Tue, Wed, Thu, Fri],
                from: "08:00".into(),
                to: "18:00".into(),
            }],
            holidays: Some(Country::NL),
            closures: Vec::new(),
        }
    }
}

impl Default for Policy {
    /// What a new customer gets: everything open, behaviour watched, money bounded.
    fn default() -> Self {
        Self {
            mode: Mode::Enforce,
            currency: Currency::EUR,
            time_zone: "Europe/Amsterdam".into(),
            office: Hours::default(),
            classes: Vec::new(),
            permit: Vec::new(),
            deny: Vec::new(),
            sources: Vec::new(),
            limits: Limits {
                per_hour: Some(Money::units(250)),
                per_day: Some(Money::units(500)),
                per_week: Some(Money::units(1_500)),
                per_month: Some(Money::units(4_000)),
                ..Limits::default()
            },
            extension_limits: Limits { per_call: Some(Money::units(250)), ..Limits::default() },
            trunk_limits: Limits::default(),
            destination_limits: Limits::default(),
            source_limits: Limits::default(),
            extensions: BTreeMap::new(),
            steering: Steering::default(),
            paid_call_secs_max: 12 * 3600,
            block_hours: 7 * 24,
            probation_hours: 72,
            hold_for_approval: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_as_people_write_them() {
        let text = r#"{"per_hour": 250, "per_day": 2.5, "per_week": "1000.125"}"#;
        let limits: Limits = serde_json::from_str(text).unwrap();
        assert_eq!(limits.per_hour, Some(Money::units(250)));
        assert_eq!(limits.per_day, Some(Money::cents(250)));
        assert_eq!(limits.per_week, Some(Money(1_000_125_000)));
        assert_eq!(limits.per_call, None);
        let again = serde_json::from_str(&serde_json::to_string(&limits).unwrap()).unwrap();
        assert_eq!(limits, again);
        let wrong = serde_json::from_str::<Limits>(r#"{"per_hour": "lots"}"#).unwrap_err();
        assert!(wrong.to_string().contains("lots"), "{wrong}");
        assert!(serde_json::from_str::<Limits>(r#"{"per_hour": [1]}"#).is_err());
    }
}
