//! Requests outside of calls, phones behind translators, connections that break.

use crate::world::{Talk, World, parts, phone};
use ringfence_call::{Parts, Registering};
use ringfence_sip::{Name, Transport};
use std::time::Duration;

fn with_phone(methods: &[&str]) -> Parts {
    let mut parts = parts();
    parts.tenants[0].registering = Registering::Here {
        contacts_max: 4,
        expires_min: Duration::from_secs(60),
        expires_max: Duration::from_secs(3600),
    };
    parts.tenants[0].methods = methods.iter().map(|method| (*method).to_owned()).collect();
    parts.extensions = vec![phone("201")];
    parts
}

fn world(methods: &[&str]) -> World {
    let mut w = World::with(with_phone(methods));
    w.name("desk", "192.0.2.50:5060");
    w.register("desk", "201");
    w
}

fn first(w: &mut World, method: &str, uri: &str, extra: &str) -> Talk {
    let addr = w.addr("pbx");
    let talk = Talk {
        who: "pbx",
        target: uri.into(),
        routes: Vec::new(),
        local: format!("<sip:300@{}>;tag=p9", addr.ip()),
        remote: format!("<{uri}>"),
        call_id: format!("{method}@{}", addr.ip()),
        cseq: 1,
    };
    w.ask(&talk, method, extra, "body");
    talk
}

#[test]
fn a_message_passes_to_a_phone() {
    let mut w = world(&["MESSAGE"]);
    first(&mut w, "MESSAGE", "sip:201@edge.example", "Content-Type: text/plain\r\n");
    let message = w.hears("desk", "MESSAGE");
    assert_eq!(message.body(), b"body");
    assert!(w.judged.is_empty());
    w.answer("desk", &message, "202 Accepted", "d", "", "");
    w.hears("pbx", "202");
    assert_eq!(w.calls.running().count(), 0);
    assert_eq!(w.calls.counts().calls, 0);
}

#[test]
fn only_what_the_tenant_lets_pass_does_and_never_to_a_carrier() {
    let mut w = world(&["MESSAGE"]);
    first(&mut w, "SUBSCRIBE", "sip:201@edge.example", "");
    let refusal = w.hears("pbx", "405");
    assert!(refusal.has(Name::Allow));
    first(&mut w, "MESSAGE", "sip:0612345678@edge.example", "");
    w.hears("pbx", "403");
    first(&mut w, "OPTIONS", "sip:edge.example", "");
    w.hears("pbx", "200");
    w.all_read();
}

#[test]
fn a_subscription_lives_with_its_notifies() {
    let mut w = world(&["SUBSCRIBE"]);
    let talk =
        first(&mut w, "SUBSCRIBE", "sip:201@edge.example", "Event: dialog\r\nExpires: 300\r\n");
    let subscribe = w.hears("desk", "SUBSCRIBE");
    // The first NOTIFY is faster than the answer.
    let mut notifier = Talk::called("desk", &subscribe, "d");
    let state = "Event: dialog\r\nSubscription-State: active;expires=300\r\n";
    w.ask(notifier.next(), "NOTIFY", state, "");
    let notify = w.hears("pbx", "NOTIFY");
    w.answer("pbx", &notify, "200 OK", "", "", "");
    w.hears("desk", "200");
    w.answer("desk", &subscribe, "200 OK", "d", "Expires: 300\r\n", "");
    let ok = w.hears("pbx", "200");
    let mut talk = talk.with(&ok);
    w.pass(Duration::from_secs(250));
    w.ask(talk.next(), "SUBSCRIBE", "Event: dialog\r\nExpires: 300\r\n", "");
    let refresh = w.hears("desk", "SUBSCRIBE");
    w.answer("desk", &refresh, "200 OK", "", "Expires: 300\r\n", "");
    w.hears("pbx", "200");
    w.pass(Duration::from_secs(250));
    assert_eq!(w.calls.counts().calls, 1);
    let ended = "Event: dialog\r\nSubscription-State: terminated;reason=timeout\r\n";
    w.ask(notifier.next(), "NOTIFY", ended, "");
    let notify = w.hears("pbx", "NOTIFY");
    w.answer("pbx", &notify, "200 OK", "", "", "");
    w.hears("desk", "200");
    insta::assert_snapshot!(w.ladder);
    assert_eq!((w.calls.counts().calls, w.calls.counts().dialogs), (0, 0));
}

#[test]
fn a_forgotten_subscription_is_forgotten() {
    let mut w = world(&["SUBSCRIBE"]);
    first(&mut w, "SUBSCRIBE", "sip:201@edge.example", "Event: dialog\r\nExpires: 300\r\n");
    let subscribe = w.hears("desk", "SUBSCRIBE");
    w.answer("desk", &subscribe, "200 OK", "d", "Expires: 300\r\n", "");
    w.pass(Duration::from_secs(400));
    assert_eq!((w.calls.counts().calls, w.calls.counts().dialogs), (0, 0));
}

