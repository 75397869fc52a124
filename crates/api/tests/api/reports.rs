//! Reports of the records themselves.

use crate::world::World;
use serde_json::{Value, json};

const DAY: &str = "from=2026-11-22T00:00:00Z&until=2026-11-23T00:00:00Z";

/// Seconds before noon at which a call of an hour of the day began.
const fn at(hour: i64, minute: i64) -> i64 {
    (12 - hour) * 3600 - minute * 60
}

fn rows(body: &Value) -> Vec<Value> {
    body["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn calls_in_and_out_of_office_hours_add_up_to_all() {
    let world = World::peopled();
    // The office of the double opens at 8:30 and closes at 17:15.
    let calls: Vec<_> = [(3, 0), (8, 10), (8, 29), (8, 30), (8, 50), (9, 0), (12, 0), (17, 14)]
        .into_iter()
        .chain([(17, 15), (17, 30), (23, 59)])
        .enumerate()
        .map(|(n, (hour, minute))| {
            let kind = if n % 2 == 0 { "mobile" } else { "premium" };
            ("acme", at(hour, minute), json!({"kind": kind}))
        })
        .collect();
    world.calls(&calls);
    world.calls(&[("beta", at(3, 0), json!({}))]);
    let path = format!("/v1/reports/office-hours?tenant=acme&{DAY}");
    let audrey = world.client("audrey");
    let all = rows(&audrey.get(&path).await.is(200).body);
    assert_eq!(all.len(), 1);
    let count = |row: &Value| [&row["inside"], &row["outside"]].map(|s| s["attempts"].as_u64());
    assert_eq!(count(&all[0]), [Some(5), Some(6)]);
    assert_eq!(all[0]["inside"]["cost"], 5 * 900_000);
    assert_eq!(all[0]["outside"]["billable_ms"], 6 * 60_000);
    let kinds = rows(&audrey.get(&format!("{path}&by=kind")).await.is(200).body);
    let seen: Vec<_> = kinds.iter().map(|row| (row["of"].clone(), count(row))).collect();
    let expected = [(json!("mobile"), [Some(2), Some(4)]), (json!("premium"), [Some(3), Some(2)])];
    assert_eq!(seen, expected);
    // Part of an hour is the whole of it.
    let hour = "from=2026-11-22T08:20:00Z&until=2026-11-22T08:40:00Z";
    let path = format!("/v1/reports/office-hours?tenant=acme&{hour}");
    assert_eq!(count(&rows(&audrey.get(&path).await.is(200).body)[0]), [Some(2), Some(2)]);
}

#[tokio::test]
async fn the_longest_and_the_most_repeated_calls_are_found() {
    let world = World::peopled();
    let call = |b: &str, secs: u64, kind: &str| json!({"b_number": b, "billable_ms": secs * 1000, "kind": kind});
    world.calls(&[
        ("acme", 10, call("+390612", 5, "premium")),
        ("acme", 20, call("+390612", 7, "premium")),
        ("acme", 30, call("+390612", 90, "premium")),
        ("acme", 40, call("+3120", 600, "geographic")),
        ("acme", 50, call("+3120", 610, "geographic")),
        ("acme", 60, call("+3130", 3600, "geographic")),
        ("beta", 60, call("+3130", 9999, "geographic")),
    ]);
    let otto = world.client("otto");
    let get = async |path: &str| {
        rows(&otto.get(&format!("/v1/reports/{path}&tenant=acme&{DAY}")).await.is(200).body)
    };
    let longest = get("longest-calls?limit=2").await;
    let seen: Vec<_> = longest.iter().map(|call| call["billable_ms"].clone()).collect();
    assert_eq!(seen, [3_600_000, 610_000]);
    let repeated = get("repeated-calls?").await;
    let seen: Vec<_> =
        repeated.iter().map(|row| (row["number"].clone(), row["attempts"].clone())).collect();
    assert_eq!(seen, [(json!("+390612"), json!(3)), (json!("+3120"), json!(2))]);
    assert_eq!(repeated[0]["first"], "2026-11-22T11:59:30Z");
    let short = get("repeated-calls?kind=premium&secs_max=30").await;
    assert_eq!((short.len(), &short[0]["attempts"]), (1, &json!(2)));
    assert_eq!(get("repeated-calls?attempts_min=1").await.len(), 3);
    assert_eq!(get("repeated-calls?direction=inbound").await.len(), 0);
}

#[tokio::test]
async fn reports_are_of_one_tenant_and_of_a_month() {
    let world = World::peopled();
    let anna = world.client("anna");
    for report in ["office-hours", "longest-calls", "repeated-calls"] {
        let get = async |query: &str| anna.get(&format!("/v1/reports/{report}?{query}")).await;
        get(DAY).await.refused(400, "malformed");
        get(&format!("tenant=beta&{DAY}")).await.refused(404, "not_found");
        let long = "tenant=acme&from=2026-01-01T00:00:00Z&until=2026-03-01T00:00:00Z";
        get(long).await.refused(422, "invalid");
        let none = "tenant=acme&from=2026-11-22T00:00:00Z&until=2026-11-22T00:00:00Z";
        get(none).await.refused(422, "invalid");
        let absurd = "tenant=acme&from=-009999-01-01T00:00:00Z&until=9999-12-31T23:59:59Z";
        assert!(matches!(get(absurd).await.status.as_u16(), 400 | 422));
    }
}
