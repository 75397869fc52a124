//! Two weeks of calls of six customers, and what happened among them, as the server would have written it.

use ringfence_api::Time;
use ringfence_fraud::explain::Voice;
use ringfence_model::{
    Country, Kind, Level, LimitKind, Money, Reason, Signal, SignalKind, WallTime, Window,
};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const DAY: u64 = 86_400;
/// Calls that were written, which number them.
static WRITTEN: AtomicU64 = AtomicU64::new(1);

/// A tenant: its name, its extensions, calls an office day, and what abroad it calls.
type Customer = (
    &'static str,
    &'static [&'static str],
    u64,
    &'static [(&'static str, &'static str, &'static str, f64)],
);

const CUSTOMERS: [Customer; 6] = [
    ("bakker-bouw", &["201", "202", "204", "207"], 46, &[("+32475123456", "BE", "mobile", 0.21)]),
    (
        "hotel-zeezicht",
        &["100", "118", "131"],
        61,
        &[("+4930123456", "DE", "fixed", 0.03), ("+447700900123", "GB", "mobile", 0.19)],
    ),
    ("van-dam-advocaten", &["12", "15", "18"], 34, &[("+33140203040", "FR", "fixed", 0.03)]),
    ("gemeente-oosterveld", &["4410", "4432", "4450", "4461"], 120, &[]),
    ("praktijk-linde", &["1", "3"], 25, &[]),
    ("fietsenwinkel-tempo", &["10"], 12, &[("+4930987654", "DE", "fixed", 0.03)]),
];

/// Numbers that look drawn and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// Writes the spool's files, with so many times the calls of ordinary days.
pub fn write(folder: &Path, now: WallTime, times: u64) {
    // Files are named by their day; what is too old for a server goes.
    let yesterday = serde_json::to_value(Time(now - Duration::from_secs(DAY))).unwrap();
    let day = yesterday.as_str().and_then(|at| at.get(..10)).unwrap();
    let mut file = File::create(folder.join(format!("cdr-{day}.jsonl"))).unwrap();
    let mut cdrs = String::new();
    let mut dice = Dice(17);
    let midnight = WallTime::from_secs(now.as_secs() / DAY as i64 * DAY as i64);
    for ago in (0..14).rev() {
        let day = midnight - Duration::from_secs(ago * DAY);
        for customer in &CUSTOMERS {
            office_day(&mut cdrs, &mut dice, (customer, times), day, now);
        }
        file.write_all(cdrs.as_bytes()).unwrap();
        cdrs.clear();
    }
    let mut events = String::new();
    attack(&mut cdrs, &mut events, now);
    sweep(&mut cdrs, &mut events, now);
    observed(&mut events, now);
    file.write_all(cdrs.as_bytes()).unwrap();
    std::fs::write(folder.join(format!("events-{day}.jsonl")), events).unwrap();
}

fn office_day(
    text: &mut String,
    dice: &mut Dice,
    (customer, times): (&Customer, u64),
    day: WallTime,
    now: WallTime,
) {
    let (tenant, extensions, calls, abroad) = customer;
    let weekend = (day.as_secs() / DAY as i64 + 3) % 7 >= 5;
    let count = times * if weekend { calls / 6 } else { calls * (80 + dice.below(40)) / 100 };
    for _ in 0..count {
        let started = day + Duration::from_secs(7 * 3_600 + dice.below(10 * 3_600));
        if started > now {
            continue;
        }
        let extension = extensions[dice.below(extensions.len() as u64) as usize];
        let secs = 20 + dice.below(400);
        let answered = dice.below(5) > 0;
        let (number, country, kind, rate) = match dice.below(20) {
            0 if !abroad.is_empty() => abroad[dice.below(abroad.len() as u64) as usize],
            1..8 => ("+31612345678", "NL", "mobile", 0.07),
            8 => ("+31880012345", "NL", "company", 0.02),
            _ => ("+31201234567", "NL", "fixed", 0.015),
        };
        let inbound = dice.below(3) == 0;
        let direction = if inbound { "inbound" } else { "outbound" };
        let cost = if answered && !inbound { rate * secs as f64 / 60.0 } else { 0.0 };
        let call = Call {
            tenant,
            extension,
            direction,
            number,
            country,
            kind,
            started,
            secs: if answered { secs } else { 0 },
            cost,
            outcome: "ok",
            reasons: vec![],
        };
        call.write(text);
    }
}

