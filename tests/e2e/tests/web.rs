//! People at the API: the first one is set up, sees and orders; nothing of it is lost by `kill -9`.

use crate::flows;
use crate::trunk_guard::refused;
use crate::world::{
    CARRIER, FIREWALL, PBX, boot, call, falls_quiet, serve, stopped_call, trunk_guard,
};
use ringfence_e2e::{Authority, Browser, Firewall, Place, eventually, tls_into};
use serde_json::{Value, json};
use std::net::SocketAddr;

const PORT: u16 = 28_443;
const ABROAD: &str = "00252612345678";

/// Where the API is.
pub fn address(place: &Place) -> SocketAddr {
    SocketAddr::new(place.ip(FIREWALL), PORT)
}

/// The section that serves it.
pub fn api(place: &Place) -> String {
    format!("\n[api]\nlisten = \"{}\"\n", address(place))
}

fn with_api(place: &Place, more: &str) -> String {
    format!("{}{}{more}\n", trunk_guard(place, ""), api(place))
}

/// Sets the first person up.
pub fn first_person(place: &Place, firewall: &Firewall) -> Browser {
    let mut root = Browser::new(address(place), &format!("localhost:{PORT}"));
    root.set_up(&token(firewall));
    root
}

/// What stands behind `#` in the link it logged last.
pub fn token(firewall: &Firewall) -> String {
    let said = firewall.said();
    let (_, rest) = said.rsplit_once("/setup#").expect("a link for the first person");
    rest.split_whitespace().next().expect("a token").to_owned()
}

/// What is on a page.
pub fn items(page: &Value) -> &[Value] {
    page["items"].as_array().expect("a page")
}

#[test]
fn what_people_order_and_what_happened_outlives_kill_9() {
    let place = Place::new();
    let mut firewall = serve(&place, &with_api(&place, ""));
    Browser::new(address(&place), "localhost").get("/v1/calls").is(401);
    let mut root = first_person(&place, &firewall);
    // A call is judged, and a block that a person sets holds.
    let flow = flows::basic();
    call(&place, ABROAD, flow.caller, flow.callee);
    let block = json!({"tenant": "office", "level": "national"});
    let block = root.post("/v1/blocks", &block).is(201);
    let id = block["id"].as_str().expect("an id").to_owned();
    stopped_call(&place, PBX, ABROAD, refused(486));
    // So does one from the console, and both are on record.
    firewall.told(&[
        "blocks",
        "add",
        "office",
        "--extension",
        "201",
        "--level",
        "national",
        "--by",
        "Olga",
    ]);
    firewall.kill();
    firewall.start_again(&place);
    assert!(!firewall.said().rsplit_once("starts with").expect("a start").1.contains("/setup#"));
    stopped_call(&place, PBX, ABROAD, refused(486));
    falls_quiet(&firewall);
    // The session lasts, and the store gets what the files hold.
    let calls = eventually("three call records", || {
        let calls = root.get("/v1/calls").is(200);
        (items(&calls).len() == 3).then_some(calls)
    });
    let refused_ones = items(&calls).iter().filter(|call| call["outcome"] == "refused").count();
    assert_eq!(refused_ones, 2, "{calls}");
    let blocks = root.get("/v1/blocks?in_force=true").is(200);
    let made_by: Vec<_> = items(&blocks).iter().map(|block| &block["made_by"]).collect();
    assert_eq!(made_by, ["Olga", "root"], "{blocks}");
    assert_eq!(root.get("/v1/node").is(200)["blocks"], 2);
    root.post(&format!("/v1/blocks/{id}/lift"), &json!({})).is(200);
    let lifted = root.get(&format!("/v1/blocks/{id}")).is(200);
    assert_eq!((&lifted["in_force"], &lifted["lifted_by"]), (&json!(false), &json!("root")));
    assert_eq!(firewall.list("blocks").len(), 1, "the engine knows too");
    let audit = root.get("/v1/audit").is(200);
    let said: Vec<_> = items(&audit).iter().map(|row| (&row["who"], &row["what"])).collect();
    for (who, what) in [("root", "block.set"), ("Olga", "block.set"), ("root", "block.lift")] {
        assert!(said.contains(&(&json!(who), &json!(what))), "{who} {what}: {audit}");
    }
    root.get("/v1/audit/verify").is(200);
}

