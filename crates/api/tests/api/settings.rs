//! Settings over the API: changes and their conditions, secrets, two persons, plans, taking back.

use crate::world::World;
use serde_json::{Value, json};

fn world() -> World {
    let world = World::peopled();
    world.settings();
    world
}

fn body(settings: Value) -> Value {
    json!({ "settings": settings })
}

#[tokio::test]
async fn a_trunk_is_made_changed_and_removed_on_record() {
    let world = world();
    let anna = world.client("anna");
    let new = json!({"id": "pbx", "tenant": "acme", "settings": {"side": "pbx"}});
    let made = anna.post("/v1/trunks", new.clone()).await.is(201);
    assert_eq!(made.body["setting"]["settings"], json!({"side": "pbx"}));
    anna.post("/v1/trunks", new).await.refused(409, "exists");
    let path = "/v1/trunks/pbx";
    let tag = anna.get(path).await.is(200).etag();
    anna.send(axum::http::Method::PUT, path, Some(body(json!({}))), &[])
        .await
        .refused(428, "unconditional");
    anna.put(path, "\"7\"", body(json!({"side": "pbx"}))).await.refused(412, "outdated");
    let wrong = anna.put(path, &tag, body(json!({"side": "pbx", "wrong": 1}))).await;
    let wrong = wrong.refused(422, "unfit");
    assert_eq!(
        (&wrong.body["notes"][0]["field"], &wrong.body["notes"][0]["id"]),
        (&json!("wrong"), &json!("pbx"))
    );
    let patched = anna.patch(path, &tag, body(json!({"reject_code": 603, "side": null}))).await;
    let patched = patched.is(200);
    assert_eq!(patched.body["setting"]["settings"], json!({"reject_code": 603}));
    assert_eq!(patched.body["changes"][0]["fields"][0]["field"], "reject_code");
    anna.send(axum::http::Method::DELETE, path, None, &[("if-match", &patched.etag())])
        .await
        .is(200);
    anna.get(path).await.refused(404, "not_found");
    let audit = anna.get("/v1/audit?subject=trunk%20acme/pbx").await.is(200).body;
    let acts: Vec<_> = audit["items"].as_array().unwrap().iter().map(|row| &row["what"]).collect();
    assert_eq!(acts, ["trunk.remove", "trunk.change", "trunk.add"]);
}

#[tokio::test]
async fn secrets_are_not_shown_and_stay_when_sent_back() {
    let world = world();
    let anna = world.client("anna");
    let seen = anna.get("/v1/trunks/kpn").await.is(200);
    let mut settings = seen.body["settings"].clone();
    assert_eq!(settings["account"], json!({"user": "u", "password": {"kept": true}}));
    settings["reject_code"] = json!(486);
    settings["account"] = json!({"user": "u", "password": "new"});
    anna.put("/v1/trunks/kpn", &seen.etag(), body(settings)).await.is(200);
    for path in ["/v1/trunks", "/v1/trunks/kpn", "/v1/audit"] {
        let text = anna.get(path).await.is(200).body.to_string();
        assert!(!text.contains("hush hush") && !text.contains("\"new\""), "{path}: {text}");
    }
}

