//! A run as text that a telecom engineer can read: who, what, and what the firewall said.

use crate::Turn;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use ringfence_gate::Output;
use ringfence_model::{Action, CallEvent, Direction, Reason, Verdict, WallTime};
use std::fmt::Write;

/// One line for one turn; `None` for turns that say nothing to a reader.
#[must_use]
pub fn line(at: WallTime, turn: Turn<'_>) -> Option<String> {
    let text = match turn {
        Turn::Event(event) => event_line(event)?,
        Turn::Tick => return None,
        Turn::Fault(fault) => format!("   !! {fault:?}"),
        Turn::Said(output) => format!("   << {}", said(output)?),
    };
    Some(format!("{}  {text}", local(at)))
}

/// Local time in Amsterdam.
#[must_use]
pub fn local(at: WallTime) -> String {
    let zone = TimeZone::get("Europe/Amsterdam").unwrap_or(TimeZone::UTC);
    let stamp = Timestamp::from_microsecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH);
    stamp.to_zoned(zone).strftime("%a %m-%d %H:%M:%S").to_string()
}

fn event_line(event: &CallEvent) -> Option<String> {
    Some(match event {
        CallEvent::Tenant(start) => format!("{} starts", start.tenant),
        CallEvent::Attempt(a) => {
            let extension = a.extension.as_ref().map_or("-", |e| e.as_str());
            let (arrow, far) = match a.direction {
                Direction::Inbound => ("<-", a.a_number.map(|n| n.full()).unwrap_or_default()),
                _ => ("->", a.dialled.to_string()),
            };
            format!("{:>6} {} {extension} {arrow} {far} ({:?})", a.call, a.tenant, a.via)
        }
        CallEvent::Ringing { .. } => return None,
        CallEvent::Answered { call } => format!("{call:>6} answered"),
        CallEvent::Released(r) => {
            format!(
                "{:>6} over: {} after {} s, by {:?}",
                r.call,
                r.code,
                r.billable_ms / 1_000,
                r.by
            )
        }
        CallEvent::Registered(r) => {
            format!("{} {} registers from {}", r.tenant, r.extension, r.source.ip)
        }
        CallEvent::RegistrationFailed(f) => {
            format!("{} {} failed registrations from {}", f.tenant, f.count, f.source.ip)
        }
        CallEvent::ConfigChanged(c) => {
            format!("{} {} forwards to {:?}", c.tenant, c.extension, c.forward_to)
        }
        CallEvent::Reviewed(r) => {
            format!("{} reviewed: {}", r.tenant, if r.fraud { "fraud" } else { "honest" })
        }
    })
}

fn said(output: &Output) -> Option<String> {
    Some(match output {
        Output::Verdict(v) => verdict(v)?,
        Output::Cut { call, reasons, cost } => format!("CUT {call} at {cost}: {}", why(reasons)),
        Output::Blocked { block, reasons, .. } => {
            let shadow = if block.shadow { " (only watching)" } else { "" };
            format!("BLOCK {:?} {:?}{shadow}: {}", block.scope, block.level, why(reasons))
        }
        Output::Lifted { block, .. } => format!("LIFTED {:?} {:?}", block.scope, block.level),
        Output::Alerted(alert) => format!("ALERT {}: {}", alert.tenant, why(&alert.reasons)),
        _ => return None,
    })
}

fn verdict(v: &Verdict) -> Option<String> {
    match (v.action, v.acted) {
        (Action::Allow, _) if v.reasons.is_empty() => None,
        (Action::Allow, _) => Some(format!("allow, {} held: {}", v.exposure, why(&v.reasons))),
        (action, true) => {
            Some(format!("{}: {}", format!("{action:?}").to_uppercase(), why(&v.reasons)))
        }
        (action, false) => Some(format!("would {action:?}: {}", why(&v.reasons))),
    }
}

fn why(reasons: &[Reason]) -> String {
    let mut text = String::new();
    for reason in reasons {
        let _ = match reason {
            Reason::Signal(s) => write!(text, "{:?} {:.1} ", s.kind, s.weight),
            Reason::Weighed { evidence, at_stake, threshold } => {
                write!(text, "evidence {evidence:.1} of {threshold:.1} at {at_stake} ")
            }
            Reason::Going { country, kind, per_minute, .. } => {
                write!(text, "to {country} {kind:?} at {per_minute}/min ")
            }
            Reason::LimitReached { whose, window, used, limit } => {
                write!(text, "{used} of {limit} per {window:?} ({whose:?}) ")
            }
            other => write!(text, "{other:?} "),
        };
    }
    text.trim_end().to_owned()
}
