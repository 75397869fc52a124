//! What somebody hears whom nobody knows. The tenant has a name and a bare address for a domain.

use crate::world::{World, parts, phone};
use ringfence_call::{Inbound, Parts, Registering, Ruling};
use std::time::Duration;

const SCANNER: &str = "203.0.113.66:5060";
const ADDRESS: &str = "192.0.2.1";

fn office() -> Parts {
    let mut parts = parts();
    parts.tenants[0].domains = vec!["acme.example".into(), ADDRESS.into()];
    parts.tenants[0].registering = Registering::Here {
        contacts_max: 4,
        expires_min: Duration::from_secs(60),
        expires_max: Duration::from_secs(3600),
    };
    parts.extensions = vec![phone("201")];
    parts
}

fn in_office(parts: Parts) -> World {
    let mut w = World::with(parts);
    w.name("scanner", SCANNER);
    w.name("desk", "192.0.2.50:5060");
    w
}

fn world() -> World {
    in_office(office())
}

/// As svmap writes it.
fn scan(method: &str, domain: &str, to_tag: &str) -> String {
    format!(
        "{method} sip:100@{ADDRESS} SIP/2.0\r\nVia: SIP/2.0/UDP {SCANNER};branch=z9hG4bK{method}{domain};rport\r\n\
         Max-Forwards: 70\r\nFrom: \"phone\" <sip:100@{domain}>;tag=6338\r\nTo: \"phone\" <sip:100@{domain}>{to_tag}\r\n\
         Call-ID: {method}{domain}{to_tag}\r\nCSeq: 1 {method}\r\nContact: <sip:100@{SCANNER}>\r\n\
         Accept: application/sdp\r\nContent-Length: 0\r\n\r\n"
    )
}

#[test]
fn a_scanner_finds_nothing_at_a_bare_address() {
    let mut w = world();
    for domain in ["1.1.1.1", ADDRESS] {
        for method in [
            "OPTIONS",
            "INVITE",
            "CANCEL",
            "SUBSCRIBE",
            "MESSAGE",
            "INFO",
            "NOTIFY",
            "PUBLISH",
            "BYE",
        ] {
            w.say("scanner", &scan(method, domain, ""));
            w.say("scanner", &scan(method, domain, ";tag=1"));
        }
    }
    w.all_read();
    assert_eq!(w.calls.counts().transactions, 0, "and leaves nothing");
    assert!(w.guard.counts().evidence > 0);
}

#[test]
fn a_name_is_not_enough_for_more_than_a_call() {
    let mut w = world();
    for method in ["OPTIONS", "SUBSCRIBE", "MESSAGE", "INFO", "NOTIFY", "PUBLISH"] {
        w.say("scanner", &scan(method, "acme.example", ""));
    }
    w.all_read();
    w.say("scanner", &scan("INVITE", "acme.example", ""));
    w.hears("scanner", "407");
}

#[test]
fn whoever_wants_to_register_is_asked_who_he_is() {
    for domain in [ADDRESS, "acme.example"] {
        let mut w = world();
        w.say("scanner", &scan("REGISTER", domain, ""));
        w.hears("scanner", "401");
    }
}

#[test]
fn a_registered_phone_is_heard_whatever_it_calls_us() {
    let mut w = world();
    w.register("desk", "201");
    for (method, domain) in [("INVITE", ADDRESS), ("OPTIONS", ADDRESS), ("OPTIONS", "acme.example")]
    {
        w.say("desk", &scan(method, domain, ""));
        w.hears("desk", "407");
    }
}

#[test]
fn a_phone_that_does_not_register_first_is_no_attacker() {
    let mut w = world();
    w.say("desk", &scan("SUBSCRIBE", "acme.example", "").replace("sip:100@acme", "sip:201@acme"));
    w.all_read();
    assert_eq!(w.guard.counts().evidence, 0);
    w.register("desk", "201");
}

/// Digits that are nobody's extension and no number: no carrier is asked what they might be.
#[test]
fn a_phone_that_dials_no_number_is_told_so() {
    let mut parts = office();
    parts.tenants[0].inbound = Inbound::Nowhere;
    let mut w = in_office(parts);
    w.register("desk", "201");
    for dialled in ["299", "29912", "299%23"] {
        w.call_of_phone("desk", "201", &format!("sip:{dialled}@acme.example"));
        w.hears("desk", "100");
        w.hears("desk", "404");
    }
    // A code of the carrier, and what is a number.
    w.call_of_phone("desk", "201", "sip:*21@acme.example");
    w.hears("desk", "100");
    w.hears("carrier", "INVITE");
    let b_number = Some("+31201112222".parse().unwrap());
    w.ruling = Ruling::Allow { max_duration: None, protected: false, b_number, dial: None };
    w.call_of_phone("desk", "201", "sip:0201112222@acme.example");
    w.hears("carrier", "INVITE");
    w.all_read_by("carrier");
}

#[test]
fn behind_a_phone_system_short_digits_may_be_its_own() {
    let mut w = world();
    w.register("desk", "201");
    w.call_of_phone("desk", "201", "sip:299@acme.example");
    w.hears("pbx", "INVITE");
}

/// After a restart, or a call that is long over: no password is asked for what would be 481 anyway.
#[test]
fn a_phone_that_speaks_of_no_call_of_ours_is_told_at_once() {
    let mut w = world();
    w.register("desk", "201");
    w.pass(Duration::from_secs(60));
    let before = w.calls.counts();
    for method in ["BYE", "INFO", "UPDATE", "INVITE", "REFER", "NOTIFY"] {
        let mut tags = Vec::new();
        for _ in 0..2 {
            w.say("desk", &scan(method, "acme.example", ";tag=gone"));
            let told = w.hears("desk", "481");
            tags.push(told.field(ringfence_sip::Name::To).unwrap().to_vec());
        }
        assert!(tags.iter().all(|to| to.ends_with(b";tag=gone")), "{method}: {tags:?}");
    }
    assert_eq!(w.calls.counts(), before, "nothing is kept of it");
    assert!(w.judged.is_empty());
}
