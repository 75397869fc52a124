//! What belongs to a case, and how it is handed out.

use crate::world::World;
use axum::body::Body;
use axum::http::Request;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::io::Read;

async fn case(world: &World) -> String {
    let cases = world.client("anna").get("/v1/cases").await.is(200).body;
    cases["items"][0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_case_has_its_calls_sources_changes_and_money() {
    let world = World::peopled();
    world.settings();
    world.history();
    let source = json!({"source": {"ip": "203.0.113.9", "user_agent": "sipcli"}});
    world.calls(&[
        ("acme", 500, source.clone()),
        ("acme", 400, json!({"source": source["source"], "outcome": "refused", "cost": 0, "prevented": 90_000, "answered": null})),
        ("acme", 90_000, json!({})),
        ("acme", 300, json!({"cost": 0})),
        ("beta", 300, json!({})),
    ]);
    let id = case(&world).await;
    let anna = world.client("anna").get(&format!("/v1/cases/{id}/evidence")).await.is(200).body;
    assert_eq!(anna["calls"].as_array().unwrap().len(), 3, "{}", anna["calls"]);
    assert_eq!((&anna["cost"], &anna["prevented"]), (&json!(1_800_000), &json!(90_000)));
    let first = &anna["sources"][0];
    assert_eq!(
        (&first["ip"], &first["user_agent"], &first["calls"]),
        (&json!("203.0.113.9"), &json!("sipcli"), &json!(2))
    );
    assert_eq!(anna["events"].as_array().unwrap().len(), 2);
    let changes = anna["changes"].as_array().unwrap();
    assert!(changes.iter().any(|of| of["subject"] == "policy acme/policy"), "{changes:?}");
    assert!(changes.iter().all(|of| of["tenant"] == "acme"));
    let otto = world.client("otto").get(&format!("/v1/cases/{id}/evidence")).await.is(200).body;
    assert!(otto.get("changes").is_none(), "who may not read the audit log does not read it here");
}

type Zip = zip::ZipArchive<std::io::Cursor<Vec<u8>>>;

async fn exported(world: &World, path: &str, language: &str) -> Zip {
    let anna = world.client("anna");
    let request = Request::builder()
        .uri(path)
        .header("cookie", anna.cookie.clone().unwrap())
        .header("accept-language", language)
        .body(Body::empty())
        .unwrap();
    let response = world.answer(request, "192.0.2.77:4711").await;
    assert_eq!(
        (response.status().as_u16(), response.headers()["content-type"].to_str().unwrap()),
        (200, "application/zip")
    );
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 24).await.unwrap();
    zip::ZipArchive::new(std::io::Cursor::new(bytes.to_vec())).unwrap()
}

fn file(zip: &mut Zip, name: &str) -> String {
    let mut text = String::new();
    zip.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

#[tokio::test]
async fn the_page_of_a_case_is_in_the_language_of_who_asks() {
    let world = World::peopled();
    world.history();
    let path = format!("/v1/cases/{}/export", case(&world).await);
    let mut english = exported(&world, &path, "en-GB,nl;q=0.5").await;
    let page = file(&mut english, "case.html");
    assert!(page.contains("lang=\"en\"") && page.contains("Suspected toll fraud"), "{page}");
    for (path, language) in [(path.clone(), "nl"), (format!("{path}?lang=nl"), "en")] {
        let mut dutch = exported(&world, &path, language).await;
        let page = file(&mut dutch, "case.html");
        assert!(
            page.contains("lang=\"nl\"") && page.contains("Vermoeden van telefoonfraude"),
            "{page}"
        );
        assert!(!page.contains("What happened"), "{page}");
        for table in ["calls.csv", "events.csv", "changes.csv"] {
            let (dutch, english) = (file(&mut dutch, table), file(&mut english, table));
            // What was exported is on record too.
            assert!(table == "changes.csv" || dutch == english, "{table} is for programs");
        }
    }
    let wrong = world.client("anna").get(&format!("{path}?lang=xx")).await;
    wrong.is(400);
}

#[tokio::test]
async fn evidence_is_handed_out_with_hashes_that_fit_and_are_on_record() {
    let world = World::peopled();
    world.history();
    let id = case(&world).await;
    let mut zip = exported(&world, &format!("/v1/cases/{id}/export"), "").await;
    let mut file = |name: &str| file(&mut zip, name);
    let hash = |text: &str| {
        Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let list = file("SHA256SUMS");
    assert_eq!(list.lines().count(), 4);
    for line in list.lines() {
        let (sum, name) = line.split_once("  ").unwrap();
        assert_eq!(sum, hash(&file(name)), "{name}");
    }
    let calls = file("calls.csv");
    assert!(
        calls.contains(",+31201234567,005312345678,+5312345678,CU,mobile,ok,200,60.000,0.900000,"),
        "{calls}"
    );
    assert!(file("case.html").contains("many calls to Cuba"));
    let row = world.client("root").get("/v1/audit?limit=1").await.is(200).body["items"][0].clone();
    assert_eq!((&row["what"], &row["who"]), (&json!("case.export"), &json!("anna")));
    assert_eq!(row["after"]["SHA256SUMS"], json!(hash(&list)));
}
