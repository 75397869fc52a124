//! Calls that are sent elsewhere: by a carrier to another of its gateways, by a phone or a PBX to another number.

use crate::world::{CARRIER, SECOND, World, parts, phone, trunk};
use ringfence_call::{Inbound, Parts, Registering, Ruling, Side};
use ringfence_model::{CallEvent, Direction, ReleasedBy, Via};
use ringfence_sip::{Message, Name};
use std::time::Duration;

const NUMBER: &str = "sip:0201112222@edge.example";
const GATEWAY: &str = "198.51.100.7:5070";

/// One PBX and the two carriers; the first one's other gateway is at its own address.
fn carriers() -> World {
    let mut w = World::new();
    w.name("gateway", GATEWAY);
    w
}

fn text(message: &Message, name: Name) -> String {
    String::from_utf8_lossy(message.field(name).unwrap()).into_owned()
}

fn uri(message: &Message) -> String {
    String::from_utf8_lossy(message.uri_text()).into_owned()
}

fn moved(w: &mut World, who: &'static str, invite: &Message, contact: &str) {
    w.answer(who, invite, "302 Moved Temporarily", "m", &format!("Contact: {contact}\r\n"), "");
    w.hears(who, "ACK");
}

fn outside(number: &str) -> Ruling {
    let b_number = Some(number.parse().unwrap());
    Ruling::Allow { max_duration: None, protected: false, b_number, dial: None }
}

#[test]
fn a_carrier_may_send_a_call_to_its_other_gateways() {
    let mut w = carriers();
    let talk = w.invite("pbx", NUMBER, "", "offer");
    w.hears("pbx", "100");
    let first = w.hears("carrier", "INVITE");
    w.answer("carrier", &first, "183 Session Progress", "e", "", "early");
    let early = w.hears("pbx", "183");
    // The better one first; the same number however it is written.
    let contacts = "<sip:+31201112222;rn=31900@198.51.100.8>;q=0.3;expires=0, <sip:31201112222;rn=31999@198.51.100.7:5070>;q=0.7";
    moved(&mut w, "carrier", &first, contacts);
    let second = w.hears("gateway", "INVITE");
    assert_eq!(uri(&second), "sip:31201112222;rn=31999@198.51.100.7:5070");
    assert_eq!((text(&second, Name::To), second.body()), (text(&first, Name::To), first.body()));
    w.answer("gateway", &second, "404 Not Found", "g", "", "");
    w.hears("gateway", "ACK");
    let third = w.hears("second", "INVITE");
    assert_eq!(uri(&third), "sip:0201112222@198.51.100.8", "as it is told numbers");
    w.answer("second", &third, "180 Ringing", "s", "", "");
    let ringing = w.hears("pbx", "180");
    assert_ne!(ringing.field(Name::To), early.field(Name::To), "another early dialog");
    w.answer("second", &third, "200 OK", "s", "", "answer");
    let ok = w.hears("pbx", "200");
    assert_eq!(ok.field(Name::To), ringing.field(Name::To));
    w.ack(&talk.with(&ok), "");
    w.hears("second", "ACK");
    assert_eq!(w.judged.len(), 1, "the same call all the time");
    w.all_read();
    insta::assert_snapshot!(w.ladder);
    w.cut("enough");
    w.nothing_left();
    w.accounted();
}

/// An answer must not be able to make us send packets wherever it likes.
#[test]
fn nobody_says_where_we_send_but_settings() {
    for contact in [
        "<sip:0201112222@203.0.113.9>",
        "<sip:0201112222@127.0.0.1:22>",
        "<sip:0201112222@[::1]>",
        "<sip:0201112222@10.0.0.5>",
        "<sip:0201112222@192.0.2.1:5060>",
        "<sip:0201112222@metadata.internal>",
        "<sip:0201112222@198.51.100.7.evil.example>",
        "<sip:198.51.100.7:5070>",
        "<sip:0201112222@198.51.100.7:5070?Route=%3Csip:evil.example%3E>",
        "<https://198.51.100.7/>",
        "\"",
        "*",
        // Where it has just been.
        "<sip:0201112222@198.51.100.7>",
    ] {
        let mut w = carriers();
        w.invite("pbx", NUMBER, "", "offer");
        w.hears("pbx", "100");
        let invite = w.hears("carrier", "INVITE");
        moved(&mut w, "carrier", &invite, contact);
        w.hears("second", "INVITE");
        let to: Vec<_> = w.heard.iter().map(|(to, _)| to.to_string()).collect();
        let known = |to: &&String| [CARRIER, SECOND, "10.0.0.5:5060"].contains(&to.as_str());
        assert!(to.iter().all(|to| known(&to)), "{contact}: {to:?}");
        assert_eq!(w.judged.len(), 1, "{contact}");
    }
    // What is no redirection of a call.
    for code in ["305 Use Proxy", "380 Alternative Service"] {
        let mut w = carriers();
        w.invite("pbx", NUMBER, "", "offer");
        let invite = w.hears("carrier", "INVITE");
        let extra = format!("Contact: <sip:0201112222@{GATEWAY}>\r\n");
        w.answer("carrier", &invite, code, "m", &extra, "");
        w.hears("second", "INVITE");
    }
}