#[tokio::test]
async fn raising_a_limit_and_only_watching_need_two() {
    let world = world();
    let anna = world.client("anna");
    let policy = "/v1/tenants/acme/policy";
    let stored = || {
        let key = ringfence_store::SettingKey::new(
            ringfence_store::Section::Policy,
            Some(&"acme".into()),
            "policy",
        );
        world.ask(|store| store.setting(&key)).unwrap().body["limits"]["per_day"].clone()
    };
    let raise = |amount: i64| body(json!({"limits": {"per_day": amount}}));
    anna.put(policy, "\"1\"", raise(500)).await.is(200);
    let got = anna.patch(policy, "\"2\"", raise(900)).await.is(202).body;
    assert_eq!(
        (stored(), &got["proposal"]["what"]["act"]),
        (json!(500), &json!("change_settings"))
    );
    assert_eq!(got["changes"][0]["fields"][0]["to"], 900);
    let path = format!("/v1/proposals/{}/approve", got["proposal"]["id"].as_str().unwrap());
    anna.post(&path, json!({})).await.is(409);
    world.client("otto").post(&path, json!({})).await.refused(403, "not_allowed");
    world.client("bram").post(&path, json!({})).await.refused(404, "not_found");
    world.client("north").post(&path, json!({})).await.is(200);
    assert_eq!(stored(), json!(900));
    let audit = anna.get("/v1/audit?subject=policy%20acme/policy&limit=1").await.is(200).body;
    assert_eq!(audit["items"][0]["who"], "anna with north");
    let watch = body(json!({"mode": "observe"}));
    anna.patch("/v1/tenants/acme", "\"1\"", watch).await.is(202);
    // Without a row of its own, the default limits are what is raised.
    let all = world.client("bram");
    assert_eq!(all.get("/v1/tenants/beta/policy").await.is(200).etag(), "\"0\"");
    all.put("/v1/tenants/beta/policy", "\"0\"", body(json!({"limits": {}}))).await.is(202);
    let lower =
        body(json!({"limits": {"per_hour": 1, "per_day": 1, "per_week": 1, "per_month": 1},
        "extension_limits": {"per_call": 1}}));
    all.put("/v1/tenants/beta/policy", "\"0\"", lower).await.is(200);
}

#[tokio::test]
async fn what_changed_meanwhile_is_not_changed_by_a_proposal() {
    let world = world();
    let anna = world.client("anna");
    let policy = "/v1/tenants/acme/policy";
    let got =
        anna.put(policy, "\"1\"", body(json!({"limits": {"per_day": 900}}))).await.is(202).body;
    anna.put(policy, "\"1\"", body(json!({"limits": {"per_day": 50}}))).await.is(200);
    let path = format!("/v1/proposals/{}/approve", got["proposal"]["id"].as_str().unwrap());
    world.client("north").post(&path, json!({})).await.refused(412, "outdated");
    let now = anna.get(policy).await.is(200).body;
    assert_eq!(now["settings"]["limits"]["per_day"], 50);
}

