//! What every request and answer has.

use crate::world::World;
use axum::body::Body;
use axum::http::{Method, Request};
use ringfence_api::routes;
use serde_json::json;

#[tokio::test]
async fn every_answer_has_an_id_and_a_refusal_says_it() {
    let world = World::peopled();
    let got = world.stranger().get("/v1/me").await.refused(401, "not_logged_in");
    let id = got.headers["x-request-id"].to_str().unwrap();
    assert_eq!((id.len(), got.body["request_id"].as_str().unwrap()), (16, id));
    assert!(!got.body["hint"].as_str().unwrap().is_empty());
    let given = world.stranger().with("x-request-id", "abc-1.2_X").get("/v1/setup").await;
    assert_eq!(given.headers["x-request-id"], "abc-1.2_X");
    for bad in ["", "a b", "ü", &"x".repeat(65)] {
        let got = world.stranger().with("x-request-id", bad).get("/v1/setup").await;
        assert_eq!(got.headers["x-request-id"].len(), 16, "{bad}");
    }
    assert_eq!(given.headers["cache-control"], "no-store");
    assert_eq!(given.headers["x-content-type-options"], "nosniff");
    assert!(given.headers.contains_key("strict-transport-security"));
}

#[tokio::test]
async fn paths_and_methods_that_are_not_there_are_told_so() {
    let world = World::peopled();
    world.stranger().get("/v1/nothing").await.refused(404, "no_such_path");
    let got = world.stranger().delete("/v1/login").await.refused(405, "no_such_method");
    assert_eq!(got.headers["allow"], "POST");
}

#[tokio::test]
async fn an_address_outside_the_allowed_networks_hears_nothing() {
    let world = World::with(|settings| settings.allow = vec!["192.0.2.0/24".parse().unwrap()]);
    world.stranger().get("/v1/setup").await.is(200);
    world.stranger().from("198.51.100.1:1").get("/v1/setup").await.refused(403, "not_from_here");
    world.stranger().from("[::ffff:192.0.2.1]:1").get("/v1/setup").await.is(200);
}

#[tokio::test]
async fn unknown_parameters_and_fields_are_refused_by_every_route() {
    let world = World::peopled();
    let root = world.client("root");
    for route in routes() {
        let path = route.path.replace("{id}", "x").replace("{tenant}", "x").replace("{seq}", "1");
        let body = (route.method != Method::GET).then(|| json!({"no_such_field": 1}));
        let extra = format!("{path}?no_such_parameter=1");
        let name = format!("{} {path}", route.method);
        let got =
            root.send(route.method.clone(), &extra, body.clone(), &[("if-match", "\"1\"")]).await;
        assert_eq!(got.code(), "malformed", "{name}: {}", got.body);
        assert!(got.body["message"].as_str().unwrap().contains("no_such_parameter"), "{name}");
        if body.is_some() {
            // A query that must be there is part of the sample.
            let got = root.send(route.method.clone(), &path, body, &[("if-match", "\"1\"")]).await;
            assert_eq!(got.code(), "malformed", "{name}: {}", got.body);
            assert!(got.body["message"].as_str().unwrap().contains("no_such_field"), "{name}");
        }
    }
}