#[test]
fn another_number_is_judged_before_it_is_called() {
    let mut w = carriers();
    w.invite("pbx", NUMBER, "", "offer");
    w.hears("pbx", "100");
    let invite = w.hears("carrier", "INVITE");
    w.ruling = Ruling::Refuse { text: "premium".into() };
    moved(&mut w, "carrier", &invite, &format!("<sip:31909123456@{GATEWAY}>"));
    assert_eq!(w.judged.len(), 2);
    let attempt = &w.judged[1];
    assert_eq!((&*attempt.dialled, attempt.direction), ("+31909123456", Direction::Outbound));
    assert_eq!(attempt.trunk, w.judged[0].trunk);
    // Refused: as if nobody had named it.
    let next = w.hears("second", "INVITE");
    assert_eq!(uri(&next), "sip:0201112222@198.51.100.8");
    assert_eq!((w.cdrs.len(), w.cdrs[0].code, &*w.cdrs[0].dialled), (1, 603, "+31909123456"));
    w.answer("second", &next, "486 Busy Here", "s", "", "");
    w.hears("pbx", "486");
    w.nothing_left();
    w.accounted();
}

#[test]
fn another_number_that_may_be_called_is_a_call_of_its_own() {
    let mut w = carriers();
    let talk = w.invite("pbx", NUMBER, "", "offer");
    w.hears("pbx", "100");
    let invite = w.hears("carrier", "INVITE");
    w.ruling = outside("+31101234567");
    moved(&mut w, "carrier", &invite, &format!("<sip:+31101234567@{GATEWAY}>"));
    let other = w.hears("gateway", "INVITE");
    assert_eq!(uri(&other), "sip:+31101234567@198.51.100.7:5070");
    w.all_read_by("second");
    w.answer("gateway", &other, "180 Ringing", "g", "", "");
    w.hears("pbx", "180");
    w.answer("gateway", &other, "200 OK", "g", "", "answer");
    let ok = w.hears("pbx", "200");
    w.ack(&talk.with(&ok), "");
    w.hears("gateway", "ACK");
    let [before, after] = &w.judged[..] else { panic!("{:?}", w.judged) };
    let (before, after) = (before.call, after.call);
    assert_eq!(w.calls.running().map(|call| call.call).collect::<Vec<_>>(), [after]);
    assert!(w.events.contains(&CallEvent::Ringing { call: after }));
    assert!(w.events.contains(&CallEvent::Answered { call: after }));
    assert_eq!(
        (w.cdrs.len(), &*w.cdrs[0].native_id, w.cdrs[0].code),
        (1, &*before.to_string(), 302)
    );
    assert_eq!(w.cdrs[0].billable_ms, 0);
    // The engine knows it by its new name.
    w.cut("enough");
    w.hears("gateway", "BYE");
    w.hears("pbx", "BYE");
    assert_eq!((w.cdrs.len(), w.cdrs[1].code, &*w.cdrs[1].dialled), (2, 200, "+31101234567"));
    w.nothing_left();
    w.accounted();
}

/// The carriers that are left wait for the first number. They do not get it under the name of the second.
#[test]
fn when_the_other_number_fails_the_call_is_over() {
    let mut w = carriers();
    w.invite("pbx", NUMBER, "", "offer");
    w.hears("pbx", "100");
    let invite = w.hears("carrier", "INVITE");
    w.ruling = outside("+31101234567");
    moved(&mut w, "carrier", &invite, &format!("<sip:+31101234567@{GATEWAY}>"));
    let other = w.hears("gateway", "INVITE");
    w.answer("gateway", &other, "503 Service Unavailable", "g", "", "");
    w.hears("gateway", "ACK");
    w.hears("pbx", "500");
    w.all_read_by("second");
    w.nothing_left();
    w.accounted();
}

