//! CANCEL, BYE and answers that cross.

use crate::world::{Talk, World};
use ringfence_sip::Name;
use std::time::Duration;

/// A call from the PBX that rings at the carrier.
fn ringing(w: &mut World) -> (Talk, ringfence_sip::Message) {
    let talk = w.invite("pbx", "sip:0201112222@edge.example", "", "offer");
    w.hears("pbx", "100");
    let invite = w.hears("carrier", "INVITE");
    w.answer("carrier", &invite, "180 Ringing", "c1", "", "");
    w.hears("pbx", "180");
    (talk, invite)
}

#[test]
fn a_caller_gives_up() {
    let mut w = World::new();
    let (talk, invite) = ringing(&mut w);
    w.ask(&talk, "CANCEL", "Reason: SIP;cause=200;text=\"elsewhere\"\r\n", "");
    w.hears("pbx", "200");
    w.hears("pbx", "487");
    let cancel = w.hears("carrier", "CANCEL");
    assert!(cancel.has(Name::Reason));
    w.answer("carrier", &cancel, "200 OK", "c1", "", "");
    w.answer("carrier", &invite, "487 Request Terminated", "c1", "", "");
    w.hears("carrier", "ACK");
    w.all_read();
    insta::assert_snapshot!(w.ladder);
    w.nothing_left();
    w.accounted();
    assert_eq!(w.cdrs[0].code, 487);
}

#[test]
fn cancel_before_anything_was_heard_waits_for_it() {
    let mut w = World::new();
    let talk = w.invite("pbx", "sip:0201112222@edge.example", "", "offer");
    let invite = w.hears("carrier", "INVITE");
    w.ask(&talk, "CANCEL", "", "");
    w.all_read_by("carrier");
    w.answer("carrier", &invite, "100 Trying", "", "", "");
    let cancel = w.hears("carrier", "CANCEL");
    w.answer("carrier", &cancel, "200 OK", "c1", "", "");
    w.answer("carrier", &invite, "487 Request Terminated", "c1", "", "");
    w.hears("carrier", "ACK");
    w.nothing_left();
    w.accounted();
}

#[test]
fn an_answer_that_crosses_the_cancel_is_hung_up() {
    let mut w = World::new();
    let (talk, invite) = ringing(&mut w);
    w.ask(&talk, "CANCEL", "", "");
    w.hears("pbx", "200");
    w.hears("pbx", "487");
    let cancel = w.hears("carrier", "CANCEL");
    w.answer("carrier", &invite, "200 OK", "c1", "", "answer");
    w.hears("carrier", "ACK");
    let bye = w.hears("carrier", "BYE");
    w.answer("carrier", &cancel, "481 No Such Call", "c1", "", "");
    // Its ACK was lost: it answers again, and gets it again.
    w.answer("carrier", &invite, "200 OK", "c1", "", "answer");
    w.hears("carrier", "ACK");
    w.answer("carrier", &bye, "200 OK", "", "", "");
    w.all_read();
    insta::assert_snapshot!(w.ladder);
    w.nothing_left();
    w.accounted();
    assert_eq!(w.cdrs[0].code, 487);
}

#[test]
fn a_cut_that_crosses_the_answer_ends_both_legs() {
    let mut w = World::new();
    let (_, invite) = ringing(&mut w);
    w.cut("limit reached");
    w.hears("carrier", "CANCEL");
    w.hears("pbx", "486");
    w.answer("carrier", &invite, "200 OK", "c1", "", "answer");
    w.hears("carrier", "ACK");
    w.hears("carrier", "BYE");
    w.nothing_left();
    w.accounted();
}

#[test]
fn a_call_cut_before_its_ack_waits_with_the_bye_to_the_caller() {
    let mut w = World::new();
    let talk = w.invite("pbx", "sip:0201112222@edge.example", "", "offer");
    w.hears("pbx", "100");
    let invite = w.hears("carrier", "INVITE");
    w.answer("carrier", &invite, "200 OK", "c1", "", "answer");
    let ok = w.hears("pbx", "200");
    w.cut("limit reached");
    w.hears("carrier", "ACK");
    let bye = w.hears("carrier", "BYE");
    w.answer("carrier", &bye, "200 OK", "", "", "");
    w.all_read_by("pbx");
    w.ack(&talk.with(&ok), "");
    let bye = w.hears("pbx", "BYE");
    assert!(bye.has(Name::Reason));
    w.answer("pbx", &bye, "200 OK", "", "", "");
    insta::assert_snapshot!(w.ladder);
    w.nothing_left();
    w.accounted();
}

