//! What people see and search, and the orders they give.

use crate::world::World;
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn calls_are_found_by_what_one_knows_of_them() {
    let world = World::peopled();
    world.history();
    let root = world.client("root");
    let count = async |query: &str| {
        let got = root.get(&format!("/v1/calls?{query}")).await.is(200).body;
        got["items"].as_array().unwrap().len()
    };
    for (query, found) in [
        ("", 2),
        ("tenant=acme", 1),
        ("b_number=%2B53", 2),
        ("b_number=%2B54", 0),
        ("country=cu", 2),
        ("call_id=id1@pbx", 1),
        ("stopped=true", 0),
        ("outcome=ok&direction=outbound&kind=mobile", 2),
        ("from=2026-11-22T11:50:01Z", 1),
        ("until=2026-11-22T11:50:01Z", 1),
    ] {
        assert_eq!(count(query).await, found, "{query}");
    }
    let first = root.get("/v1/calls?limit=1").await.is(200).body;
    let next = first["next"].as_str().unwrap();
    let second = root.get(&format!("/v1/calls?limit=1&after={next}")).await.is(200).body;
    assert!(second.get("next").is_none());
    assert_ne!(first["items"][0]["id"], second["items"][0]["id"]);
    let path = format!("/v1/calls/{}", first["items"][0]["id"].as_str().unwrap());
    assert_eq!(root.get(&path).await.is(200).body, first["items"][0]);
    for id in ["x", "1-2", "-", "99999999999999999999-1"] {
        root.get(&format!("/v1/calls/{id}")).await.refused(404, "not_found");
    }
    root.get("/v1/calls?outcome=lost").await.refused(400, "malformed");
    root.get("/v1/calls?limit=0").await.refused(400, "malformed");
    root.get("/v1/calls?after=xyz").await.refused(422, "invalid");
    // A value that ends so is not left empty.
    root.get("/v1/calls?after=xyz=").await.refused(422, "invalid");
    root.get("/v1/calls?after=&from=").await.is(200);
    root.get("/v1/calls?from=yesterday").await.refused(400, "malformed");
}

