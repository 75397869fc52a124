//! Every route × every caller: what is in the table of routes is what happens. A route without a sample fails, and so does
//! one whose sample no longer works.

use crate::world::{Client, World, id_of, people};
use axum::http::Method;
use ringfence_api::{Needs, Permission, Place, allows, routes};
use serde_json::{Value, json};

/// A request that works for who may do it, about something of `acme`.
struct Sample {
    path: String,
    body: Option<Value>,
    /// What the thing belongs to; `None`: the caller's own or a list, where others get less rather than a refusal.
    place: Option<Place>,
}

fn acme() -> Place {
    Place::Tenant("acme".into(), Some("north".into()))
}

fn sample(method: &Method, path: &str) -> Option<Sample> {
    let list = |path: &str| Sample { path: path.into(), body: None, place: None };
    let of =
        |place: Place, path: String, body: Option<Value>| Sample { path, body, place: Some(place) };
    let audrey = format!("/v1/users/{}", id_of("audrey"));
    let far = "2026-12-22T00:00:00Z";
    let span = "from=2026-11-22T00:00:00Z&until=2026-11-23T00:00:00Z";
    Some(match (method.as_str(), path) {
        (
            "GET",
            "/v1/users" | "/v1/keys" | "/v1/audit" | "/v1/blocks" | "/v1/alerts" | "/v1/cases",
        ) => list(path),
        ("GET", "/v1/approvals" | "/v1/notices") => list(path),
        ("GET", "/v1/calls" | "/v1/live-calls" | "/v1/events" | "/v1/replays") => list(path),
        ("GET", "/v1/node/trunks" | "/v1/node/registrations") => list(path),
        ("GET", "/v1/usage") => of(acme(), format!("{path}?tenant=acme&{span}"), None),
        ("GET", "/v1/access") => of(acme(), format!("{path}?tenant=acme"), None),
        ("PUT", "/v1/access") => of(acme(), format!("{path}?tenant=acme"), Some(json!({}))),
        ("GET", "/v1/audit/verify" | "/v1/node" | "/v1/node/bans") => {
            of(Place::Platform, path.into(), None)
        }
        ("POST", "/v1/users") => of(
            acme(),
            path.into(),
            Some(json!({"login": "new", "name": "New",
            "grants": [{"role": "auditor", "reach": {"tenant": "acme"}}]})),
        ),
        ("GET" | "DELETE", "/v1/users/{id}") => of(acme(), audrey, None),
        ("PATCH", "/v1/users/{id}") => of(acme(), audrey, Some(json!({"name": "Audrey"}))),
        ("PUT", "/v1/users/{id}/grants") => {
            of(acme(), format!("{audrey}/grants"), Some(json!({"grants": []})))
        }
        ("POST", "/v1/users/{id}/reset") => of(acme(), format!("{audrey}/reset"), None),
        ("DELETE", "/v1/users/{id}/sessions") => of(acme(), format!("{audrey}/sessions"), None),
        ("POST", "/v1/keys") => of(
            acme(),
            path.into(),
            Some(json!({"name": "k", "tenant": "acme",
            "permissions": ["read_calls"], "expires": far})),
        ),
        ("DELETE", "/v1/keys/{id}") => of(acme(), "/v1/keys/k1".into(), None),
        ("POST", "/v1/blocks") => {
            of(acme(), path.into(), Some(json!({"tenant": "acme", "level": "national"})))
        }
        ("GET", "/v1/blocks/{id}") => of(acme(), "/v1/blocks/0-0".into(), None),
        ("POST", "/v1/blocks/{id}/lift") => of(acme(), "/v1/blocks/0-0/lift".into(), None),
        ("GET", "/v1/cases/{id}") => of(acme(), "/v1/cases/{case}".into(), None),
        ("PUT", "/v1/cases/{id}/decision") => {
            of(acme(), "/v1/cases/{case}/decision".into(), Some(json!({"state": "false_alarm"})))
        }
        ("PUT", "/v1/cases/{id}/hold") => {
            of(acme(), "/v1/cases/{case}/hold".into(), Some(json!({"held": true})))
        }
        ("POST", "/v1/cases/{id}/notes") => {
            of(acme(), "/v1/cases/{case}/notes".into(), Some(json!({"words": "hm"})))
        }
        ("GET", "/v1/cases/{id}/evidence") => of(acme(), "/v1/cases/{case}/evidence".into(), None),
        ("GET", "/v1/cases/{id}/export") => of(acme(), "/v1/cases/{case}/export".into(), None),
        ("POST", "/v1/approvals/{id}/answer") => {
            of(acme(), "/v1/approvals/{approval}/answer".into(), Some(json!({"answer": "no"})))
        }
        ("POST", "/v1/tenants/{tenant}/contacts" | "/v1/tenants/{tenant}/notifications") => {
            of(acme(), path.replace("{tenant}", "acme"), Some(json!({"id": "new", "settings": {}})))
        }
        ("GET", "/v1/tenants" | "/v1/trunks") => list(path),
        ("POST", "/v1/tenants") => of(
            Place::Reseller("north".into()),
            path.into(),
            Some(json!({"id": "gamma", "reseller": "north", "settings": {}})),
        ),
        (_, "/v1/tenants/{tenant}") => of(acme(), "/v1/tenants/acme".into(), settings(method)),
        ("PUT", "/v1/tenants/{tenant}/tariff") => {
            of(acme(), "/v1/tenants/acme/tariff".into(), Some(json!({"csv": "prefix,price"})))
        }
        ("POST", "/v1/tenants/{tenant}/tariff/check") => {
            of(acme(), "/v1/tenants/acme/tariff/check".into(), Some(json!({"csv": "prefix,price"})))
        }
        ("POST", "/v1/tenants/{tenant}/extensions") => of(
            acme(),
            "/v1/tenants/acme/extensions".into(),
            Some(json!({"id": "300", "settings": {}})),
        ),
        ("POST", "/v1/trunks") => {
            of(acme(), path.into(), Some(json!({"id": "new", "tenant": "acme", "settings": {}})))
        }
        ("POST", "/v1/settings/check" | "/v1/settings/apply") => of(
            acme(),
            path.into(),
            Some(json!({"plan": "{\"trunk/acme/kpn\": {\"side\": \"pbx\"}}"})),
        ),
        ("GET", "/v1/settings/export") => of(acme(), format!("{path}?tenant=acme"), None),
        ("POST", "/v1/audit/{seq}/revert") => of(acme(), "/v1/audit/{seq}/revert".into(), None),
        (_, "/v1/trunks/{id}") => of(acme(), "/v1/trunks/kpn".into(), settings(method)),
        (_, path) if path.starts_with("/v1/tenants/{tenant}/") => {
            of(acme(), path.replace("{tenant}", "acme").replace("{id}", "201"), settings(method))
        }
        ("GET", "/v1/calls/{id}") => of(acme(), "/v1/calls/{call}".into(), None),
        ("GET", "/v1/calls/{id}/explanation") => {
            of(acme(), "/v1/calls/{call}/explanation".into(), None)
        }
        (
            "GET",
            "/v1/reports/office-hours" | "/v1/reports/longest-calls" | "/v1/reports/repeated-calls",
        ) => of(acme(), format!("{path}?tenant=acme&{span}"), None),
        ("GET", "/v1/adviser/setup") => {
            of(acme(), format!("{path}?tenant=acme&platform=kamailio"), None)
        }
        ("GET", "/v1/numbers/{number}") => of(acme(), "/v1/numbers/112?tenant=acme".into(), None),
        ("POST", "/v1/replays") => of(
            acme(),
            path.into(),
            Some(json!({"tenant": "acme", "policy": {}, "from": "2026-11-22T00:00:00Z",
            "until": far})),
        ),
        ("GET", "/v1/replays/{id}") => of(acme(), "/v1/replays/{replay}".into(), None),
        ("POST", "/v1/replays/{id}/cancel") => {
            of(acme(), "/v1/replays/{replay}/cancel".into(), None)
        }
        ("POST", "/v1/node/bans" | "/v1/node/bans/lift") => {
            of(Place::Platform, path.into(), Some(json!({"net": "203.0.113.0/24"})))
        }
        ("POST", "/v1/live-calls/{id}/cut") => of(acme(), "/v1/live-calls/11/cut".into(), None),
        _ => return None,
    })
}

