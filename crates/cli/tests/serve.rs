//! `ringfence serve` as operators meet it: calls, crashes, reloads, orders, wrong settings.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)] // a test may

mod firewall;

use firewall::{Firewall, call, contact, field, lines};

/// Paid calls: one at once, so that what is remembered of the first decides about the second.
const ONE_PAID_CALL: &str = "policy = { limits = { calls_active_max = 1 } }";

#[test]
fn a_killed_firewall_takes_up_its_calls_and_what_they_cost() {
    let mut it = Firewall::new(1, ONE_PAID_CALL);
    let (pbx, carrier) = (it.peer(2, 25070), it.peer(3, 25080));
    it.start();
    let answered = call(&pbx, &carrier, "+4915112345678", "one");
    it.until("the call is listed", |it| it.json(&["calls", "list"])[0]["state"] == "up");
    // Within a second: the journal has the call, the last snapshot does not.
    it.until("the journal has it", |it| {
        let log = std::fs::metadata(it.path("data/checkpoints-0.log")).unwrap().len()
            + std::fs::metadata(it.path("data/checkpoints-1.log")).unwrap().len();
        log > 16
    });
    it.kill();
    it.start();
    let calls = it.json(&["calls", "list"]);
    assert_eq!(
        (calls[0]["tenant"].as_str(), calls[0]["state"].as_str()),
        (Some("office"), Some("up")),
        "{calls}\n{}",
        it.log()
    );
    pbx.invite("+4915112345679", "two");
    let refused = pbx.hear("SIP/2.0 486");
    assert!(field(&refused, "Reason").contains("calls at once"), "{refused}");
    pbx.request("BYE", &contact(&answered), &field(&answered, "To"), "one", 2);
    let bye = carrier.hear("BYE");
    carrier.answer(&bye, "200 OK");
    pbx.hear("SIP/2.0 200");
    it.until("both are on record", |it| lines(&it.path("data"), "cdr-").len() == 2);
    let cdrs = lines(&it.path("data"), "cdr-");
    let of = |dialled: &str| {
        cdrs.iter().find(|cdr| cdr["dialled"].as_str().unwrap().ends_with(dialled)).unwrap().clone()
    };
    assert!(of("5678")["answered"].is_number());
    assert_eq!(of("5679")["code"], 486);
    assert!(!it.log().contains("4915112345679"), "numbers are masked in the log: {}", it.log());
    assert!(it.log().contains("call refused"));
}

#[test]
fn an_order_that_was_acknowledged_survives_a_crash() {
    let mut it = Firewall::new(2, "");
    it.start();
    let added =
        it.tell(&["blocks", "add", "office", "--level", "national", "--for", "8h", "--by", "jan"]);
    assert!(added.status.success());
    assert!(it.tell(&["bans", "add", "203.0.113.0/24"]).status.success());
    it.kill();
    it.start();
    let blocks = it.json(&["blocks", "list"]);
    assert_eq!(
        (&blocks[0]["level"], &blocks[0]["by"]),
        (&"national".into(), &"jan".into()),
        "{blocks}"
    );
    assert_eq!(it.json(&["bans", "list"])[0]["net"], "203.0.113.0/24");
    let rules = it.tell(&["bans", "nftables"]).stdout;
    assert!(String::from_utf8(rules).unwrap().contains("203.0.113.0/24"));
    let block = blocks[0]["block"].as_str().unwrap().to_owned();
    assert!(it.tell(&["blocks", "lift", &block]).status.success());
    assert_eq!(it.tell(&["blocks", "lift", &block]).status.code(), Some(1));
    it.kill();
    it.start();
    assert_eq!(it.json(&["blocks", "list"]).as_array().unwrap().len(), 0);
}