#[test]
fn what_is_set_over_the_api_judges_the_next_call() {
    let place = Place::new();
    let firewall = serve(&place, &format!("{}{}", boot(&place), api(&place)));
    let mut root = first_person(&place, &firewall);
    let office = json!({"country": "NL", "mode": "enforce", "numbers": ["+31 30 111 1111"]});
    root.post("/v1/tenants", &json!({"id": "office", "settings": office})).is(201);
    for (id, party) in [("pbx", PBX), ("carrier", CARRIER)] {
        let target = format!("{};transport=udp", place.at(party));
        let settings = json!({"side": id, "address": place.ip(party).to_string(),
            "target": target, "probe_secs": 0});
        let trunk = json!({"id": id, "tenant": "office", "settings": settings});
        root.post("/v1/trunks", &trunk).is(201);
    }
    let flow = flows::basic();
    call(&place, ABROAD, flow.caller, flow.callee);
    // The same call at another price is above what an hour may cost.
    let deck = json!({"csv": "prefix,per_minute\n252,900.00\n31,0.01\n"});
    root.put("/v1/tenants/office/tariff", "\"0\"", &deck).is(200);
    stopped_call(&place, PBX, ABROAD, refused(486));
    falls_quiet(&firewall);
    let calls = eventually("two call records", || {
        let calls = root.get("/v1/calls?tenant=office").is(200);
        (items(&calls).len() == 2).then_some(calls)
    });
    let outcomes: Vec<_> = items(&calls).iter().map(|call| &call["outcome"]).collect();
    assert_eq!(outcomes, ["refused", "ok"], "{calls}");
}

#[test]
fn a_running_call_is_seen_with_its_price_and_cut() {
    let place = Place::new();
    let firewall = serve(&place, &with_api(&place, ""));
    let mut root = first_person(&place, &firewall);
    let (caller, callee) = crate::operate::long_call(0);
    let callee = ringfence_e2e::Sipp::new(&place, place.at(crate::world::CARRIER), callee);
    let callee = callee.start(None);
    let caller = ringfence_e2e::Sipp::new(&place, place.at(PBX), caller).dials(ABROAD);
    let caller = caller.start(Some(place.at(FIREWALL)));
    let seen = eventually("a call that is up", || {
        let calls = root.get("/v1/live-calls").is(200);
        let up = items(&calls).iter().find(|call| call["answered"].is_string())?;
        Some(up.clone())
    });
    assert_eq!((&seen["country"], &seen["dialled"]), (&json!("SO"), &json!(ABROAD)));
    assert!(seen["exposure"].as_i64().expect("money") > 0, "{seen}");
    let id = seen["call"].as_str().expect("an id");
    root.post(&format!("/v1/live-calls/{id}/cut"), &json!({})).is(204);
    caller.done();
    callee.done();
    root.post(&format!("/v1/live-calls/{id}/cut"), &json!({})).is(404);
}

#[test]
fn with_a_certificate_nothing_goes_in_the_clear() {
    let place = Place::new();
    let authority = Authority::new(&place);
    let own = authority.certify(&place, place.ip(FIREWALL));
    let (chain, key) = (&own.certificate, &own.key);
    let settings = format!("certificate = {chain:?}\nkey = {key:?}");
    let _firewall = serve(&place, &with_api(&place, &settings));
    let inside = SocketAddr::new(place.ip(PBX), PORT);
    let _tls = tls_into(&place, inside, address(&place), &authority, None);
    let mut guest = Browser::new(inside, &format!("localhost:{PORT}"));
    let answer = guest.get("/v1/setup");
    assert!(answer.head.contains("strict-transport-security"), "{}", answer.head);
    assert_eq!(answer.is(200)["needed"], true);
    // Who speaks no TLS hears nothing of it.
    use std::io::{Read, Write};
    let mut plain = std::net::TcpStream::connect(address(&place)).expect("a connection");
    plain.write_all(b"GET /v1/setup HTTP/1.1\r\nhost: x\r\n\r\n").expect("a request");
    let mut heard = Vec::new();
    let _ = plain.read_to_end(&mut heard);
    assert!(!heard.starts_with(b"HTTP"), "{heard:?}");
}

#[test]
fn a_store_that_cannot_be_used_is_said_plainly() {
    let place = Place::new();
    let data = place.folder().join("data");
    std::fs::create_dir(&data).expect("a folder");
    std::fs::write(data.join("ringfence.db"), "this is no database ".repeat(100)).expect("a file");
    let ended = Firewall::refuses(&place, &crate::world::binary(), &trunk_guard(&place, ""));
    assert!(!ended.status.success());
    for said in ["ringfence.db", "not a database", "put a backup in its place"] {
        assert!(ended.said.contains(said), "{said}: {}", ended.said);
    }
    // Nor is an API that strangers could read along with.
    let open = trunk_guard(&place, "") + "\n[api]\nlisten = \"192.0.2.1:8443\"\n";
    let ended = Firewall::refuses(&place, &crate::world::binary(), &open);
    assert!(ended.said.contains("nothing would be encrypted"), "{}", ended.said);
}
