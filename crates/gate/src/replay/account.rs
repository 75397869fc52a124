//! Adds up what became of the calls.

use super::doubt;
use super::drive::Driven;
use super::findings::{
    Case, DayMoney, DestinationMoney, ExtensionMoney, Fate, Findings, Judged, Place, Totals,
};
use ringfence_model::{Cdr, ExtensionId, Money, WallTime};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

type Map<K, V> = HashMap<K, V, foldhash::fast::FixedState>;

/// How long before a case its attack may already have cost money.
const LEAD: Duration = Duration::from_secs(24 * 3_600);

/// The findings of a drive.
pub fn add_up(driven: Driven, cdrs: &[Cdr], order: &[u32], learn_until: WallTime) -> Findings {
    let Driven { survey, cases, watched, raised_limits } = driven;
    let mut cases = cases.all;
    let calls = survey.calls;
    let in_order =
        || order.iter().filter_map(|&i| Some((i, cdrs.get(i as usize)?, calls.get(i as usize)?)));
    let mut totals = Totals { protected: survey.protected, ..Totals::default() };
    let mut days: BTreeMap<i32, DayMoney> = BTreeMap::new();
    let mut destinations: Map<Place, (DestinationMoney, i32)> = Map::default();
    let mut extensions: Map<(u32, Option<&ExtensionId>), Sum> = Map::default();
    let mut hours: BTreeMap<u8, (u32, u32)> = BTreeMap::new();
    for (_, cdr, call) in in_order() {
        count(&mut totals, call);
        let Some(to) = call.to else { continue };
        add_day(&mut days, call);
        add_destination(&mut destinations, to, call);
        let sum = extensions.entry((call.tenant, cdr.extension.as_ref())).or_default();
        sum.add(call);
        if to.class.is_paid() {
            let (all, stopped) = hours.entry(call.hour).or_default();
            *all += 1;
            *stopped += u32::from(call.fate != Fate::Passed);
        }
    }
    let weight = |spent: Money, prevented: Money| std::cmp::Reverse(spent + prevented);
    let mut destinations: Vec<_> = destinations.into_values().map(|(sum, _)| sum).collect();
    destinations.sort_by_key(|d| (weight(d.spent, d.prevented), d.to));
    let mut extensions: Vec<_> = extensions
        .into_iter()
        .filter_map(|((tenant, extension), sum)| {
            let tenant = survey.tenants.get(tenant as usize)?.clone();
            Some(sum.of(tenant, extension.cloned()))
        })
        .collect();
    extensions.sort_by(|a, b| {
        let key = |e: &ExtensionMoney| weight(e.spent, e.prevented);
        key(a).cmp(&key(b)).then_with(|| (&a.tenant, &a.extension).cmp(&(&b.tenant, &b.extension)))
    });
    for case in &mut cases {
        settle(case, cdrs, order, &calls, &survey.tenants);
    }
    let doubts = doubt::doubts(order, &calls);
    for call in doubts.iter().filter_map(|doubt| calls.get(doubt.call as usize)) {
        if let Some((_, stopped)) = hours.get_mut(&call.hour) {
            *stopped = stopped.saturating_sub(1);
        }
    }
    let first = order.first().and_then(|&i| cdrs.get(i as usize));
    Findings {
        begin: first.map_or(WallTime::default(), |cdr| cdr.started),
        end: cdrs.iter().map(|cdr| cdr.ended).max().unwrap_or_default(),
        learn_until,
        totals,
        days: with_normal(days),
        destinations,
        extensions,
        hours,
        cases,
        doubts,
        default_tariff: survey.default_tariff,
        raised_limits,
        watched,
        tenants: survey.tenants,
        calls,
    }
}

fn count(totals: &mut Totals, call: &Judged) {
    totals.records += 1;
    totals.paid += u64::from(call.to.is_some_and(|to| to.class.is_paid()));
    match call.fate {
        Fate::Passed => totals.passed += 1,
        Fate::Refused => totals.refused += 1,
        Fate::Cut => totals.cut += 1,
    }
    totals.recorded += call.recorded;
    totals.spent += call.spent;
    totals.prevented += call.recorded - call.spent;
}

fn add_day(days: &mut BTreeMap<i32, DayMoney>, call: &Judged) {
    let day = days.entry(call.day).or_insert_with(|| empty_day(call.day));
    day.spent += call.spent;
    day.prevented += call.recorded - call.spent;
    day.paid += u32::from(call.to.is_some_and(|to| to.class.is_paid()));
    day.stopped += u32::from(call.fate != Fate::Passed);
}