#[test]
fn a_phone_behind_a_translator_is_followed_to_its_new_port() {
    let mut w = world(&[]);
    let talk = w.invite("pbx", "sip:201@edge.example", "", "offer");
    w.hears("pbx", "100");
    let invite = w.hears("desk", "INVITE");
    w.answer("desk", &invite, "200 OK", "d", "", "answer");
    let ok = w.hears("pbx", "200");
    let mut talk = talk.with(&ok);
    w.ack(&talk, "");
    w.hears("desk", "ACK");
    let mut desk = Talk::called("desk", &invite, "d");
    w.name("moved", "192.0.2.50:31234");
    let info = w.text(desk.next(), "INFO", "", "");
    w.say("moved", &info);
    let asked = w.hears("pbx", "INFO");
    w.answer("pbx", &asked, "200 OK", "", "", "");
    w.hears("moved", "200");
    w.ask(talk.next(), "BYE", "", "");
    w.hears("moved", "BYE");
}

#[test]
fn a_broken_connection_does_not_keep_a_trunk_from_hearing_the_bye() {
    let mut w = World::new();
    w.name("stream", "10.0.0.5:40001");
    w.over("stream", Transport::Tcp);
    let talk = w.invite("stream", "sip:0201112222@edge.example", "", "offer");
    w.hears("stream", "100");
    let invite = w.hears("carrier", "INVITE");
    w.answer("carrier", &invite, "200 OK", "c1", "", "answer");
    let ok = w.hears("stream", "200");
    w.ack(&talk.with(&ok), "");
    w.hears("carrier", "ACK");
    let mut callee = Talk::called("carrier", &invite, "c1");
    w.ask(callee.next(), "BYE", "", "");
    w.hears("stream", "BYE");
    w.close("stream", ringfence_call::End::Broke);
    let bye = w.hears("pbx", "BYE");
    w.answer("pbx", &bye, "200 OK", "", "", "");
    w.nothing_left();
    w.accounted();
}

#[test]
fn a_pbx_asks_its_own_phones_for_their_passwords() {
    let mut parts = parts();
    parts.tenants[0].registering = Registering::PassedTo("pbx".into());
    let mut w = World::with(parts);
    w.name("desk", "192.0.2.50:5060");
    let aor = "<sip:201@acme.example>".to_owned();
    let register = Talk {
        who: "desk",
        target: "sip:acme.example".into(),
        routes: Vec::new(),
        local: format!("{aor};tag=r"),
        remote: aor,
        call_id: "register".into(),
        cseq: 1,
    };
    w.ask(&register, "REGISTER", "Expires: 600\r\n", "");
    let asked = w.hears("pbx", "REGISTER");
    let contact = String::from_utf8_lossy(asked.field(Name::Contact).unwrap()).into_owned();
    w.answer("pbx", &asked, "200 OK", "r", &format!("Contact: {contact};expires=600\r\n"), "");
    w.hears("desk", "200");
    let mut call = Talk {
        target: "sip:0201112222@acme.example".into(),
        remote: "<sip:0201112222@acme.example>".into(),
        call_id: "call".into(),
        ..register
    };
    w.ask(&call, "INVITE", "", "offer");
    w.hears("desk", "100");
    let invite = w.hears("pbx", "INVITE");
    assert!(!w.judged.is_empty(), "the call is judged all the same");
    let ask = "Proxy-Authenticate: Digest realm=\"acme\", nonce=\"n\"\r\n";
    w.answer("pbx", &invite, "407 Proxy Authentication Required", "p", ask, "");
    w.hears("pbx", "ACK");
    let challenge = w.hears("desk", "407");
    assert!(challenge.has(Name::ProxyAuthenticate));
    w.ask(&call.clone().with(&challenge), "ACK", "", "");
    let gives = "Proxy-Authorization: Digest username=\"201\", realm=\"acme\", nonce=\"n\", \
        uri=\"sip:0201112222@acme.example\", response=\"00000000000000000000000000000000\"\r\n";
    w.ask(call.next(), "INVITE", gives, "offer");
    w.hears("desk", "100");
    let invite = w.hears("pbx", "INVITE");
    assert!(invite.has(Name::ProxyAuthorization));
    assert_eq!(invite.uri_text(), b"sip:0201112222@acme.example", "the digest is bound to it");
    // A PBX that is a proxy brings the same INVITE to us once more, for the carrier.
    let text = String::from_utf8_lossy(invite.bytes()).into_owned();
    let via = "Via: SIP/2.0/UDP 10.0.0.5:5060;branch=z9hG4bKproxy\r\nVia";
    w.say("pbx", &text.replacen("Via", via, 1));
    w.hears("pbx", "100");
    let out = w.hears("carrier", "INVITE");
    w.answer("carrier", &out, "486 Busy Here", "c", "", "");
    w.hears("carrier", "ACK");
    w.hears("pbx", "486");
    w.answer("pbx", &invite, "486 Busy Here", "p", "", "");
    w.hears("pbx", "ACK");
    w.hears("desk", "486");
    w.all_read();
    w.accounted();
}
