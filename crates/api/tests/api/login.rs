//! Setting up the first person, logging in with password and second factor, sessions.

use crate::world::{Client, PASSWORD, World};
use serde_json::{Value, json};
use std::time::Duration;
use totp_rs::{Algorithm, Builder, Secret};

/// What an authenticator app shows now.
pub fn code(world: &World, secret: &str) -> String {
    let secret = Secret::try_from_base32(secret).unwrap();
    let totp = Builder::new().with_algorithm(Algorithm::SHA1).with_digits(6).with_step_duration(30);
    let now = ringfence_api::Clock::now(&*world.clock).as_secs();
    totp.with_secret(secret).build().unwrap().generate(now as u64).to_string()
}

/// Sets up `root` and gives the half session and the world.
async fn set_up(world: &World) -> Client<'_> {
    let link = world.setup_link().unwrap();
    let token = link.strip_prefix("https://fw.example/setup#").unwrap().to_owned();
    let mut client = world.stranger();
    let body = json!({"token": token, "login": "Root", "name": "Root", "password": PASSWORD});
    let got = client.login("/v1/setup", body).await.is(200);
    assert_eq!(got.body["next"], "enrol");
    client
}

/// Adds an authenticator; gives its secret and the recovery codes.
async fn enrol(client: &mut Client<'_>) -> (String, Vec<String>) {
    let begun = client.post("/v1/me/totp/begin", json!({})).await.is(200).body;
    let secret = begun["secret"].as_str().unwrap().to_owned();
    let body = json!({"ceremony": begun["ceremony"], "code": code(client.world, &secret)});
    let done = client.login("/v1/me/totp", body).await.is(200).body;
    assert_eq!(done["login"]["next"], "done");
    let codes = done["recovery_codes"].as_array().unwrap();
    (secret, codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect())
}

async fn ready(world: &World) -> (String, Vec<String>) {
    let mut client = set_up(world).await;
    let ready = enrol(&mut client).await;
    client.get("/v1/users").await.is(200);
    // The code that was shown is used up.
    world.forward(Duration::from_secs(30));
    ready
}

fn password(word: &str) -> Value {
    json!({"login": " ROOT ", "password": word})
}

#[tokio::test]
async fn the_first_person_is_set_up_once_and_must_have_a_second_factor() {
    let world = World::empty();
    assert_eq!(world.stranger().get("/v1/setup").await.is(200).body["needed"], true);
    let wrong = json!({"token": "AAAA", "login": "x", "name": "x", "password": PASSWORD});
    world.stranger().post("/v1/setup", wrong).await.refused(401, "wrong_login");
    let mut client = set_up(&world).await;
    client.get("/v1/users").await.refused(403, "second_factor");
    assert_eq!(client.get("/v1/me").await.is(200).body["next"], "enrol");
    let old = client.cookie.clone();
    enrol(&mut client).await;
    client.get("/v1/users").await.is(200);
    assert_ne!(client.cookie, old, "the half session is another one");
    client.cookie = old;
    client.get("/v1/me").await.refused(401, "not_logged_in");
    assert!(world.setup_link().is_none());
    assert_eq!(world.stranger().get("/v1/setup").await.is(200).body["needed"], false);
}

#[tokio::test]
async fn a_setup_link_is_for_one_day_one_use_and_only_the_newest() {
    let world = World::empty();
    let token = |link: Option<String>| link.unwrap().split_once('#').unwrap().1.to_owned();
    let first = token(world.setup_link());
    let second = token(world.setup_link());
    let body =
        |token: &str| json!({"token": token, "login": "root", "name": "R", "password": PASSWORD});
    world.stranger().post("/v1/setup", body(&first)).await.refused(401, "wrong_login");
    let weak = json!({"token": second, "login": "root", "name": "R", "password": "short"});
    world.stranger().post("/v1/setup", weak).await.refused(422, "invalid");
    world.forward(Duration::from_secs(24 * 3600));
    world.stranger().post("/v1/setup", body(&second)).await.refused(401, "wrong_login");
    let third = token(world.setup_link());
    world.stranger().post("/v1/setup", body(&third)).await.is(200);
    world.stranger().post("/v1/setup", body(&third)).await.refused(401, "wrong_login");
}