struct Call<'a> {
    tenant: &'a str,
    extension: &'a str,
    direction: &'a str,
    number: &'a str,
    country: &'a str,
    kind: &'a str,
    started: WallTime,
    secs: u64,
    cost: f64,
    outcome: &'a str,
    reasons: Vec<Reason>,
}

impl Call<'_> {
    fn write(&self, text: &mut String) {
        let Self {
            tenant,
            extension,
            direction,
            number,
            country,
            kind,
            started,
            secs,
            cost,
            outcome,
            ..
        } = self;
        let refused = *outcome == "refused" || *outcome == "would_refuse";
        let answered = (*secs > 0).then(|| *started + Duration::from_secs(6));
        let ended = *started + Duration::from_secs(secs + 9);
        let id = WRITTEN.fetch_add(1, Ordering::Relaxed);
        let (billed, prevented) = if refused { (0.0, *cost) } else { (*cost, 0.0) };
        let code = match (refused, secs) {
            (true, _) => 486,
            (false, 0) => 480,
            _ => 200,
        };
        let inbound = *direction == "inbound";
        let own = "+31358000100";
        let (a_number, b_number) = if inbound { (*number, own) } else { (own, *number) };
        let line = json!({"native_id": format!("{id}"), "correlation_id": format!("{id:x}@192.0.2.10"),
            "tenant": tenant, "trunk": "carrier-1", "extension": extension, "direction": direction,
            "a_number": a_number, "dialled": b_number.replacen('+', "00", 1), "b_number": b_number, "c_number": null,
            "via": "phone", "source": null, "started": started, "answered": answered, "ended": ended,
            "billable_ms": if refused { 0 } else { secs * 1_000 }, "code": code,
            "country": if inbound { Value::Null } else { json!(country) }, "kind": if inbound { Value::Null } else { json!(kind) },
            "cost": Money::from_f64(billed), "prevented": Money::from_f64(prevented), "outcome": outcome,
            "reasons": self.reasons});
        let _ = writeln!(text, "{line}");
    }
}

fn signal(kind: SignalKind, weight: f32, seen: f32, normal: f32) -> Reason {
    Reason::Signal(Signal { kind, weight, seen, normal })
}

fn country(text: &str) -> Country {
    serde_json::from_value(json!(text)).unwrap()
}

fn going(to: &str, kind: Kind, per_minute: f64) -> Reason {
    let per_minute = Money::from_f64(per_minute);
    Reason::Going { country: country(to), kind, per_minute, default_tariff: true }
}

/// A verdict as the server writes it.
fn verdict(events: &mut String, at: WallTime, call: &Call<'_>, number: u64, acted: bool) {
    let verdict = json!({"call": number, "action": "reject", "acted": acted, "reasons": call.reasons, "pass": [{"pass": "permit"}],
        "evidence": 6.4, "exposure": 0, "max_duration": null});
    let attempt = json!({"call": number, "tenant": call.tenant, "extension": call.extension, "direction": "outbound",
        "dialled": call.number.replacen('+', "00", 1)});
    let said = if acted { "Refused" } else { "Would have been refused" };
    let why = format!("{said}: {}", Voice::english().reasons(&call.reasons));
    let prevented = Money::from_f64(call.cost);
    let line = json!({"at": Time(at), "kind": "verdict", "attempt": attempt, "verdict": verdict, "prevented": prevented, "why": why});
    let _ = writeln!(events, "{line}");
}

fn alert(
    events: &mut String,
    at: WallTime,
    tenant: &str,
    extension: &str,
    reasons: &[Reason],
    stake: f64,
) {
    let why = Voice::english().reasons(reasons);
    let alert = json!({"tenant": tenant, "extension": extension, "call": null, "reasons": reasons, "evidence": 7.2,
        "at_stake": Money::from_f64(stake)});
    let line = json!({"at": Time(at), "kind": "alerted", "alert": alert, "why": why});
    let _ = writeln!(events, "{line}");
}

fn block(
    events: &mut String,
    at: WallTime,
    number: u64,
    whom: (&str, &str),
    level: Level,
    reasons: &[Reason],
    shadow: bool,
) {
    let why = Voice::english().reasons(reasons);
    let until = at + Duration::from_secs(24 * 3_600);
    let block = json!({"id": number, "scope": {"extension": whom}, "level": level, "since": at, "until": until,
        "origin": "engine", "shadow": shadow});
    let line = json!({"at": Time(at), "kind": "blocked", "block": block, "id": format!("0-{number}"), "reasons": reasons,
        "call": null, "why": why});
    let _ = writeln!(events, "{line}");
}

