//! Refused calls that a contact is asked to approve.

use crate::world::World;
use axum::body::Body;
use axum::http::{Method, Request};
use ringfence_api::Links;
use serde_json::json;
use std::time::Duration;

/// What a browser without a session gets.
async fn browse(world: &World, method: Method, path: &str, form: &str) -> (u16, String) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(form.to_owned()))
        .unwrap();
    let response = world.answer(request, "192.0.2.77:4711").await;
    let policy = response.headers().get("content-security-policy");
    let policy = policy.map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert_eq!(response.headers()["referrer-policy"], "no-referrer");
    let status = response.status().as_u16();
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

fn link(approval: &str, tenant: &str, contact: &str) -> String {
    Links::new(&[7; 32]).path(approval, &tenant.into(), contact)
}

#[tokio::test]
async fn a_contact_approves_once_with_one_tap_and_without_a_login() {
    let world = World::peopled();
    let id = world.held();
    let (anna, bram) = (link(&id, "acme", "anna"), link(&id, "acme", "bram"));
    for _ in 0..3 {
        // Mail programs look at links by themselves.
        let (status, page) = browse(&world, Method::GET, &anna, "").await;
        assert_eq!(status, 200);
        assert!(page.contains("+5312345678") && page.contains("Allow this number today"), "{page}");
        assert!(page.contains("50.00") && !page.contains("<script"), "{page}");
    }
    assert!(world.node.took().is_empty());
    let (status, page) = browse(&world, Method::POST, &anna, "answer=number").await;
    assert_eq!(status, 200);
    assert!(page.contains("contact:anna") && !page.contains("<button"), "{page}");
    let took = world.node.took();
    assert_eq!(took.len(), 1);
    assert!(took[0].starts_with("approve acme Number("), "{took:?}");
    assert!(took[0].ends_with(" 50000000 by contact:anna"), "{took:?}");
    for (path, answer) in [(&anna, "number"), (&bram, "block"), (&bram, "country")] {
        let (status, page) = browse(&world, Method::POST, path, &format!("answer={answer}")).await;
        assert_eq!(status, 200);
        assert!(page.contains("contact:anna"), "{page}");
    }
    assert!(world.node.took().is_empty(), "it was answered once");
    let (_, page) = browse(&world, Method::GET, &bram, "").await;
    assert!(page.contains("Sta dit nummer vandaag toe") && page.contains("lang=\"nl\""), "{page}");
    let row = world.client("root").get("/v1/audit?limit=1").await.is(200).body["items"][0].clone();
    assert_eq!((&row["who"], &row["what"]), (&json!("contact:anna"), &json!("approval.answer")));
    assert_eq!(row["address"], "192.0.2.77");
}

#[tokio::test]
async fn a_link_that_is_forged_or_of_somebody_else_does_nothing() {
    let world = World::peopled();
    let id = world.held();
    let forged = Links::new(&[8; 32]).path(&id, &"acme".into(), "anna");
    for path in [
        forged,
        link(&id, "acme", "mallory"),
        link(&id, "beta", "anna"),
        link("event-999", "acme", "anna"),
        "/approve/nonsense".to_owned(),
        format!("{}x", link(&id, "acme", "anna")),
    ] {
        for method in [Method::GET, Method::POST] {
            let (status, page) = browse(&world, method, &path, "answer=number").await;
            assert_eq!(status, 404, "{path}");
            assert!(page.contains("This link does not work") && !page.contains("+53"), "{page}");
        }
    }
    assert!(world.node.took().is_empty());
}

#[tokio::test]
async fn a_link_ends_with_its_time() {
    let world = World::peopled();
    let path = link(&world.held(), "acme", "anna");
    world.forward(Duration::from_secs(7_200));
    let (_, page) = browse(&world, Method::GET, &path, "").await;
    assert!(page.contains("The time to answer is over") && !page.contains("<button"), "{page}");
    browse(&world, Method::POST, &path, "answer=country").await;
    assert!(world.node.took().is_empty());
}

#[tokio::test]
async fn what_the_node_cannot_do_may_be_answered_again() {
    let world = World::peopled();
    let path = link(&world.held(), "acme", "anna");
    *world.node.fails.lock().unwrap() = true;
    let (status, page) = browse(&world, Method::POST, &path, "answer=country").await;
    assert_eq!(status, 503);
    assert!(page.contains("Nothing was changed") && page.contains("<button"), "{page}");
    *world.node.fails.lock().unwrap() = false;
    let (status, _) = browse(&world, Method::POST, &path, "answer=country").await;
    assert_eq!((status, world.node.took().len()), (200, 1));
}

#[tokio::test]
async fn who_called_is_blocked_with_one_tap() {
    let world = World::peopled();
    let path = link(&world.held(), "acme", "anna");
    browse(&world, Method::POST, &path, "answer=block").await;
    let blocks = world.client("anna").get("/v1/blocks?tenant=acme").await.is(200).body;
    let block = &blocks["items"][0];
    assert_eq!((&block["level"], &block["extension"]), (&json!("national"), &json!("201")));
    assert_eq!(block["made_by"], "contact:anna");
}

#[tokio::test]
async fn who_is_logged_in_says_for_how_much() {
    let world = World::peopled();
    let id = world.held();
    let (anna, path) = (world.client("anna"), format!("/v1/approvals/{id}/answer"));
    let open = anna.get("/v1/approvals?open=true").await.is(200).body;
    assert_eq!(
        (&open["items"][0]["id"], &open["items"][0]["number"]),
        (&json!(id), &json!("+5312345678"))
    );
    let answer = |amount: i64| json!({"answer": "country", "amount": amount});
    for amount in [0, -1, 501_000_000] {
        anna.post(&path, answer(amount)).await.refused(422, "invalid");
    }
    let done = anna.post(&path, answer(20_000_000)).await.is(200).body;
    assert_eq!((&done["answer"], &done["answered_by"]), (&json!("country"), &json!("anna")));
    assert!(world.node.took()[0].ends_with(" 20000000 by anna"));
    anna.post(&path, answer(20_000_000)).await.refused(409, "answered");
    assert_eq!(anna.get("/v1/approvals?open=true").await.is(200).body["items"], json!([]));
}

#[tokio::test]
async fn what_is_told_is_seen_and_a_contact_can_be_tried() {
    let world = World::peopled();
    world.settings();
    let anna = world.client("anna");
    anna.post("/v1/tenants/acme/contacts/nobody/trial", json!({})).await.refused(404, "not_found");
    anna.post("/v1/tenants/acme/contacts/201/trial", json!({})).await.is(204);
    let told = anna.get("/v1/notices?state=waiting").await.is(200).body;
    let notice = &told["items"][0];
    assert_eq!((&notice["channel"], &notice["kind"]), (&json!("contact:201"), &json!("trial")));
    assert_eq!((&notice["state"], &notice["tries"]), (&json!("waiting"), &json!(0)));
    let none = world.client("bram").get("/v1/notices").await.is(200).body;
    assert_eq!(none["items"], json!([]));
    let hook = anna.get("/v1/tenants/acme/notifications/201").await.is(200).body;
    assert_eq!(hook["settings"]["secret"], json!({"kept": true}));
    let plan = anna.get("/v1/tenants/acme/incident-plan?language=nl").await.is(200).body;
    assert_eq!(plan["steps"][1], "Bel Anna, +31201234567");
}
