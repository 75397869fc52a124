//! From where and when people may come in.

use crate::world::{World, grant, id_of};
use ringfence_api::{Reach, Role};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn a_tenants_people_come_in_from_its_networks_only() {
    let world = World::peopled();
    let anna = world.client("anna");
    let nets = |net: &str| json!({"nets": [net]});
    assert_eq!(anna.get("/v1/access?tenant=acme").await.is(200).etag(), "\"0\"");
    anna.put("/v1/access?tenant=acme", "\"0\"", nets("198.51.100.0/24"))
        .await
        .refused(409, "locks_you_out");
    let set = anna.put("/v1/access?tenant=acme", "\"0\"", nets("192.0.2.0/24")).await.is(200);
    anna.put("/v1/access?tenant=acme", "\"0\"", nets("0.0.0.0/0")).await.refused(412, "outdated");
    assert_eq!(set.etag(), "\"1\"");
    world.client("otto").get("/v1/blocks").await.is(200);
    world
        .client("otto")
        .from("198.51.100.1:1")
        .get("/v1/blocks")
        .await
        .refused(403, "not_from_here");
    // Others are not concerned.
    for login in ["bram", "root", "north"] {
        world.client(login).from("198.51.100.1:1").get("/v1/blocks").await.is(200);
    }
    anna.put("/v1/access", "\"0\"", json!({})).await.refused(403, "not_allowed");
    let bad = json!({"hours": [{"days": [8], "from_minute": 0, "until_minute": 9}]});
    anna.put("/v1/access?tenant=acme", "\"1\"", bad).await.refused(422, "invalid");
}

#[tokio::test]
async fn hours_close_and_open_again() {
    let world = World::peopled();
    // It is Sunday noon in Greenwich, one o'clock in Amsterdam.
    let hours = json!({"zone": "Europe/Amsterdam", "hours": [{"days": [7], "from_minute": 720, "until_minute": 810}]});
    world.client("anna").put("/v1/access?tenant=acme", "\"0\"", hours).await.is(200);
    let otto = world.client("otto");
    otto.get("/v1/blocks").await.is(200);
    world.forward(Duration::from_secs(30 * 60 - 1));
    otto.get("/v1/blocks").await.is(200);
    world.forward(Duration::from_secs(1));
    world.client("otto").get("/v1/blocks").await.refused(403, "not_from_here");
    world.forward(Duration::from_secs(7 * 24 * 3600 - 30 * 60));
    world.client("otto").get("/v1/blocks").await.is(200);
}

#[tokio::test]
async fn a_closed_reach_takes_its_own_grants_away_and_leaves_others() {
    let world = World::peopled();
    let both = ["acme", "beta"].map(|tenant| grant(Role::Operator, Reach::Tenant(tenant.into())));
    world.person("both", &both);
    let home = json!({"nets": ["192.0.2.0/24"]});
    world.client("anna").put("/v1/access?tenant=acme", "\"0\"", home).await.is(200);
    let away = world.client("both").from("198.51.100.1:1");
    away.get("/v1/blocks?tenant=beta").await.is(200);
    away.get("/v1/blocks?tenant=acme").await.refused(404, "not_found");
    let me = away.get("/v1/me").await.is(200).body;
    assert_eq!((&me["id"], me["grants"].as_array().unwrap().len()), (&json!(id_of("both")), 1));
}
