//! A draft of a policy is tried on stored records.

use crate::world::{Client, World};
use serde_json::{Value, json};
use std::sync::mpsc;

fn draft(tenant: &str) -> Value {
    json!({"tenant": tenant, "policy": {"block_hours": 12}, "from": "2026-11-22T00:00:00Z",
        "until": "2026-11-23T00:00:00Z"})
}

/// Waits until it is over.
async fn over(client: &Client<'_>, id: &str) -> Value {
    loop {
        let seen = client.get(&format!("/v1/replays/{id}")).await.is(200).body;
        if !matches!(seen["state"].as_str(), Some("waiting" | "running")) {
            return seen;
        }
        tokio::task::yield_now().await;
    }
}

fn id(made: &Value) -> &str {
    made["id"].as_str().unwrap()
}

#[tokio::test]
async fn a_draft_is_tried_on_the_records_of_its_tenant_oldest_first() {
    let world = World::peopled();
    world.calls(&[("acme", 60, json!({})), ("acme", 3600, json!({})), ("beta", 0, json!({}))]);
    let anna = world.client("anna");
    let made = anna.post("/v1/replays", draft("acme")).await.is(201).body;
    assert_eq!((&made["made_by"], &made["tenant"]), (&json!("anna"), &json!("acme")));
    let done = over(&anna, id(&made)).await;
    assert_eq!((&done["state"], &done["of"]), (&json!("done"), &json!(2)));
    assert_eq!(done["found"]["draft"]["calls"], 2);
    // The record is named so that it can be looked up.
    let first = done["found"]["newly_stopped"][0]["call"].as_str().unwrap();
    let record = anna.get(&format!("/v1/calls/{first}")).await.is(200).body;
    assert_eq!(record["started"], "2026-11-22T11:00:00Z");
    assert_eq!(done["found"]["newly_stopped"][0]["started"], record["started"]);
    assert_eq!(done["found"]["newly_stopped"][0]["extension"], record["extension"]);
    let path = format!("/v1/replays/{}", id(&made));
    world.client("audrey").get(&path).await.is(200);
    world.client("bram").get(&path).await.refused(404, "not_found");
    world.client("otto").post("/v1/replays", draft("acme")).await.refused(403, "not_allowed");
    anna.post("/v1/replays", draft("beta")).await.refused(404, "not_found");
}

#[tokio::test]
async fn a_draft_that_cannot_be_used_says_so_at_once() {
    let world = World::peopled();
    let anna = world.client("anna");
    let mut wrong = draft("acme");
    wrong["policy"] = json!({"blok_hours": 12});
    let got = anna.post("/v1/replays", wrong).await.refused(422, "invalid");
    assert!(got.body["message"].as_str().unwrap().contains("blok_hours"), "{}", got.body);
    let mut unlucky = draft("acme");
    unlucky["policy"] = json!({"block_hours": 13});
    let got = anna.post("/v1/replays", unlucky).await.refused(422, "invalid");
    assert_eq!(got.body["message"], "13 hours bring bad luck; take 12");
    let mut none = draft("acme");
    none["until"] = none["from"].clone();
    anna.post("/v1/replays", none).await.refused(422, "invalid");
}

#[tokio::test]
async fn one_runs_some_wait_and_each_can_be_called_off() {
    let world = World::peopled();
    let anna = world.client("anna");
    let (open, gate) = mpsc::channel();
    *world.node.backtests.lock().unwrap() = Some(gate);
    let first = anna.post("/v1/replays", draft("acme")).await.is(201).body;
    let cancel = async |id: &str| anna.post(&format!("/v1/replays/{id}/cancel"), json!({})).await;
    let second = anna.post("/v1/replays", draft("acme")).await.is(201).body;
    cancel(id(&second)).await.is(204);
    assert_eq!(over(&anna, id(&second)).await["state"], "cancelled");
    cancel(id(&second)).await.refused(409, "over");
    for _ in 0..8 {
        anna.post("/v1/replays", draft("acme")).await.is(201);
    }
    anna.post("/v1/replays", draft("acme")).await.refused(503, "busy");
    cancel(id(&first)).await.is(204);
    drop(open);
    assert_eq!(over(&anna, id(&first)).await["state"], "cancelled");
    let list = anna.get("/v1/replays").await.is(200).body;
    let list = list["items"].as_array().unwrap();
    assert_eq!((list.len(), id(&list[9])), (10, id(&first)));
    let last = over(&anna, id(&list[0])).await;
    assert_eq!(last["state"], "done");
}
