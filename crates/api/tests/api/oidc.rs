//! Logging in at a provider, which is a double here: it says what a real one would, and some things none should.

use crate::world::{Client, Got, NOON, World};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD as BASE64};
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use ringfence_api::{Fetch, Fetched, Oidc, Request, Response};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const ISSUER: &str = "https://id.example/realm";

/// A provider.
struct Provider {
    keys: Mutex<Vec<(&'static str, SigningKey)>>,
    /// What the next token says beside the usual.
    more: Mutex<Value>,
    /// The nonce and the challenge of the login that was begun.
    begun: Mutex<(String, String)>,
    asked: Mutex<Vec<String>>,
    fails: Mutex<bool>,
    speaks_for: Mutex<&'static str>,
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_slice(&[seed; 32]).unwrap()
}

impl Provider {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            keys: Mutex::new(vec![("one", key(1))]),
            more: Mutex::new(json!({})),
            begun: Mutex::default(),
            asked: Mutex::default(),
            fails: Mutex::default(),
            speaks_for: Mutex::new(ISSUER),
        })
    }

    fn says(&self, more: Value) {
        *self.more.lock().unwrap() = more;
    }

    /// Where the browser was sent.
    fn sent(&self, url: &str) -> HashMap<String, String> {
        let (place, query) = url.split_once('?').unwrap();
        assert_eq!(place, "https://id.example/auth");
        let pairs: HashMap<String, String> = serde_urlencoded::from_str(query).unwrap();
        *self.begun.lock().unwrap() = (pairs["nonce"].clone(), pairs["code_challenge"].clone());
        pairs
    }

    fn token(&self) -> String {
        let mut claims = json!({"iss": ISSUER, "aud": "fw", "sub": "u1", "iat": NOON, "exp": NOON + 300,
            "nonce": self.begun.lock().unwrap().0, "email": "Anna", "email_verified": true});
        let more = self.more.lock().unwrap().clone();
        for (name, value) in more.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let keys = self.keys.lock().unwrap();
        let (name, key) = keys.last().unwrap();
        let alg = more.get("_alg").cloned().unwrap_or(json!("ES256"));
        let header = json!({"alg": alg, "kid": name});
        let part = |value: &Value| BASE64.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(&claims));
        let mark: Signature = key.sign(signed.as_bytes());
        format!("{signed}.{}", BASE64.encode(mark.to_bytes()))
    }

    fn redeem(&self, request: &Request) -> (u16, Value) {
        let basic = format!("Basic {}", BASE64_STANDARD.encode("fw:s%3Ae+cret"));
        let form: HashMap<String, String> =
            serde_urlencoded::from_str(request.form.as_deref().unwrap()).unwrap();
        let proof = BASE64.encode(Sha256::digest(&form["code_verifier"]));
        let holds = request.authorization.as_deref() == Some(&basic)
            && form["grant_type"] == "authorization_code"
            && form["redirect_uri"] == "https://fw.example/oidc"
            && proof == self.begun.lock().unwrap().1
            && form["code"] == "c0de";
        if !holds {
            return (400, json!({"error": "invalid_grant"}));
        }
        (200, json!({"access_token": "x", "token_type": "Bearer", "id_token": self.token()}))
    }

    fn answer(&self, request: &Request) -> (u16, Value) {
        let path = request.url.strip_prefix("https://id.example").unwrap();
        self.asked.lock().unwrap().push(path.to_owned());
        match path {
            "/realm/.well-known/openid-configuration" => (
                200,
                json!({"issuer": *self.speaks_for.lock().unwrap(),
                    "authorization_endpoint": "https://id.example/auth",
                    "token_endpoint": "https://id.example/token",
                    "jwks_uri": "https://id.example/keys"}),
            ),
            "/keys" => {
                let keys = self.keys.lock().unwrap();
                let one = |(name, key): &(&str, SigningKey)| {
                    let point = key.verifying_key().to_sec1_point(false);
                    let [x, y] = [point.x().unwrap(), point.y().unwrap()].map(|n| BASE64.encode(n));
                    json!({"kty": "EC", "crv": "P-256", "kid": name, "use": "sig", "x": x, "y": y})
                };
                let strange = json!({"kty": "OKP", "crv": "Ed448"});
                let all: Vec<Value> = keys.iter().map(one).chain([strange]).collect();
                (200, json!({ "keys": all }))
            }
            "/token" => self.redeem(request),
            _ => (404, json!({})),
        }
    }
}

struct Wire(Arc<Provider>);

