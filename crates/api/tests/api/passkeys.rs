//! Passkeys, with a software authenticator: adding one, logging in with it alone and as second factor, and what is refused.

use crate::authenticator::Authenticator;
use crate::world::{Client, World};
use serde_json::{Value, json};
use std::time::Duration;

async fn add(client: &Client<'_>, key: &mut Authenticator, name: &str) -> crate::world::Got {
    let begun = client.post("/v1/me/passkeys/begin", json!({})).await.is(200).body;
    let credential = key.create(&begun["public_key"]);
    let body = json!({"ceremony": begun["ceremony"], "name": name, "credential": credential});
    client.post("/v1/me/passkeys", body).await
}

/// A body for the second half of a login with the passkey alone.
async fn assertion(world: &World, key: &mut Authenticator) -> Value {
    let begun = world.stranger().post("/v1/login/passkey/begin", json!({})).await.is(200).body;
    assert_eq!(begun["public_key"]["allowCredentials"], json!([]));
    json!({"ceremony": begun["ceremony"], "credential": key.get(&begun["public_key"])})
}

#[tokio::test]
async fn a_passkey_is_enough_alone() {
    let world = World::peopled();
    let (anna, mut key) = (world.client("anna"), Authenticator::new(3));
    let added = add(&anna, &mut key, "laptop").await.is(200);
    assert_eq!(added.body["recovery_codes"].as_array().unwrap().len(), 10, "with the first factor");
    let mut client = world.stranger();
    let body = assertion(&world, &mut key).await;
    let got = client.login("/v1/login/passkey", body).await.is(200);
    assert_eq!((&got.body["next"], &got.body["login"]), (&json!("done"), &json!("anna")));
    client.get("/v1/blocks").await.is(200);
    let list = client.get("/v1/me/passkeys").await.is(200).body["items"].clone();
    assert_eq!(
        (&list[0]["name"], &list[0]["used"]),
        (&json!("laptop"), &json!("2026-11-22T12:00:00Z"))
    );
}

#[tokio::test]
async fn an_answer_is_taken_once_and_in_time() {
    let world = World::peopled();
    let (anna, mut key) = (world.client("anna"), Authenticator::new(3));
    add(&anna, &mut key, "laptop").await.is(200);
    let body = assertion(&world, &mut key).await;
    world.stranger().post("/v1/login/passkey", body.clone()).await.is(200);
    world.stranger().post("/v1/login/passkey", body).await.refused(401, "wrong_login");
    let late = assertion(&world, &mut key).await;
    world.forward(Duration::from_secs(5 * 60));
    world.stranger().post("/v1/login/passkey", late).await.refused(401, "wrong_login");
}

#[tokio::test]
async fn what_is_not_the_owner_here_and_now_is_refused() {
    let world = World::peopled();
    let (anna, mut key) = (world.client("anna"), Authenticator::new(3));
    add(&anna, &mut key, "laptop").await.is(200);
    let refused = async |body: Value| {
        world.stranger().post("/v1/login/passkey", body).await.refused(401, "wrong_login");
    };
    // Another key that says it is this one.
    let mut thief = Authenticator::new(4);
    let begun = anna.post("/v1/me/passkeys/begin", json!({})).await.is(200).body;
    thief.create(&begun["public_key"]);
    refused(assertion(&world, &mut thief).await).await;
    // The key on a page that looks like ours.
    key.origin = "https://fw.example.evil.example";
    refused(assertion(&world, &mut key).await).await;
    key.origin = "https://fw.example";
    // Without the finger or PIN of its owner.
    key.verifies = false;
    refused(assertion(&world, &mut key).await).await;
    key.verifies = true;
    // The answer to another question.
    let mut mixed = assertion(&world, &mut key).await;
    mixed["ceremony"] = assertion(&world, &mut key).await["ceremony"].clone();
    refused(mixed).await;
    // A signature with one wrong bit.
    key.bends = true;
    refused(assertion(&world, &mut key).await).await;
    key.bends = false;
    // A copy of the key, which has been used less often.
    let mut copy = key.copy();
    refused(assertion(&world, &mut copy).await).await;
    world.stranger().post("/v1/login/passkey", assertion(&world, &mut key).await).await.is(200);
}