const fn empty_day(day: i32) -> DayMoney {
    DayMoney {
        day,
        spent: Money::ZERO,
        prevented: Money::ZERO,
        paid: 0,
        stopped: 0,
        normal: Money::ZERO,
    }
}

fn add_destination(sums: &mut Map<Place, (DestinationMoney, i32)>, to: Place, call: &Judged) {
    let (sum, last_day) = sums.entry(to).or_insert_with(|| {
        let none = Money::ZERO;
        let sum =
            DestinationMoney { to, calls: 0, stopped: 0, spent: none, prevented: none, days: 0 };
        (sum, i32::MIN)
    });
    sum.calls += 1;
    sum.spent += call.spent;
    sum.prevented += call.recorded - call.spent;
    match call.fate {
        // An attack's calls before the stop do not make a place known.
        Fate::Passed if *last_day != call.day && call.case.is_none() => {
            sum.days += 1;
            *last_day = call.day;
        }
        Fate::Passed => {}
        Fate::Refused | Fate::Cut => sum.stopped += 1,
    }
}

/// The most days listed one by one: records with an absurd date must not fill memory.
const DAYS_MAX: i32 = 3_700;

/// Days without gaps, each with what is normal for its weekday.
fn with_normal(days: BTreeMap<i32, DayMoney>) -> Vec<DayMoney> {
    let (Some(&first), Some(&last)) = (days.keys().next(), days.keys().next_back()) else {
        return Vec::new();
    };
    let mut all: Vec<DayMoney> = if last.saturating_sub(first) > DAYS_MAX {
        days.into_values().collect()
    } else {
        (first..=last)
            .map(|day| days.get(&day).copied().unwrap_or_else(|| empty_day(day)))
            .collect()
    };
    let mut by_weekday: [Vec<Money>; 7] = Default::default();
    for day in &all {
        if let Some(spent) = by_weekday.get_mut(day.day.rem_euclid(7) as usize) {
            spent.push(day.spent);
        }
    }
    let medians = by_weekday.map(median);
    for day in &mut all {
        day.normal = medians.get(day.day.rem_euclid(7) as usize).copied().unwrap_or_default();
    }
    all
}

fn median(mut amounts: Vec<Money>) -> Money {
    amounts.sort_unstable();
    amounts.get(amounts.len() / 2).copied().unwrap_or_default()
}

/// What a case let through, and how its destinations share the cost.
fn settle(
    case: &mut Case,
    cdrs: &[Cdr],
    order: &[u32],
    calls: &[Judged],
    tenants: &[ringfence_model::TenantId],
) {
    let from = case.begin - LEAD;
    let start = |&index: &u32| cdrs.get(index as usize).map(|cdr| cdr.started);
    let begin = order.partition_point(|index| start(index) < Some(from));
    let end = order.partition_point(|index| start(index) <= Some(case.end));
    for &index in order.get(begin..end).unwrap_or_default() {
        let (Some(cdr), Some(call)) = (cdrs.get(index as usize), calls.get(index as usize)) else {
            continue;
        };
        let Some(to) = call.to.filter(|to| to.class.is_paid()) else { continue };
        let own = tenants.get(call.tenant as usize) == Some(&case.tenant);
        let of_its_extensions = case.extensions.is_empty()
            || cdr.extension.as_ref().is_none_or(|e| case.extensions.contains(e));
        if !own || !of_its_extensions {
            continue;
        }
        if let Some((_, cost)) = case.destinations.iter_mut().find(|(place, _)| *place == to) {
            *cost += call.recorded;
            case.let_through += call.spent;
        }
    }
    case.destinations.sort_by_key(|&(place, cost)| (std::cmp::Reverse(cost), place));
}

#[derive(Default)]
struct Sum {
    paid: u32,
    stopped: u32,
    spent: Money,
    prevented: Money,
}

impl Sum {
    fn add(&mut self, call: &Judged) {
        self.paid += u32::from(call.to.is_some_and(|to| to.class.is_paid()));
        self.stopped += u32::from(call.fate != Fate::Passed);
        self.spent += call.spent;
        self.prevented += call.recorded - call.spent;
    }

    fn of(
        self,
        tenant: ringfence_model::TenantId,
        extension: Option<ExtensionId>,
    ) -> ExtensionMoney {
        let Self { paid, stopped, spent, prevented } = self;
        ExtensionMoney { tenant, extension, paid, stopped, spent, prevented }
    }
}