impl Fetch for Wire {
    fn fetch(&self, request: Request) -> Fetched<'_> {
        Box::pin(async move {
            if *self.0.fails.lock().unwrap() {
                return Err("no route to host".into());
            }
            let (status, body) = self.0.answer(&request);
            Ok(Response { status, body: body.to_string().into_bytes() })
        })
    }
}

fn world(provider: &Arc<Provider>, trusts_second_factor: bool) -> World {
    let fetch: Arc<dyn Fetch> = Arc::new(Wire(Arc::clone(provider)));
    World::peopled_with(|settings| {
        settings.oidc = Some(Oidc {
            issuer: ISSUER.into(),
            client_id: "fw".into(),
            client_secret: "s:e cret".into(),
            scopes: vec!["email".into()],
            login_claim: "email".into(),
            trusts_second_factor,
            fetch,
        });
    })
}

/// The whole way of a browser; gives what the second half answers.
async fn come_back(client: &mut Client<'_>, provider: &Provider) -> Got {
    let begun = client.post("/v1/login/oidc/begin", json!({})).await.is(200).body;
    let sent = provider.sent(begun["url"].as_str().unwrap());
    let body = json!({"ceremony": begun["ceremony"], "code": "c0de", "state": sent["state"]});
    client.login("/v1/login/oidc", body).await
}

#[tokio::test]
async fn there_is_no_provider_unless_one_is_set() {
    let world = World::peopled();
    assert_eq!(world.stranger().get("/v1/login/oidc").await.is(200).body, json!({}));
    world.stranger().post("/v1/login/oidc/begin", json!({})).await.refused(404, "not_found");
}

#[tokio::test]
async fn who_the_provider_knows_and_we_know_comes_in() {
    let provider = Provider::new();
    let world = world(&provider, true);
    let seen = world.stranger().get("/v1/login/oidc").await.is(200).body;
    assert_eq!(seen, json!({"issuer": ISSUER}));
    let begun = world.stranger().post("/v1/login/oidc/begin", json!({})).await.is(200).body;
    let sent = provider.sent(begun["url"].as_str().unwrap());
    let of = |name: &str| sent[name].as_str();
    assert_eq!((of("response_type"), of("scope"), of("client_id")), ("code", "openid email", "fw"));
    assert_eq!(
        (of("redirect_uri"), of("code_challenge_method")),
        ("https://fw.example/oidc", "S256")
    );
    provider.says(json!({"amr": ["pwd", "mfa"]}));
    let mut anna = world.stranger();
    let got = come_back(&mut anna, &provider).await.is(200).body;
    assert_eq!((&got["next"], &got["login"]), (&json!("done"), &json!("anna")));
    anna.get("/v1/blocks").await.is(200);
    // What it said of itself is remembered.
    let asked = provider.asked.lock().unwrap().clone();
    assert_eq!(asked, ["/realm/.well-known/openid-configuration", "/keys", "/token"]);
}

#[tokio::test]
async fn one_factor_there_is_half_a_login_here() {
    let provider = Provider::new();
    for (trusts, more) in [(true, json!({})), (false, json!({"amr": ["mfa"]}))] {
        let world = world(&provider, trusts);
        provider.says(more);
        let mut anna = world.stranger();
        let got = come_back(&mut anna, &provider).await.is(200).body;
        assert_eq!(got["next"], "second_factor");
        anna.get("/v1/blocks").await.refused(403, "second_factor");
    }
}

#[tokio::test]
async fn a_token_that_is_not_for_this_login_opens_nothing() {
    let provider = Provider::new();
    let world = world(&provider, true);
    for wrong in [
        json!({"iss": "https://evil.example"}),
        json!({"aud": "other"}),
        json!({"aud": ["fw", "other"]}),
        json!({"azp": "other"}),
        json!({"nonce": "old"}),
        json!({"exp": NOON - 61}),
        json!({"exp": null}),
        json!({"iat": NOON + 3600}),
        json!({"nbf": NOON + 3600}),
        json!({"email_verified": false}),
        json!({"email": "stranger"}),
        json!({"email": ""}),
        json!({"_alg": "none"}),
        json!({"_alg": "HS256"}),
        json!({"_alg": "RS256"}),
    ] {
        provider.says(wrong.clone());
        let mut client = world.stranger();
        let got = come_back(&mut client, &provider).await;
        assert_eq!((got.status.as_u16(), got.code()), (401, "wrong_login"), "{wrong}");
        assert!(client.cookie.is_none());
        world.forward(Duration::from_secs(120));
        provider.says(json!({}));
    }
}

