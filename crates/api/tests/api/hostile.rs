//! What nobody sends by mistake, made for each route from the reference: it is refused in one form, at once, and leaves no
//! trace; no fault of the program comes of it.

use crate::reference::REFERENCE;
use crate::samples::{Sample, filled, fresh, sample, tag};
use crate::world::{Client, Got, World};
use axum::body::Body;
use axum::http::{Method, Request};
use ringfence_api::{Needs, Route, routes};
use serde_json::{Value, json};
use std::time::Duration;

/// Nothing of this takes long.
const PATIENCE: Duration = Duration::from_secs(10);
/// A refusal does not say back all it was sent.
const REFUSAL_BYTES_MAX: usize = 4096;

/// One request.
struct Hostile {
    what: String,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    /// What must be answered, where that is known.
    wanted: Option<(u16, &'static str)>,
}

impl Hostile {
    fn new(what: impl Into<String>, path: &str) -> Self {
        let (what, path, headers) = (what.into(), path.to_owned(), Vec::new());
        Self { what, path, headers, body: Vec::new(), wanted: None }
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    fn json(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.with("content-type", "application/json")
    }

    fn is(mut self, status: u16, code: &'static str) -> Self {
        self.wanted = Some((status, code));
        self
    }
}

async fn send(client: &Client<'_>, method: &Method, of: &Hostile) -> Got {
    let name = format!("{method} {}: {}", &of.path[..of.path.len().min(80)], of.what);
    let mut request = Request::builder().method(method).uri(&of.path).header("x-ringfence", "1");
    request = request.header("cookie", client.cookie.as_ref().unwrap());
    for (name, value) in &of.headers {
        request = request.header(*name, value);
    }
    let request = request.body(Body::from(of.body.clone())).unwrap();
    let got = tokio::time::timeout(PATIENCE, client.world.raw(request, client.from)).await;
    let got = got.unwrap_or_else(|_| panic!("{name} hangs"));
    let status = got.status.as_u16();
    assert!(status < 500, "{name}: {status} {}", got.body);
    if status >= 400 {
        for field in ["request_id", "code", "message", "hint"] {
            let said = got.body[field].as_str().unwrap_or_default();
            assert!(!said.is_empty(), "{name}: {status} without {field}: {}", got.body);
        }
        assert_eq!(got.headers["x-request-id"], got.body["request_id"].as_str().unwrap());
        let length = got.body.to_string().len();
        assert!(length < REFUSAL_BYTES_MAX, "{name}: {length} bytes of refusal");
    }
    if let Some((wanted, code)) = of.wanted {
        assert_eq!((status, got.code()), (wanted, code), "{name}: {}", got.body);
    }
    got
}

/// The last row of the audit log.
fn last_act(world: &World) -> i64 {
    let rows = world.ask(|store| store.audit(&Default::default(), 1)).unwrap();
    rows.first().map_or(0, |row| row.seq)
}

fn of_route(route: &Route) -> Sample {
    sample(&route.method, route.path).unwrap_or_else(|| {
        let path = route.path.replace("{id}", "x");
        Sample { path, body: None, place: None }
    })
}

fn json_of(route: &Route) -> Value {
    let operation = &REFERENCE["paths"][route.path][route.method.as_str().to_lowercase()];
    let schema = operation["requestBody"]["content"]["application/json"]["schema"].clone();
    match schema["$ref"].as_str() {
        Some(name) => REFERENCE.pointer(name.trim_start_matches('#')).unwrap().clone(),
        None => schema,
    }
}

/// Values that are hardly ever what a field holds, as JSON.
fn values() -> Vec<(&'static str, String)> {
    let text = |text: &str| format!("\"{text}\"");
    vec![
        ("null", "null".into()),
        ("a truth", "true".into()),
        ("a small number", "-1".into()),
        ("a large number", "9223372036854775808".into()),
        ("a number beyond numbers", "1e999".into()),
        ("no text", text("")),
        ("a zero in a text", text(r"a\u0000b")),
        ("half a character", text(r"\ud800")),
        ("a path", text("../../etc/passwd")),
        ("a line that ends", text(r"a\r\nSet-Cookie: b=c")),
        ("a quote", text(r"' OR 1=1; --")),
        ("a long text", text(&"x".repeat(200_000))),
        ("a list", "[]".into()),
        ("a list of lists", "[[[[1]]]]".into()),
        ("a table", "{}".into()),
        ("a table of tables", r#"{"a": {"b": {"c": null}}}"#.into()),
        ("a deep list", format!("{}{}", "[".repeat(50_000), "]".repeat(50_000))),
        ("a deep table", format!("{}1{}", r#"{"a":"#.repeat(50_000), "}".repeat(50_000))),
    ]
}

/// Parts of a path and values of parameters, as they stand in a URL.
fn names() -> Vec<(&'static str, String)> {
    vec![
        ("a path", "..%2F..%2Fetc%2Fpasswd".into()),
        ("dots", "%2e%2e".into()),
        ("a backslash", "..%5C..%5Cx".into()),
        ("a zero", "a%00b".into()),
        ("no UTF-8", "%ff%fe".into()),
        ("a line that ends", "a%0d%0aSet-Cookie:%20b=c".into()),
        ("a quote", "'%20OR%201=1;--".into()),
        ("a wide character", "%F0%9F%92%A9".into()),
        ("a small number", "-1".into()),
        ("a large number", "99999999999999999999".into()),
        ("a long text", "x".repeat(8_000)),
    ]
}

fn bodies(route: &Route, path: &str, sample: Option<&Value>) -> Vec<Hostile> {
    let base = sample.cloned().unwrap_or_else(|| json!({}));
    let with = |what: &str, body: String| Hostile::new(what, path).json(body);
    let kind = |kind: &str| {
        let body = if base == json!({}) { b"{ }".to_vec() } else { base.to_string().into_bytes() };
        let mut of = Hostile::new(format!("as {kind}"), path).with("content-type", kind);
        of.body = body;
        of
    };
    let mut all = vec![
        with("no JSON", "{".into()).is(400, "malformed"),
        Hostile::new("no UTF-8", path).json([b'"', 0xff, b'"']),
        with("two values", "{}{}".into()).is(400, "malformed"),
        with("a zero", "\0".into()).is(400, "malformed"),
        with("too much", " ".repeat(route.body_bytes_max + 1)).is(413, "too_large"),
        kind("text/plain").is(415, "not_json"),
        kind("application/x-www-form-urlencoded").is(415, "not_json"),
        kind("multipart/form-data; boundary=x").is(415, "not_json"),
        kind("application/json-patch+json").is(415, "not_json"),
        kind(""),
    ];
    all.extend(values().into_iter().map(|(what, value)| with(what, value)));
    let schema = json_of(route);
    let fields = schema["properties"].as_object().cloned().unwrap_or_default();
    for field in fields.keys() {
        for (what, value) in values() {
            // The value as it is, also where no value of Rust could hold it.
            let mut changed = base.clone();
            changed[field] = json!("HERE");
            let body = changed.to_string().replacen("\"HERE\"", &value, 1);
            all.push(with(&format!("{field} is {what}"), body));
        }
        if let Some(value) = base.get(field) {
            let twin = format!("{{\"{field}\":{value},{}", &base.to_string()[1..]);
            all.push(with(&format!("{field} twice"), twin).is(400, "malformed"));
        }
        if base.get(field).is_some_and(Value::is_object) {
            let mut changed = base.clone();
            changed[field] = json!("HERE");
            let twins = r#"{"mode":"observe","mode":"enforce"}"#;
            let body = changed.to_string().replacen("\"HERE\"", twins, 1);
            all.push(with(&format!("twins inside {field}"), body).is(400, "malformed"));
        }
    }
    all
}

fn queries(route: &Route, path: &str) -> Vec<Hostile> {
    let operation = &REFERENCE["paths"][route.path][route.method.as_str().to_lowercase()];
    let (bare, given) = path.split_once('?').unwrap_or((path, ""));
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let mut all = Vec::new();
    for name in parameters.filter(|of| of["in"] == "query").filter_map(|of| of["name"].as_str()) {
        let others: Vec<_> =
            given.split('&').filter(|one| !one.is_empty() && !one.starts_with(name)).collect();
        let others = others.join("&");
        for (what, value) in names() {
            let path = format!("{bare}?{others}&{name}={value}");
            all.push(Hostile::new(format!("{name} is {what}"), &path));
        }
        let twice = format!("{bare}?{others}&{name}=1&{name}=1");
        all.push(Hostile::new(format!("{name} twice"), &twice).is(400, "malformed"));
    }
    all
}

fn paths(route: &Route) -> Vec<Hostile> {
    let Some(begin) = route.path.find('{') else { return Vec::new() };
    let end = begin + route.path[begin..].find('}').unwrap() + 1;
    let filled = |value: &str| {
        let rest = route.path[end..].replace("{id}", "201");
        format!("{}{value}{rest}", &route.path[..begin])
    };
    names().into_iter().map(|(what, value)| Hostile::new(what, &filled(&value))).collect()
}

fn headers(path: &str) -> Vec<Hostile> {
    let one = |what: &str, name, value: &str| Hostile::new(what, path).with(name, value);
    vec![
        one("a tag of others", "if-match", "W/\"x\""),
        one("a large tag", "if-match", "\"99999999999999999999\""),
        one("every tag", "if-match", "*"),
        one("no key", "idempotency-key", " "),
        one("a long key", "idempotency-key", &"k".repeat(10_000)),
        one("a long reason", "x-reason", &"r".repeat(10_000)),
        one("a strange id", "x-request-id", "a b"),
        one("another scheme", "authorization", "Basic Og=="),
    ]
}

#[tokio::test]
async fn whatever_comes_is_refused_in_one_form_and_leaves_no_trace() {
    let mut world = fresh();
    let mut count = 0;
    for route in routes() {
        let of = of_route(&route);
        let reads = route.method == Method::GET;
        let path = filled(&world, &of.path).await;
        let mut all = headers(&path);
        all.extend(paths(&route));
        all.extend(queries(&route, &path));
        if !reads {
            all.extend(bodies(&route, &path, of.body.as_ref()));
        }
        // A stream does not end.
        all.retain(|one| !one.path.starts_with("/v1/events") || one.wanted.is_some());
        for mut one in all {
            if route.conditional && one.headers.iter().all(|(name, _)| *name != "if-match") {
                one = one.with("if-match", tag(route.path));
            }
            let before = last_act(&world);
            let got = send(&world.client("root"), &route.method, &one).await;
            count += 1;
            // Evidence that is handed out is on record.
            let handed_out = route.path.ends_with("/export");
            if got.status.is_success() && (!reads || handed_out) {
                // It made sense after all, and what it changed must not stand in the way of others.
                world = fresh();
            } else if matches!(route.needs, Needs::Right(_) | Needs::Person) {
                let name = format!("{} {}: {}", route.method, one.path, one.what);
                assert_eq!(last_act(&world), before, "{name} is on record");
            }
        }
    }
    assert!(count > 3_000, "{count}");
}

#[tokio::test]
async fn a_path_takes_its_methods_and_no_others() {
    let world = fresh();
    let root = world.client("root");
    let all = routes();
    for route in &all {
        for name in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "X"] {
            let method: Method = name.parse().unwrap();
            if all.iter().any(|of| of.path == route.path && of.method == method) {
                continue;
            }
            let one = Hostile::new(name, &route.path.replace(['{', '}'], ""));
            let got = send(&root, &method, &one.is(405, "no_such_method")).await;
            let allow = got.headers["allow"].to_str().unwrap().to_owned();
            assert!(allow.contains(route.method.as_str()), "{}: {allow}", route.path);
        }
    }
}

/// Of those who change the same thing at once, one does; who comes later has not seen what it is now.
#[tokio::test]
async fn who_writes_at_once_overwrites_nobody() {
    for route in routes().into_iter().filter(|route| route.conditional) {
        let world = fresh();
        let of = of_route(&route);
        let path = filled(&world, &of.path).await;
        let root = world.client("root");
        let one = async |n: usize| {
            let mut one = Hostile::new(format!("writer {n}"), &path);
            if let Some(body) = &of.body {
                one = one.json(body.to_string());
            }
            send(&root, &route.method, &one.with("if-match", tag(route.path))).await
        };
        let got = tokio::join!(one(1), one(2), one(3), one(4));
        let (mut tags, mut late) = (Vec::new(), 0);
        for got in [got.0, got.1, got.2, got.3] {
            match got.status.as_u16() {
                200..=299 => tags.push(got.headers.get("etag").cloned()),
                404 | 409 | 412 => late += 1,
                other => panic!("{} {path}: {other} {}", route.method, got.body),
            }
        }
        // Whoever changes nothing is never too late.
        tags.dedup();
        assert!(tags.len() == 1 && late <= 3, "{} {path}: {tags:?}", route.method);
    }
}

#[tokio::test]
async fn a_key_stands_for_one_request_at_every_route() {
    let mut kept = 0;
    for route in routes() {
        if route.method != Method::POST || !matches!(route.needs, Needs::Right(_)) {
            continue;
        }
        let world = fresh();
        let of = of_route(&route);
        let path = filled(&world, &of.path).await;
        let root = world.client("root");
        let body = of.body.clone().unwrap_or_else(|| json!({})).to_string();
        let one = |body: String| {
            Hostile::new(body.clone(), &path).json(body).with("idempotency-key", "k")
        };
        let first = send(&root, &route.method, &one(body.clone())).await;
        assert!(first.status.is_success(), "{path}: {}", first.body);
        let again = send(&root, &route.method, &one(body.clone())).await;
        assert_eq!((again.status, again.body), (first.status, first.body), "{path}");
        assert_eq!(again.headers["idempotent-replayed"], "true", "{path}");
        let other = one(format!("{body} ")).is(422, "key_reused");
        send(&root, &route.method, &other).await;
        kept += 1;
    }
    assert!(kept > 10, "{kept}");
}