#[tokio::test]
async fn a_block_is_set_at_the_node_first_and_lifted_there() {
    let world = World::peopled();
    let otto = world.client("otto");
    let body = json!({"tenant": "acme", "extension": "201", "level": "suspended", "until": "2026-11-22T13:00:00Z"});
    let block = otto.post("/v1/blocks", body).await.is(201).body;
    assert_eq!(world.node.took(), ["block acme Suspended by otto"]);
    assert_eq!((&block["made_by"], &block["in_force"]), (&json!("otto"), &json!(true)));
    let path = format!("/v1/blocks/{}/lift", block["id"].as_str().unwrap());
    otto.post(&path, json!({})).await.is(200);
    assert_eq!(world.node.took().len(), 1);
    let listed = otto.get("/v1/blocks?in_force=true").await.is(200).body;
    assert_eq!(listed["items"], json!([]));

    let past = json!({"tenant": "acme", "level": "national", "until": "2026-11-22T11:00:00Z"});
    otto.post("/v1/blocks", past).await.refused(422, "invalid");
    *world.node.fails.lock().unwrap() = true;
    otto.post("/v1/blocks", json!({"tenant": "acme", "level": "national"}))
        .await
        .refused(409, "refused_by_node");
    assert_eq!(otto.get("/v1/blocks").await.is(200).body["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_the_platform_blocked_the_platform_lifts() {
    let world = World::peopled();
    let body = json!({"tenant": "acme", "level": "national"});
    let block = world.client("root").post("/v1/blocks", body).await.is(201).body;
    let path = format!("/v1/blocks/{}/lift", block["id"].as_str().unwrap());
    world.client("anna").post(&path, json!({})).await.refused(403, "not_allowed");
    world.client("root").post(&path, json!({})).await.is(200);
}

#[tokio::test]
async fn a_case_is_decided_noted_and_held_and_the_engine_is_told() {
    let world = World::peopled();
    world.history();
    let otto = world.client("otto");
    let list = otto.get("/v1/cases?state=open").await.is(200).body;
    let path = format!("/v1/cases/{}", list["items"][0]["id"].as_str().unwrap());
    let file = otto.get(&path).await.is(200);
    assert_eq!(file.body["case"]["let_through"], 700_000_000);
    let kinds: Vec<_> =
        file.body["events"].as_array().unwrap().iter().map(|of| of["kind"].clone()).collect();
    assert_eq!(kinds, ["blocked", "alerted"]);
    let note =
        otto.post(&format!("{path}/notes"), json!({"words": " it was the fax "})).await.is(201);
    assert_eq!(note.body["words"], "it was the fax");
    otto.post(&format!("{path}/notes"), json!({"words": " "})).await.refused(422, "invalid");
    let held = otto.put(&format!("{path}/hold"), &file.etag(), json!({"held": true})).await.is(200);
    otto.put(&format!("{path}/decision"), &file.etag(), json!({"state": "expected"}))
        .await
        .refused(412, "outdated");
    let decided = otto
        .put(&format!("{path}/decision"), &held.etag(), json!({"state": "confirmed_fraud"}))
        .await
        .is(200);
    assert_eq!(
        (&decided.body["state"], &decided.body["closed_by"]),
        (&json!("confirmed_fraud"), &json!("otto"))
    );
    assert_eq!(world.node.took(), ["review acme true"]);
    let file = otto.get(&path).await.is(200).body;
    assert_eq!((&file["notes"][0]["who"], &file["case"]["held"]), (&json!("otto"), &json!(true)));
    // What the engine cannot be told is not decided.
    *world.node.fails.lock().unwrap() = true;
    let got = otto
        .put(&format!("{path}/decision"), &decided.etag(), json!({"state": "false_alarm"}))
        .await;
    assert!(!got.status.is_success(), "{}", got.status);
    let file = otto.get(&path).await.is(200).body;
    assert_eq!(file["case"]["state"], "confirmed_fraud");
}

#[tokio::test]
async fn a_running_call_is_ended_and_that_is_on_record() {
    let world = World::peopled();
    let otto = world.client("otto");
    otto.post("/v1/live-calls/12/cut", json!({})).await.refused(404, "not_found");
    otto.post("/v1/live-calls/99/cut", json!({})).await.refused(404, "not_found");
    otto.post("/v1/live-calls/11/cut", json!({})).await.is(204);
    assert_eq!(world.node.took(), ["cut 11 by otto"]);
    let row = world.client("anna").get("/v1/audit?limit=1").await.is(200).body["items"][0].clone();
    assert_eq!((&row["what"], &row["subject"]), (&json!("call.cut"), &json!("call 11")));
}

#[tokio::test]
async fn sums_are_told_apart_as_asked() {
    let world = World::peopled();
    world.history();
    let day = "from=2026-11-22T00:00:00Z&until=2026-11-23T00:00:00Z";
    let root = world.client("root");
    let all = root.get(&format!("/v1/usage?{day}&by=country")).await.is(200).body;
    let seen =
        (&all["items"][0]["country"], &all["items"][0]["attempts"], &all["items"][0]["cost"]);
    assert_eq!(seen, (&json!("CU"), &json!(2), &json!(1_800_000)));
    let each = root.get(&format!("/v1/usage?{day}&by=tenant,start&grain=hour")).await.is(200).body;
    assert_eq!(each["items"].as_array().unwrap().len(), 2);
    assert_eq!(each["items"][0]["start"], "2026-11-22T11:00:00Z");
    let own = world.client("audrey").get(&format!("/v1/usage?{day}")).await.is(200).body;
    assert_eq!(own["items"][0]["attempts"], 1);
    root.get(&format!("/v1/usage?{day}&by=shoe")).await.refused(400, "malformed");
    root.get(&format!("/v1/usage?{day}&by=extension")).await.refused(422, "invalid");
    root.get("/v1/usage?from=2026-11-22T00:00:00Z&until=2026-11-22T00:00:00Z")
        .await
        .refused(422, "invalid");
    root.get("/v1/usage?grain=hour&from=2026-01-01T00:00:00Z&until=2026-03-01T00:00:00Z")
        .await
        .refused(422, "invalid");
    root.get("/v1/usage").await.refused(400, "malformed");
}

#[tokio::test]
async fn a_key_that_is_used_is_noted_once_a_minute() {
    let world = World::peopled();
    let body =
        json!({"name": "k", "permissions": ["read_node"], "expires": "2027-01-01T00:00:00Z"});
    let made = world.client("root").post("/v1/keys", body).await.is(201).body;
    let bearer = format!("Bearer {}", made["secret"].as_str().unwrap());
    let key = world.stranger().with("authorization", &bearer);
    let used = || world.ask(|store| store.keys(None)).unwrap()[0].used.unwrap().as_secs();
    key.get("/v1/node").await.is(200);
    let first = used();
    world.forward(Duration::from_secs(59));
    key.get("/v1/node").await.is(200);
    assert_eq!(used(), first);
    world.forward(Duration::from_secs(2));
    key.get("/v1/node").await.is(200);
    assert_eq!(used(), first + 61);
}
