//! How much the store takes, and how fast it answers when it is full.
//!
//! `load FOLDER [RECORDS]`: writes RECORDS (10 million unless said) of a year to a spool in FOLDER, a day at a time,
//! feeds each day, then asks what the pages of the portal ask, each a number of times with other values. FOLDER must be
//! empty; the whole of 10 million takes 6 GB. With 0 records it asks what an earlier run left there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)] // a tool for us

use ringfence_model::{TenantId, WallTime};
use ringfence_store::{
    By, CaseFilter, CdrFilter, EventFilter, Feeder, Grain, Outcome, Place, Store, UsageFilter,
};
use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

const DAYS: i64 = 365;
const DAY: i64 = 86_400_000_000;
/// 2026-01-01T00:00:00Z.
const START: i64 = 1_767_225_600_000_000;
const TENANTS: u64 = 1_000;
const ASKED: u32 = 100;

fn main() {
    let mut args = std::env::args().skip(1);
    let folder = args.next().expect("a folder");
    let records: u64 = args.next().map_or(10_000_000, |count| count.parse().unwrap());
    let folder = Path::new(&folder);
    let store = Store::open(Place::File(folder.join("store.db")), WallTime(START)).unwrap();
    if records > 0 {
        fill(&store, folder, records / DAYS.unsigned_abs());
    }
    let size = std::fs::metadata(folder.join("store.db")).unwrap().len();
    println!("file: {} MiB", size >> 20);
    ask(&store);
}

/// Feeds a year, a day at a time, as fast as it goes.
fn fill(store: &Store, folder: &Path, per_day: u64) {
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    let mut feeder = Feeder::new(store.clone(), folder, 0);
    let (mut fed, mut busy, mut slowest) = (0, Duration::ZERO, Duration::ZERO);
    let (mut month_rows, mut month_busy) = (0, Duration::ZERO);
    for day in 0..DAYS {
        let text = one_day(day, per_day, &mut chance);
        let name = |what| folder.join(format!("{what}-{}.jsonl", date(day)));
        std::fs::write(name("cdr"), text.0).unwrap();
        std::fs::write(name("events"), text.1).unwrap();
        loop {
            let began = Instant::now();
            let done = feeder.turn().unwrap();
            let took = began.elapsed();
            (busy, month_busy, slowest) = (busy + took, month_busy + took, slowest.max(took));
            fed += done.cdrs + done.events;
            month_rows += done.cdrs + done.events;
            if done.behind == 0 {
                break;
            }
        }
        std::fs::remove_file(name("cdr")).unwrap();
        std::fs::remove_file(name("events")).unwrap();
        if day % 30 == 29 {
            println!("day {}: {:.0} rows/s", day + 1, month_rows as f64 / month_busy.as_secs_f64());
            (month_rows, month_busy) = (0, Duration::ZERO);
        }
    }
    let rate = fed as f64 / busy.as_secs_f64();
    println!(
        "fed {fed} rows in {:.0} s: {rate:.0} rows/s; slowest turn {slowest:?}",
        busy.as_secs_f64()
    );
}