#[test]
fn a_call_is_cut_by_order_and_traced() {
    let mut it = Firewall::new(3, "");
    let (pbx, carrier) = (it.peer(2, 25070), it.peer(3, 25080));
    it.start();
    let mut trace = it.command(&[
        "trace",
        "--number",
        "0201234567",
        "--pcap",
        "call.pcap",
        "--for",
        "20s",
        "--control",
        "data/control.sock",
    ]);
    let mut trace = trace.spawn().unwrap();
    it.until("the trace runs", |it| it.log().contains("a trace begins"));
    call(&pbx, &carrier, "0201234567", "one");
    let calls = it.json(&["calls", "list"]);
    assert_eq!(calls[0]["dialled"], "02012***67", "masked unless asked: {calls}");
    let full = it.json(&["calls", "list", "--full"]);
    assert_eq!(full[0]["dialled"], "0201234567");
    let id = full[0]["call"].to_string();
    assert_eq!(it.json(&["calls", "show", &id])["known_as"], "one@pbx");
    assert!(it.tell(&["calls", "cut", &id, "--by", "jan"]).status.success());
    for peer in [&pbx, &carrier] {
        let bye = peer.hear("BYE");
        assert!(field(&bye, "Reason").contains("ended by jan"), "{bye}");
        peer.answer(&bye, "200 OK");
    }
    it.until("no call is left", |it| it.json(&["calls", "list"]).as_array().unwrap().is_empty());
    assert_eq!(it.tell(&["calls", "cut", &id]).status.code(), Some(1));
    let record = || lines(&it.path("data"), "cdr-").pop();
    it.until("the record says so", |_| record().is_some_and(|cdr| cdr["outcome"] == "cut"));
    // Both legs are in the capture: the INVITE twice, each BYE once.
    it.until("the capture has both ends", |it| {
        let bytes = std::fs::read(it.path("call.pcap")).unwrap_or_default();
        let count = |what: &[u8]| bytes.windows(what.len()).filter(|at| *at == what).count();
        count(b"INVITE sip:") == 2 && count(b"BYE sip:") == 2 && count(b"CSeq: 1 ACK") >= 1
    });
    trace.kill().unwrap();
    trace.wait().unwrap();
}

#[test]
fn new_settings_are_all_taken_or_none() {
    let mut it = Firewall::new(4, "");
    let (pbx, carrier) = (it.peer(2, 25070), it.peer(3, 25080));
    it.start();
    it.write("ringfence.toml", &it.settings("mode = \"enforced\""));
    let refused = it.tell(&["reload"]);
    assert_eq!(refused.status.code(), Some(1));
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(told.contains("ringfence.toml:21:8: mode: unknown variant `enforced`"), "{told}");
    assert!(told.contains("the old settings hold"), "{told}");
    call(&pbx, &carrier, "+4915112345678", "one");
    let closed = "policy = { classes = [{ class = \"mobile\", allow = false }, { class = \"international\", allow = false }] }";
    let moved =
        it.settings(closed).replace("drain_secs = 20", "drain_secs = 20\ncontrol = \"other.sock\"");
    it.write("ringfence.toml", &moved);
    it.signal("-HUP");
    it.until("they are in force", |it| it.log().contains("new settings are in force"));
    assert!(it.log().contains("control was changed and needs a restart"), "{}", it.log());
    pbx.invite("+4915112345679", "two");
    pbx.hear("SIP/2.0 486");
    let running = it.json(&["status"]);
    assert_eq!(running["calls"], 1, "the running call goes on: {running}");
}