#[tokio::test]
async fn a_token_for_several_is_taken_when_it_was_made_for_us() {
    let provider = Provider::new();
    let world = world(&provider, true);
    provider.says(json!({"aud": ["other", "fw"], "azp": "fw"}));
    come_back(&mut world.stranger(), &provider).await.is(200);
}

#[tokio::test]
async fn each_ceremony_is_of_its_browser_once_and_for_minutes() {
    let provider = Provider::new();
    let world = world(&provider, true);
    let client = world.stranger();
    let begun = client.post("/v1/login/oidc/begin", json!({})).await.is(200).body;
    let sent = provider.sent(begun["url"].as_str().unwrap());
    let body = |state: &str, code: &str, iss: Option<&str>| {
        let mut body = json!({"ceremony": begun["ceremony"], "code": code, "state": state});
        if let Some(iss) = iss {
            body["iss"] = json!(iss);
        }
        body
    };
    let send = async |body| client.post("/v1/login/oidc", body).await;
    send(body("another", "c0de", None)).await.refused(401, "wrong_login");
    let mixed_up = body(&sent["state"], "c0de", Some("https://evil.example"));
    send(mixed_up).await.refused(401, "wrong_login");
    send(body(&sent["state"], "c0de", Some(ISSUER))).await.is(200);
    send(body(&sent["state"], "c0de", Some(ISSUER))).await.refused(401, "wrong_login");
    let foreign = json!({"ceremony": "AAAA", "code": "c0de", "state": "x"});
    send(foreign).await.refused(401, "wrong_login");

    let begun = client.post("/v1/login/oidc/begin", json!({})).await.is(200).body;
    let sent = provider.sent(begun["url"].as_str().unwrap());
    world.forward(Duration::from_secs(5 * 60));
    let late = json!({"ceremony": begun["ceremony"], "code": "c0de", "state": sent["state"]});
    send(late).await.refused(401, "wrong_login");

    let begun = client.post("/v1/login/oidc/begin", json!({})).await.is(200).body;
    let sent = provider.sent(begun["url"].as_str().unwrap());
    let guessed = json!({"ceremony": begun["ceremony"], "code": "guess", "state": sent["state"]});
    send(guessed).await.refused(401, "wrong_login");
}

#[tokio::test]
async fn new_keys_are_asked_for_and_strange_ones_not_believed() {
    let provider = Provider::new();
    let world = world(&provider, true);
    come_back(&mut world.stranger(), &provider).await.is(200);
    provider.keys.lock().unwrap().push(("two", key(2)));
    // At most once a minute.
    come_back(&mut world.stranger(), &provider).await.refused(401, "wrong_login");
    world.forward(Duration::from_secs(61));
    come_back(&mut world.stranger(), &provider).await.is(200);
    let told = || provider.asked.lock().unwrap().iter().filter(|at| *at == "/keys").count();
    assert_eq!(told(), 2);
    // The same name, another key.
    provider.keys.lock().unwrap().last_mut().unwrap().1 = key(3);
    come_back(&mut world.stranger(), &provider).await.refused(401, "wrong_login");
    assert_eq!(told(), 2);
}

#[tokio::test]
async fn a_provider_that_is_gone_or_another_is_told_and_left_alone_for_a_moment() {
    let provider = Provider::new();
    let world = world(&provider, true);
    let client = world.stranger();
    let begin = async || client.post("/v1/login/oidc/begin", json!({})).await;
    *provider.fails.lock().unwrap() = true;
    begin().await.refused(503, "provider_gone");
    *provider.fails.lock().unwrap() = false;
    begin().await.refused(503, "provider_gone");
    *provider.speaks_for.lock().unwrap() = "https://evil.example";
    world.forward(Duration::from_secs(10));
    begin().await.refused(503, "provider_gone");
    *provider.speaks_for.lock().unwrap() = ISSUER;
    world.forward(Duration::from_secs(10));
    begin().await.is(200);
}

#[tokio::test]
async fn who_is_shut_out_here_does_not_come_in_there() {
    let provider = Provider::new();
    let world = world(&provider, true);
    let path = format!("/v1/users/{}", crate::world::id_of("anna"));
    let etag = world.client("root").get(&path).await.is(200).etag();
    world.client("root").patch(&path, &etag, json!({"disabled": true})).await.is(200);
    come_back(&mut world.stranger(), &provider).await.refused(401, "wrong_login");
}