/// Last night somebody got into a hotel's phone 131 and dialled Cuba.
fn attack(cdrs: &mut String, events: &mut String, now: WallTime) {
    let (tenant, extension) = ("hotel-zeezicht", "131");
    let begin = now - Duration::from_secs(5 * 3_600);
    let call = |n: u64, outcome, secs, reasons| Call {
        tenant,
        extension,
        direction: "outbound",
        number: "+5352631188",
        country: "CU",
        kind: "mobile",
        started: begin + Duration::from_secs(n * 23),
        secs,
        cost: 0.9 * 3.0,
        outcome,
        reasons,
    };
    for n in 0..3 {
        call(n, "ok", 140, vec![]).write(cdrs);
    }
    let reasons = vec![
        signal(SignalKind::Destination, 2.9, 0.0, 0.0),
        signal(SignalKind::Hours, 1.4, 1.0, 0.0),
        signal(SignalKind::Volume, 2.1, 4.0, 1.0),
        signal(SignalKind::Source, 1.9, 4.0, 0.0),
        Reason::Weighed { evidence: 8.3, at_stake: Money::from_f64(9.45), threshold: 4.1 },
        going("CU", Kind::Mobile, 0.9),
    ];
    let at = begin + Duration::from_secs(75);
    alert(events, at, tenant, extension, &reasons, 9.45);
    block(events, at, 17, (tenant, extension), Level::National, &reasons, false);
    let cut = json!({"at": Time(at), "kind": "cut", "call": 6_004, "cost": Money::from_f64(1.35), "reasons": reasons,
        "attempt": {"call": 6_004, "tenant": tenant, "extension": extension, "dialled": "005352631188"},
        "why": Voice::english().reasons(&reasons)});
    let _ = writeln!(events, "{cut}");
    call(3, "cut", 90, reasons).write(cdrs);
    for n in 4..41 {
        let reasons = vec![
            Reason::Blocked {
                level: Level::National,
                until: Some(at + Duration::from_secs(24 * 3_600)),
                whole_tenant: false,
            },
            going("CU", Kind::Mobile, 0.9),
        ];
        let call = call(n, "refused", 0, reasons);
        call.write(cdrs);
        verdict(events, call.started, &call, 6_000 + n, true);
    }
}

/// An hour ago somebody swept a range of paid numbers from a builder's phone.
fn sweep(cdrs: &mut String, events: &mut String, now: WallTime) {
    let (tenant, extension) = ("bakker-bouw", "207");
    let begin = now - Duration::from_secs(70 * 60);
    let reasons = vec![
        signal(SignalKind::PerCallCharge, 2.6, 6.0, 1.0),
        signal(SignalKind::RangeSweep, 1.8, 7.0, 1.0),
        Reason::LimitReached {
            whose: LimitKind::Extension,
            window: Window::Hour,
            used: Money::from_f64(26.4),
            limit: Money::units(25),
        },
        going("NL", Kind::PremiumEntertainment, 1.0),
    ];
    for n in 0..12_u64 {
        let number = format!("+31909123{n:04}");
        let outcome = if n < 6 { "ok" } else { "refused" };
        let why = if n < 6 { vec![] } else { reasons.clone() };
        let call = Call {
            tenant,
            extension,
            direction: "outbound",
            number: &number,
            country: "NL",
            kind: "premium_entertainment",
            started: begin + Duration::from_secs(n * 40),
            secs: if n < 6 { 31 } else { 0 },
            cost: 2.2,
            outcome,
            reasons: why,
        };
        call.write(cdrs);
        if n >= 6 {
            verdict(events, call.started, &call, 8_000 + n, true);
        }
        if n == 6 {
            alert(events, call.started, tenant, extension, &reasons, 26.4);
            block(events, call.started, 23, (tenant, extension), Level::Guarded, &reasons, false);
        }
    }
}

/// A new customer is only watched: its conference abroad would have been stopped.
fn observed(events: &mut String, now: WallTime) {
    let reasons = vec![
        signal(SignalKind::Destination, 2.2, 0.0, 0.0),
        signal(SignalKind::LongCall, 1.1, 5_400.0, 900.0),
        going("IN", Kind::Mobile, 0.25),
    ];
    let at = now - Duration::from_secs(26 * 3_600);
    alert(events, at, "fietsenwinkel-tempo", "10", &reasons, 22.5);
    block(events, at, 24, ("fietsenwinkel-tempo", "10"), Level::National, &reasons, true);
}
