//! What is kept, and for how long.

use crate::calls::{DAY, add, alert, cdr, drain};
use crate::{Promise, act, at};
use ringfence_store::{
    CaseFilter, CdrFilter, EventFilter, Expected, Feeder, Grain, Retained, Retention, Store,
    UsageFilter,
};
use serde_json::json;

pub const PROMISES: &[Promise] =
    &[("records grow old and go", ages), ("what a case holds is kept", holds)];

const RETENTION: Retention =
    Retention { raw_days: 60, pseudonymous_days: 90, event_days: 60, key: [7; 32] };

fn retain(store: &Store, days: i64) -> Retained {
    let mut sum = Retained::default();
    for _ in 0..1_000 {
        let done = store.retain(at(days * DAY), &RETENTION).unwrap();
        if done.is_done() {
            return sum;
        }
        sum.months += done.months;
        sum.pseudonyms += done.pseudonyms;
        sum.events += done.events;
        sum.held += done.held;
        sum.released += done.released;
    }
    panic!("it does not come to an end");
}

/// 300 records, one a day back from 2026-11-22: at day 0 June's end is 145 days ago, October's 22.
fn fill(store: &Store) -> (tempfile::TempDir, Feeder) {
    let folder = tempfile::tempdir().unwrap();
    let mut feeder = Feeder::new(store.clone(), folder.path(), 0);
    let line = |n: i64| {
        let tenant = if n % 2 == 0 { "office" } else { "shop" };
        cdr(n, at(-n * DAY), &json!({"tenant": tenant}))
    };
    add(folder.path(), "cdr-2026-11-22.jsonl", &(0..300).map(line).collect::<String>());
    drain(&mut feeder);
    (folder, feeder)
}

fn count(store: &Store, filter: &CdrFilter) -> usize {
    store.cdrs(filter, 1_000).unwrap().len()
}

fn ages(store: &Store) {
    let (folder, mut feeder) = fill(store);
    let whole = CdrFilter { b_number: Some("+31687654321".into()), ..CdrFilter::default() };
    let begins = CdrFilter { b_number: Some("+31687".into()), ..CdrFilter::default() };
    let done = retain(store, 0);
    // Gone are January to May (28 of January, 28 + 31 + 30 + 31 days); hidden June, July and August.
    assert_eq!((done.months, done.pseudonyms), (5, 92));
    assert_eq!(count(store, &CdrFilter::default()), 22 + 31 + 30 + 92);
    assert_eq!(count(store, &whole), 22 + 31 + 30);
    assert_eq!(count(store, &begins), 22 + 31 + 30 + 92, "the place is still known");
    let old = store.cdrs(&CdrFilter { until: Some(at(-100 * DAY)), ..begins.clone() }, 1).unwrap();
    let text = format!("{old:?}");
    assert!(!text.contains("654321") && !text.contains("1234567") && !text.contains("@pbx"));
    assert_eq!(retain(store, 0), Retained::default(), "there is nothing left to do");
    // One that comes very late.
    add(folder.path(), "cdr-2026-11-23.jsonl", &cdr(900, at(-100 * DAY), &json!({})));
    drain(&mut feeder);
    let before: Vec<_> = store.cdrs(&begins, 1_000).unwrap();
    assert_eq!(retain(store, 0).pseudonyms, 32, "only that month is gone through again");
    let after: Vec<_> = store.cdrs(&begins, 1_000).unwrap();
    let changed = before.iter().filter(|row| !after.contains(row)).count();
    assert_eq!(changed, 1, "pseudonyms stay what they are");
    // Sums know all of them.
    let (from, until) = (at(-400 * DAY), at(DAY));
    let (grain, by) = (Grain::Month, Vec::new());
    let filter = UsageFilter { grain, tenant: None, by, extension: None, from, until };
    assert_eq!(store.usage(&filter).unwrap()[0].attempts, 301);
}

fn holds(store: &Store) {
    let (folder, mut feeder) = fill(store);
    // Two cases, of 190 days ago: the first is held.
    let lines = [alert(-190 * DAY, "office", 5), alert(-190 * DAY, "shop", 5)].concat();
    add(folder.path(), "events-2026-11-22.jsonl", &lines);
    drain(&mut feeder);
    let cases = store.cases(&CaseFilter::default(), 9).unwrap();
    let office = cases.iter().find(|case| case.tenant.as_str() == "office").unwrap();
    let by = |secs| act("ada", "case.hold", secs);
    store.hold_case(&by(1), &office.id, true, Expected::Any).unwrap();
    let around = CdrFilter {
        from: Some(at(-198 * DAY)),
        until: Some(at(-188 * DAY)),
        ..CdrFilter::default()
    };
    assert_eq!(count(store, &around), 10);
    let done = retain(store, 0);
    assert_eq!((done.held, done.events), (4, 1), "from 7 days before until a day after");
    let kept = store.cdrs(&around, 99).unwrap();
    assert_eq!(kept.len(), 4);
    assert!(kept.iter().all(|row| row.tenant.as_ref().unwrap().as_str() == "office"));
    assert!(kept.iter().all(|row| row.b_number.as_deref() == Some("+31687654321")));
    assert_eq!(store.cdr(kept[0].at).unwrap(), kept[0]);
    assert_eq!(store.events(&EventFilter::default(), 9).unwrap().len(), 1);
    store.hold_case(&by(2), &office.id, false, Expected::Any).unwrap();
    let done = retain(store, 0);
    assert_eq!((done.released, done.events), (4, 1));
    assert_eq!(count(store, &around), 0);
}
