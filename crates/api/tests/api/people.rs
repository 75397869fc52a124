//! Users, invitations, API keys, and the audit log of it all.

use crate::world::{PASSWORD, World, id_of};
use serde_json::{Value, json};
use std::time::Duration;

fn auditor(login: &str) -> Value {
    json!({"login": login, "name": login, "grants": [{"role": "auditor", "reach": {"tenant": "acme"}}]})
}

#[tokio::test]
async fn who_is_invited_sets_a_password_once() {
    let world = World::peopled();
    let made = world.client("anna").post("/v1/users", auditor("Ada@acme.example")).await.is(200);
    let link = made.body["done"]["invitation"].as_str().unwrap().to_owned();
    let token = link.strip_prefix("https://fw.example/invitation#").unwrap();
    let body = json!({"token": token, "password": PASSWORD});
    world
        .stranger()
        .post("/v1/invitation", json!({"token": token, "password": "short"}))
        .await
        .refused(422, "invalid");
    let mut ada = world.stranger();
    let got = ada.login("/v1/invitation", body.clone()).await.is(200);
    // Who only reads may do so with a password alone.
    assert_eq!(got.body["next"], "done");
    ada.get("/v1/blocks").await.is(200);
    world.stranger().post("/v1/invitation", body).await.refused(401, "wrong_login");
    let login = json!({"login": "ada@acme.example", "password": PASSWORD});
    world.stranger().post("/v1/login", login).await.is(200);
    world
        .client("anna")
        .post("/v1/users", auditor("ADA@acme.example"))
        .await
        .refused(409, "login_taken");
}

#[tokio::test]
async fn an_invitation_ends_after_a_week() {
    let world = World::peopled();
    let made = world.client("anna").post("/v1/users", auditor("ada")).await.is(200);
    let link = made.body["done"]["invitation"].as_str().unwrap().to_owned();
    let body = json!({"token": link.split_once('#').unwrap().1, "password": PASSWORD});
    world.forward(Duration::from_secs(7 * 24 * 3600));
    world.stranger().post("/v1/invitation", body).await.refused(401, "wrong_login");
}

#[tokio::test]
async fn nobody_gives_more_than_they_have() {
    let world = World::peopled();
    let grants = |role: &str, reach: Value| json!({"login": "x", "name": "x", "grants": [{"role": role, "reach": reach}]});
    let refused = async |login: &str, body: Value, status: u16, code: &str| {
        world.client(login).post("/v1/users", body).await.refused(status, code);
    };
    refused("anna", grants("auditor", json!({"tenant": "beta"})), 404, "not_found").await;
    refused("anna", grants("platform_admin", json!("platform")), 404, "not_found").await;
    refused("anna", grants("reseller", json!({"reseller": "north"})), 404, "not_found").await;
    refused("north", grants("tenant_admin", json!({"tenant": "beta"})), 404, "not_found").await;
    refused("anna", grants("platform_admin", json!({"tenant": "acme"})), 422, "invalid").await;
    refused("anna", grants("king", json!("platform")), 400, "malformed").await;
    refused("otto", grants("auditor", json!({"tenant": "acme"})), 403, "not_allowed").await;
    // One who also does something elsewhere is not Anna's to change.
    let both = [
        crate::world::grant(
            ringfence_api::Role::Auditor,
            ringfence_api::Reach::Tenant("acme".into()),
        ),
        crate::world::grant(
            ringfence_api::Role::Auditor,
            ringfence_api::Reach::Tenant("beta".into()),
        ),
    ];
    world.person("both", &both);
    let path = format!("/v1/users/{}", id_of("both"));
    let anna = world.client("anna");
    let etag = anna.get(&path).await.is(200).etag();
    anna.patch(&path, &etag, json!({"disabled": true})).await.refused(403, "not_allowed");
    world.client("root").patch(&path, &etag, json!({"disabled": true})).await.is(200);
}

#[tokio::test]
async fn the_last_platform_admin_stays() {
    let world = World::peopled();
    let root = world.client("root");
    let path = format!("/v1/users/{}", id_of("root"));
    let etag = root.get(&path).await.is(200).etag();
    root.patch(&path, &etag, json!({"disabled": true})).await.refused(409, "last_admin");
    root.send(axum::http::Method::DELETE, &path, None, &[("if-match", &etag)])
        .await
        .refused(409, "last_admin");
}

