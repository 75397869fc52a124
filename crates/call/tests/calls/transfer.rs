//! Transfers: REFER and Replaces.

use crate::world::{Talk, World, parts};
use ringfence_call::{Referrals, Ruling};
use ringfence_sip::{Message, Name};

fn text(message: &Message, name: Name) -> String {
    String::from_utf8_lossy(message.field(name).unwrap()).into_owned()
}

#[test]
fn a_blind_transfer_is_judged_and_leads_back_to_us() {
    let mut w = World::new();
    let (mut caller, mut callee) = w.call_up();
    let refer = "Refer-To: <sip:0203334444@10.0.0.5>\r\nReferred-By: <sip:201@10.0.0.5>\r\n";
    w.ask(caller.next(), "REFER", refer, "");
    assert_eq!(&*w.judged[1].dialled, "0203334444");
    assert_eq!(w.judged[1].parent, Some(w.judged[0].call));
    let asked = w.hears("carrier", "REFER");
    assert_eq!(text(&asked, Name::ReferTo), "<sip:0203334444@edge.example:5060>");
    assert_eq!(text(&asked, Name::ReferredBy), "<sip:201@edge.example>");
    w.answer("carrier", &asked, "202 Accepted", "", "", "");
    w.hears("pbx", "202");
    let frag = "Event: refer\r\nSubscription-State: active\r\nContent-Type: message/sipfrag\r\n";
    w.ask(callee.next(), "NOTIFY", frag, "SIP/2.0 200 OK");
    let notify = w.hears("pbx", "NOTIFY");
    assert_eq!(
        (notify.body(), text(&notify, Name::Event).as_str()),
        (&b"SIP/2.0 200 OK"[..], "refer")
    );
    w.answer("pbx", &notify, "200 OK", "", "", "");
    w.hears("carrier", "200");
    insta::assert_snapshot!(w.ladder);
    w.ask(caller.next(), "BYE", "", "");
    w.nothing_left();
    w.accounted();
}

#[test]
fn a_transfer_to_where_the_customer_may_not_call_is_refused() {
    let mut w = World::new();
    let (mut caller, _) = w.call_up();
    w.ruling = Ruling::Refuse { text: "premium".into() };
    w.ask(caller.next(), "REFER", "Refer-To: <sip:0906123456@edge.example>\r\n", "");
    let refusal = w.hears("pbx", "603");
    assert!(text(&refusal, Name::Reason).contains("premium"));
    w.all_read();
    assert_eq!((w.cdrs.len(), w.cdrs[0].code), (1, 603));
    assert_eq!(w.calls.running().count(), 1, "the call itself goes on");
}

#[test]
fn a_tenant_may_have_no_transfers_at_all() {
    let mut parts = parts();
    parts.tenants[0].referrals = Referrals::Refuse;
    let mut w = World::with(parts);
    let (mut caller, _) = w.call_up();
    w.ask(caller.next(), "REFER", "Refer-To: <sip:0203334444@edge.example>\r\n", "");
    w.hears("pbx", "603");
    assert_eq!(w.judged.len(), 1);
}

/// The PBX talks to two people at the carrier and joins them.
#[test]
fn an_attended_transfer() {
    let mut w = World::new();
    let (mut first, _) = w.call_up();
    let (second, callee) = w.call_up();
    let tag = |value: &str| value.split(";tag=").nth(1).unwrap().to_owned();
    let named = format!(
        "{}%3Bto-tag%3D{}%3Bfrom-tag%3D{}",
        second.call_id.replace('@', "%40"),
        tag(&second.remote),
        tag(&second.local)
    );
    let refer = format!("Refer-To: <{}?Replaces={named}>\r\n", second.target);
    w.ask(first.next(), "REFER", &refer, "");
    assert_eq!(w.judged.len(), 2, "both calls were judged when they were made");
    let asked = w.hears("carrier", "REFER");
    let to = text(&asked, Name::ReferTo);
    assert!(to.starts_with("<sip:0201112222@edge.example:5060?Replaces="), "{to}");
    assert!(!to.contains("10.0.0.5") && !to.contains(&tag(&second.local)), "{to}");
    w.answer("carrier", &asked, "202 Accepted", "", "", "");
    w.hears("pbx", "202");
    // The carrier's first party calls the second one through us.
    let ids = to.split("Replaces=").nth(1).unwrap().trim_end_matches('>');
    let ids = ids.replace("%3B", ";").replace("%3D", "=");
    let replaces = format!("Replaces: {ids}\r\nRequire: replaces\r\n");
    w.invite("carrier", "sip:+31201234567@edge.example", &replaces, "offer");
    w.hears("carrier", "100");
    let invite = w.hears("carrier", "INVITE");
    let got = text(&invite, Name::Replaces);
    assert_eq!(got, format!("{};to-tag=c1;from-tag={}", callee.call_id, tag(&callee.remote)));
    assert_eq!(invite.uri_text(), b"sip:carrier@198.51.100.7:5060");
    insta::assert_snapshot!(w.ladder);
}

#[test]
fn dialogs_that_are_not_there_cannot_be_replaced() {
    let mut w = World::new();
    let (_, callee) = w.call_up();
    let tag = callee.remote.split(";tag=").nth(1).unwrap().to_owned();
    for ids in [
        "x;to-tag=1;from-tag=2".to_owned(),
        format!("{};to-tag=wrong;from-tag={tag}", callee.call_id),
        format!("wrong;to-tag=c1;from-tag={tag}"),
    ] {
        let talk: Talk =
            w.invite("pbx", "sip:0201112222@edge.example", &format!("Replaces: {ids}\r\n"), "");
        let refusal = w.hears("pbx", "481");
        w.ack(&talk.with(&refusal), "");
    }
    assert_eq!(w.judged.len(), 1);
}