#[test]
fn a_call_is_sent_on_five_times_at_most() {
    let mut w = carriers();
    w.invite("pbx", NUMBER, "", "offer");
    w.hears("pbx", "100");
    let mut invite = w.hears("carrier", "INVITE");
    let mut who = "carrier";
    const NAMES: [&str; 7] = ["g0", "g1", "g2", "g3", "g4", "g5", "g6"];
    for (at, name) in NAMES.into_iter().enumerate() {
        let address = format!("198.51.100.7:{}", 5080 + at);
        w.name(name, &address);
        moved(&mut w, who, &invite, &format!("<sip:0201112222@{address}>"));
        if at == 5 {
            break;
        }
        (who, invite) = (name, w.hears(name, "INVITE"));
    }
    w.hears("second", "INVITE");
    // All at once are no more.
    let mut w = carriers();
    w.invite("pbx", NUMBER, "", "offer");
    let invite = w.hears("carrier", "INVITE");
    let contacts: Vec<_> =
        (0..9).map(|at| format!("<sip:0201112222@198.51.100.7:{}>", 5080 + at)).collect();
    moved(&mut w, "carrier", &invite, &contacts.join(", "));
    w.pass(Duration::from_secs(60));
    let to: std::collections::BTreeSet<_> =
        w.heard.iter().map(|(to, _)| *to).filter(|to| to.port() >= 5080).collect();
    assert_eq!(to.len(), 5, "{to:?}");
    w.hears("second", "INVITE");
}

#[test]
fn an_emergency_call_stays_one() {
    let mut w = carriers();
    w.ruling = Ruling::Allow { max_duration: None, protected: true, b_number: None, dial: None };
    w.invite("pbx", "sip:112@edge.example", "", "offer");
    w.hears("pbx", "100");
    let invite = w.hears("carrier", "INVITE");
    moved(&mut w, "carrier", &invite, &format!("<sip:0909123456@{GATEWAY}>, <sip:112@{GATEWAY}>"));
    let other = w.hears("gateway", "INVITE");
    assert_eq!(uri(&other), "sip:112@198.51.100.7:5070");
    w.answer("gateway", &other, "603 Decline", "g", "", "");
    w.hears("gateway", "ACK");
    w.hears("second", "INVITE");
    assert_eq!(w.judged.len(), 1);
}

/// Extensions 201 and 202 with phones here, the carriers behind.
fn office() -> World {
    let mut parts: Parts = parts();
    parts.tenants[0].inbound = Inbound::Nowhere;
    parts.tenants[0].registering = Registering::Here {
        contacts_max: 4,
        expires_min: Duration::from_secs(60),
        expires_max: Duration::from_secs(3600),
    };
    parts.extensions = vec![phone("201"), phone("202")];
    parts.extensions[0].numbers = vec!["+31201234201".parse().unwrap()];
    parts.extensions[1].numbers = vec!["+31201234202".parse().unwrap()];
    let mut w = World::with(parts);
    w.name("desk", "192.0.2.50:5060");
    w.name("soft", "192.0.2.51:5060");
    w.name("other", "192.0.2.52:5060");
    w.register("desk", "201");
    w.register("soft", "201");
    w.register("other", "202");
    w
}

#[test]
fn a_phone_that_forwards_makes_a_call_of_its_own() {
    let mut w = office();
    let talk = w.invite("carrier", "sip:+31201234201@edge.example", "", "offer");
    w.hears("carrier", "100");
    let desk = w.hears("desk", "INVITE");
    let soft = w.hears("soft", "INVITE");
    w.answer("soft", &soft, "180 Ringing", "s", "", "");
    w.hears("carrier", "180");
    w.ruling = outside("+31612345678");
    moved(&mut w, "desk", &desk, "<sip:0612345678@192.0.2.50>");
    let [inbound, outbound] = &w.judged[..] else { panic!("{:?}", w.judged) };
    assert_eq!((inbound.direction, outbound.direction), (Direction::Inbound, Direction::Outbound));
    assert_eq!((&*outbound.dialled, outbound.via), ("0612345678", Via::Forward));
    assert_eq!(outbound.extension, Some("201".into()), "who diverts pays");
    assert_eq!(outbound.forwarded_by, Some("201".into()));
    assert_eq!((outbound.parent, &outbound.trunk), (Some(inbound.call), &None));
    assert_eq!(outbound.a_number, Some("+31201234201".parse().unwrap()));
    assert_eq!(outbound.source.as_ref().unwrap().ip.to_string(), "192.0.2.50");
    // Who forwards has spoken for all the phones of the extension.
    w.hears("soft", "CANCEL");
    let out = w.hears("carrier", "INVITE");
    assert_eq!(uri(&out), "sip:0612345678@198.51.100.7");
    let diversion = text(&out, Name::Diversion);
    assert_eq!(diversion, "<sip:+31201234201@edge.example>;reason=deflection");
    w.answer("carrier", &out, "200 OK", "c", "", "answer");
    let ok = w.hears("carrier", "200");
    w.ack(&talk.with(&ok), "");
    w.hears("carrier", "ACK");
    insta::assert_snapshot!(w.ladder);
    w.cut("enough");
    assert_eq!(w.cdrs.len(), 2);
    let record = w.cdrs.iter().find(|cdr| cdr.code == 200).unwrap();
    assert_eq!(record.c_number.as_deref(), Some("201"));
    w.pass(Duration::from_secs(3_600));
    w.nothing_left();
    w.accounted();
}