#[tokio::test]
async fn a_key_may_what_it_was_made_for_from_where_until_when() {
    let world = World::peopled();
    world.history();
    let anna = world.client("anna");
    let body = json!({"name": "billing", "tenant": "acme", "permissions": ["read_calls"],
        "nets": ["192.0.2.0/24"], "expires": "2026-12-01T00:00:00Z"});
    let made = anna.post("/v1/keys", body.clone()).await.is(201).body;
    let secret = made["secret"].as_str().unwrap();
    assert!(secret.starts_with("rf_") && secret.len() == 46);
    let bearer = format!("Bearer {secret}");
    let key = world.stranger().with("authorization", &bearer);
    let calls = key.get("/v1/calls").await.is(200).body;
    assert_eq!(calls["items"].as_array().unwrap().len(), 1);
    key.get("/v1/blocks").await.refused(403, "not_allowed");
    key.get("/v1/calls?tenant=beta").await.refused(404, "not_found");
    let elsewhere = world.stranger().with("authorization", &bearer).from("198.51.100.1:1");
    elsewhere.get("/v1/calls").await.refused(403, "not_from_here");
    let list = anna.get("/v1/keys").await.is(200).body;
    assert_eq!(list["items"][0]["used"], "2026-11-22T12:00:00Z");
    assert!(!list.to_string().contains(secret));
    world.forward(Duration::from_secs(9 * 24 * 3600));
    key.get("/v1/calls").await.refused(401, "not_logged_in");

    let mut body = body;
    body["expires"] = json!("2027-01-01T00:00:00Z");
    let anna = world.client("anna");
    let made = anna.post("/v1/keys", body.clone()).await.is(201).body;
    let bearer = format!("Bearer {}", made["secret"].as_str().unwrap());
    let key = world.stranger().with("authorization", &bearer);
    key.get("/v1/calls").await.is(200);
    let path = format!("/v1/keys/{}", made["key"]["id"].as_str().unwrap());
    world.client("bram").delete(&path).await.refused(404, "not_found");
    anna.delete(&path).await.is(204);
    key.get("/v1/calls").await.refused(401, "not_logged_in");
    for (field, wrong) in [
        ("permissions", json!(["change_people"])),
        ("permissions", json!([])),
        ("expires", json!("2026-11-01T00:00:00Z")),
        ("expires", json!("2036-11-01T00:00:00Z")),
        ("name", json!("")),
    ] {
        let mut body = body.clone();
        body[field] = wrong;
        anna.post("/v1/keys", body).await.refused(422, "invalid");
    }
    body["permissions"] = json!(["operate_node"]);
    anna.post("/v1/keys", body.clone()).await.refused(403, "not_allowed");
    body["permissions"] = json!(["read_calls"]);
    body["tenant"] = Value::Null;
    anna.post("/v1/keys", body).await.refused(404, "not_found");
}

#[tokio::test]
async fn who_did_what_why_and_from_where_is_on_record_and_the_chain_holds() {
    let world = World::peopled();
    let otto = world.client("otto").with("x-reason", "  carrier called ");
    otto.post("/v1/blocks", json!({"tenant": "acme", "level": "national"})).await.is(201);
    let rows = world.client("anna").get("/v1/audit?limit=1").await.is(200).body;
    let row = &rows["items"][0];
    let seen =
        ["who", "what", "why", "address", "tenant"].map(|field| row[field].as_str().unwrap());
    assert_eq!(seen, ["otto", "block.set", "carrier called", "192.0.2.77", "acme"]);
    let chain = world.client("root").get("/v1/audit/verify").await.is(200).body;
    assert_eq!(chain["whole"], true);
    assert!(chain["rows"].as_i64().unwrap() > 8);
    let all = world.client("root").get("/v1/audit?limit=1000").await.is(200).body.to_string();
    for secret in ["$argon2", "AQEBAQ"] {
        assert!(!all.contains(secret), "{secret}");
    }
    // Page by page it is the same.
    let root = world.client("root");
    let (mut pages, mut after) = (Vec::new(), String::new());
    loop {
        let page = root.get(&format!("/v1/audit?limit=3{after}")).await.is(200).body;
        pages.extend(
            page["items"].as_array().unwrap().iter().map(|row| row["seq"].as_i64().unwrap()),
        );
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert!(pages.windows(2).all(|two| two[1] == two[0] - 1), "{pages:?}");
    assert_eq!(pages.last(), Some(&1));
}
