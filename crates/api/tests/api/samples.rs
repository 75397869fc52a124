//! A request for each route that needs a right: what works for who may do it.

use crate::world::{World, id_of};
use axum::http::Method;
use ringfence_api::Place;
use serde_json::{Value, json};

/// A request that works for who may do it, about something of `acme`.
pub struct Sample {
    pub path: String,
    pub body: Option<Value>,
    /// What the thing belongs to; `None`: the caller's own or a list, where others get less rather than a refusal.
    pub place: Option<Place>,
}

fn acme() -> Place {
    Place::Tenant("acme".into(), Some("north".into()))
}

pub fn sample(method: &Method, path: &str) -> Option<Sample> {
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

/// A world in which something has happened.
pub fn fresh() -> World {
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

/// The path of a sample, with the names that this world made.
pub async fn filled(world: &World, path: &str) -> String {
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

/// The version that the thing of a sample has in a fresh world.
pub fn tag(path: &str) -> &'static str {
    if path == "/v1/access" { "\"0\"" } else { "\"1\"" }
}
