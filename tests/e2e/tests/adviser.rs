//! A real Kamailio that asks over HTTP, tells of its calls, and is told to end them; with the text that the API gives.

use crate::operate::long_call;
use crate::web::{api, first_person, items};
use crate::world::{CARRIER, FIREWALL, PBX, boot, serve, tenant};
use ringfence_e2e::{Authority, Browser, Firewall, Kamailio, Place, Sipp, eventually, tls_into};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;

const PORT: u16 = 28_444;
/// Where callers behind the proxy are.
const PHONE: u8 = 51;
/// How far away phones are: Kamailio 5.6 forgets a dialog whose first BYE is answered before it has sent the second.
const ROUND_TRIP_MS: u32 = 50;
const ABROAD: &str = "00252612345678";

fn adviser(place: &Place) -> SocketAddr {
    SocketAddr::new(place.ip(FIREWALL), PORT)
}

/// A firewall that PBXs ask, and a proxy that is told to end calls.
fn settings(place: &Place, of_tenant: &str) -> String {
    let proxy = place.at(PBX);
    format!(
        "{}{}\n[[trunk]]\nid = \"proxy\"\nside = \"pbx\"\nreject_code = 603\nadviser = {{ tells = true }}\n\
         control = {{ kind = \"kamailio\", url = \"http://{proxy}/RPC\" }}\n{}\n[adviser]\nlisten = \"{}\"\n",
        boot(place),
        tenant(of_tenant),
        api(place),
        adviser(place),
    )
}

/// A key for the proxy.
fn key(root: &mut Browser) -> String {
    let expires = std::time::SystemTime::now() + Duration::from_secs(86_400);
    let since = expires.duration_since(std::time::UNIX_EPOCH).expect("a time").as_secs();
    let expires = jiff::Timestamp::from_second(since as i64).expect("a time").to_string();
    let new =
        json!({"name": "proxy", "permissions": ["decide"], "tenant": "office", "expires": expires});
    let made = root.post("/v1/keys", &new).is(201);
    made["secret"].as_str().expect("a secret").to_owned()
}

/// The proxy, set up with the text of the API: it sends what may be made to the carrier.
fn proxy(place: &Place, root: &mut Browser, key: &str) -> Kamailio {
    let setup = root.get("/v1/adviser/setup?tenant=office&platform=kamailio&trunk=proxy").is(200);
    let text = setup["text"].as_str().expect("a text").replace("RINGFENCE_KEY", key);
    let routes = format!(
        r#"
{text}
request_route {{
    if (!mf_process_maxfwd_header("10")) {{ sl_send_reply("483", "Too Many Hops"); exit; }}
    if (has_totag()) {{
        if (loose_route()) {{ t_relay(); exit; }}
        if (is_method("ACK") && t_check_trans()) {{ t_relay(); exit; }}
        sl_send_reply("404", "Not Here"); exit;
    }}
    if (is_method("CANCEL")) {{ if (t_check_trans()) t_relay(); exit; }}
    t_check_trans();
    record_route();
    route(RINGFENCE);
    $du = "sip:{carrier}";
    t_relay();
}}
"#,
        carrier = place.at(CARRIER)
    );
    // From here, whatever address of this machine is asked, the kernel asks from 127.0.0.1.
    let from = format!("$si == \"{}\"", place.ip(FIREWALL));
    assert!(routes.contains(&from), "{routes}");
    let routes = routes.replace(&from, "$si == \"127.0.0.1\"");
    Kamailio::start(place, place.at(PBX), &routes)
}

fn ask(place: &Place, key: Option<&str>, path: &str, body: Option<&str>) -> (u16, String) {
    ask_at(adviser(place), key, path, body).expect("an answer")
}

/// Nothing where the connection ends without an answer.
fn ask_at(
    at: SocketAddr,
    key: Option<&str>,
    path: &str,
    body: Option<&str>,
) -> Option<(u16, String)> {
    let (method, body) = body.map_or(("GET", ""), |body| ("POST", body));
    let shown = key.map_or_else(String::new, |key| format!("X-API-Key: {key}\r\n"));
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{shown}Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(at).expect("a connection");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
    Some((status, body.to_owned()))
}

fn running(firewall: &Firewall) -> Vec<Value> {
    let calls = firewall.list("calls");
    calls.into_iter().filter(|call| call["state"] == "up").collect()
}

