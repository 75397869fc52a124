//! The reference that is committed is the one the code makes.

use axum::http::{Method, StatusCode};
use ringfence_api::{Route, reference, routes};
use serde_json::Value;
use std::collections::HashSet;
use std::sync::LazyLock;

#[test]
fn the_committed_reference_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/openapi.json");
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == reference(),
        "run `cargo xtask openapi` and commit docs/reference/openapi.json"
    );
}

/// The reference, read.
pub static REFERENCE: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(&reference()).unwrap());

/// Whether the reference names this answer of a route. Of what is no route it need not speak.
pub fn check(method: &Method, path: &str, status: StatusCode) {
    let given: Vec<_> = path.split('/').collect();
    let is_of = |pattern: &str| {
        let wanted: Vec<_> = pattern.split('/').collect();
        let same = |(given, wanted): (&&str, &&str)| {
            given == wanted || (wanted.starts_with('{') && !given.is_empty())
        };
        given.len() == wanted.len() && given.iter().zip(&wanted).all(same)
    };
    let known: Vec<_> = routes().into_iter().filter(|route| is_of(route.path)).collect();
    // A fixed word goes before a parameter, whatever the method.
    let best = known.iter().map(|route| route.path.matches('{').count()).min();
    let is_best = |route: &&Route| Some(route.path.matches('{').count()) == best;
    let Some(route) = known.iter().filter(is_best).find(|route| route.method == *method) else {
        return;
    };
    let operation = &REFERENCE["paths"][route.path][method.as_str().to_lowercase()];
    let named = &operation["responses"][status.as_str()];
    assert!(
        named.is_object(),
        "{method} {path} answers {status}, which the reference does not name"
    );
}

#[test]
fn every_route_is_in_the_reference_with_its_own_name() {
    let reference: Value = serde_json::from_str(&reference()).unwrap();
    let mut names = HashSet::new();
    for route in routes() {
        let operation = &reference["paths"][route.path][route.method.as_str().to_lowercase()];
        let name = operation["operationId"].as_str().unwrap();
        assert!(names.insert(name.to_owned()), "{name} twice");
        let parameters = operation["parameters"].as_array();
        let conditional =
            parameters.is_some_and(|all| all.iter().any(|of| of["name"] == "If-Match"));
        assert_eq!(conditional, route.conditional, "{name}");
        let in_path =
            parameters.map_or(0, |all| all.iter().filter(|of| of["in"] == "path").count());
        assert_eq!(in_path, route.path.matches('{').count(), "{name}");
    }
}

/// What a `$ref` names is there.
#[test]
fn the_reference_is_whole() {
    let text = reference();
    let all: Value = serde_json::from_str(&text).unwrap();
    let mut count = 0;
    for part in text.split("\"$ref\": \"").skip(1) {
        let name = part.split('"').next().unwrap();
        let pointer = name.strip_prefix('#').unwrap();
        assert!(all.pointer(pointer).is_some(), "{name} leads nowhere");
        count += 1;
    }
    assert!(count > 50, "{count}");
}
