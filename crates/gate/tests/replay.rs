//! A replay accounts for every record and every cent, and does what the gate would have done.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // a test may

use ringfence_fraud::Settings;
use ringfence_gate::replay::{Fate, Findings, Happening, Options, Replay};
use ringfence_gate::{Setup, Snapshot};
use ringfence_model::{Cdr, Country, Direction, Money, Policy, Via, WallTime};
use ringfence_numbering::{DialPlan, Tariff};
use std::sync::Arc;
use std::time::Duration;

/// Monday 2026-08-31 00:00 in Amsterdam.
const MONDAY: WallTime = WallTime::from_secs(1_788_127_200);
const DAY: u64 = 86_400;

fn snapshot(policy: Policy) -> Snapshot {
    Snapshot::of(Setup {
        settings: Arc::new(Settings::new(policy).unwrap()),
        dial_plan: Arc::new(DialPlan::default()),
        tariff: Arc::new(Tariff::default_bands(Country::NL)),
    })
}

fn replay(cdrs: &[Cdr]) -> Findings {
    with(cdrs, Policy::default(), Options::default())
}

fn with(cdrs: &[Cdr], policy: Policy, options: Options) -> Findings {
    Replay::new(&snapshot(policy), options).unwrap().run(cdrs, &mut |_| {})
}

fn call(day: u64, secs: u64, extension: &str, dialled: &str, talked: u64) -> Cdr {
    let started = MONDAY + Duration::from_secs(day * DAY + secs);
    let answered = started + Duration::from_secs(5);
    Cdr {
        native_id: format!("{day}-{secs}-{extension}").into(),
        correlation_id: None,
        tenant: None,
        trunk: None,
        extension: Some(extension.into()),
        direction: Direction::Outbound,
        a_number: extension.into(),
        dialled: dialled.into(),
        c_number: None,
        via: Via::Unknown,
        source: None,
        started,
        answered: (talked > 0).then_some(answered),
        ended: answered + Duration::from_secs(talked),
        billable_ms: talked * 1_000,
        code: if talked > 0 { 200 } else { 480 },
    }
}

/// Five weeks of an office that calls home and, now and then, Germany and Belgium.
fn office() -> Vec<Cdr> {
    let mut cdrs = Vec::new();
    for day in (0..35).filter(|day| day % 7 < 5) {
        for n in 0..30 {
            let at = 8 * 3_600 + n * 1_100 + day * 7;
            let extension = ["201", "202", "203", "204"][(n % 4) as usize];
            let (to, talked) = match n {
                3 => ("004930123456", 240),
                9 => ("003221234567", 120),
                15 => ("112", 60),
                n if n % 3 == 0 => ("0612345678", 90),
                _ => ("0201234567", 180),
            };
            cdrs.push(call(day, at, extension, to, talked));
        }
    }
    cdrs
}

/// A night from Saturday: every two minutes three calls to Cuba and Somalia.
fn attacked() -> Vec<Cdr> {
    let mut cdrs = office();
    for n in 0..150 {
        for line in 0..3u64 {
            let to = ["005352123456", "002526123456", "005352999888"][line as usize];
            cdrs.push(call(26, 3_600 + n * 120 + line * 7, "203", to, 600));
        }
    }
    cdrs
}

fn accounts_for_everything(cdrs: &[Cdr], found: &Findings) {
    let t = found.totals;
    assert_eq!(t.records, cdrs.len() as u64);
    assert_eq!(found.calls.len(), cdrs.len());
    assert_eq!(t.passed + t.refused + t.cut, t.records, "one fate each");
    assert_eq!(t.spent + t.prevented, t.recorded);
    for call in &found.calls {
        assert!(call.spent >= Money::ZERO && call.spent <= call.recorded, "{call:?}");
        match call.fate {
            Fate::Passed => assert_eq!(call.spent, call.recorded),
            Fate::Refused => assert_eq!(call.spent, Money::ZERO),
            Fate::Cut => {}
        }
        assert_eq!(call.case.is_some(), call.fate != Fate::Passed);
    }
    let of = |f: fn(&ringfence_gate::replay::DayMoney) -> Money| found.days.iter().map(f).sum();
    assert_eq!((t.spent, t.prevented), (of(|d| d.spent), of(|d| d.prevented)));
    let spent: Money = found.destinations.iter().map(|d| d.spent + d.prevented).sum();
    assert_eq!(spent, t.recorded);
    let spent: Money = found.extensions.iter().map(|e| e.spent + e.prevented).sum();
    assert_eq!(spent, t.recorded);
    let stopped: u64 = found.cases.iter().map(|c| u64::from(c.stopped())).sum();
    assert_eq!(stopped, t.refused + t.cut);
    let prevented: Money = found.cases.iter().map(|c| c.prevented).sum();
    assert_eq!(prevented, t.prevented);
    let hours: u32 = found.hours.values().map(|(all, _)| all).sum();
    assert_eq!(u64::from(hours), t.paid);
}

#[test]
fn an_ordinary_month_passes_untouched() {
    let cdrs = office();
    let found = replay(&cdrs);
    accounts_for_everything(&cdrs, &found);
    assert_eq!(found.totals.passed, found.totals.records);
    assert_eq!(found.totals.protected, 25);
    assert_eq!(found.totals.prevented, Money::ZERO);
    assert!(found.default_tariff);
    assert!(found.doubts.is_empty());
}

