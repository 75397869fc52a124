//! Addresses that are another's already.

use crate::world::World;
use serde_json::{Value, json};

#[tokio::test]
async fn an_address_of_another_tenant_is_refused_and_not_told_of() {
    let world = World::peopled();
    world.settings();
    let (anna, bram, root) = (world.client("anna"), world.client("bram"), world.client("root"));
    let trunk = |id: &str, tenant: &str, address: &str| json!({"id": id, "tenant": tenant, "settings": {"side": "pbx", "address": address}});
    anna.post("/v1/trunks", trunk("hq", "acme", "192.0.2.10")).await.is(201);
    anna.post("/v1/trunks", trunk("spare", "acme", "192.0.2.11")).await.is(201);
    let theirs = trunk("thief", "beta", "192.0.2.10");
    let no = bram.post("/v1/trunks", theirs.clone()).await.refused(409, "address_taken");
    let said = no.body["message"].as_str().unwrap();
    assert!(said.contains("a trunk of another tenant"), "{said}");
    assert!(!no.body.to_string().contains("acme") && !said.contains("hq"), "{said}");
    // A plan is no way around it, and a dry run tells no more.
    for dry_run in [true, false] {
        let plan = json!({"trunk/beta/thief": theirs["settings"]}).to_string();
        let plan = json!({"plan": plan, "dry_run": dry_run});
        bram.post("/v1/settings/apply", plan).await.refused(409, "address_taken");
    }
    let plan = json!({"plan": json!({"trunk/beta/thief": theirs["settings"]}).to_string()});
    bram.post("/v1/settings/check", plan).await.refused(409, "address_taken");
    bram.get("/v1/trunks/thief").await.refused(404, "not_found");
    // Who answers for both may, and is told.
    let made = root.post("/v1/trunks", theirs).await.is(201);
    let warnings = made.body["warnings"].to_string();
    assert!(warnings.contains("trunk \\\"hq\\\" of acme"), "{warnings}");
    // It stands, and what else is said of the trunk may change.
    let tag = bram.get("/v1/trunks/thief").await.is(200).etag();
    let moved = json!({"settings": {"address": "192.0.2.11"}});
    bram.patch("/v1/trunks/thief", &tag, moved).await.refused(409, "address_taken");
    let freed: Value = json!({"settings": {"address": "192.0.2.12"}});
    bram.patch("/v1/trunks/thief", &tag, freed).await.is(200);
}

#[tokio::test]
async fn the_address_of_the_platforms_own_trunk_is_taken_too() {
    let world = World::peopled();
    world.settings();
    let trunk = json!({"id": "shared", "settings": {"side": "carrier", "address": "192.0.2.20"}});
    world.client("root").post("/v1/trunks", trunk).await.is(201);
    let mine = json!({"id": "mine", "tenant": "acme", "settings": {"side": "carrier", "address": "192.0.2.20"}});
    let no = world.client("anna").post("/v1/trunks", mine).await.refused(409, "address_taken");
    assert!(no.body["message"].as_str().unwrap().contains("a trunk of the platform"));
}