#[tokio::test]
async fn a_passkey_as_second_factor_must_be_the_same_persons() {
    let world = World::peopled();
    let (mut annas, mut brams) = (Authenticator::new(3), Authenticator::new(4));
    add(&world.client("anna"), &mut annas, "laptop").await.is(200);
    add(&world.client("bram"), &mut brams, "phone").await.is(200);
    let mut half = world.session("anna", "password");
    half.get("/v1/blocks").await.refused(403, "second_factor");
    let begun = half.post("/v1/login/second/passkey/begin", json!({})).await.is(200).body;
    assert_eq!(begun["public_key"]["allowCredentials"].as_array().unwrap().len(), 1);
    let wrong =
        json!({"ceremony": begun["ceremony"], "credential": brams.get(&begun["public_key"])});
    half.post("/v1/login/second/passkey", wrong).await.refused(401, "wrong_login");
    let right =
        json!({"ceremony": begun["ceremony"], "credential": annas.get(&begun["public_key"])});
    world
        .session("bram", "password")
        .post("/v1/login/second/passkey", right.clone())
        .await
        .refused(401, "wrong_login");
    half.login("/v1/login/second/passkey", right.clone()).await.is(200);
    half.get("/v1/blocks").await.is(200);
    world
        .session("anna", "password")
        .post("/v1/login/second/passkey", right)
        .await
        .refused(401, "wrong_login");
}

#[tokio::test]
async fn a_lock_of_the_password_keeps_no_passkey_out() {
    let world = World::peopled();
    let (anna, mut key) = (world.client("anna"), Authenticator::new(3));
    add(&anna, &mut key, "laptop").await.is(200);
    let wrong = json!({"login": "anna", "password": "wrong"});
    while world.stranger().post("/v1/login", wrong.clone()).await.status != 429 {}
    world.stranger().post("/v1/login/passkey", assertion(&world, &mut key).await).await.is(200);
}

#[tokio::test]
async fn a_removed_passkey_is_void_and_none_is_added_twice() {
    let world = World::peopled();
    let (anna, mut key) = (world.client("anna"), Authenticator::new(3));
    add(&anna, &mut key, "laptop").await.is(200);
    add(&anna, &mut key, "again").await.refused(422, "invalid");
    add(&anna, &mut Authenticator::new(5), "").await.refused(422, "invalid");
    let list = anna.get("/v1/me/passkeys").await.is(200).body["items"].clone();
    assert_eq!(list.as_array().unwrap().len(), 1);
    let path = format!("/v1/me/passkeys/{}", list[0]["id"].as_str().unwrap());
    anna.delete(&path).await.is(204);
    anna.delete(&path).await.refused(404, "not_found");
    world
        .stranger()
        .post("/v1/login/passkey", assertion(&world, &mut key).await)
        .await
        .refused(401, "wrong_login");
}

#[tokio::test]
async fn rubbish_as_ceremony_or_credential_is_refused() {
    let world = World::peopled();
    let mut key = Authenticator::new(3);
    add(&world.client("anna"), &mut key, "laptop").await.is(200);
    let good = assertion(&world, &mut key).await;
    for rubbish in ["", "AAAA", "ü", &"A".repeat(5000)] {
        let mut body = good.clone();
        body["ceremony"] = json!(rubbish);
        world.stranger().post("/v1/login/passkey", body).await.refused(401, "wrong_login");
    }
    let mut body = good.clone();
    body["credential"]["response"]["userHandle"] = json!("AAAA");
    world.stranger().post("/v1/login/passkey", body).await.refused(401, "wrong_login");
    let body = json!({"ceremony": good["ceremony"], "credential": 5});
    world.stranger().post("/v1/login/passkey", body).await.refused(422, "invalid");
}