#[tokio::test]
async fn a_password_opens_half_and_a_code_the_rest_once() {
    let world = World::empty();
    let (secret, _) = ready(&world).await;
    let mut client = world.stranger();
    let got = client.login("/v1/login", password(PASSWORD)).await.is(200);
    assert_eq!(got.body["next"], "second_factor");
    assert_eq!(got.body["factors"], json!(["totp", "recovery_code"]));
    let line = got.headers["set-cookie"].to_str().unwrap();
    assert!(
        line.starts_with("__Host-ringfence=")
            && line.ends_with("; Path=/; HttpOnly; SameSite=Strict; Secure")
    );
    client.get("/v1/users").await.refused(403, "second_factor");
    // Half a login may not add a factor of its own.
    client.post("/v1/me/totp/begin", json!({})).await.refused(403, "second_factor");
    client.post("/v1/me/passkeys/begin", json!({})).await.refused(403, "second_factor");
    client.post("/v1/login/totp", json!({"code": "000000"})).await.refused(401, "wrong_login");
    let now = json!({"code": code(&world, &secret)});
    client.login("/v1/login/totp", now.clone()).await.is(200);
    client.get("/v1/users").await.is(200);
    let mut other = world.stranger();
    other.login("/v1/login", password(PASSWORD)).await.is(200);
    other.post("/v1/login/totp", now).await.refused(401, "wrong_login");
    client.post("/v1/logout", json!({})).await.is(204);
    client.get("/v1/me").await.refused(401, "not_logged_in");
}

#[tokio::test]
async fn a_recovery_code_works_once() {
    let world = World::empty();
    let (_, codes) = ready(&world).await;
    assert_eq!(codes.len(), 10);
    for expected in [200, 401] {
        let mut client = world.stranger();
        client.login("/v1/login", password(PASSWORD)).await.is(200);
        let typed = codes[3].to_uppercase().replace('-', " ");
        client.login("/v1/login/recovery", json!({"code": typed})).await.is(expected);
    }
    let mut client = world.stranger();
    client.login("/v1/login", password(PASSWORD)).await.is(200);
    client.login("/v1/login/recovery", json!({"code": codes[4]})).await.is(200);
    assert_eq!(client.get("/v1/me").await.is(200).body["recovery_codes"], 8);
    let new = client.post("/v1/me/recovery-codes", json!({})).await.is(200);
    assert_eq!(new.body["recovery_codes"].as_array().unwrap().len(), 10);
    let mut late = world.stranger();
    late.login("/v1/login", password(PASSWORD)).await.is(200);
    late.post("/v1/login/recovery", json!({"code": codes[5]})).await.refused(401, "wrong_login");
}

#[tokio::test]
async fn unknown_logins_and_wrong_passwords_get_one_answer_and_are_slowed_down() {
    let world = World::empty();
    ready(&world).await;
    let nobody = json!({"login": "nobody", "password": PASSWORD});
    let mut answers = Vec::new();
    for body in [password("wrong"), nobody] {
        let mut got = world.stranger().with("x-request-id", "r").post("/v1/login", body).await;
        got.headers.remove("date");
        answers.push((got.status, got.headers, got.body));
    }
    assert_eq!(answers[0], answers[1]);
    for n in 0..9 {
        let from = ["203.0.113.1:1", "203.0.113.2:1", "203.0.113.3:1"][n % 3];
        world.stranger().from(from).post("/v1/login", password("wrong")).await.is(401);
    }
    let got = world.stranger().post("/v1/login", password(PASSWORD)).await.refused(429, "too_many");
    let wait: u64 = got.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=90).contains(&wait), "{wait}");
    world.forward(Duration::from_secs(wait));
    world.stranger().post("/v1/login", password(PASSWORD)).await.is(200);
}

#[tokio::test]
async fn a_stranger_cannot_use_up_the_tries_of_a_second_factor_or_of_setting_up() {
    let world = World::empty();
    for login in ["setup", "second:root"] {
        for from in ["203.0.113.1:1", "203.0.113.2:1"] {
            for _ in 0..10 {
                let body = json!({"login": login, "password": "wrong"});
                world.stranger().from(from).post("/v1/login", body).await;
            }
        }
    }
    let (secret, _) = ready(&world).await;
    let mut client = world.stranger();
    client.login("/v1/login", password(PASSWORD)).await.is(200);
    client.login("/v1/login/totp", json!({"code": code(&world, &secret)})).await.is(200);
}

#[tokio::test]
async fn codes_cannot_be_guessed_by_trying_all() {
    let world = World::empty();
    let (secret, _) = ready(&world).await;
    let mut client = world.stranger();
    client.login("/v1/login", password(PASSWORD)).await.is(200);
    let right = code(&world, &secret);
    let mut wrong = 0;
    for n in 0.. {
        let guess = format!("{n:06}");
        if guess == right {
            continue;
        }
        match client.post("/v1/login/totp", json!({"code": guess})).await.status.as_u16() {
            401 => wrong += 1,
            429 => break,
            other => panic!("{other}"),
        }
    }
    assert_eq!(wrong, 10);
    client.post("/v1/login/totp", json!({"code": right})).await.refused(429, "too_many");
}