#[test]
fn a_caller_that_never_acknowledges_is_hung_up() {
    let mut w = World::new();
    w.invite("pbx", "sip:0201112222@edge.example", "", "offer");
    let invite = w.hears("carrier", "INVITE");
    w.answer("carrier", &invite, "200 OK", "c1", "", "answer");
    w.pass(Duration::from_secs(31));
    // Our 200 goes out again and again by itself, and the called party's repetitions are no reason for more.
    let sent = w
        .heard
        .iter()
        .filter(|(to, bytes)| *to == w.addr("pbx") && bytes.starts_with(b"SIP/2.0 200"));
    assert_eq!(sent.count(), 10);
    w.pass(Duration::from_secs(2));
    w.hears("carrier", "ACK");
    w.hears("carrier", "BYE");
    w.hears("pbx", "100");
    for _ in 0..12 {
        if w.take("pbx").method().is_some() {
            w.nothing_left();
            return w.accounted();
        }
    }
    panic!("no BYE for the caller\n{}", w.ladder);
}

#[test]
fn a_bye_before_the_ack() {
    let mut w = World::new();
    let talk = w.invite("pbx", "sip:0201112222@edge.example", "", "offer");
    w.hears("pbx", "100");
    let invite = w.hears("carrier", "INVITE");
    w.answer("carrier", &invite, "200 OK", "c1", "", "answer");
    let ok = w.hears("pbx", "200");
    let mut talk = talk.with(&ok);
    w.ask(talk.next(), "BYE", "", "");
    w.hears("pbx", "200");
    w.hears("carrier", "ACK");
    let bye = w.hears("carrier", "BYE");
    w.answer("carrier", &bye, "200 OK", "", "", "");
    w.nothing_left();
    w.accounted();
}

#[test]
fn both_hang_up_at_once() {
    let mut w = World::new();
    let (mut caller, mut callee) = w.call_up();
    w.ask(caller.next(), "BYE", "", "");
    w.hears("pbx", "200");
    let bye = w.hears("carrier", "BYE");
    w.ask(callee.next(), "BYE", "", "");
    w.hears("carrier", "200");
    w.answer("carrier", &bye, "200 OK", "", "", "");
    w.all_read();
    w.nothing_left();
    w.accounted();
}

#[test]
fn a_bye_in_an_early_dialog() {
    let mut w = World::new();
    let talk = w.invite("pbx", "sip:0201112222@edge.example", "", "offer");
    w.hears("pbx", "100");
    let invite = w.hears("carrier", "INVITE");
    w.answer("carrier", &invite, "180 Ringing", "c1", "", "");
    let ringing = w.hears("pbx", "180");
    let mut talk = talk.with(&ringing);
    w.ask(talk.next(), "BYE", "", "");
    w.hears("pbx", "200");
    w.hears("pbx", "487");
    w.hears("carrier", "CANCEL");
    w.answer("carrier", &invite, "487 Request Terminated", "c1", "", "");
    w.nothing_left();
    w.accounted();
}

#[test]
fn spoofed_requests_do_nothing() {
    let mut w = World::new();
    let (mut caller, _) = w.call_up();
    w.name("mallory", "203.0.113.66:5060");
    let bye = w.text(caller.next(), "BYE", "", "");
    w.say_from("203.0.113.66:5060".parse().unwrap(), &bye);
    w.all_read();
    assert!(!w.inbox.contains_key(&w.addr("mallory")));
    assert_eq!(w.calls.running().count(), 1);
    let (talk, _) = ringing(&mut w);
    let cancel = w.text(&talk, "CANCEL", "", "");
    w.say_from("203.0.113.66:5060".parse().unwrap(), &cancel);
    w.all_read();
    assert!(!w.inbox.contains_key(&w.addr("mallory")));
}

#[test]
fn a_party_with_ever_new_tags_finds_an_end() {
    let mut w = World::new();
    w.invite("pbx", "sip:0201112222@edge.example", "", "offer");
    let invite = w.hears("carrier", "INVITE");
    for tag in 0..100 {
        w.answer("carrier", &invite, "180 Ringing", &format!("r{tag}"), "", "");
    }
    assert_eq!(w.calls.counts().dialogs, 16 + 1, "ours towards the caller, and the one they share");
    for tag in (0..100).rev() {
        w.answer("carrier", &invite, "200 OK", &format!("r{tag}"), "", "");
    }
    let told = |code: &str| {
        let is = |bytes: &bytes::Bytes| bytes.starts_with(format!("SIP/2.0 {code}").as_bytes());
        w.heard.iter().filter(|(_, bytes)| is(bytes)).count()
    };
    assert_eq!((told("180"), told("200")), (16, 1));
    w.nothing_left();
    w.accounted();
}
