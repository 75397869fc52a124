//! English.

use super::{
    Kind, Level, LimitKind, Pass, Reason, Signal, TrafficClass, Verdict, Voice, Window, count,
};
use ringfence_model::{Action, SignalKind};

pub fn action(verdict: &Verdict) -> &'static str {
    match (verdict.action, verdict.acted) {
        (Action::Allow, _) => "Allowed",
        (Action::Reject, true) => "Refused",
        (Action::Reject, false) => "Would have been refused",
    }
}

pub fn reason(v: &Voice, reason: &Reason) -> String {
    match reason {
        Reason::Blocked { level, until, whole_tenant } => {
            let whom = if *whole_tenant { "the customer" } else { "the extension" };
            let until = until.map_or_else(String::new, |t| format!(" until {}", v.time(t)));
            format!("{whom} is blocked, {} still work{until}", still_works(*level))
        }
        Reason::SourceNotAllowed { ip } => format!("calls may not come from {ip}"),
        Reason::ClassClosed { class, country, only_now } => {
            let to = country.map_or_else(String::new, |c| format!(" to {}", v.country(c)));
            let now = if *only_now { " at this hour" } else { "" };
            format!("{} calls{to} are closed by policy{now}", class_name(*class))
        }
        Reason::Denied { note } if note.is_empty() => "the number is on the deny list".into(),
        Reason::Denied { note } => format!("the number is on the deny list ({note})"),
        Reason::LimitReached { whose, window, used, limit } => format!(
            "{} limit of {} {} would be passed: {} spent and reserved",
            limit_name(*whose),
            v.money(*limit),
            window_name(*window),
            v.money(*used)
        ),
        Reason::TooManyActive { whose, active, limit } => {
            format!(
                "{} limit of {limit} calls at once would be passed: {active}",
                limit_name(*whose)
            )
        }
        Reason::TooManyPerMinute { whose, count, limit } => {
            format!(
                "{} limit of {limit} calls a minute would be passed: {count}",
                limit_name(*whose)
            )
        }
        Reason::Signal(signal) => found(v, signal),
        Reason::Weighed { evidence, at_stake, threshold } => format!(
            "evidence {} with {} at stake, stopped from {}",
            v.number(*evidence),
            v.money(*at_stake),
            v.number(*threshold)
        ),
        Reason::Going { country, kind, per_minute, default_tariff } => format!(
            "call to {} ({}) at {} a minute{}",
            v.country(*country),
            kind_name(*kind),
            v.price(*per_minute),
            if *default_tariff { ", default tariff" } else { "" }
        ),
    }
}

fn found(v: &Voice, s: &Signal) -> String {
    let seen = count(s.seen);
    let normal = count(s.normal);
    match s.kind {
        SignalKind::Destination if s.normal < 0.5 => {
            "this customer never called that destination".into()
        }
        SignalKind::Destination => {
            format!("that destination was called before, but on only {normal} days or so")
        }
        SignalKind::Hours => "this customer does not normally call at this hour".into(),
        SignalKind::Volume => format!("{seen} paid calls in an hour (normally up to {normal})"),
        SignalKind::Spend => format!(
            "{} in 24 hours (normally up to {})",
            v.money(ringfence_model::Money::from_f64(f64::from(s.seen))),
            v.money(ringfence_model::Money::from_f64(f64::from(s.normal)))
        ),
        SignalKind::Source => match s.seen as u8 {
            0 | 1 => "a network this extension never called from".into(),
            2 => "a country this extension never called from".into(),
            3 => "a device this extension never used".into(),
            _ => "a country and a device this extension never used".into(),
        },
        SignalKind::NewAccess => {
            format!("access was changed {} before", v.duration(s.seen * 3_600.0))
        }
        SignalKind::Guessing => format!("passwords were guessed before ({seen} failures)"),
        SignalKind::Probe => format!("{seen} short test calls to that destination before"),
        SignalKind::PrefixSpray => {
            format!("the same number was tried under {seen} other prefixes")
        }
        SignalKind::RangeSweep => format!("{seen} other numbers of the same range in a day"),
        SignalKind::PerCallCharge => {
            format!("{seen} short calls to numbers charged per call in an hour")
        }
        SignalKind::LongCall => {
            format!(
                "the call lasts {} (normally up to {})",
                v.duration(s.seen),
                v.duration(s.normal)
            )
        }
        SignalKind::Parallel => format!("{seen} paid calls at once (normally up to {normal})"),
        SignalKind::Spread => format!("{seen} destinations new to this customer in a day"),
        SignalKind::DialThrough => "the call comes in from outside and dials out again".into(),
        SignalKind::CallBack => format!("{seen} missed calls from that range: a lure"),
        SignalKind::Drift => format!(
            "{} spent on a destination that is new",
            v.money(ringfence_model::Money::from_f64(f64::from(s.seen)))
        ),
    }
}

