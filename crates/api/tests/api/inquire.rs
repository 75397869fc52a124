//! What the engine is asked for: numbers, explanations, the most that can be lost; bans; whether the program is well.

use crate::world::{Client, World};
use serde_json::{Value, json};

async fn first_call(client: &Client<'_>) -> String {
    let list = client.get("/v1/calls?tenant=acme").await.is(200).body;
    list["items"][0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_number_is_inspected_as_a_tenant_dials_it() {
    let world = World::peopled();
    let otto = world.client("otto");
    let got = otto.get("/v1/numbers/%2B5352123456?tenant=acme&extension=201&lang=nl").await.is(200);
    assert_eq!(got.body["dialled"], "+5352123456");
    assert_eq!(got.body["read_as"], "asked for acme in Nl");
    let got = otto.get("/v1/numbers/0201234567").await.is(200);
    assert_eq!(got.body["read_as"], "asked for nobody in En");
    otto.get("/v1/numbers/112?tenant=beta").await.refused(404, "not_found");
    otto.get("/v1/numbers/112?extension=201").await.refused(422, "invalid");
    otto.get("/v1/numbers/112?lang=fr").await.refused(400, "malformed");
    otto.get("/v1/numbers/%20").await.refused(400, "malformed");
    otto.get("/v1/numbers/1%0A2").await.refused(400, "malformed");
    otto.get(&format!("/v1/numbers/{}", "1".repeat(65))).await.refused(400, "malformed");
}

#[tokio::test]
async fn a_record_is_explained_with_the_reasons_it_has() {
    let world = World::peopled();
    let reasons = json!({"reasons": [{"too_dear": 7}], "pass": ["permit"], "outcome": "refused"});
    world.calls(&[("acme", 0, reasons)]);
    let otto = world.client("otto");
    let path = format!("/v1/calls/{}/explanation", first_call(&otto).await);
    let got = otto.get(&format!("{path}?lang=nl")).await.is(200);
    assert_eq!(got.body["words"], r#"refused in Nl: [{"too_dear":7}] ["permit"]"#);
    world.client("bram").get(&path).await.refused(404, "not_found");
    otto.get("/v1/calls/1-1/explanation").await.refused(404, "not_found");
}

#[tokio::test]
async fn the_most_that_can_be_lost_is_told_to_who_reads_reports() {
    let world = World::peopled();
    let got = world.client("audrey").get("/v1/tenants/acme/max-loss").await.is(200).body;
    let expected = json!({"currency": "EUR", "enforced": true, "at_most": {"day": 50_000_000},
        "at_risk": {"day": 7_000_000}});
    assert_eq!(got, expected);
    world.client("bram").get("/v1/tenants/acme/max-loss").await.refused(404, "not_found");
}

#[tokio::test]
async fn a_network_is_banned_at_the_node_and_that_is_on_record() {
    let world = World::peopled();
    let root = world.client("root");
    root.post("/v1/node/bans", json!({"net": "203.0.113.9/24"})).await.is(204);
    root.post("/v1/node/bans/lift", json!({"net": "2001:db8::7"})).await.is(204);
    let orders = world.node.took();
    assert_eq!(orders, ["ban 203.0.113.0/24 by root", "lift ban 2001:db8::7/128 by root"]);
    let audit = root.get("/v1/audit?limit=2").await.is(200).body;
    let seen: Vec<&Value> =
        audit["items"].as_array().unwrap().iter().map(|row| &row["subject"]).collect();
    assert_eq!(seen, ["net 2001:db8::7/128", "net 203.0.113.0/24"]);
    for wide in ["0.0.0.0/0", "10.0.0.0/7", "2000::/3"] {
        root.post("/v1/node/bans", json!({"net": wide})).await.refused(422, "invalid");
    }
    root.post("/v1/node/bans", json!({"net": "example.org"})).await.refused(422, "invalid");
    let past = json!({"net": "203.0.113.9", "until": "2026-11-22T11:00:00Z"});
    root.post("/v1/node/bans", past).await.refused(422, "invalid");
    assert!(world.node.took().is_empty());
    *world.node.fails.lock().unwrap() = true;
    root.post("/v1/node/bans", json!({"net": "203.0.113.9"})).await.refused(409, "refused_by_node");
}

#[tokio::test]
async fn watchers_learn_whether_it_is_well_and_nothing_else() {
    let world = World::peopled();
    let got = world.stranger().get("/v1/healthz").await.is(200).body;
    assert_eq!(got, json!({"alive": true}));
    let ready = |ready: bool, takes_calls: bool| json!({"ready": ready, "store": true, "shards": true, "takes_calls": takes_calls});
    let got = world.stranger().get("/v1/readyz").await.is(200).body;
    assert_eq!(got, ready(true, true));
    *world.node.drains.lock().unwrap() = true;
    let got = world.stranger().get("/v1/readyz").await.is(503).body;
    assert_eq!(got, ready(false, false));
}