/// What changes a setting.
fn settings(method: &Method) -> Option<Value> {
    matches!(method.as_str(), "PUT" | "PATCH").then(|| json!({"settings": {}}))
}

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

fn fresh() -> World {
    let world = World::peopled();
    world.history();
    world.settings();
    let act = world.act();
    let key = ringfence_store::ApiKey {
        id: "k1".into(),
        name: "k1".into(),
        hash: [9; 32],
        scopes: vec![],
        tenant: Some("acme".into()),
        nets: vec![],
        made_by: "anna".into(),
        created: act.at,
        expires: None,
        used: None,
        revoked: None,
    };
    world.ask(|store| store.make_key(&act, &key)).unwrap();
    world
}

async fn filled(world: &World, path: &str) -> String {
    let mut path = path.to_owned();
    if path.contains("{replay}") {
        // One that waits for as long as the world lives.
        let (held, gate) = std::sync::mpsc::channel();
        *world.node.backtests.lock().unwrap() = Some(gate);
        let body = json!({"tenant": "acme", "policy": {}, "from": "2026-11-22T00:00:00Z",
            "until": "2026-11-23T00:00:00Z"});
        let made = world.client("root").post("/v1/replays", body).await.is(201).body;
        path = path.replace("{replay}", made["id"].as_str().unwrap());
        world.held.lock().unwrap().push(held);
    }
    if path.contains("{case}") {
        let cases = world.ask(|store| store.cases(&Default::default(), 10)).unwrap();
        let case = cases.iter().find(|case| case.tenant.as_str() == "acme").unwrap();
        path = path.replace("{case}", &case.id);
    }
    if path.contains("{approval}") {
        path = path.replace("{approval}", &world.held());
    }
    if path.contains("{call}") {
        let rows = world.ask(|store| store.cdrs(&Default::default(), 10)).unwrap();
        let row = rows.iter().find(|row| row.tenant.as_ref().unwrap().as_str() == "acme").unwrap();
        path = path.replace("{call}", &format!("{}-{}", row.at.started.0, row.at.id));
    }
    if path.contains("{seq}") {
        let subject = Some("trunk acme/kpn".into());
        let filter = ringfence_store::AuditFilter { subject, ..Default::default() };
        let row = world.ask(|store| store.audit(&filter, 1)).unwrap().remove(0);
        path = path.replace("{seq}", &row.seq.to_string());
    }
    path
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

/// The version that the thing of a sample has in a fresh world.
fn tag(path: &str) -> &'static str {
    if path == "/v1/access" { "\"0\"" } else { "\"1\"" }
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
