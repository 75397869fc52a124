//! The overview of a day or a week, for each tenant that wants one, in its morning.

use super::{local, spread, zone};
use crate::config::Every;
use crate::inquire::hours;
use crate::running::Running;
use jiff::civil::Weekday;
use jiff::{Span, Zoned};
use ringfence_model::{Country, Money, TenantId, WallTime};
use ringfence_notify::{Called, Digest, News, Topic, What};
use ringfence_store::{
    AuditFilter, By, CaseFilter, CaseState, Grain, StoreError, Usage, UsageFilter,
};
use std::collections::HashSet;
use std::time::Duration;

/// The hour of the morning.
const AT: i8 = 7;
/// What is called is new when it was not called for so long.
const WEEKS_BEFORE: Duration = Duration::from_secs(28 * 86_400);
/// Days or weeks that say what is normal, and how many there must be.
const PERIODS: i64 = 8;
const PERIODS_MIN: usize = 3;
/// Overviews made in one turn, so that messages do not wait for them.
const AT_ONCE_MAX: usize = 100;
/// Most countries, changes and extensions that are named.
const NAMED_MAX: usize = 10;
const UNUSED_MAX: usize = 50;

/// Makes the overviews whose time has come.
pub(super) fn look(
    running: &Running,
    made: &mut HashSet<String>,
    now: WallTime,
) -> Result<(), StoreError> {
    let telling = &running.config().telling;
    let mut count = 0;
    for (tenant, wishes) in &telling.tenants {
        let Some(every) = wishes.digest else { continue };
        let wanted = telling
            .contacts
            .iter()
            .any(|of| of.tenant.as_ref() == Some(tenant) && of.told.contains(&Topic::Digest));
        let here = local(now, &zone(running, Some(tenant)));
        if !wanted || !is_time(every, &here) {
            continue;
        }
        let id = format!("digest-{tenant}-{}", here.date());
        if !made.insert(id.clone()) {
            continue;
        }
        let Some((from, until)) = span(every, &here) else { continue };
        count += 1;
        let digest = digest(running, tenant, from, until)?;
        let what = What::Digest(Box::new(digest));
        let news = News { id, tenant: Some(tenant.clone()), at: now, case: None, what };
        running.store.notify(&spread::to_all(running, &news, now)?)?;
        if count >= AT_ONCE_MAX {
            break;
        }
    }
    Ok(())
}

fn is_time(every: Every, here: &Zoned) -> bool {
    here.hour() >= AT && (every == Every::Day || here.weekday() == Weekday::Monday)
}

/// The day or week that ended last midnight.
fn span(every: Every, here: &Zoned) -> Option<(WallTime, WallTime)> {
    let until = here.start_of_day().ok()?;
    let days = match every {
        Every::Day => 1,
        Every::Week => 7,
    };
    let from = until.checked_sub(Span::new().days(days)).ok()?;
    let wall = |at: &Zoned| WallTime(at.timestamp().as_microsecond());
    Some((wall(&from), wall(&until)))
}

