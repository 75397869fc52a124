//! One row as a leg of a call.

use super::options::{ImportOptions, TenantFrom};
use super::row::RowError;
use super::sides::{End, Parties};
use super::time::Stamp;
use crate::intern::Interned;
use ringfence_model::{Cdr, Direction, ExtensionId, Source, TenantId, TrunkId, Via, WallTime};
use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

/// Names kept per sort while reading.
const NAMES_MAX: usize = 1 << 16;

/// What a row is in its call.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Role {
    /// A leg to or from a party.
    #[default]
    Party,
    /// A leg inside the switch, such as Asterisk's `Local/` channels.
    Inside,
    /// A leg that only asked this firewall.
    Guard,
    /// Not a leg but the end of one: a BYE transaction.
    Bye,
}

/// The facts of a row, in the words of its source.
#[derive(Default)]
pub(crate) struct Draft<'a> {
    pub native_id: Cow<'a, str>,
    pub correlation: Cow<'a, str>,
    pub tenant: &'a str,
    pub trunk: Cow<'a, str>,
    pub extension: &'a str,
    pub direction: Option<Direction>,
    pub from: End,
    pub to: End,
    pub context: &'a str,
    pub a_number: Cow<'a, str>,
    pub dialled: Cow<'a, str>,
    pub c_number: Cow<'a, str>,
    pub via: Via,
    pub source_ip: Option<IpAddr>,
    pub user_agent: &'a str,
    pub started: Option<Stamp>,
    pub answered: Option<Stamp>,
    pub ended: Option<Stamp>,
    pub duration_ms: Option<u64>,
    pub billable_ms: Option<u64>,
    /// The final SIP code, where the source tells more than whether it was answered.
    pub code: Option<u16>,
    pub role: Role,
    /// The caller's end is inside the switch: its number and extension are on another leg.
    pub caller_inside: bool,
    /// The tags that name the SIP dialog, for pairing.
    pub dialog: Option<String>,
}

/// A leg, ready to be grouped.
#[derive(Clone, Debug)]
pub(crate) struct Leg {
    pub cdr: Cdr,
    pub role: Role,
    pub caller_inside: bool,
    pub dialog: Option<Box<str>>,
    /// A time of the row was ambiguous.
    pub ambiguous: bool,
}

/// Makes legs of drafts; repeated names and numbers are kept once.
pub(crate) struct LegMaker {
    tenants: Interned<TenantId>,
    trunks: Interned<TrunkId>,
    extensions: Interned<ExtensionId>,
    texts: Interned<Arc<str>>,
}

impl LegMaker {
    pub(crate) fn new() -> Self {
        Self {
            tenants: Interned::new(NAMES_MAX),
            trunks: Interned::new(NAMES_MAX),
            extensions: Interned::new(NAMES_MAX),
            texts: Interned::new(NAMES_MAX),
        }
    }

    pub(crate) fn make(
        &mut self,
        draft: Draft<'_>,
        options: &ImportOptions,
    ) -> Result<Leg, RowError> {
        let times = Times::settle(&draft).ok_or(RowError::NoStart)?;
        if draft.role != Role::Bye && draft.a_number.is_empty() && draft.dialled.is_empty() {
            return Err(RowError::NoParties);
        }
        let direction = draft.direction.unwrap_or_else(|| {
            options.sides.direction(Parties {
                from: draft.from,
                to: draft.to,
                context: draft.context,
                a_number: &draft.a_number,
                dialled: &draft.dialled,
            })
        });
        let forwarded = draft.from == End::Carrier && direction == Direction::Outbound;
        let via = if forwarded && draft.via == Via::Unknown { Via::Forward } else { draft.via };
        let cdr = Cdr {
            native_id: Arc::from(&*draft.native_id),
            correlation_id: some(&draft.correlation).map(Arc::from),
            tenant: match &options.tenant {
                TenantFrom::Fixed(tenant) => Some(tenant.clone()),
                TenantFrom::Record => some(draft.tenant).map(|name| self.tenants.get(name)),
            },
            trunk: some(&draft.trunk).map(|name| self.trunks.get(name)),
            extension: some(draft.extension).map(|name| self.extensions.get(name)),
            direction,
            a_number: self.texts.get(&draft.a_number),
            dialled: self.texts.get(&draft.dialled),
            c_number: some(&draft.c_number).map(|text| self.texts.get(text)),
            via,
            source: draft.source_ip.map(|ip| Source {
                ip,
                country: None,
                user_agent: some(draft.user_agent).map(|text| self.texts.get(text)),
            }),
            started: times.started,
            answered: times.answered,
            ended: times.ended,
            billable_ms: times.billable_ms,
            code: draft.code.unwrap_or(if times.answered.is_some() { 200 } else { 487 }),
        };
        Ok(Leg {
            cdr,
            role: draft.role,
            caller_inside: draft.caller_inside,
            dialog: draft.dialog.map(String::into_boxed_str),
            ambiguous: times.ambiguous,
        })
    }
}