#[test]
fn an_attack_through_kamailio_is_stopped_and_its_running_calls_are_hung_up_there() {
    let place = Place::new();
    place.file("rates.csv", "prefix,connect,price,increment\n252,1.50,0.60,60\n31,0,0.02,1\n");
    let policy = "tariff = \"rates.csv\"\npolicy = { limits = { per_hour = 30 }, steering = { loss_accept = 100000, wrong_stops_accept = 0.1 } }";
    let firewall = serve(&place, &settings(&place, policy));
    let mut root = first_person(&place, &firewall);
    let key = key(&mut root);
    let kamailio = proxy(&place, &mut root, &key);
    let (_caller, callee) = long_call(0);
    let carrier = Sipp::new(&place, place.at(CARRIER), callee)
        .calls(1_000, 1_000)
        .patience(Duration::from_secs(25))
        .start(None);
    let phone = |scenario, dialled: &str| {
        let at = SocketAddr::new(place.ip(PHONE), place.port());
        Sipp::new(&place, at, scenario)
            .dials(dialled)
            .says_it_is("205")
            // What a query takes for a blank, and may stand in a Call-ID.
            .call_ids_with("+a")
            .patience(Duration::from_secs(20))
            .start(Some(place.at(PBX)))
    };
    // Three calls abroad run, and one at home.
    let until_ended = || {
        let up = ringfence_e2e::Scenario::caller().invite().maybe(100).maybe(180).expect(200).ack();
        up.hear("BYE").pause(ROUND_TRIP_MS).reply(200, &[], &ringfence_e2e::Body::Empty)
    };
    let abroad: Vec<_> = (0..3).map(|_| phone(until_ended(), ABROAD)).collect();
    let home = phone(long_call(6).0, "0201234567");
    eventually("four calls that run there and are known here", || {
        (running(&firewall).len() == 4).then_some(())
    });
    let live = root.get("/v1/live-calls").is(200);
    assert_eq!(items(&live).len(), 4, "{live}");
    // The attack: many more. The limit stops them, and the code is the proxy's.
    let sold = ringfence_e2e::Scenario::caller()
        .invite()
        .maybe(100)
        .or_refused(603)
        .maybe(180)
        .expect(200)
        .ack()
        .hear("BYE")
        .pause(ROUND_TRIP_MS)
        .reply(200, &[], &ringfence_e2e::Body::Empty);
    let at = SocketAddr::new(place.ip(PHONE), place.port());
    let attack = Sipp::new(&place, at, sold)
        .dials(ABROAD)
        .says_it_is("205")
        .calls(30, 30)
        .patience(Duration::from_secs(20))
        .start(Some(place.at(PBX)));
    eventually("refusals", || {
        let refused = firewall.cdrs().into_iter().filter(|cdr| cdr["outcome"] == "refused");
        (refused.count() >= 10).then_some(())
    });
    // A person ends it: what runs abroad is hung up at the proxy, on both sides, and nothing else.
    root.post("/v1/blocks", &json!({"tenant": "office", "level": "national"})).is(201);
    for caller in abroad {
        let caller = caller.done();
        assert_eq!(caller.count("BYE"), 1, "{caller}");
    }
    attack.over();
    home.done();
    let refused = phone(
        ringfence_e2e::Scenario::caller().invite().maybe(100).expect(603).ack_refusal(),
        ABROAD,
    );
    refused.done();
    eventually("no call is left", || firewall.list("calls").is_empty().then_some(()));
    let cdrs = eventually("a record of each", || {
        let cdrs = firewall.cdrs();
        (cdrs.len() == 35).then_some(cdrs)
    });
    let of = |outcome: &str| cdrs.iter().filter(|cdr| cdr["outcome"] == outcome).count();
    let ran = cdrs.iter().filter(|cdr| !cdr["answered"].is_null()).count();
    assert!(of("cut") >= 3 && of("cut") + 1 == ran, "{} cut of {ran}", of("cut"));
    let spent: f64 = (ran - 1) as f64 * 2.10;
    assert!(spent <= 30.0, "{spent}");
    assert_eq!(carrier.ladder().count("BYE"), ran, "each call ended at the carrier too");
    drop(kamailio);
}

