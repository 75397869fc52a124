//! The reference against the program: schemathesis makes requests of every sort the reference allows, and of many it
//! forbids, and reads the answers by it. There is something behind most names it uses, so that it meets more than 404.

use crate::world::{Client, World, id_of};
use ringfence_api::Permission;
use serde_json::{Value, json};
use std::fmt::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::process::Command;

/// What must hold of each answer. Not among them: `ignored_auth`, whose bad cookie beside a good key need not shut that
/// out; who gets in is the matter of `rights.rs`.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_schema_conformance,response_headers_conformance,\
                      negative_data_rejection,missing_required_header,unsupported_method,\
                      positive_data_acceptance";

/// What may be said to a request that is right by the reference: a name need not be one of something, and what is read
/// need not make sense. But it is read: 400 is not among them.
const READ: &str = r#"["2xx", "401", "403", "404", "409", "412", "422", "428", "429"]"#;

/// For all of it; it takes about a minute.
const PATIENCE: Duration = Duration::from_secs(240);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs schemathesis: run tools/schemathesis"]
async fn the_program_is_as_its_reference_says() {
    let program = std::env::var_os("SCHEMATHESIS").expect("SCHEMATHESIS names the program");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let world = World::peopled_with(|settings| settings.public_url = url.clone());
    world.history();
    world.settings();
    let service = world.router.clone().into_make_service_with_connect_info::<SocketAddr>();
    let served = tokio::spawn(async move { axum::serve(listener, service).await });
    let reference = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/openapi.json");
    assert!(Path::new(reference).exists());
    // What it remembers is of no use to the next run.
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("schemathesis.toml");
    std::fs::write(&config, settings(&world).await).unwrap();
    let mut run = Command::new(program);
    let run = run
        .current_dir(folder.path())
        .arg("--config-file")
        .arg(&config)
        .args(["run", reference, "--url", &url, "--checks", CHECKS])
        // A stream does not end.
        .args(["--exclude-path", "/v1/events"])
        .args(["--phases", "examples,coverage,fuzzing", "--max-examples", "25", "--seed", "1"])
        .args(["--generation-database", "none", "--request-timeout", "40"])
        .args(["--max-response-time", "20"])
        .kill_on_drop(true);
    let ended = tokio::time::timeout(PATIENCE, run.status()).await;
    let status = ended.expect("it takes too long").unwrap();
    assert!(!served.is_finished(), "the program ended");
    assert!(status.success(), "see above");
}

/// Who asks, and what there is to ask for.
async fn settings(world: &World) -> String {
    let root = world.client("root").plain();
    let names = Names::made(&root).await;
    let mut text = format!(
        "headers = {{ Authorization = \"Bearer {}\" }}\n\
         [checks]\npositive_data_acceptance.expected-statuses = {READ}\n\
         missing_required_header.expected-statuses = [403, 428]\n",
        key(&root).await
    );
    for (name, values) in &names.0 {
        writeln!(text, "[dictionaries.{name}]\nvalues = {}", json!(values)).unwrap();
    }
    let half = |name: &str| format!("{{ dictionary = \"{name}\", probability = 0.7 }}");
    let mut operation = |paths: &str, headers: String, parameters: &[(&str, &str)]| {
        writeln!(text, "[[operations]]\ninclude-path-regex = '{paths}'\n{headers}").unwrap();
        if !parameters.is_empty() {
            let all: Vec<_> =
                parameters.iter().map(|(of, is)| format!("\"{of}\" = {}", half(is))).collect();
            writeln!(text, "parameters = {{ {} }}", all.join(", ")).unwrap();
        }
    };
    // What an authenticator says is a table of its own (WebAuthn), whose fields the reference does not name.
    let cookie = world.client("root").plain().cookie.unwrap();
    operation(
        "^/v1/(login|me)/passkey",
        format!(
            "headers = {{ Cookie = \"{cookie}\", X-Ringfence = \"1\" }}\n\
             checks.positive_data_acceptance.enabled = false"
        ),
        &[],
    );
    // What concerns people is done by one; whoever logs out does it in a session of their own.
    for (paths, who, parameters) in [
        ("^/v1/(me|access|keys|login|setup|invitation)", "root", &[][..]),
        ("^/v1/logout$", "nemo", &[]),
        ("^/v1/users", "root", &[("path.id", "users"), ("header.If-Match", "versions")]),
        ("^/v1/proposals", "root", &[("path.id", "proposals")]),
    ] {
        let cookie = world.client(who).plain().cookie.unwrap();
        operation(
            paths,
            format!("headers = {{ Cookie = \"{cookie}\", X-Ringfence = \"1\" }}"),
            parameters,
        );
    }
    for (paths, name) in [
        ("^/v1/trunks", "trunks"),
        ("^/v1/cases", "cases"),
        ("^/v1/blocks", "blocks"),
        ("^/v1/calls", "calls"),
        ("^/v1/live-calls", "live"),
        ("^/v1/replays", "replays"),
        ("^/v1/tenants/[^/]+/extensions", "extensions"),
    ] {
        let parameters =
            [("path.id", name), ("path.tenant", "tenants"), ("header.If-Match", "versions")];
        operation(paths, String::new(), &parameters);
    }
    let tenant = [("path.tenant", "tenants"), ("header.If-Match", "versions")];
    operation("^/v1/tenants(/[^/]+)?(/(policy|tariff.*|max-loss))?$", String::new(), &tenant);
    operation("^/v1/audit/", String::new(), &[("path.seq", "rows")]);
    text
}

/// What there is, by sort.
struct Names(Vec<(&'static str, Vec<Value>)>);

impl Names {
    async fn made(root: &Client<'_>) -> Self {
        let policy = json!({"tenant": "acme", "from": "2026-11-21T00:00:00Z",
            "until": "2026-11-22T00:00:00Z", "policy": {}});
        let replay = root.post("/v1/replays", policy).await.is(201).body["id"].clone();
        let user = json!({"login": "new", "name": "New",
            "grants": [{"role": "operator", "reach": {"tenant": "acme"}}]});
        let proposal = root.post("/v1/users", user).await.is(202).body["proposal"]["id"].clone();
        let mut all = vec![
            ("tenants", vec![json!("acme"), json!("beta")]),
            ("trunks", vec![json!("kpn"), json!("all")]),
            ("extensions", vec![json!("201")]),
            ("live", vec![json!("11"), json!("12")]),
            ("replays", vec![replay]),
            ("proposals", vec![proposal]),
            // Not who asks.
            ("users", vec![json!(id_of("otto")), json!(id_of("audrey")), json!(id_of("bram"))]),
            ("versions", vec![json!("\"1\""), json!("\"2\""), json!("\"0\"")]),
            ("rows", (1..20).map(Value::from).collect()),
        ];
        for name in ["cases", "blocks", "calls"] {
            let list = root.get(&format!("/v1/{name}")).await.is(200).body;
            let ids: Vec<_> =
                list["items"].as_array().unwrap().iter().map(|of| of["id"].clone()).collect();
            assert!(!ids.is_empty(), "there are no {name}");
            all.push((name, ids));
        }
        Self(all)
    }
}

/// With every right a key can have.
async fn key(root: &Client<'_>) -> String {
    let all: Vec<_> = Permission::ALL
        .iter()
        .filter(|of| !matches!(of, Permission::ChangePeople | Permission::ChangeKeys))
        .collect();
    let body = json!({"name": "all", "permissions": all, "expires": "2027-01-01T00:00:00Z"});
    let made = root.post("/v1/keys", body).await.is(201).body;
    made["secret"].as_str().unwrap().to_owned()
}
