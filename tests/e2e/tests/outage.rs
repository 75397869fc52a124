//! The mail server is down, and comes back: everybody hears of everything once, whatever happens to us meanwhile.

use crate::flows;
use crate::web::{api, first_person, items};
use crate::world::{FIREWALL, call, serve, trunk_guard};
use ringfence_e2e::{Browser, MailServer, Place, eventually, within};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

const METRICS: u16 = 29_090;
const MAIL: u16 = 29_025;
/// Where the mail server is.
const POST: u8 = 60;
const PEOPLE: [&str; 3] = ["anna@office.example", "bert@office.example", "soc@provider.example"];
/// What they hear of, each.
const EXTENSIONS: [&str; 3] = ["7301", "7302", "7303"];

fn settings(place: &Place) -> String {
    let [anna, bert, soc] = PEOPLE;
    format!(
        "metrics = \"{}\"\n{}{}\n[mail]\nserver = \"{}\"\nport = {MAIL}\nsecurity = \"none\"\n\
         from = \"Ringfence <ringfence@provider.example>\"\n[notices]\nretry_secs = 1\n\
         [[contact]]\nid = \"anna\"\ntenant = \"office\"\nmail = \"{anna}\"\n\
         [[contact]]\nid = \"bert\"\ntenant = \"office\"\nmail = \"{bert}\"\nlanguage = \"nl\"\n\
         [[contact]]\nid = \"soc\"\nmail = \"{soc}\"\n",
        SocketAddr::new(place.ip(FIREWALL), METRICS),
        trunk_guard(place, ""),
        api(place),
        place.ip(POST),
    )
}

fn figure(place: &Place, name: &str) -> u64 {
    let metrics = SocketAddr::new(place.ip(FIREWALL), METRICS);
    let text = Browser::new(metrics, "localhost").get("/metrics").text;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
    line.unwrap_or_else(|| panic!("no {name} in {text}"))
}

fn notices(root: &mut Browser, state: &str) -> Vec<Value> {
    let page = root.get(&format!("/v1/notices?state={state}")).is(200);
    items(&page).to_vec()
}

fn block(root: &mut Browser, extension: &str) {
    let block = json!({"tenant": "office", "extension": extension, "level": "national"});
    root.post("/v1/blocks", &block).is(201);
}

/// How often each person was told of each extension.
fn told(mail: &MailServer) -> BTreeMap<(String, &'static str), usize> {
    let mut told = BTreeMap::new();
    for letter in mail.letters() {
        for extension in EXTENSIONS.into_iter().filter(|of| letter.text.contains(of)) {
            *told.entry((letter.to.clone(), extension)).or_default() += 1;
        }
    }
    told
}

#[test]
fn while_nobody_takes_mail_it_waits_over_kill_9_and_then_each_letter_comes_once() {
    let place = Place::new();
    let mut firewall = serve(&place, &settings(&place));
    let mut root = first_person(&place, &firewall);
    block(&mut root, EXTENSIONS[0]);
    block(&mut root, EXTENSIONS[1]);
    // All of it waits, was tried, and says why.
    let refused = |of: &&Value| of["trouble"].as_str().is_some_and(|why| why.contains("refused"));
    let tried = within(Duration::from_secs(15), || {
        let waiting = notices(&mut root, "waiting");
        (waiting.iter().filter(refused).count() == 6).then_some(())
    });
    tried.expect("six messages that were tried");
    assert!(figure(&place, "ringfence_notices_total{result=\"failed\"}") >= 3);
    // Calls go on.
    let flow = flows::basic();
    call(&place, "0201234567", flow.caller, flow.callee);
    // Killed, with all of it waiting; more is to be told afterwards.
    firewall.kill();
    firewall.start_again(&place);
    assert_eq!(notices(&mut root, "waiting").len(), 6);
    let backlog = "ringfence_notices_waiting";
    eventually("a backlog in the metrics", || (figure(&place, backlog) == 6).then_some(()));
    assert!(figure(&place, "ringfence_notices_oldest_seconds") > 0);
    block(&mut root, EXTENSIONS[2]);
    let flow = flows::basic();
    call(&place, "0201234567", flow.caller, flow.callee);
    eventually("all of it waits", || (notices(&mut root, "waiting").len() == 9).then_some(()));
    // The mail server comes.
    let mail = MailServer::start(&place, SocketAddr::new(place.ip(POST), MAIL));
    let sent = within(Duration::from_secs(60), || {
        (notices(&mut root, "sent").len() == 9).then(|| told(&mail))
    });
    let once: BTreeMap<_, _> = PEOPLE
        .iter()
        .flat_map(|of| EXTENSIONS.map(|extension| (((*of).to_owned(), extension), 1)))
        .collect();
    assert_eq!(sent.expect("nine messages that were sent"), once);
    assert_eq!(
        figure(&place, "ringfence_notices_total{result=\"sent\"}"),
        mail.letters().len() as u64
    );
    // Killed again: what was sent is not sent again.
    firewall.kill();
    firewall.start_again(&place);
    let more = within(Duration::from_secs(5), || (told(&mail) != once).then_some(()));
    assert!(more.is_none(), "{:?}", told(&mail));
    assert!(notices(&mut root, "waiting").is_empty() && notices(&mut root, "given_up").is_empty());
    let ids: std::collections::BTreeSet<_> = mail.letters().into_iter().map(|of| of.id).collect();
    assert_eq!(ids.len(), mail.letters().len(), "each letter has its own name");
}