#[tokio::test]
async fn bodies_are_json_of_bounded_size_and_depth() {
    let world = World::peopled();
    let root = world.client("root");
    let cookie = root.cookie.clone().unwrap();
    let send = async |kind: &str, body: String| {
        let request =
            Request::post("/v1/blocks").header("cookie", &cookie).header("x-ringfence", "1");
        let request = request.header("content-type", kind).body(Body::from(body)).unwrap();
        world.raw(request, root.from).await
    };
    send("text/plain", "{}".into()).await.refused(415, "not_json");
    send("application/json", "{".into()).await.refused(400, "malformed");
    send("application/json", "x".repeat((1 << 20) + 1)).await.refused(413, "too_large");
    let deep = "[".repeat(100_000);
    send("application/json", format!("{{\"tenant\":{deep}")).await.refused(400, "malformed");
    send("application/json; charset=utf-8", r#"{"tenant":"acme","level":"national"}"#.into())
        .await
        .is(201);
}

#[tokio::test]
async fn a_foreign_page_changes_nothing() {
    let world = World::peopled();
    let cookie = world.client("root").cookie.unwrap();
    let send = async |more: &[(&str, &str)]| {
        let mut request = Request::post("/v1/blocks").header("cookie", &cookie);
        request = request.header("content-type", "application/json");
        for (name, value) in more {
            request = request.header(*name, *value);
        }
        let body = Body::from(r#"{"tenant":"acme","level":"national"}"#);
        world.raw(request.body(body).unwrap(), "192.0.2.1:1").await
    };
    send(&[]).await.refused(403, "foreign_page");
    send(&[("x-ringfence", "1"), ("origin", "https://evil.example")])
        .await
        .refused(403, "foreign_page");
    assert_eq!(world.node.took(), Vec::<String>::new());
    send(&[("x-ringfence", "1"), ("origin", "https://fw.example")]).await.is(201);
}

#[tokio::test]
async fn a_request_that_comes_twice_is_carried_out_once() {
    let world = World::peopled();
    let otto = world.client("otto").with("idempotency-key", "order-1");
    let body = json!({"tenant": "acme", "level": "national"});
    let first = otto.post("/v1/blocks", body.clone()).await.is(201);
    let second = otto.post("/v1/blocks", body.clone()).await.is(201);
    assert_eq!(first.body, second.body);
    assert_eq!(second.headers["idempotent-replayed"], "true");
    assert_eq!(world.node.took().len(), 1);
    let other = json!({"tenant": "acme", "level": "internal"});
    otto.post("/v1/blocks", other).await.refused(422, "key_reused");
    // Keys of others are their own.
    world
        .client("anna")
        .with("idempotency-key", "order-1")
        .post("/v1/blocks", body.clone())
        .await
        .is(201);
    assert_eq!(world.node.took().len(), 1);
    // A day later it is forgotten.
    world.forward(std::time::Duration::from_secs(24 * 3600 + 1));
    let otto = world.client("otto").with("idempotency-key", "order-1");
    otto.post("/v1/blocks", body).await.is(201);
    assert_eq!(world.node.took().len(), 1);
    for bad in ["", "two words", &"x".repeat(129)] {
        let otto = world.client("otto").with("idempotency-key", bad);
        otto.post("/v1/blocks", json!({})).await.refused(400, "malformed");
    }
}

#[tokio::test]
async fn what_was_refused_may_be_tried_again_with_the_same_key() {
    let world = World::peopled();
    let otto = world.client("otto").with("idempotency-key", "order-1");
    let body = json!({"tenant": "acme", "level": "national"});
    *world.node.fails.lock().unwrap() = true;
    let got = otto.post("/v1/blocks", body.clone()).await.refused(409, "refused_by_node");
    assert_eq!(got.body["hint"], "see the log");
    *world.node.fails.lock().unwrap() = false;
    otto.post("/v1/blocks", body).await.is(201);
}

#[tokio::test]
async fn a_change_names_the_version_it_has_read() {
    let world = World::peopled();
    let root = world.client("root");
    let path = format!("/v1/users/{}", crate::world::id_of("nemo"));
    let etag = root.get(&path).await.is(200).etag();
    let body = json!({"name": "Captain"});
    root.send(Method::PATCH, &path, Some(body.clone()), &[]).await.refused(428, "unconditional");
    root.patch(&path, "\"77\"", body.clone()).await.refused(412, "outdated");
    root.patch(&path, "W/\"1\"", body.clone()).await.refused(412, "outdated");
    let changed = root.patch(&path, &etag, body.clone()).await.is(200);
    assert_ne!(changed.etag(), etag);
    root.patch(&path, &etag, body).await.refused(412, "outdated");
}