fn some(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

struct Times {
    started: WallTime,
    answered: Option<WallTime>,
    ended: WallTime,
    billable_ms: u64,
    ambiguous: bool,
}

impl Times {
    /// Durations are counted by the switch and outlive any confusion about civil time, so they win over times that
    /// run backwards or were read from an ambiguous hour.
    fn settle(draft: &Draft<'_>) -> Option<Self> {
        let stamps = [draft.started, draft.answered, draft.ended];
        let ambiguous = stamps.iter().flatten().any(|stamp| stamp.ambiguous);
        let earliest = draft.started.or(draft.answered).or(draft.ended)?;
        let started = match (draft.started, draft.ended, draft.duration_ms) {
            (None, Some(ended), Some(ms)) => minus(ended.at, ms),
            _ => earliest.at,
        };
        let plausible = |stamp: Stamp| stamp.at >= started && !ambiguous;
        let by_duration = draft.duration_ms.map(|ms| plus(started, ms));
        let ended = match (draft.ended, by_duration) {
            (Some(stamp), _) if plausible(stamp) => stamp.at,
            (_, Some(at)) => at,
            (Some(stamp), None) => stamp.at.max(started),
            (None, None) => {
                let answered = draft.answered.map_or(started, |stamp| stamp.at.max(started));
                plus(answered, draft.billable_ms.unwrap_or(0))
            }
        };
        let was_answered = draft.answered.is_some() || draft.billable_ms.is_some_and(|ms| ms > 0);
        // A code that says otherwise wins: some switches stamp "answer" on calls that never were.
        let was_answered = was_answered && draft.code.is_none_or(|code| code < 300);
        if !was_answered {
            return Some(Self { started, answered: None, ended, billable_ms: 0, ambiguous });
        }
        let answered = match (draft.answered, draft.billable_ms) {
            (Some(stamp), _) if plausible(stamp) && stamp.at <= ended => stamp.at,
            (_, Some(ms)) => minus(ended, ms).max(started),
            (Some(stamp), None) => stamp.at.clamp(started, ended),
            (None, None) => ended,
        };
        let talked_ms = u64::try_from((ended - answered).as_millis()).unwrap_or(u64::MAX);
        // Whole seconds round a short call down to 0, which would read as "not charged".
        let billable_ms = draft.billable_ms.unwrap_or(talked_ms).max(1);
        Some(Self { started, answered: Some(answered), ended, billable_ms, ambiguous })
    }
}

fn plus(at: WallTime, ms: u64) -> WallTime {
    at + std::time::Duration::from_millis(ms)
}

fn minus(at: WallTime, ms: u64) -> WallTime {
    at - std::time::Duration::from_millis(ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(secs: i64, ambiguous: bool) -> Option<Stamp> {
        Some(Stamp { at: WallTime::from_secs(secs), ambiguous })
    }

    #[test]
    fn durations_win_over_times_that_run_backwards() {
        // 02:50 to 02:10 of the hour after, as an autumn night writes it.
        let draft = Draft {
            started: stamp(10_000, true),
            answered: stamp(10_010, true),
            ended: stamp(10_000 - 2_400, true),
            duration_ms: Some(1_200_000),
            billable_ms: Some(1_190_000),
            ..Draft::default()
        };
        let times = Times::settle(&draft).unwrap();
        assert_eq!(times.ended, WallTime::from_secs(11_200));
        assert_eq!(times.answered, Some(WallTime::from_secs(10_010)));
        assert_eq!((times.billable_ms, times.ambiguous), (1_190_000, true));
    }

    #[test]
    fn an_answered_call_is_never_free_of_time() {
        let draft = Draft {
            started: stamp(5, false),
            answered: stamp(5, false),
            ended: stamp(6, false),
            billable_ms: Some(0),
            ..Draft::default()
        };
        assert_eq!(Times::settle(&draft).unwrap().billable_ms, 1);
        let refused = Draft { code: Some(486), ..draft };
        let times = Times::settle(&refused).unwrap();
        assert_eq!((times.answered, times.billable_ms), (None, 0));
    }

    #[test]
    fn what_is_missing_is_worked_out() {
        let draft =
            Draft { ended: stamp(100, false), duration_ms: Some(40_000), ..Draft::default() };
        assert_eq!(Times::settle(&draft).unwrap().started, WallTime::from_secs(60));
        let draft =
            Draft { started: stamp(100, false), billable_ms: Some(9_000), ..Draft::default() };
        let times = Times::settle(&draft).unwrap();
        assert_eq!(
            (times.answered, times.ended),
            (Some(WallTime::from_secs(100)), WallTime::from_secs(109))
        );
        assert!(Times::settle(&Draft::default()).is_none());
    }
}
