//! Every route × every caller: what is in the table of routes is what happens. A route without a sample fails, and so does
//! one whose sample no longer works.

use crate::samples::{Sample, filled, fresh, sample, tag};
use crate::world::{Client, World, people};
use axum::http::Method;
use ringfence_api::{Needs, Permission, Place, allows, routes};
use serde_json::{Value, json};

/// What stands in the way of a caller with `grants` of `permission`.
fn expected(
    grants: &[ringfence_api::Grant],
    permission: Permission,
    place: Option<&Place>,
) -> &'static str {
    let somewhere = grants.iter().any(|grant| grant.role.holds(permission));
    match place {
        _ if !somewhere => "not_allowed",
        None => "ok",
        Some(place) if allows(grants, permission, place) => "ok",
        // That there is a platform is no secret.
        Some(Place::Platform) => "not_allowed",
        Some(place) if grants.iter().any(|grant| grant.reach.covers(place)) => "not_allowed",
        Some(_) => "not_found",
    }
}

async fn verdict(client: &Client<'_>, method: &Method, sample: &Sample, tag: &str) -> String {
    let path = filled(client.world, &sample.path).await;
    if path == "/v1/events" {
        return stream_verdict(client, &path).await;
    }
    let got = client.send(method.clone(), &path, sample.body.clone(), &[("if-match", tag)]).await;
    match got.status.as_u16() {
        200..=299 => "ok".into(),
        _ => got.code().to_owned(),
    }
}

/// A stream does not end by itself: its head is enough.
async fn stream_verdict(client: &Client<'_>, path: &str) -> String {
    let mut request = axum::http::Request::builder().uri(path);
    if let Some(cookie) = &client.cookie {
        request = request.header("cookie", cookie);
    }
    for (name, value) in &client.headers {
        request = request.header(*name, value);
    }
    let request = request.body(axum::body::Body::empty()).unwrap();
    let response = client.world.answer(request, client.from).await;
    if response.status().is_success() {
        return "ok".into();
    }
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    let body: Value = serde_json::from_slice(&bytes).unwrap();
    body["code"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn each_route_does_for_each_role_what_the_table_says() {
    let mut told = 0;
    for route in routes() {
        let Needs::Right(permission) = route.needs else { continue };
        let sample = sample(&route.method, route.path);
        let sample =
            sample.unwrap_or_else(|| panic!("{} {} has no sample", route.method, route.path));
        for (login, grants) in people() {
            // Each in a world of its own: what one does must not stand in another's way.
            let world = fresh();
            let seen = verdict(&world.client(login), &route.method, &sample, tag(route.path)).await;
            let wanted = expected(&grants, permission, sample.place.as_ref());
            assert_eq!(seen, wanted, "{} {} as {login}", route.method, route.path);
            told += 1;
        }
    }
    assert!(told > 200, "{told}");
}

#[tokio::test]
async fn nobody_gets_in_without_the_login_a_route_needs() {
    let world = fresh();
    for route in routes() {
        let path = route.path.replace("{id}", "x").replace("{number}", "112");
        let path = path.replace("{tenant}", "x").replace("{seq}", "1");
        let name = format!("{} {path}", route.method);
        let send = async |client: Client<'_>| {
            let place = Sample { path: path.clone(), body: None, place: None };
            verdict(&client, &route.method, &place, "\"1\"").await
        };
        let stranger = send(world.stranger()).await;
        let forged = send(world.stranger().with("cookie", "__Host-ringfence=AAAA")).await;
        let half = send(world.session("root", "password")).await;
        let key = send(world.stranger().with("authorization", "Bearer rf_nonsense")).await;
        match route.needs {
            Needs::Nothing => assert_ne!(stranger, "not_logged_in", "{name}"),
            Needs::Login => {
                assert_eq!([&stranger, &forged], ["not_logged_in"; 2], "{name}");
                assert_ne!(key, "ok", "{name}");
            }
            Needs::Person | Needs::Right(_) => {
                assert_eq!([&stranger, &forged], ["not_logged_in"; 2], "{name}");
                assert_eq!(half, "second_factor", "{name}");
                assert_eq!(key, "not_logged_in", "{name}");
            }
        }
    }
}

#[tokio::test]
async fn a_route_of_a_person_takes_no_key() {
    let world = World::peopled();
    let mut root = world.client("root");
    let all: Vec<_> = Permission::ALL
        .iter()
        .filter(|of| !matches!(of, Permission::ChangePeople | Permission::ChangeKeys))
        .collect();
    let made = root
        .login(
            "/v1/keys",
            json!({"name": "all", "permissions": all, "expires": "2027-01-01T00:00:00Z"}),
        )
        .await
        .is(201);
    let bearer = format!("Bearer {}", made.body["secret"].as_str().unwrap());
    for route in routes() {
        if !matches!(route.needs, Needs::Login | Needs::Person) {
            continue;
        }
        let path = route.path.replace("{id}", "x").replace("{number}", "112");
        let got = world
            .stranger()
            .with("authorization", &bearer)
            .send(route.method.clone(), &path, None, &[])
            .await;
        got.refused(403, "persons_only");
    }
}

#[tokio::test]
async fn lists_show_what_is_in_reach_and_no_more() {
    let world = fresh();
    let tenants = async |login: &str, path: &str| {
        let got = world.client(login).get(path).await.is(200);
        let items = got.body["items"].as_array().unwrap().clone();
        let mut names: Vec<_> =
            items.iter().map(|item| item["tenant"].as_str().unwrap_or("-").to_owned()).collect();
        names.sort();
        names.dedup();
        names.join(" ")
    };
    for tenant in ["acme", "beta"] {
        let body = json!({"tenant": tenant, "policy": {}, "from": "2026-11-22T00:00:00Z",
            "until": "2026-11-23T00:00:00Z"});
        world.client("root").post("/v1/replays", body).await.is(201);
    }
    for path in [
        "/v1/blocks",
        "/v1/alerts",
        "/v1/cases",
        "/v1/calls",
        "/v1/live-calls",
        "/v1/node/trunks",
        "/v1/replays",
    ] {
        assert_eq!(tenants("root", path).await, "acme beta", "{path}");
        for login in ["north", "anna", "otto", "audrey"] {
            assert_eq!(tenants(login, path).await, "acme", "{path} as {login}");
        }
        assert_eq!(tenants("bram", path).await, "beta", "{path}");
        let other = format!("{path}?tenant=beta");
        world.client("anna").get(&other).await.refused(404, "not_found");
        world.client("anna").get(&format!("{path}?tenant=nobody")).await.refused(404, "not_found");
    }
    let logins = async |login: &str| {
        let got = world.client(login).get("/v1/users").await.is(200);
        let items = got.body["items"].as_array().unwrap().clone();
        items
            .iter()
            .map(|user| user["login"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(logins("root").await, "anna audrey bram nemo north otto root");
    assert_eq!(logins("north").await, "anna audrey north otto");
    assert_eq!(logins("anna").await, "anna audrey otto");
    assert_eq!(logins("bram").await, "bram");
}