/// Few tenants make many calls, as it is; most numbers are called once. Every 200th call is refused, every 4,000th
/// raises an alert.
fn one_day(day: i64, count: u64, chance: &mut Chance) -> (String, String) {
    let (mut cdrs, mut events) = (String::new(), String::new());
    for n in 0..count {
        let started = START + day * DAY + (DAY / count.cast_signed()) * n.cast_signed();
        let tenant = tenant(chance);
        let extension = 200 + chance.below(20 + tenant % 100);
        let (b_number, kind, country, price) = called(chance);
        let answered = if chance.below(10) < 7 { started.to_string() } else { "null".to_owned() };
        let seconds = chance.below(400);
        let refused = chance.below(200) == 0;
        let outcome = if refused { "refused" } else { "ok" };
        let name = day.unsigned_abs() * 1_000_000 + n;
        writeln!(
            cdrs,
            "{{\"native_id\":\"{name}\",\"correlation_id\":\"{:016x}-{name}@192.0.2.{}\",\
             \"tenant\":\"t{tenant}\",\"trunk\":\"kpn\",\"extension\":\"{extension}\",\
             \"direction\":\"outbound\",\"a_number\":\"+3120{:07}\",\"dialled\":\"00{b_number}\",\
             \"c_number\":null,\"via\":\"pbx\",\"source\":{{\"ip\":\"192.0.2.7\",\"country\":null,\
             \"user_agent\":\"Asterisk PBX 20.5\"}},\"started\":{started},\"answered\":{answered},\
             \"ended\":{},\"billable_ms\":{},\"code\":200,\"b_number\":\"+{b_number}\",\
             \"kind\":\"{kind}\",\"country\":\"{country}\",\"cost\":{},\"prevented\":0,\
             \"outcome\":\"{outcome}\",\"reasons\":[]}}",
            chance.next(),
            chance.below(250),
            tenant * 100 + extension % 100,
            started + seconds.cast_signed() * 1_000_000,
            seconds * 1_000,
            seconds * price / 60,
        )
        .unwrap();
        if chance.below(4_000) == 0 {
            let at = format!("{}T12:00:00Z", date(day));
            writeln!(
                events,
                "{{\"at\":\"{at}\",\"shard\":0,\"kind\":\"alerted\",\"alert\":{{\"tenant\":\
                 \"t{tenant}\",\"extension\":\"{extension}\",\"call\":{n},\"reasons\":[],\
                 \"evidence\":4.0,\"at_stake\":{}}},\"why\":\"a new country, at night\"}}",
                chance.below(90_000_000),
            )
            .unwrap();
        }
    }
    (cdrs, events)
}

fn tenant(chance: &mut Chance) -> u64 {
    let (a, b) = (chance.below(TENANTS), chance.below(TENANTS));
    a * b / TENANTS
}

fn called(chance: &mut Chance) -> (String, &'static str, &'static str, u64) {
    match chance.below(100) {
        0..50 => (format!("316{:08}", chance.below(100_000_000)), "mobile", "NL", 90_000),
        50..85 => (format!("3120{:07}", chance.below(10_000_000)), "fixed", "NL", 20_000),
        85..98 => (format!("49{:09}", chance.below(1_000_000_000)), "fixed", "DE", 50_000),
        98 => (format!("31900{:05}", chance.below(100_000)), "premium", "NL", 900_000),
        _ => (format!("53{:08}", chance.below(100_000_000)), "mobile", "CU", 800_000),
    }
}

fn date(day: i64) -> jiff::civil::Date {
    let at = jiff::Timestamp::from_microsecond(START + day * DAY).unwrap();
    at.to_zoned(jiff::tz::TimeZone::UTC).date()
}