#[test]
fn whatever_a_pbx_sends_it_gets_an_answer_with_an_action() {
    let place = Place::new();
    let firewall = serve(&place, &settings(&place, ""));
    let mut root = first_person(&place, &firewall);
    let key = key(&mut root);
    let some = Some(key.as_str());
    let (status, body) = ask(&place, some, "/v1/decide.txt?call_id=a&to=0201234567", None);
    assert_eq!((status, body.starts_with("allow ")), (200, true), "{body}");
    let (status, body) = ask(&place, some, "/v1/decide", Some(r#"{"call_id":"b","to":"112"}"#));
    assert_eq!((status, body.contains(r#""action":"allow""#)), (200, true), "{body}");
    for (key, path, body, code) in [
        (None, "/v1/decide.txt?call_id=c&to=1", None, 401),
        (Some("rf_wrong"), "/v1/decide.txt?call_id=c&to=1", None, 401),
        (some, "/v1/decide.txt", None, 400),
        (some, "/v1/decide.txt?call_id=c", None, 400),
        (some, "/v1/decide.txt?call_id=c%0d%0a&to=1", None, 400),
        (some, "/v1/decide.txt?call_id=c&to=1&tenant=other", None, 400),
        (some, "/v1/decide.txt", Some("{\"to\":["), 400),
        (some, "/v1/decide.txt", Some("\u{0}\u{1}\u{fffd}=%ff"), 400),
    ] {
        let (status, said) = ask(&place, key, path, body);
        assert_eq!((status, said.as_str()), (code, "allow 0"), "{path} {body:?}");
    }
    // Whatever becomes of mistakes, who dials a second number behind the first does not get through.
    let two = "/v1/decide.txt?call_id=d&to=0201234567@carrier%26PJSIP/00252612345678";
    let (status, said) = ask(&place, some, two, None);
    assert_eq!((status, said.starts_with("reject ")), (400, true), "{said}");
    for (path, code) in [
        ("/v1/calls/answer?call_id=never-asked", 200),
        ("/v1/calls/end?call_id=never-asked&billsec=9", 200),
        ("/v1/calls/end?call_id=never-asked&billsec=-9", 400),
        ("/v1/calls/jump?call_id=a", 400),
        ("/v1/nothing", 404),
    ] {
        let (status, said) = ask(&place, some, path, None);
        assert_eq!((status, said.starts_with('{')), (code, true), "{path}: {said}");
    }
    // A call that was asked about, and a record of it that is posted twice.
    ask(&place, some, "/v1/decide", Some(r#"{"call_id":"7-1@127.0.0.1","to":"0201234567"}"#));
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time");
    let record = json!({
        "start_time": format!("{}.5", now.as_secs() - 3), "end_time": format!("{}.5", now.as_secs()),
        "duration": "3.000", "ci": "7-1@127.0.0.1", "src": "205", "dst": "0201234567",
    })
    .to_string();
    let (status, said) = ask(&place, some, "/v1/cdr/kamailio", Some(&record));
    assert_eq!((status, said.contains("noted")), (200, true), "{said}");
    let (status, said) = ask(&place, some, "/v1/cdr/kamailio", Some(&record));
    assert_eq!((status, said.contains("over")), (200, true), "{said}");
    let (status, said) = ask(&place, some, "/v1/cdr/kamailio", Some("nonsense"));
    assert_eq!((status, said.contains("error")), (400, true), "{said}");
    let cdrs = eventually("its record", || {
        let cdrs = firewall.cdrs();
        let mine = cdrs.iter().filter(|cdr| cdr["correlation_id"] == "7-1@127.0.0.1");
        Some(mine.cloned().collect::<Vec<_>>()).filter(|mine| !mine.is_empty())
    });
    assert_eq!((cdrs.len(), &cdrs[0]["billable_ms"]), (1, &json!(3_000)), "{cdrs:?}");
    // A key that is revoked is a stranger's within seconds.
    let keys = root.get("/v1/keys").is(200);
    let id = items(&keys)[0]["id"].as_str().expect("an id");
    root.ask("DELETE", &format!("/v1/keys/{id}"), None).is(204);
    eventually("no answer for the revoked key", || {
        let (status, _) = ask(&place, some, "/v1/decide.txt?call_id=d&to=0201234567", None);
        (status == 401).then_some(())
    });
}

#[test]
fn its_certificate_is_read_anew() {
    let place = Place::new();
    let (old, new) = (Authority::new(&place), Authority::new(&place));
    let ip = place.ip(FIREWALL);
    let (shown, next) = (old.certify(&place, ip), new.certify(&place, ip));
    let (chain, key) = (shown.certificate.display(), shown.key.display());
    let own = format!("certificate = \"{chain}\"\nkey = \"{key}\"\n");
    let firewall = serve(&place, &(settings(&place, "") + &own));
    // Who believes one authority alone, and has no key.
    let answered = |authority: &Authority| {
        let local = SocketAddr::new(place.ip(PHONE), place.port());
        let _bridge = tls_into(&place, local, adviser(&place), authority, None);
        ask_at(local, None, "/v1/decide.txt?call_id=a&to=1", None).map(|(status, _)| status)
    };
    assert_eq!((answered(&old), answered(&new)), (Some(401), None));
    std::fs::copy(&next.certificate, &shown.certificate).expect("a certificate");
    std::fs::copy(&next.key, &shown.key).expect("its key");
    assert_eq!(answered(&old), Some(401), "nobody said so yet");
    firewall.told(&["reload"]);
    assert_eq!((answered(&old), answered(&new)), (None, Some(401)));
    // One that does not work changes nothing.
    std::fs::write(&shown.key, "no key").expect("no key");
    assert!(!firewall.command(&["reload"]).status.success());
    assert_eq!(answered(&new), Some(401));
}
