//! Admission: whether a scope has room for what a call may still spend.

use super::Spend;
use ringfence_model::{LimitKind, Limits, Money, Pass, Reason, WallTime, Window};

/// What a call asks of a scope.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// What the call has cost so far and may cost until it is looked at again.
    pub call: Money,
    /// The part of it that the scope has not counted yet.
    pub more: Money,
    /// Whether it is a new call (which counts against calls at once and per minute).
    pub new: bool,
}

/// A limit in the way, with what would have made the call pass.
#[derive(Clone, PartialEq, Debug)]
pub struct LimitHit {
    /// The limit with its figures.
    pub reason: Reason,
    /// The limit that would do.
    pub pass: Pass,
}

/// Whose limits these are, and how they stand.
pub struct Standing<'a> {
    /// Whose.
    pub whose: LimitKind,
    /// The limits.
    pub limits: Limits,
    /// What is spent and reserved.
    pub spend: &'a mut Spend,
}

/// The first limit of `standing` that `asked` would pass.
pub fn check(standing: &mut Standing<'_>, wall: WallTime, asked: Asked) -> Option<LimitHit> {
    let Standing { whose, limits, spend } = standing;
    let whose = *whose;
    if asked.new {
        let active = spend.active() + 1;
        if let Some(limit) = limits.calls_active_max.filter(|&limit| active > limit) {
            return Some(LimitHit {
                reason: Reason::TooManyActive { whose, active, limit },
                pass: Pass::MoreCalls { whose, to: active },
            });
        }
        let count = spend.per_minute(wall) + 1;
        if let Some(limit) = limits.calls_per_minute_max.filter(|&limit| count > limit) {
            return Some(LimitHit {
                reason: Reason::TooManyPerMinute { whose, count, limit },
                pass: Pass::MoreCalls { whose, to: count },
            });
        }
    }
    let money = [
        (Window::Call, limits.per_call),
        (Window::Hour, limits.per_hour),
        (Window::Day, limits.per_day),
        (Window::Week, limits.per_week),
        (Window::Month, limits.per_month),
    ];
    money.into_iter().find_map(|(window, limit)| {
        let limit = limit?;
        let used = match window {
            Window::Call => asked.call,
            _ => spend.exposure(wall, window) + asked.more,
        };
        // A call that asks for nothing more never passes a limit: what is spent is spent.
        (used > limit && asked.more > Money::ZERO).then_some(LimitHit {
            reason: Reason::LimitReached { whose, window, used, limit },
            pass: Pass::RaiseLimit { whose, window, to: used },
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> WallTime {
        WallTime::from_secs(1_800_000_000 + secs)
    }

    #[test]
    fn parallel_calls_cannot_share_the_same_room() {
        let limits = Limits { per_hour: Some(Money::cents(100)), ..Limits::default() };
        let mut spend = Spend::default();
        let asked = Asked { call: Money::cents(40), more: Money::cents(40), new: true };
        for n in 0..3 {
            let mut standing = Standing { whose: LimitKind::Tenant, limits, spend: &mut spend };
            let hit = check(&mut standing, at(n), asked);
            if n < 2 {
                assert_eq!(hit, None);
                spend.admit(at(n), Money::cents(40));
            } else {
                let hit = hit.expect("the third call has no room");
                assert_eq!(
                    hit.pass,
                    Pass::RaiseLimit {
                        whose: LimitKind::Tenant,
                        window: Window::Hour,
                        to: Money::cents(120)
                    }
                );
            }
        }
    }

    #[test]
    fn counts_calls_at_once_and_per_minute() {
        let limits = Limits {
            calls_active_max: Some(1),
            calls_per_minute_max: Some(2),
            ..Limits::default()
        };
        let mut spend = Spend::default();
        let new = Asked { call: Money::ZERO, more: Money::ZERO, new: true };
        spend.admit(at(0), Money::ZERO);
        let mut standing = Standing { whose: LimitKind::Extension, limits, spend: &mut spend };
        let hit = check(&mut standing, at(1), new).unwrap();
        assert!(matches!(hit.reason, Reason::TooManyActive { active: 2, limit: 1, .. }));
        standing.spend.release(at(2), Money::ZERO, Money::ZERO);
        assert_eq!(check(&mut standing, at(3), new), None);
        standing.spend.admit(at(3), Money::ZERO);
        standing.spend.release(at(4), Money::ZERO, Money::ZERO);
        let hit = check(&mut standing, at(5), new).unwrap();
        assert!(matches!(hit.reason, Reason::TooManyPerMinute { count: 3, limit: 2, .. }));
        assert_eq!(check(&mut standing, at(70), new), None);
    }
}