#[test]
fn it_drains_and_ends_with_the_last_call() {
    let mut it = Firewall::new(5, "");
    let (pbx, carrier) = (it.peer(2, 25070), it.peer(3, 25080));
    it.start();
    assert!(it.get("/readyz").starts_with("HTTP/1.1 200"));
    let answered = call(&pbx, &carrier, "0201234567", "one");
    it.signal("-TERM");
    it.until("it is not ready", |it| it.get("/readyz").starts_with("HTTP/1.1 503"));
    pbx.invite("0201234568", "two");
    pbx.hear("SIP/2.0 503");
    pbx.invite("112", "three");
    let emergency = carrier.hear("INVITE");
    carrier.answer(&emergency, "486 Busy Here");
    pbx.hear("SIP/2.0 486");
    pbx.request("BYE", &contact(&answered), &field(&answered, "To"), "one", 2);
    let bye = carrier.hear("BYE");
    carrier.answer(&bye, "200 OK");
    assert_eq!(it.ended(), Some(0), "{}", it.log());
    assert!(!it.path("data/control.sock").exists());
    assert!(lines(&it.path("data"), "cdr-").len() >= 2, "records are written before the end");
}

#[test]
fn metrics_name_nobody() {
    let mut it = Firewall::new(6, ONE_PAID_CALL);
    let (pbx, carrier) = (it.peer(2, 25070), it.peer(3, 25080));
    it.start();
    call(&pbx, &carrier, "+4915112345678", "one");
    pbx.invite("+4915112345679", "two");
    pbx.hear("SIP/2.0 486");
    it.until("the refusal is counted", |it| {
        it.get("/metrics").contains("ringfence_verdicts_total{action=\"reject\"} 1")
    });
    let text = it.get("/metrics");
    assert!(text.contains("application/openmetrics-text"));
    assert!(text.contains("\nringfence_dialogs "), "{text}");
    assert!(text.trim_end().ends_with("# EOF"));
    for private in ["office", "carrier", "4915112345678", "205"] {
        assert!(!text.contains(private), "{private} in {text}");
    }
    assert!(it.get("/healthz").ends_with("ok\n"));
}

#[test]
fn what_cannot_start_says_why_and_what_to_do() {
    let mut it = Firewall::new(7, "");
    let told = |it: &Firewall| {
        let output = it.run(&["serve", "--config", "ringfence.toml"]);
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let settings = it.settings("");
    let taken = it.peer(1, 25060);
    let (code, text) = told(&it);
    assert_eq!(code, Some(1));
    assert!(text.contains("the port is in use by another program"), "{text}");
    drop(taken);
    for (settings, expected) in [
        (
            settings.replace(&format!("udp = \"{}.1", it.net), "udp = \"192.0.2.1"),
            "this machine has no such address",
        ),
        (settings.replace("data = \"data\"", "data = \"ringfence.toml/data\""), "make it writable"),
        (
            settings.replace("shards = 2", "shards = 0"),
            "ringfence.toml:2:10: shards = 0 is out of range",
        ),
        (
            settings.replace(&format!("metrics = \"{}.1", it.net), "metrics = \"192.0.2.1"),
            "metrics cannot be served at 192.0.2.1",
        ),
        (
            settings.replace("[[listen]]", "[[listen]]\ntls = \"127.0.0.1:25061\""),
            "there is no certificate",
        ),
    ] {
        it.write("ringfence.toml", &settings);
        let (code, text) = told(&it);
        assert_eq!(code, Some(1), "{text}");
        assert!(text.contains(expected), "{expected} is not in {text}");
    }
    it.write("ringfence.toml", &settings);
    it.start();
    it.write("ringfence.toml", &settings.replace("25060", "25061"));
    let (code, text) = told(&it);
    assert_eq!(code, Some(1));
    assert!(text.contains("another Ringfence uses the data folder"), "{text}");
}

#[test]
fn a_call_that_only_rang_reserves_nothing_after_a_crash() {
    let mut it = Firewall::new(8, ONE_PAID_CALL);
    let (pbx, carrier) = (it.peer(2, 25070), it.peer(3, 25080));
    it.start();
    pbx.invite("+4915112345678", "one");
    let invite = carrier.hear("INVITE");
    carrier.answer(&invite, "180 Ringing");
    pbx.hear("SIP/2.0 180");
    it.kill();
    it.start();
    pbx.invite("+4915112345679", "two");
    carrier.hear("INVITE sip:+4915112345679");
}