#[test]
fn an_attack_is_stopped_and_costed() {
    let cdrs = attacked();
    let found = replay(&cdrs);
    accounts_for_everything(&cdrs, &found);
    let attacks: Vec<_> = found.cases.iter().filter(|c| c.is_attack()).collect();
    assert_eq!(attacks.len(), 1, "{:#?}", found.cases);
    let case = attacks[0];
    assert_eq!(case.extensions, ["203".into()]);
    assert!(case.let_through < Money::units(150), "{}", case.let_through);
    assert!(case.prevented > case.let_through.times(5), "{}", case.prevented);
    assert!(case.destinations.iter().any(|(to, _)| to.country == "CU".parse().unwrap()));
    assert!(case.timeline.iter().any(|e| matches!(e.what, Happening::Blocked(_))));
    assert!(!case.evidence.is_empty());
    let lines = case.timeline.len();
    assert!(lines < 12, "{lines} lines: an attack knocking on a closed door is one of them");
    let cuba = found.destinations.iter().find(|d| d.to.country == "CU".parse().unwrap()).unwrap();
    assert!(!cuba.is_known());
    let germany = found.destinations.iter().find(|d| d.to.country == "DE".parse().unwrap());
    assert!(germany.unwrap().is_known());
}

#[test]
fn the_order_of_the_records_does_not_matter() {
    let cdrs = attacked();
    let mut mixed = cdrs.clone();
    mixed.sort_by(|a, b| a.native_id.cmp(&b.native_id));
    let (one, two) = (replay(&cdrs), replay(&mixed));
    assert_eq!(one.totals, two.totals);
    assert_eq!(one.days, two.days);
    assert_eq!(one.cases.len(), two.cases.len());
    accounts_for_everything(&mixed, &two);
}

#[test]
fn nothing_is_stopped_while_learning() {
    let cdrs = attacked();
    let forever = Options { learn_until: Some(WallTime(i64::MAX)), ..Options::default() };
    let found = with(&cdrs, Policy::default(), forever);
    accounts_for_everything(&cdrs, &found);
    assert_eq!(found.totals.prevented, Money::ZERO);
    assert!(found.cases.iter().any(|case| case.learning && case.is_attack()), "but it is told");
}

#[test]
fn a_policy_that_observes_is_replayed_as_if_it_acted() {
    let cdrs = attacked();
    let observing = Policy { mode: ringfence_model::Mode::Observe, ..Policy::default() };
    let found = with(&cdrs, observing, Options::default());
    assert_eq!(found.totals, replay(&cdrs).totals);
}

#[test]
fn a_stopped_call_to_a_known_number_is_listed_as_doubtful() {
    let cdrs = office();
    // A rule against Germany stops what the customer calls every day, from the end of learning on.
    let rule =
        ringfence_model::ListEntry { prefix: "+4930123456".parse().unwrap(), note: "test".into() };
    let policy = Policy { deny: vec![rule], ..Policy::default() };
    let found = with(&cdrs, policy, Options::default());
    accounts_for_everything(&cdrs, &found);
    assert!(found.totals.refused > 10);
    assert_eq!(found.doubts.len() as u64, found.totals.refused);
    assert!(found.cases.iter().all(|case| !case.is_attack()));
}

#[test]
fn the_watched_call_is_explained() {
    let cdrs = attacked();
    let all = replay(&cdrs);
    let watch = all.calls.iter().position(|call| call.fate == Fate::Refused).unwrap();
    let found =
        with(&cdrs, Policy::default(), Options { watch: Some(watch), ..Options::default() });
    let watched = found.watched.unwrap();
    let verdict = watched.verdict.unwrap();
    assert_eq!(verdict.action, ringfence_model::Action::Reject);
    assert!(!verdict.reasons.is_empty() && !verdict.pass.is_empty());
    assert!(watched.price.is_some_and(|(price, default)| price > Money::ZERO && default));
    assert_eq!(watched.exposure.len(), 4);
    let cut = all.calls.iter().position(|call| call.fate == Fate::Cut);
    if let Some(cut) = cut {
        let options = Options { watch: Some(cut), ..Options::default() };
        assert!(with(&cdrs, Policy::default(), options).watched.unwrap().cut.is_some());
    }
}

#[test]
fn tenants_are_kept_apart() {
    let mut cdrs = attacked();
    for cdr in &mut cdrs {
        cdr.tenant = Some("a".into());
    }
    let alone = replay(&cdrs);
    let other = office().into_iter().map(|cdr| Cdr { tenant: Some("b".into()), ..cdr });
    let together: Vec<Cdr> = cdrs.iter().cloned().chain(other).collect();
    let both = replay(&together);
    accounts_for_everything(&together, &both);
    assert_eq!(both.tenants.len(), 2);
    assert_eq!(both.totals.prevented, alone.totals.prevented);
    assert!(both.cases.iter().all(|case| case.tenant.as_str() == "a"));
}

#[test]
fn absurd_records_do_no_harm() {
    let mut cdrs = office();
    let strange = |change: fn(&mut Cdr)| {
        let mut cdr = call(3, 40_000, "209", "0053521234", 60);
        change(&mut cdr);
        cdr
    };
    cdrs.extend([
        strange(|c| c.ended = WallTime(i64::MIN)),
        strange(|c| c.ended = WallTime(i64::MAX)),
        strange(|c| c.started = WallTime(i64::MIN)),
        strange(|c| c.started = WallTime(i64::MAX)),
        strange(|c| c.billable_ms = u64::MAX),
        strange(|c| c.answered = Some(WallTime(i64::MAX))),
        strange(|c| c.answered = None),
        strange(|c| c.dialled = "".into()),
        strange(|c| c.dialled = "<script>".into()),
        strange(|c| c.c_number = Some("\u{0}".into())),
    ]);
    accounts_for_everything(&cdrs, &replay(&cdrs));
    assert_eq!(replay(&[]).totals.records, 0);
}