#[tokio::test]
async fn a_session_ends_when_idle_at_its_age_and_when_revoked() {
    let world = World::peopled();
    let anna = world.client("anna");
    for _ in 0..3 {
        world.forward(Duration::from_secs(29 * 60));
        anna.get("/v1/me").await.is(200);
    }
    world.forward(Duration::from_secs(31 * 60));
    anna.get("/v1/me").await.refused(401, "not_logged_in");
    let anna = world.client("anna");
    for _ in 0..24 {
        world.forward(Duration::from_secs(29 * 60));
        anna.get("/v1/me").await.is(200);
    }
    world.forward(Duration::from_secs(25 * 60));
    anna.get("/v1/me").await.refused(401, "not_logged_in");

    let (one, other) = (world.client("anna"), world.client("anna"));
    let list = one.get("/v1/me/sessions").await.is(200).body["items"].clone();
    let list = list.as_array().unwrap();
    assert_eq!(list.len(), 2);
    let foreign = list.iter().find(|session| session["current"] == false).unwrap();
    let path = format!("/v1/me/sessions/{}", foreign["id"].as_str().unwrap());
    world.client("bram").delete(&path).await.refused(404, "not_found");
    one.delete(&path).await.is(204);
    other.get("/v1/me").await.refused(401, "not_logged_in");
    one.get("/v1/me").await.is(200);
}

#[tokio::test]
async fn a_new_password_needs_the_old_one_and_ends_other_sessions() {
    let world = World::empty();
    let (secret, _) = ready(&world).await;
    let login = async || {
        let mut client = world.stranger();
        client.login("/v1/login", password(PASSWORD)).await.is(200);
        client.login("/v1/login/totp", json!({"code": code(&world, &secret)})).await.is(200);
        world.forward(Duration::from_secs(30));
        client
    };
    let (one, other) = (login().await, login().await);
    let body = |old: &str, new: &str| json!({"old": old, "new": new});
    one.post("/v1/me/password", body("wrong", "five words in a row"))
        .await
        .refused(401, "wrong_login");
    one.post("/v1/me/password", body(PASSWORD, "root root root")).await.refused(422, "invalid");
    one.post("/v1/me/password", body(PASSWORD, "five words in a row")).await.is(204);
    one.get("/v1/me").await.is(200);
    other.get("/v1/me").await.refused(401, "not_logged_in");
    world.stranger().post("/v1/login", password(PASSWORD)).await.refused(401, "wrong_login");
    world.stranger().post("/v1/login", password("five words in a row")).await.is(200);
}

#[tokio::test]
async fn factors_change_only_right_after_a_login_and_the_last_one_stays() {
    let world = World::empty();
    let (secret, _) = ready(&world).await;
    let mut client = world.stranger();
    client.login("/v1/login", password(PASSWORD)).await.is(200);
    client.login("/v1/login/totp", json!({"code": code(&world, &secret)})).await.is(200);
    client.delete("/v1/me/totp").await.refused(409, "last_factor");
    world.forward(Duration::from_secs(16 * 60));
    for path in ["/v1/me/totp/begin", "/v1/me/passkeys/begin", "/v1/me/recovery-codes"] {
        client.post(path, json!({})).await.refused(403, "stale_login");
    }
    client.delete("/v1/me/totp").await.refused(403, "stale_login");
}

#[tokio::test]
async fn a_secret_begun_for_one_is_of_no_use_to_another_or_later() {
    let world = World::peopled();
    let (anna, bram) = (world.client("anna"), world.client("bram"));
    let begun = anna.post("/v1/me/totp/begin", json!({})).await.is(200).body;
    let body = json!({"ceremony": begun["ceremony"], "code": code(&world, begun["secret"].as_str().unwrap())});
    bram.post("/v1/me/totp", body.clone()).await.refused(401, "wrong_login");
    world.forward(Duration::from_secs(5 * 60));
    anna.post("/v1/me/totp", body).await.refused(401, "wrong_login");
}

#[tokio::test]
async fn who_is_disabled_is_out_at_once() {
    let world = World::peopled();
    let (root, anna) = (world.client("root"), world.client("anna"));
    let path = format!("/v1/users/{}", crate::world::id_of("anna"));
    let etag = root.get(&path).await.is(200).etag();
    root.patch(&path, &etag, json!({"disabled": true})).await.is(200);
    anna.get("/v1/me").await.refused(401, "not_logged_in");
}