#[tokio::test]
async fn a_reseller_makes_tenants_and_takes_none() {
    let world = world();
    let north = world.client("north");
    let new = |id: &str| json!({"id": id, "settings": {"country": "BE"}});
    north.post("/v1/tenants", new("gamma")).await.is(201);
    north.post("/v1/tenants", new("beta")).await.refused(409, "exists");
    north.get("/v1/tenants/gamma").await.is(200);
    let ids = async |login: &str| {
        let list = world.client(login).get("/v1/tenants").await.is(200).body;
        let items = list["items"].as_array().unwrap().clone();
        items.iter().map(|item| item["id"].as_str().unwrap()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(ids("north").await, "acme gamma");
    assert_eq!((ids("anna").await, ids("root").await), ("acme".into(), "acme beta gamma".into()));
    world.client("anna").post("/v1/tenants", new("delta")).await.refused(403, "not_allowed");
    let taking = json!({"plan": json!({"reseller//north": {"tenants": ["acme", "gamma", "beta"]}}).to_string()});
    north.post("/v1/settings/apply", taking.clone()).await.refused(404, "not_found");
    world.client("root").post("/v1/settings/apply", taking).await.is(200);
    assert_eq!(ids("north").await, "acme beta gamma");
}

#[tokio::test]
async fn a_plan_is_shown_first_and_held_to_the_callers_reach() {
    let world = world();
    let anna = world.client("anna");
    let plan = |rows: Value| json!({"plan": rows.to_string()});
    let mine = json!({"trunk/acme/kpn": {"side": "pbx"}});
    let shown = anna.post("/v1/settings/check", plan(mine.clone())).await.is(200).body;
    assert_eq!(
        (&shown["changes"][0]["act"], &shown["changes"][0]["id"]),
        (&json!("change"), &json!("kpn"))
    );
    let mut dry = plan(mine.clone());
    dry["dry_run"] = json!(true);
    anna.post("/v1/settings/apply", dry).await.is(200);
    assert_eq!(anna.get("/v1/trunks/kpn").await.etag(), "\"1\"", "nothing was changed");
    for foreign in ["tenant//beta", "extension/beta/7", "trunk//all"] {
        let both = json!({"trunk/acme/kpn": {"side": "pbx"}, foreign: {"x": 1}});
        anna.post("/v1/settings/apply", plan(both.clone())).await.refused(404, "not_found");
        anna.post("/v1/settings/check", plan(both)).await.refused(404, "not_found");
    }
    let theirs = json!({"extension/beta/7": {"wrong": 1}});
    let got = anna.post("/v1/settings/check", plan(theirs)).await.refused(422, "unfit");
    assert!(!got.body.to_string().contains("beta"), "{}", got.body);
    anna.post("/v1/settings/apply", plan(mine.clone())).await.is(200);
    assert_eq!(anna.get("/v1/trunks/kpn").await.etag(), "\"2\"");
    let mut stale = plan(json!({"trunk/acme/kpn": {"side": "carrier"}}));
    stale["revision"] = shown["revision"].clone();
    anna.post("/v1/settings/apply", stale).await.refused(412, "outdated");
    let mut prune = plan(mine);
    prune["prune"] = json!(true);
    anna.post("/v1/settings/apply", prune).await.refused(403, "not_allowed");
}

#[tokio::test]
async fn an_export_is_of_what_one_may_see_and_secrets_are_on_record() {
    let world = world();
    world.client("otto").get("/v1/settings/export").await.is(200);
    world.client("root").get("/v1/settings/export").await.is(200);
    assert_eq!(
        world.node.took(),
        [r#"export Some([TenantId("acme")]) false"#, "export None false"]
    );
    world.client("otto").get("/v1/settings/export?secrets=true").await.refused(403, "not_allowed");
    world.client("anna").get("/v1/settings/export?secrets=true&tenant=acme").await.is(200);
    let audit = world.client("root").get("/v1/audit?limit=1").await.is(200).body;
    assert_eq!(audit["items"][0]["what"], "settings.export");
}

#[tokio::test]
async fn a_change_is_taken_back_unless_another_followed() {
    let world = world();
    let anna = world.client("anna");
    let path = "/v1/tenants/acme/extensions/201";
    anna.patch(path, "\"1\"", body(json!({"caller": "+3120"}))).await.is(200);
    anna.patch(path, "\"2\"", body(json!({"caller": "+3121"}))).await.is(200);
    let audit = anna.get("/v1/audit?subject=extension%20acme/201").await.is(200).body;
    let seq = |at: usize| audit["items"][at]["seq"].as_i64().unwrap();
    let revert = |seq: i64| format!("/v1/audit/{seq}/revert");
    anna.post(&revert(seq(1)), json!({})).await.refused(409, "not_reversible");
    let back = anna.post(&revert(seq(0)), json!({})).await.is(200);
    assert_eq!(back.body["setting"]["settings"]["caller"], "+3120");
    world.client("bram").post(&revert(seq(1)), json!({})).await.refused(404, "not_found");
    // What was made is gone again, and what is gone is back.
    let gone = anna.send(axum::http::Method::DELETE, path, None, &[("if-match", "\"4\"")]).await;
    gone.is(200);
    let audit = anna.get("/v1/audit?subject=extension%20acme/201&limit=1").await.is(200).body;
    anna.post(&revert(audit["items"][0]["seq"].as_i64().unwrap()), json!({})).await.is(200);
    anna.get(path).await.is(200);
    let people = world.client("root").get("/v1/audit?subject=person%20anna").await.is(200).body;
    if let Some(row) = people["items"].get(0) {
        let path = revert(row["seq"].as_i64().unwrap());
        world.client("root").post(&path, json!({})).await.refused(409, "not_reversible");
    }
}

#[tokio::test]
async fn lists_come_in_pages() {
    let world = world();
    let root = world.client("root");
    for n in 0..5 {
        let new = json!({"id": format!("{n}"), "settings": {}});
        root.post("/v1/tenants/acme/extensions", new).await.is(201);
    }
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let page =
            root.get(&format!("/v1/tenants/acme/extensions?limit=2{after}")).await.is(200).body;
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].clone()));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ["0", "1", "2", "201", "3", "4"]);
    let trunks = world.client("anna").get("/v1/trunks").await.is(200).body;
    assert_eq!(trunks["items"].as_array().unwrap().len(), 1);
    assert_eq!(root.get("/v1/trunks").await.is(200).body["items"].as_array().unwrap().len(), 2);
}