#[test]
fn a_forward_that_may_not_be_is_a_phone_that_declined() {
    let mut w = office();
    w.invite("carrier", "sip:+31201234201@edge.example", "", "offer");
    w.hears("carrier", "100");
    let desk = w.hears("desk", "INVITE");
    let soft = w.hears("soft", "INVITE");
    w.ruling = Ruling::Refuse { text: "premium".into() };
    moved(&mut w, "desk", &desk, "<sip:0909123456@acme.example>");
    assert_eq!(w.judged.len(), 2);
    w.all_read();
    // The other phone rings on.
    w.answer(
        "soft",
        &soft,
        "302 Moved Temporarily",
        "s",
        "Contact: <sip:nobody@acme.example>\r\n",
        "",
    );
    w.hears("soft", "ACK");
    w.hears("carrier", "480");
    let refused = w.events.iter().any(|event| match event {
        CallEvent::Released(release) => release.by == ReleasedBy::Policy && release.code == 603,
        _ => false,
    });
    assert!(refused);
    w.pass(Duration::from_secs(3_600));
    w.nothing_left();
    w.accounted();
}

#[test]
fn a_forward_to_a_colleague_rings_there_and_never_comes_back() {
    let mut w = office();
    w.invite("carrier", "sip:+31201234201@edge.example", "", "offer");
    w.hears("carrier", "100");
    let desk = w.hears("desk", "INVITE");
    moved(&mut w, "desk", &desk, "<sip:202@acme.example>");
    w.hears("soft", "INVITE");
    let soft = w.heard.iter().rfind(|(to, _)| *to == w.addr("soft")).unwrap().1.clone();
    assert!(soft.starts_with(b"INVITE"), "not heard of yet: its CANCEL waits");
    let other = w.hears("other", "INVITE");
    assert!(text(&other, Name::From).contains("0201234567"), "who calls, not who passes it on");
    assert_eq!(w.judged[1].direction, Direction::Internal);
    assert_eq!((&w.judged[1].extension, &*w.judged[1].dialled), (&Some("201".into()), "202"));
    // 202 forwards to 201, who is away.
    moved(&mut w, "other", &other, "<sip:201@acme.example>");
    w.hears("carrier", "480");
    assert_eq!(w.judged.len(), 2);
    w.pass(Duration::from_secs(3_600));
    w.nothing_left();
    w.accounted();
}

#[test]
fn a_phone_system_that_diverts_is_judged_too() {
    let mut w = World::new();
    w.invite("carrier", "sip:+31201234299@edge.example", "", "offer");
    w.hears("carrier", "100");
    let invite = w.hears("pbx", "INVITE");
    w.ruling = outside("+31612345678");
    moved(&mut w, "pbx", &invite, "<sip:0612345678@10.0.0.5>");
    assert_eq!((w.judged[1].direction, w.judged[1].via), (Direction::Outbound, Via::Forward));
    assert_eq!(w.judged[1].trunk, Some("pbx".into()));
    let out = w.hears("carrier", "INVITE");
    assert_eq!(uri(&out), "sip:0612345678@198.51.100.7");
    w.answer("carrier", &out, "486 Busy Here", "c", "", "");
    w.hears("carrier", "ACK");
    w.hears("carrier", "486");
    w.nothing_left();
    w.accounted();
}

#[test]
fn a_carrier_may_name_another_carrier_of_the_tenant_only() {
    for (is_ours, hears) in [(true, "third"), (false, "second")] {
        let mut parts = parts();
        parts.trunks.push(trunk("third", Side::Carrier, "198.51.100.9"));
        if is_ours {
            parts.tenants[0].emergency_carriers = vec!["third".into()];
        }
        let mut w = World::with(parts);
        w.name("third", "198.51.100.9:5060");
        w.invite("pbx", NUMBER, "", "offer");
        let invite = w.hears("carrier", "INVITE");
        moved(&mut w, "carrier", &invite, "<sip:0201112222@198.51.100.9>");
        w.hears(hears, "INVITE");
    }
}
