//! New tenants, and old ones made anew: no way around the second person.

use crate::world::{Client, World};
use serde_json::{Value, json};
use std::time::Duration;

const LOW: i64 = 1;

fn world() -> World {
    let world = World::peopled();
    world.settings();
    world
}

/// Changes settings as a plan does, all at once.
async fn apply(client: &Client<'_>, rows: Value) -> u16 {
    let got = client.post("/v1/settings/apply", json!({"plan": rows.to_string()})).await;
    got.status.as_u16()
}

/// Beta with the lowest limits, and then gone with its policy.
async fn beta_goes(world: &World) {
    let root = world.client("root");
    let low = json!({"limits": {"per_hour": LOW, "per_day": LOW, "per_week": LOW, "per_month": LOW},
        "extension_limits": {"per_call": LOW}});
    assert_eq!(apply(&root, json!({"policy/beta/policy": low})).await, 200);
    let gone = json!({"tenant//beta": null, "policy/beta/policy": null});
    assert_eq!(apply(&root, gone).await, 200);
    root.get("/v1/tenants/beta").await.refused(404, "not_found");
}

#[tokio::test]
async fn a_new_tenant_has_the_default_limits_unless_two_say_otherwise() {
    let world = world();
    let root = world.client("root");
    let new = |id: &str, day: i64| {
        json!({format!("tenant//{id}"): {}, format!("policy/{id}/policy"): {
            "limits": {"per_hour": 100, "per_day": day, "per_week": 900, "per_month": 900},
            "extension_limits": {"per_call": 100}}})
    };
    assert_eq!(apply(&root, new("gamma", 400)).await, 200);
    assert_eq!(apply(&root, new("delta", 501)).await, 202);
    root.get("/v1/tenants/delta").await.refused(404, "not_found");
    let watched = json!({"id": "epsilon", "settings": {"mode": "observe"}});
    root.post("/v1/tenants", watched).await.is(201);
}

#[tokio::test]
async fn a_tenant_made_anew_is_no_new_tenant() {
    let world = world();
    beta_goes(&world).await;
    let root = world.client("root");
    let watched = json!({"id": "beta", "settings": {"mode": "observe"}});
    root.post("/v1/tenants", watched.clone()).await.is(202);
    // The default would be more than it had.
    let plain = json!({"id": "beta", "settings": {}});
    root.post("/v1/tenants", plain.clone()).await.is(202);
    assert_eq!(apply(&root, json!({"tenant//beta": {}})).await, 202);
    let same = json!({"tenant//beta": {}, "policy/beta/policy": {
        "limits": {"per_hour": 1, "per_day": 1, "per_week": 1, "per_month": 1},
        "extension_limits": {"per_call": 1}}});
    assert_eq!(apply(&root, same).await, 200);
}

#[tokio::test]
async fn a_month_later_it_is_a_new_one() {
    let world = world();
    beta_goes(&world).await;
    world.forward(Duration::from_secs(30 * 24 * 3600 + 1));
    let watched = json!({"id": "beta", "settings": {"mode": "observe"}});
    world.client("root").post("/v1/tenants", watched).await.is(201);
}

#[tokio::test]
async fn a_reseller_proposes_a_tenant_and_it_is_theirs() {
    let world = world();
    let north = world.client("north");
    let rows = json!({"tenant//gamma": {}, "policy/gamma/policy": {"limits": {}},
        "reseller//north": {"tenants": ["acme", "gamma"]}});
    let plan = json!({"plan": rows.to_string()});
    let got = north.post("/v1/settings/apply", plan).await.is(202).body;
    let path = format!("/v1/proposals/{}/approve", got["proposal"]["id"].as_str().unwrap());
    world.client("anna").post(&path, json!({})).await.refused(404, "not_found");
    world.client("root").post(&path, json!({})).await.is(200);
    assert_eq!(north.get("/v1/tenants/gamma/policy").await.is(200).etag(), "\"1\"");
}