pub fn pass(v: &Voice, pass: &Pass) -> String {
    match pass {
        Pass::Unblock { until: Some(t) } => {
            format!("when the block is lifted, or after {}", v.time(*t))
        }
        Pass::Unblock { until: None } => "when the block is lifted".into(),
        Pass::RaiseLimit { whose, window, to } => {
            format!(
                "with {} limit of {} {}",
                limit_name(*whose),
                v.money(*to),
                window_name(*window)
            )
        }
        Pass::MoreCalls { whose, to } => format!("with {} limit of {to} calls", limit_name(*whose)),
        Pass::Approval { .. } => "when a contact, who is being asked, approves it".into(),
        Pass::Permit => "with the number on the permit list".into(),
        Pass::OpenClass { class } => format!("with {} calls open", class_name(*class)),
        Pass::AllowSource { ip } => format!("with {ip} among the allowed sources"),
        Pass::Without { signal } => match signal {
            SignalKind::Destination => "to a destination this customer knows".into(),
            SignalKind::Hours => "at an hour at which this customer calls".into(),
            SignalKind::Volume => "with fewer calls in the hour".into(),
            SignalKind::Spend => "with less spent in the day".into(),
            SignalKind::Source => "from a known place and device".into(),
            SignalKind::NewAccess => "without the change of access just before".into(),
            SignalKind::Guessing => "without the failed registrations".into(),
            SignalKind::Probe => "without the test calls".into(),
            SignalKind::PrefixSpray => "without the varied prefixes".into(),
            SignalKind::RangeSweep => "without the other numbers of the range".into(),
            SignalKind::PerCallCharge => "with fewer short calls charged per call".into(),
            SignalKind::LongCall => "if it were shorter".into(),
            SignalKind::Parallel => "with fewer calls at once".into(),
            SignalKind::Spread => "with fewer new destinations in the day".into(),
            SignalKind::DialThrough => "if it did not come in from outside".into(),
            SignalKind::CallBack => "without the missed calls from that range".into(),
            SignalKind::Drift => "with less spent on that new destination".into(),
        },
    }
}

const fn still_works(level: Level) -> &'static str {
    match level {
        Level::Open => "all calls",
        Level::Guarded => "all but premium and high-risk calls",
        Level::National => "national calls",
        Level::Geographic => "national geographic numbers",
        Level::Internal => "internal calls",
        Level::Suspended => "emergency calls",
    }
}

const fn limit_name(whose: LimitKind) -> &'static str {
    match whose {
        LimitKind::Extension => "the extension's",
        LimitKind::Trunk => "the trunk's",
        LimitKind::Tenant => "the customer's",
        LimitKind::Destination => "the destination's",
        LimitKind::Source => "the source address's",
        LimitKind::Probation => "the probation",
    }
}

const fn window_name(window: Window) -> &'static str {
    match window {
        Window::Call => "per call",
        Window::Hour => "per hour",
        Window::Day => "per day",
        Window::Week => "per week",
        Window::Month => "per month",
    }
}

const fn class_name(class: TrafficClass) -> &'static str {
    match class {
        TrafficClass::Internal => "internal",
        TrafficClass::National => "national",
        TrafficClass::Mobile => "national mobile",
        TrafficClass::Service => "national service",
        TrafficClass::Premium => "premium",
        TrafficClass::International => "international",
        TrafficClass::HighRisk => "high-risk",
    }
}

pub const fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Fixed => "fixed",
        Kind::Mobile => "mobile",
        Kind::FixedOrMobile => "fixed or mobile",
        Kind::Voip => "location-independent",
        Kind::Company => "company number",
        Kind::Government => "government",
        Kind::M2m => "machine to machine",
        Kind::Pager => "pager",
        Kind::Vpn => "private network",
        Kind::Personal => "personal number",
        Kind::Freephone => "freephone",
        Kind::SharedCost => "shared cost",
        Kind::Premium => "premium",
        Kind::PremiumAdult => "premium, adult",
        Kind::PremiumEntertainment => "premium, entertainment",
        Kind::Directory => "directory service",
        Kind::Service => "service",
        Kind::Satellite => "satellite",
        Kind::Network => "international network",
        Kind::Unallocated => "unallocated",
        Kind::Unknown => "unknown",
    }
}
