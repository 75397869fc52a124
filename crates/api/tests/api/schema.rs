//! The reference against the program: schemathesis makes requests of every sort the reference allows, and of many it
//! forbids, and reads the answers by it.

use crate::world::World;
use ringfence_api::Permission;
use serde_json::json;
use std::net::SocketAddr;
use std::path::Path;
use tokio::net::TcpListener;
use tokio::process::Command;

/// What must hold of each answer. That a valid request is accepted is none of it: a valid name need not be one of something.
/// Nor is that a bad cookie shuts out a good key; who gets in is the matter of `rights.rs`.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_schema_conformance,response_headers_conformance,\
                      negative_data_rejection,unsupported_method";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs schemathesis: run tools/schemathesis"]
async fn the_program_is_as_its_reference_says() {
    let program = std::env::var_os("SCHEMATHESIS").expect("SCHEMATHESIS names the program");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let world = World::peopled_with(|settings| settings.public_url = url.clone());
    world.history();
    let bearer = format!("Authorization: Bearer {}", key(&world).await);
    let service = world.router.clone().into_make_service_with_connect_info::<SocketAddr>();
    let served = tokio::spawn(async move { axum::serve(listener, service).await });
    let reference = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/openapi.json");
    assert!(Path::new(reference).exists());
    // What it remembers is of no use to the next run.
    let folder = tempfile::tempdir().unwrap();
    let status = Command::new(program)
        .current_dir(folder.path())
        .args(["run", reference, "--url", &url, "--header", &bearer, "--checks", CHECKS])
        // A stream does not end.
        .args(["--exclude-path", "/v1/events"])
        .args(["--phases", "examples,coverage,fuzzing", "--max-examples", "25", "--seed", "1"])
        .args(["--generation-database", "none", "--request-timeout", "40"])
        .kill_on_drop(true)
        .status()
        .await
        .unwrap();
    assert!(!served.is_finished(), "the program ended");
    assert!(status.success(), "see above");
}

/// With every right a key can have.
async fn key(world: &World) -> String {
    let all: Vec<_> = Permission::ALL
        .iter()
        .filter(|of| !matches!(of, Permission::ChangePeople | Permission::ChangeKeys))
        .collect();
    let body = json!({"name": "all", "permissions": all, "expires": "2027-01-01T00:00:00Z"});
    let made = world.client("root").plain().post("/v1/keys", body).await.is(201).body;
    made["secret"].as_str().unwrap().to_owned()
}
