//! Call records, events, blocks and cases, by way of the spool.

use crate::{Promise, act, at};
use ringfence_model::{Direction, ExtensionId, Level, Money, TenantId, WallTime};
use ringfence_store::{
    BlockFilter, BlockRow, By, CaseFilter, CaseState, CdrFilter, EventFilter, Expected, Feeder,
    Grain, Outcome, Store, StoreError, TallyBy, TallyFilter, Usage, UsageFilter,
};
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;

pub const PROMISES: &[Promise] = &[
    ("each line of the spool becomes one row", spool),
    ("records are found by what people search for", search),
    ("pages of records meet without gap", pages),
    ("sums are those of the records", sums),
    ("records are counted by what they have in common", tallies),
    ("events make up cases", events),
    ("a block is on record", blocks),
    ("people decide about cases", decisions),
];

pub const DAY: i64 = 86_400;

pub fn add(folder: &Path, file: &str, text: &str) {
    let mut file =
        std::fs::OpenOptions::new().create(true).append(true).open(folder.join(file)).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

/// A record as the server writes it; `more` replaces fields.
pub fn cdr(n: i64, started: WallTime, more: &Value) -> String {
    let mut line = json!({
        "native_id": n.to_string(), "correlation_id": format!("call-{n}@pbx"), "tenant": "office",
        "trunk": "kpn", "extension": "205", "direction": "outbound", "a_number": "+31201234567",
        "dialled": "0031687654321", "c_number": null, "via": "pbx", "source": null,
        "started": started, "answered": started, "ended": started.0 + 60_000_000,
        "billable_ms": 60_000, "code": 200, "b_number": "+31687654321", "kind": "mobile",
        "country": "NL", "cost": 120_000, "prevented": 0, "outcome": "ok", "reasons": []
    });
    for (name, value) in more.as_object().unwrap() {
        line[name] = value.clone();
    }
    format!("{line}\n")
}

pub fn drain(feeder: &mut Feeder) -> (u64, u64, u64) {
    let mut sum = (0, 0, 0);
    loop {
        let fed = feeder.turn().unwrap();
        sum = (sum.0 + fed.cdrs, sum.1 + fed.events, sum.2 + fed.refused);
        if fed.behind == 0 {
            return sum;
        }
    }
}

fn count(store: &Store, filter: &CdrFilter) -> usize {
    store.cdrs(filter, 1_000).unwrap().len()
}

fn all() -> CdrFilter {
    CdrFilter::default()
}

fn spool(store: &Store) {
    let folder = tempfile::tempdir().unwrap();
    let mut feeder = Feeder::new(store.clone(), folder.path(), 0);
    assert_eq!(drain(&mut feeder), (0, 0, 0));
    let (one, two) = (cdr(1, at(0), &json!({})), cdr(2, at(1), &json!({})));
    let (half, rest) = two.split_at(40);
    add(folder.path(), "cdr-2026-11-22.jsonl", &one);
    add(folder.path(), "cdr-2026-11-22.jsonl", half);
    add(folder.path(), "cdr-notes.jsonl", "not mine\n");
    assert_eq!(drain(&mut feeder), (1, 0, 0), "half a line waits for its other half");
    add(folder.path(), "cdr-2026-11-22.jsonl", rest);
    add(folder.path(), "cdr-2026-11-23.jsonl", &cdr(3, at(DAY), &json!({})));
    // Another feeder, as after a restart.
    let mut feeder = Feeder::new(store.clone(), folder.path(), 0);
    assert_eq!(drain(&mut feeder), (2, 0, 0));
    // A late line of yesterday, nonsense, one from before there were telephones, and one with a zero byte.
    add(folder.path(), "cdr-2026-11-22.jsonl", &cdr(4, at(2), &json!({})));
    add(folder.path(), "cdr-2026-11-23.jsonl", "{\"half\n\n");
    add(folder.path(), "cdr-2026-11-23.jsonl", &cdr(5, WallTime(0), &json!({})));
    add(folder.path(), "cdr-2026-11-23.jsonl", &cdr(6, at(DAY), &json!({"dialled": "1\u{0}2"})));
    assert_eq!(drain(&mut feeder), (2, 0, 2));
    assert_eq!(feeder.refused().unwrap(), 2);
    let rows = store.cdrs(&all(), 10).unwrap();
    let natives: Vec<_> = rows.iter().map(|row| row.native_id.as_str()).collect();
    assert_eq!(natives, ["6", "3", "4", "2", "1"]);
    assert_eq!(rows[0].dialled, "12");
    assert_eq!(store.cdr(rows[4].at).unwrap(), rows[4]);
    // A file that is gone does no harm, nor does another node with the same files.
    std::fs::remove_file(folder.path().join("cdr-2026-11-22.jsonl")).unwrap();
    assert_eq!(drain(&mut feeder), (0, 0, 0));
    let mut other = Feeder::new(store.clone(), folder.path(), 1);
    assert_eq!(drain(&mut other), (2, 0, 2));
    assert_eq!(count(store, &all()), 7);
}

fn tallies(store: &Store) {
    let folder = tempfile::tempdir().unwrap();
    let mut feeder = Feeder::new(store.clone(), folder.path(), 0);
    // Across the end of a month: 1 December is in eight days.
    let lines: String = (0..20)
        .map(|n| {
            let more = match n % 5 {
                0 => json!({"b_number": "+3906123456", "kind": "premium", "billable_ms": 5_000, "country": "IT"}),
                1 => json!({"tenant": "shop"}),
                2 => json!({"answered": null, "billable_ms": 0, "cost": 0, "outcome": "refused"}),
                3 => json!({"b_number": null, "dialled": "55", "extension": null}),
                _ => json!({"billable_ms": 1_000 * n}),
            };
            cdr(n, at(n * DAY), &more)
        })
        .collect();
    add(folder.path(), "cdr-2026-11-22.jsonl", &lines);
    assert_eq!(drain(&mut feeder), (20, 0, 0));
    let all = TallyFilter {
        tenant: TenantId::new("office"),
        extension: None,
        direction: None,
        kind: None,
        billable_ms_max: None,
        from: at(0),
        until: at(20 * DAY),
    };
    let numbers = store.tally(&all, &[TallyBy::Number], 1, 10).unwrap();
    let seen: Vec<_> = numbers
        .iter()
        .map(|t| (t.number.as_deref().unwrap(), t.attempts, t.answered, t.refused))
        .collect();
    assert_eq!(
        seen,
        [("+31687654321", 8, 4, 4), ("+3906123456", 4, 4, 0), ("55", 4, 4, 0)],
        "the most first, then by name"
    );
    assert_eq!((numbers[0].first, numbers[0].last), (at(2 * DAY), at(19 * DAY)));
    assert_eq!(numbers[0].cost, Money(480_000));
    assert_eq!(store.tally(&all, &[TallyBy::Number], 5, 10).unwrap().len(), 1);
    assert_eq!(store.tally(&all, &[TallyBy::Number], 1, 2).unwrap().len(), 2);
    let by = [TallyBy::Extension, TallyBy::Kind, TallyBy::Country, TallyBy::Direction];
    let apart = store.tally(&all, &by, 1, 10).unwrap();
    let keys: Vec<_> = apart
        .iter()
        .map(|t| [&t.extension, &t.kind, &t.country, &t.direction].map(|k| k.as_deref().unwrap()))
        .collect();
    assert_eq!(
        keys,
        [
            ["205", "mobile", "NL", "outbound"],
            ["", "mobile", "NL", "outbound"],
            ["205", "premium", "IT", "outbound"]
        ]
    );
    let short = TallyFilter {
        kind: Some("premium".into()),
        billable_ms_max: Some(5_000),
        extension: Some("205".into()),
        direction: Some("outbound".into()),
        from: at(1),
        ..all.clone()
    };
    let sum = store.tally(&short, &[], 1, 10).unwrap();
    assert_eq!((sum.len(), sum[0].attempts, sum[0].billable_ms), (1, 3, 15_000));
    let none = TallyFilter { billable_ms_max: Some(4_999), ..short };
    assert_eq!(store.tally(&none, &[], 1, 10).unwrap(), []);
    let longest = store.longest(&all, 6).unwrap();
    let seen: Vec<_> = longest.iter().map(|row| (row.billable_ms, &*row.native_id)).collect();
    assert_eq!(
        seen,
        [
            (60_000, "18"),
            (60_000, "13"),
            (60_000, "8"),
            (60_000, "3"),
            (19_000, "19"),
            (14_000, "14")
        ]
    );
}

fn search(store: &Store) {
    let folder = tempfile::tempdir().unwrap();
    let mut feeder = Feeder::new(store.clone(), folder.path(), 0);
    let mut lines = String::new();
    for n in 0..120 {
        let started = at(-n * DAY);
        let more = match n % 4 {
            0 => json!({}),
            1 => json!({"tenant": "shop", "b_number": format!("+535{n:04}"), "country": "CU"}),
            2 => json!({"outcome": "refused", "code": 486, "answered": null, "billable_ms": 0}),
            _ => json!({"extension": "206", "direction": "inbound", "a_number": "+4930123",
                "b_number": null, "outcome": if n % 8 == 3 { "cut" } else { "ok" }}),
        };
        lines.push_str(&cdr(n, started, &more));
    }
    add(folder.path(), "cdr-2026-11-22.jsonl", &lines);
    assert_eq!(drain(&mut feeder).0, 120);
    let some = |text: &str| Some(text.to_owned());
    let office = || Some(TenantId::new("office"));
    let is = |expected: usize, filter: CdrFilter| {
        assert_eq!(count(store, &filter), expected, "{filter:?}");
    };
    is(120, all());
    is(90, CdrFilter { tenant: office(), ..all() });
    is(30, CdrFilter { b_number: some("+53"), ..all() });
    is(1, CdrFilter { b_number: some("+5350001"), ..all() });
    is(0, CdrFilter { b_number: some("+53"), tenant: office(), ..all() });
    is(60, CdrFilter { b_number: some("+31"), tenant: office(), ..all() });
    is(30, CdrFilter { a_number: some("+49"), ..all() });
    is(1, CdrFilter { call_id: some("call-7@pbx"), ..all() });
    is(0, CdrFilter { call_id: some("call-7@pbx"), tenant: Some(TenantId::new("shop")), ..all() });
    is(30, CdrFilter { extension: Some(ExtensionId::new("206")), tenant: office(), ..all() });
    is(30, CdrFilter { extension: Some(ExtensionId::new("206")), ..all() });
    is(45, CdrFilter { stopped: true, ..all() });
    is(15, CdrFilter { outcome: Some(Outcome::Cut), ..all() });
    is(75, CdrFilter { outcome: Some(Outcome::Ok), ..all() });
    is(30, CdrFilter { direction: Some(Direction::Inbound), ..all() });
    is(30, CdrFilter { country: some("CU"), kind: some("mobile"), ..all() });
    is(10, CdrFilter { from: Some(at(-9 * DAY)), ..all() });
    is(20, CdrFilter { from: Some(at(-39 * DAY)), until: Some(at(-19 * DAY)), ..all() });
    let rows = store.cdrs(&CdrFilter { outcome: Some(Outcome::Refused), ..all() }, 1).unwrap();
    assert_eq!((rows[0].code, rows[0].answered, rows[0].cost), (486, None, Money(120_000)));
    assert_eq!(rows[0].more.as_ref().unwrap()["via"], "pbx");
}

fn pages(store: &Store) {
    let folder = tempfile::tempdir().unwrap();
    let mut feeder = Feeder::new(store.clone(), folder.path(), 0);
    // Several at the same moment, over the turn of a month.
    let line = |n: i64| cdr(n, at(12 * DAY - (n / 7) * DAY), &json!({}));
    add(folder.path(), "cdr-2026-11-22.jsonl", &(0..100).map(line).collect::<String>());
    drain(&mut feeder);
    let tenant = Some(TenantId::new("office"));
    let numbers = [None, Some("+31".to_owned())];
    for b_number in numbers {
        let mut filter = CdrFilter { b_number, tenant: tenant.clone(), ..all() };
        let mut seen = Vec::new();
        loop {
            let page = store.cdrs(&filter, 9).unwrap();
            let Some(last) = page.last() else { break };
            filter.after = Some(last.at);
            seen.extend(page.into_iter().map(|row| row.at));
        }
        assert_eq!(seen.len(), 100);
        assert!(seen.is_sorted_by(|a, b| a > b));
    }
}

fn sums(store: &Store) {
    let folder = tempfile::tempdir().unwrap();
    let mut feeder = Feeder::new(store.clone(), folder.path(), 0);
    for batch in 0..3 {
        let line = |n: i64| {
            let more = match n % 3 {
                0 => json!({}),
                1 => json!({"tenant": "shop", "extension": null}),
                _ => json!({"outcome": "refused", "answered": null, "billable_ms": 0, "cost": 0,
                    "prevented": 50_000, "kind": "premium"}),
            };
            cdr(n, at(n * 600), &more)
        };
        let lines: String = (batch * 30..batch * 30 + 30).map(line).collect();
        add(folder.path(), "cdr-2026-11-22.jsonl", &lines);
        assert_eq!(drain(&mut feeder).0, 30);
    }
    let ask = |grain, tenant: Option<&str>, by: &[By]| {
        let tenant = tenant.map(TenantId::new);
        let (from, until) = (at(0), at(DAY));
        store
            .usage(&UsageFilter { grain, tenant, by: by.to_vec(), extension: None, from, until })
            .unwrap()
    };
    for grain in [Grain::Hour, Grain::Day, Grain::Month] {
        let whole = ask(grain, None, &[]);
        assert_eq!(whole.len(), 1);
        assert_eq!((whole[0].attempts, whole[0].answered, whole[0].refused), (90, 60, 30));
        assert_eq!((whole[0].cost, whole[0].prevented), (Money(60 * 120_000), Money(30 * 50_000)));
        let each = ask(grain, None, &[By::Tenant]);
        let each: Vec<_> =
            each.iter().map(|of| (of.tenant.clone().unwrap(), of.attempts)).collect();
        assert_eq!(each, [(TenantId::new("office"), 60), (TenantId::new("shop"), 30)]);
        // The same asked of all and of one, whatever is read for it.
        let beside = |tenant| {
            let rows = ask(grain, tenant, &[By::Tenant, By::Kind, By::Start]);
            let office = |of: &Usage| of.tenant == Some(TenantId::new("office"));
            rows.into_iter().filter(office).collect::<Vec<_>>()
        };
        assert_eq!(beside(None), beside(Some("office")));
        assert!(!beside(None).is_empty());
        let kinds = ask(grain, Some("office"), &[By::Kind]);
        let kinds: Vec<_> =
            kinds.iter().map(|of| (of.kind.clone().unwrap(), of.attempts)).collect();
        assert_eq!(kinds, [("mobile".to_owned(), 30), ("premium".to_owned(), 30)]);
    }
    let hours = ask(Grain::Hour, Some("office"), &[By::Start, By::Extension]);
    assert_eq!(hours.len(), 15);
    assert_eq!(hours[0].start, Some(at(0)));
    assert_eq!(hours[0].billable_ms, 120_000);
    assert!(ask(Grain::Day, Some("nobody"), &[By::Start]).is_empty());
}

fn event(secs: i64, body: Value) -> String {
    let mut line = json!({"at": stamp(at(secs)), "shard": 0});
    for (name, value) in body.as_object().unwrap() {
        line[name] = value.clone();
    }
    format!("{line}\n")
}

fn stamp(at: WallTime) -> String {
    jiff::Timestamp::from_microsecond(at.0).unwrap().to_string()
}

/// So much is spent; twice as much is at stake.
pub fn alert(secs: i64, tenant: &str, spent: i64) -> String {
    let alert = json!({"tenant": tenant, "extension": "205", "call": 7, "reasons": [],
        "evidence": 4.5, "at_stake": 2 * spent, "spent": spent});
    event(secs, json!({"kind": "alerted", "alert": alert, "why": "a new country"}))
}

fn refusal(secs: i64, tenant: &str) -> String {
    let attempt = json!({"call": 8, "tenant": tenant, "extension": "205"});
    let verdict = json!({"call": 8, "action": "reject", "acted": true});
    event(
        secs,
        json!({"kind": "verdict", "attempt": attempt, "verdict": verdict,
        "prevented": 2_000_000, "why": "blocked"}),
    )
}

fn blocked(secs: i64, id: u64) -> String {
    let block = json!({"id": id, "scope": {"extension": ["office", "205"]}, "level": "national",
        "since": at(secs), "until": at(secs + DAY), "origin": "engine", "shadow": false});
    event(
        secs,
        json!({"kind": "blocked", "block": block, "id": format!("0-{id}"),
        "reasons": [], "call": 7, "why": "too dear"}),
    )
}

fn lifted(secs: i64, since: i64, id: u64) -> String {
    let block = json!({"id": id, "scope": {"extension": ["office", "205"]}, "level": "national",
        "since": at(since), "until": null, "origin": "engine", "shadow": false});
    event(secs, json!({"kind": "lifted", "block": block, "id": format!("0-{id}")}))
}

fn events(store: &Store) {
    let folder = tempfile::tempdir().unwrap();
    let mut feeder = Feeder::new(store.clone(), folder.path(), 0);
    let registered = json!({"kind": "event", "event": {"event": "registered", "tenant": "office",
        "extension": "205", "source": {"ip": "192.0.2.1", "country": null, "user_agent": null}}});
    let lines = [
        refusal(1, "office"),
        alert(2, "office", 9_000_000),
        event(3, registered),
        blocked(4, 17),
        refusal(5, "office"),
        alert(6, "shop", 1_000_000),
        alert(7, "office", 4_000_000),
        "nonsense\n".to_owned(),
        lifted(3_600, 4, 17),
        alert(3 * DAY, "office", 1),
    ];
    // One at a time, as they come when little happens; and in one piece below.
    for line in &lines {
        add(folder.path(), "events-2026-11-22.jsonl", line);
        drain(&mut feeder);
    }
    let cases = store.cases(&CaseFilter::default(), 9).unwrap();
    assert_eq!(cases.len(), 3, "{cases:#?}");
    let [late, shop, first] = cases.as_slice() else { panic!() };
    assert_eq!((late.tenant.as_str(), late.alerts), ("office", 1));
    assert_eq!((shop.tenant.as_str(), shop.let_through), ("shop", Money(1_000_000)));
    assert_eq!((first.alerts, first.calls, first.opened), (2, 1, at(2)));
    assert_eq!((first.let_through, first.prevented), (Money(9_000_000), Money(2_000_000)));
    assert_eq!((first.active, first.headline.as_str()), (at(3_600), "a new country"));
    let of = EventFilter { case: Some(first.id.clone()), ..EventFilter::default() };
    let kinds = |filter: &EventFilter| -> Vec<String> {
        store.events(filter, 99).unwrap().into_iter().map(|event| event.kind).collect()
    };
    assert_eq!(kinds(&of), ["lifted", "alerted", "verdict", "blocked", "alerted"]);
    let registered = EventFilter { kinds: vec!["registered".into()], ..EventFilter::default() };
    assert_eq!(kinds(&registered), ["registered"]);
    let following = store.events_since(0, 99).unwrap();
    assert!(following.is_sorted_by_key(|event| event.id));
    assert_eq!(following.len(), 8, "all but the one numbered 0");
    assert_eq!(store.waiting().unwrap().0, 6, "four alerts, a block and its end are to be told");
    let block = store.block("0-17").unwrap();
    assert_eq!((block.level, block.lifted), (Level::National, Some(at(3_600))));
    assert_eq!((block.case.as_ref(), block.by_engine), (Some(&first.id), true));

    add(folder.path(), "events-2026-11-23.jsonl", &lines.concat().replace("office", "bulk"));
    drain(&mut feeder);
    let tenant = Some(TenantId::new("bulk"));
    let bulk = store.cases(&CaseFilter { tenant, ..CaseFilter::default() }, 9).unwrap();
    let figures = |case: &ringfence_store::Case| (case.alerts, case.calls, case.let_through);
    assert_eq!(bulk.iter().map(figures).collect::<Vec<_>>(), [figures(late), figures(first)]);
}

fn blocks(store: &Store) {
    let block = |id: &str, secs, until| BlockRow {
        id: id.into(),
        tenant: TenantId::new("office"),
        extension: None,
        level: Level::Internal,
        since: at(secs),
        until,
        made_by: "ada".into(),
        by_engine: false,
        shadow: false,
        reasons: json!([]),
        why: "holiday".into(),
        case: None,
        lifted: None,
        lifted_by: None,
    };
    let by = |secs| act("ada", "block.set", secs);
    store.record_block(&by(1), &block("0-1", 1, None)).unwrap();
    store.record_block(&by(2), &block("0-2", 2, Some(at(50)))).unwrap();
    // The engine tells of the same.
    let folder = tempfile::tempdir().unwrap();
    let mut feeder = Feeder::new(store.clone(), folder.path(), 0);
    let line = blocked(1, 1).replace("\"extension\":[\"office\",\"205\"]", "\"tenant\":\"office\"");
    add(folder.path(), "events-2026-11-22.jsonl", &line);
    drain(&mut feeder);
    assert_eq!(store.block("0-1").unwrap(), block("0-1", 1, None), "what a person said stays");
    let ids = |filter: BlockFilter| -> Vec<String> {
        store.blocks(&filter, 9).unwrap().into_iter().map(|block| block.id).collect()
    };
    let in_force = |secs| BlockFilter { in_force: Some(at(secs)), ..BlockFilter::default() };
    assert_eq!(ids(in_force(10)), ["0-2", "0-1"]);
    assert_eq!(ids(in_force(50)), ["0-1"]);
    store.record_lift(&act("bob", "block.lift", 60), "0-1").unwrap();
    assert_eq!(ids(in_force(61)), Vec::<String>::new());
    let again = store.record_lift(&act("bob", "block.lift", 61), "0-1");
    assert!(matches!(again, Err(StoreError::NotFound(_))));
    add(folder.path(), "events-2026-11-22.jsonl", &lifted(60, 1, 1));
    drain(&mut feeder);
    let block = store.block("0-1").unwrap();
    assert_eq!((block.lifted, block.lifted_by.as_deref()), (Some(at(60)), Some("bob")));
    let after = Some((at(2), "0-2".to_owned()));
    assert_eq!(ids(BlockFilter { after, ..BlockFilter::default() }), ["0-1"]);
    // The engine's, lifted by a person before it was ever read from here.
    let by_eve =
        lifted(71, 70, 3).replace("\"kind\":\"lifted\"", "\"kind\":\"lifted\",\"by\":\"eve\"");
    add(folder.path(), "events-2026-11-22.jsonl", &format!("{}{by_eve}", blocked(70, 3)));
    drain(&mut feeder);
    let block = store.block("0-3").unwrap();
    assert_eq!((block.lifted, block.lifted_by.as_deref()), (Some(at(71)), Some("eve")));
    // A new data folder numbers its blocks from the beginning.
    add(folder.path(), "events-2026-11-22.jsonl", &blocked(900, 1));
    drain(&mut feeder);
    assert_eq!(ids(in_force(901)), ["0-1"]);
}

fn decisions(store: &Store) {
    let folder = tempfile::tempdir().unwrap();
    let mut feeder = Feeder::new(store.clone(), folder.path(), 0);
    add(folder.path(), "events-2026-11-22.jsonl", &alert(1, "office", 5));
    drain(&mut feeder);
    let case = store.cases(&CaseFilter::default(), 9).unwrap().remove(0);
    let by = |secs| act("ada", "case.decide", secs);
    store.note_case(&by(2), &case.id, "n1", "called the customer").unwrap();
    assert_eq!(store.case_notes(&case.id).unwrap()[0].words, "called the customer");
    // More happens while somebody decides.
    add(folder.path(), "events-2026-11-22.jsonl", &alert(3, "office", 9));
    drain(&mut feeder);
    let expected = Expected::Version(case.version);
    let version = store.decide_case(&by(4), &case.id, CaseState::ConfirmedFraud, expected).unwrap();
    let late = store.decide_case(&by(5), &case.id, CaseState::FalseAlarm, expected);
    assert!(matches!(late, Err(StoreError::Conflict { .. })));
    store.hold_case(&by(6), &case.id, true, Expected::Version(version)).unwrap();
    let decided = store.case(&case.id).unwrap();
    assert_eq!((decided.state, decided.closed), (CaseState::ConfirmedFraud, Some(at(4))));
    assert_eq!((decided.alerts, decided.let_through, decided.held), (2, Money(9), true));
    let open = CaseFilter { state: Some(CaseState::Open), ..CaseFilter::default() };
    assert!(store.cases(&open, 9).unwrap().is_empty());
    add(folder.path(), "events-2026-11-22.jsonl", &alert(7, "office", 1));
    drain(&mut feeder);
    assert_eq!(store.cases(&open, 9).unwrap().len(), 1, "after a decision it is another case");
}