/// What the portal's pages ask.
fn ask(store: &Store) {
    println!("{:<58} {:>8} {:>8} {:>6}", "page", "p50 ms", "max ms", "rows");
    let chance = &mut Chance(77);
    let year = (WallTime(START), WallTime(START + DAYS * DAY));
    let some_tenant = |chance: &mut Chance| Some(TenantId::new(&format!("t{}", tenant(chance))));
    let cdrs = |filter: CdrFilter| store.cdrs(&filter, 50).unwrap().len();
    let all = CdrFilter::default;
    let digits = |chance: &mut Chance, prefix: &str, width: u32| {
        let more = chance.below(10u64.pow(width));
        Some(format!("{prefix}{more:0width$}", width = width as usize))
    };

    page("records: newest of all", || cdrs(all()));
    page("records: newest of a tenant", || {
        cdrs(CdrFilter { tenant: some_tenant(chance), ..all() })
    });
    page("records: refused, of all", || cdrs(CdrFilter { stopped: true, ..all() }));
    page("records: refused, of a tenant", || {
        cdrs(CdrFilter { stopped: true, tenant: some_tenant(chance), ..all() })
    });
    page("records: cut (there is none), of all", || {
        cdrs(CdrFilter { outcome: Some(Outcome::Cut), ..all() })
    });
    page("records: an extension of a tenant", || {
        let extension = Some(format!("{}", 200 + chance.below(20)).as_str().into());
        cdrs(CdrFilter { tenant: some_tenant(chance), extension, ..all() })
    });
    page("records: to one number, of all", || {
        cdrs(CdrFilter { b_number: digits(chance, "+316", 8), ..all() })
    });
    page("records: to a number's first 7 digits, of all", || {
        cdrs(CdrFilter { b_number: digits(chance, "+316", 4), ..all() })
    });
    page("records: to +53, of a tenant", || {
        cdrs(CdrFilter { b_number: Some("+53".into()), tenant: some_tenant(chance), ..all() })
    });
    page("records: to +31, of a tenant", || {
        cdrs(CdrFilter { b_number: Some("+31".into()), tenant: some_tenant(chance), ..all() })
    });
    page("records: to +88 (nobody), of all", || {
        cdrs(CdrFilter { b_number: Some("+88".into()), ..all() })
    });
    page("records: to +53, of the largest tenant, refused", || {
        let tenant = Some(TenantId::new("t0"));
        cdrs(CdrFilter { b_number: Some("+53".into()), tenant, stopped: true, ..all() })
    });
    page("records: from one number, of a tenant", || {
        let a_number = digits(chance, "+31200", 6);
        cdrs(CdrFilter { a_number, tenant: some_tenant(chance), ..all() })
    });
    page("records: one Call-ID (there is none)", || {
        cdrs(CdrFilter { call_id: digits(chance, "x", 9), ..all() })
    });
    page("records: a week half a year ago, of a tenant", || {
        let from = START + (100 + chance.below(100).cast_signed()) * DAY;
        let (from, until) = (Some(WallTime(from)), Some(WallTime(from + 7 * DAY)));
        cdrs(CdrFilter { tenant: some_tenant(chance), from, until, ..all() })
    });
    let usage = |grain, tenant, by: &[By], (from, until)| {
        let by = by.to_vec();
        let filter = UsageFilter { grain, tenant, by, extension: None, from, until };
        store.usage(&filter).unwrap().len()
    };
    page("report: a year by day, of all", || usage(Grain::Day, None, &[By::Start], year));
    page("report: a year by country and kind, of all", || {
        usage(Grain::Day, None, &[By::Country, By::Kind], year)
    });
    page("report: a year by tenant", || usage(Grain::Month, None, &[By::Tenant], year));
    page("report: a year by day, of a tenant", || {
        usage(Grain::Day, some_tenant(chance), &[By::Start], year)
    });
    page("report: a year by extension, of a tenant", || {
        usage(Grain::Month, some_tenant(chance), &[By::Extension], year)
    });
    page("report: a month by hour, of a tenant", || {
        let from = START + chance.below(330).cast_signed() * DAY;
        let month = (WallTime(from), WallTime(from + 30 * DAY));
        usage(Grain::Hour, some_tenant(chance), &[By::Start], month)
    });
    page("cases: newest of all", || store.cases(&CaseFilter::default(), 50).unwrap().len());
    page("cases: newest of a tenant", || {
        let tenant = some_tenant(chance);
        store.cases(&CaseFilter { tenant, ..CaseFilter::default() }, 50).unwrap().len()
    });
    let newest = store.cases(&CaseFilter::default(), 1_000).unwrap();
    page("case: what happened in it", || {
        let case = &newest[usize::try_from(chance.below(newest.len() as u64)).unwrap()];
        let case = Some(case.id.clone());
        store.events(&EventFilter { case, ..EventFilter::default() }, 50).unwrap().len()
    });
    page("events: alerts of all", || {
        let kinds = vec!["alerted".to_owned()];
        store.events(&EventFilter { kinds, ..EventFilter::default() }, 50).unwrap().len()
    });
}

fn page(name: &str, mut ask: impl FnMut() -> usize) {
    let mut rows = 0;
    let mut times: Vec<Duration> = (0..ASKED)
        .map(|_| {
            let began = Instant::now();
            rows += ask();
            began.elapsed()
        })
        .collect();
    times.sort();
    let ms = |at: usize| times.get(at).map_or(0.0, |time| time.as_secs_f64() * 1e3);
    let (p50, max) = (ms(times.len() / 2), ms(times.len() - 1));
    println!("{name:<58} {p50:>8.1} {max:>8.1} {:>6}", rows / ASKED as usize);
}

/// Numbers that look random and are the same each time (xorshift).
struct Chance(u64);

impl Chance {
    const fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    const fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}