fn digest(
    running: &Running,
    tenant: &TenantId,
    from: WallTime,
    until: WallTime,
) -> Result<Digest, StoreError> {
    let store = &running.store;
    let usage = |from, until, by: &[By]| {
        let (tenant, by) = (Some(tenant.clone()), by.to_vec());
        store.usage(&UsageFilter { grain: Grain::Hour, tenant, by, extension: None, from, until })
    };
    let per_hour = usage(from, until, &[By::Start])?;
    let sum = |of: fn(&Usage) -> u64| per_hour.iter().map(of).sum::<u64>();
    let total = |all: &[Usage]| Money(all.iter().map(|of| of.cost.0).sum());
    let setup = running.setup_or_default(Some(tenant));
    let open = hours(&mut setup.settings.calendar(), from, until);
    let is_open = |at: WallTime| open.iter().any(|(begin, end)| *begin <= at && at < *end);
    let inside: Vec<Usage> =
        per_hour.iter().filter(|of| of.start.is_some_and(is_open)).cloned().collect();
    let spent = total(&per_hour);
    let length = until.0 - from.0;
    let mut before = Vec::new();
    for back in 1..=PERIODS {
        let (from, until) = (WallTime(from.0 - back * length), WallTime(until.0 - back * length));
        let all = usage(from, until, &[])?;
        if all.iter().any(|of| of.attempts > 0) {
            before.push(total(&all));
        }
    }
    let known: HashSet<Option<String>> = usage(from - WEEKS_BEFORE, from, &[By::Country])?
        .into_iter()
        .map(|of| of.country)
        .collect();
    let changes = AuditFilter {
        tenant: Some(tenant.clone()),
        from: Some(from),
        until: Some(until),
        ..AuditFilter::default()
    };
    let named = u32::try_from(NAMED_MAX).unwrap_or(u32::MAX);
    let changes = store.audit(&changes, named)?;
    let cases = CaseFilter {
        tenant: Some(tenant.clone()),
        state: Some(CaseState::Open),
        ..CaseFilter::default()
    };
    Ok(Digest {
        from,
        until,
        spent,
        normal: middle(before),
        inside: total(&inside),
        outside: spent - total(&inside),
        calls: sum(|of| of.answered),
        refused: sum(|of| of.refused + of.cut),
        prevented: Money(per_hour.iter().map(|of| of.prevented.0).sum()),
        new: new(usage(from, until, &[By::Country])?, &known),
        changes: changes.iter().map(|of| format!("{}: {}", of.act.who, of.act.what)).collect(),
        unused: unused(running, tenant, &usage(until - WEEKS_BEFORE, until, &[By::Extension])?),
        open_cases: store.cases(&cases, 1_000)?.len() as u64,
    })
}

/// Countries that are not among the known ones, the dearest first.
fn new(usage: Vec<Usage>, known: &HashSet<Option<String>>) -> Vec<Called> {
    let mut all: Vec<Called> = usage
        .into_iter()
        .filter(|of| of.answered > 0 && !known.contains(&of.country))
        .filter_map(|of| {
            let country: Country = of.country?.parse().ok()?;
            Some(Called { country, calls: of.answered, cost: of.cost })
        })
        .collect();
    all.sort_by_key(|of| std::cmp::Reverse(of.cost));
    all.truncate(NAMED_MAX);
    all
}

/// Extensions of the settings that made and took no call.
fn unused(running: &Running, tenant: &TenantId, usage: &[Usage]) -> Vec<String> {
    let used: HashSet<&str> = usage.iter().filter_map(|of| of.extension.as_deref()).collect();
    let config = running.config();
    let all = config.snapshot.directory.parts().extensions.iter();
    let mut unused: Vec<String> = all
        .filter(|of| &of.tenant == tenant && !used.contains(of.id.as_str()))
        .map(|of| of.id.as_str().to_owned())
        .collect();
    unused.sort_unstable();
    unused.truncate(UNUSED_MAX);
    unused
}

/// The middle one; `None` of too few.
fn middle(mut all: Vec<Money>) -> Option<Money> {
    all.sort_unstable();
    if all.len() < PERIODS_MIN { None } else { all.get(all.len() / 2).copied() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Zoned {
        format!("{text}[Europe/Amsterdam]").parse().unwrap()
    }

    #[test]
    fn an_overview_is_of_the_day_or_week_before_and_comes_in_the_morning() {
        let monday = at("2026-11-23T07:00");
        assert!(is_time(Every::Day, &monday) && is_time(Every::Week, &monday));
        assert!(!is_time(Every::Day, &at("2026-11-23T06:59")));
        let tuesday = at("2026-11-24T09:00");
        assert!(is_time(Every::Day, &tuesday) && !is_time(Every::Week, &tuesday));
        let wall = |text| WallTime(at(text).timestamp().as_microsecond());
        let week = span(Every::Week, &monday).unwrap();
        assert_eq!(week, (wall("2026-11-16T00:00"), wall("2026-11-23T00:00")));
        // The day on which the clock is set back has 25 hours.
        let (from, until) = span(Every::Day, &at("2026-10-26T08:00")).unwrap();
        assert_eq!((until - from).as_secs(), 25 * 3_600);
    }

    #[test]
    fn what_is_normal_is_the_middle_and_not_known_of_two_days() {
        let units = |all: &[i64]| all.iter().map(|n| Money::units(*n)).collect::<Vec<_>>();
        assert_eq!(middle(units(&[1, 2])), None);
        assert_eq!(middle(units(&[900, 1, 3])), Some(Money::units(3)));
    }
}
