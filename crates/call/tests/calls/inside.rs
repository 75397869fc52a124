//! Requests inside calls.

use crate::world::World;
use ringfence_sip::Name;
use std::time::Duration;

#[test]
fn a_call_is_held_and_taken_up_from_both_sides() {
    let mut w = World::new();
    let (mut caller, mut callee) = w.call_up();
    w.ask(caller.next(), "INVITE", "", "hold");
    let hold = w.hears("carrier", "INVITE");
    assert_eq!(hold.body(), b"hold");
    w.answer("carrier", &hold, "200 OK", "", "", "held");
    let ok = w.hears("pbx", "200");
    assert_eq!(ok.body(), b"held");
    w.ack(&caller, "");
    w.hears("carrier", "ACK");
    w.ask(callee.next(), "INVITE", "", "resume");
    let resume = w.hears("pbx", "INVITE");
    w.answer("pbx", &resume, "200 OK", "", "", "resumed");
    w.hears("carrier", "200");
    w.ack(&callee, "");
    w.hears("pbx", "ACK");
    w.all_read();
    insta::assert_snapshot!(w.ladder);
    w.ask(caller.next(), "BYE", "", "");
    w.nothing_left();
    w.accounted();
}

#[test]
fn a_late_offer_is_answered_in_the_ack() {
    let mut w = World::new();
    let talk = w.invite("pbx", "sip:0201112222@edge.example", "", "");
    w.hears("pbx", "100");
    let invite = w.hears("carrier", "INVITE");
    assert!(invite.body().is_empty());
    w.answer("carrier", &invite, "200 OK", "c1", "", "offer");
    let ok = w.hears("pbx", "200");
    assert_eq!(ok.body(), b"offer");
    w.ack(&talk.with(&ok), "answer");
    let ack = w.hears("carrier", "ACK");
    assert_eq!(
        (ack.body(), ack.field(Name::ContentType)),
        (&b"answer"[..], Some(&b"application/sdp"[..]))
    );
    // The 200 comes again: so does the ACK, with its body.
    w.answer("carrier", &invite, "200 OK", "c1", "", "offer");
    assert_eq!(w.hears("carrier", "ACK").body(), b"answer");
    w.all_read();
}

#[test]
fn every_method_passes_with_its_body() {
    let mut w = World::new();
    let (mut caller, mut callee) = w.call_up();
    for method in ["INFO", "UPDATE", "MESSAGE", "OPTIONS", "NOTIFY", "SUBSCRIBE", "X-OWN"] {
        for (from, to) in [("pbx", "carrier"), ("carrier", "pbx")] {
            let talk = if from == "pbx" { &mut caller } else { &mut callee };
            let extra = "Content-Type: text/x-own\r\nX-Trace: 7\r\n";
            let talk = talk.next().clone();
            w.ask(&talk, method, extra, "body");
            let asked = w.hears(to, method);
            assert_eq!((asked.body(), asked.other("X-Trace")), (&b"body"[..], Some(&b"7"[..])));
            w.answer(to, &asked, "202 Fine", "", "X-Back: 8\r\n", "back");
            let answer = w.hears(from, "202");
            assert_eq!((answer.body(), answer.other("X-Back")), (&b"back"[..], Some(&b"8"[..])));
            assert_eq!(answer.reason(), b"Fine");
        }
    }
    w.all_read();
}

#[test]
fn invites_that_meet_are_both_put_off() {
    let mut w = World::new();
    let (mut caller, mut callee) = w.call_up();
    w.ask(caller.next(), "INVITE", "", "mine");
    w.hears("carrier", "INVITE");
    w.ask(callee.next(), "INVITE", "", "yours");
    let refusal = w.hears("carrier", "491");
    w.ack(&callee.clone().with(&refusal), "");
    w.ask(caller.next(), "INVITE", "", "again");
    let refusal = w.hears("pbx", "500");
    assert!(refusal.has(Name::RetryAfter));
}

#[test]
fn the_late_ack_of_an_earlier_reinvite_finds_its_way() {
    let mut w = World::new();
    let (mut caller, _) = w.call_up();
    w.ask(caller.next(), "INVITE", "", "one");
    let one = w.hears("carrier", "INVITE");
    w.answer("carrier", &one, "200 OK", "", "", "one");
    w.hears("pbx", "200");
    let first = caller.clone();
    w.ask(caller.next(), "INVITE", "", "two");
    let two = w.hears("carrier", "INVITE");
    w.answer("carrier", &two, "200 OK", "", "", "two");
    w.hears("pbx", "200");
    w.ack(&first, "");
    let ack = w.hears("carrier", "ACK");
    assert!(ack.field(Name::CSeq).unwrap().starts_with(&one.field(Name::CSeq).unwrap()[..1]));
    w.ack(&caller, "");
    let ack = w.hears("carrier", "ACK");
    assert!(ack.field(Name::CSeq).unwrap().starts_with(&two.field(Name::CSeq).unwrap()[..1]));
}

#[test]
fn requests_out_of_order_are_refused() {
    let mut w = World::new();
    let (mut caller, _) = w.call_up();
    w.ask(caller.next(), "INFO", "", "");
    w.hears("carrier", "INFO");
    caller.cseq = 1;
    w.ask(&caller, "INFO", "", "");
    w.hears("pbx", "500");
}

#[test]
fn a_party_that_knows_no_such_call_ends_it() {
    let mut w = World::new();
    let (mut caller, _) = w.call_up();
    w.ask(caller.next(), "INVITE", "", "hold");
    let hold = w.hears("carrier", "INVITE");
    w.answer("carrier", &hold, "481 No Such Call", "", "", "");
    w.hears("carrier", "ACK");
    w.hears("pbx", "481");
    w.hears("pbx", "BYE");
    w.nothing_left();
    w.accounted();
}

#[test]
fn a_request_nobody_answers_times_out() {
    let mut w = World::new();
    let (mut caller, _) = w.call_up();
    w.ask(caller.next(), "INFO", "", "");
    w.hears("carrier", "INFO");
    w.pass(Duration::from_secs(33));
    w.hears("pbx", "408");
    assert_eq!(w.calls.running().count(), 1);
}

#[test]
fn reliable_provisional_responses_end_to_end() {
    let mut w = World::new();
    let talk = w.invite("pbx", "sip:0201112222@edge.example", "Supported: 100rel\r\n", "offer");
    w.hears("pbx", "100");
    let invite = w.hears("carrier", "INVITE");
    assert!(invite.lists(Name::Supported, "100rel"));
    let extra = |rseq: u32| format!("Require: 100rel\r\nRSeq: {rseq}\r\n");
    w.answer("carrier", &invite, "183 Session Progress", "c1", &extra(901), "early");
    let progress = w.hears("pbx", "183");
    assert!(progress.lists(Name::Require, "100rel"));
    let rseq = progress.number(Name::RSeq).unwrap();
    let mut talk = talk.with(&progress);
    w.pass(Duration::from_millis(600));
    assert_eq!(w.hears("pbx", "183").bytes(), progress.bytes(), "sent again until acknowledged");
    let wrong = format!("RAck: {} 1 INVITE\r\n", rseq + 7);
    w.ask(talk.next(), "PRACK", &wrong, "");
    w.hears("pbx", "481");
    w.ask(talk.next(), "PRACK", &format!("RAck: {rseq} 1 INVITE\r\n"), "");
    let prack = w.hears("carrier", "PRACK");
    assert_eq!(prack.field(Name::RAck), Some(&b"901 1 INVITE"[..]));
    w.answer("carrier", &prack, "200 OK", "", "", "");
    w.hears("pbx", "200");
    w.answer("carrier", &invite, "180 Ringing", "c1", &extra(902), "");
    let ringing = w.hears("pbx", "180");
    assert_eq!(ringing.number(Name::RSeq), Some(rseq + 1));
    w.ask(talk.next(), "PRACK", &format!("RAck: {} 1 INVITE\r\n", rseq + 1), "");
    let prack = w.hears("carrier", "PRACK");
    assert_eq!(prack.field(Name::RAck), Some(&b"902 1 INVITE"[..]));
    w.answer("carrier", &prack, "200 OK", "", "", "");
    w.hears("pbx", "200");
    // UPDATE before the answer, from the called party.
    let mut callee = crate::world::Talk::called("carrier", &invite, "c1");
    w.ask(callee.next(), "UPDATE", "", "more");
    let update = w.hears("pbx", "UPDATE");
    w.answer("pbx", &update, "200 OK", "", "", "fine");
    w.hears("carrier", "200");
    w.answer("carrier", &invite, "200 OK", "c1", "", "");
    let ok = w.hears("pbx", "200");
    w.ack(&talk.clone().with(&ok), "");
    w.all_read_by("pbx");
    insta::assert_snapshot!(w.ladder);
}

#[test]
fn reliable_responses_are_acknowledged_here_for_a_caller_that_does_not_know_them() {
    let mut w = World::new();
    w.invite("pbx", "sip:0201112222@edge.example", "", "offer");
    w.hears("pbx", "100");
    let invite = w.hears("carrier", "INVITE");
    w.answer("carrier", &invite, "421 Extension Required", "c0", "Require: 100rel\r\n", "");
    w.hears("carrier", "ACK");
    let invite = w.hears("carrier", "INVITE");
    assert!(invite.lists(Name::Supported, "100rel"));
    w.answer("carrier", &invite, "183 Progress", "c1", "Require: 100rel\r\nRSeq: 5\r\n", "early");
    let prack = w.hears("carrier", "PRACK");
    assert!(prack.field(Name::RAck).unwrap().starts_with(b"5 2 INVITE"));
    w.answer("carrier", &prack, "200 OK", "", "", "");
    let progress = w.hears("pbx", "183");
    assert!(!progress.has(Name::Require) && !progress.has(Name::RSeq));
    assert_eq!(progress.body(), b"early");
    w.answer("carrier", &invite, "200 OK", "c1", "", "answer");
    w.hears("pbx", "200");
    w.all_read();
}

#[test]
fn an_unknown_requirement_is_refused() {
    let mut w = World::new();
    w.invite("pbx", "sip:0201112222@edge.example", "Require: 100rel, teleport\r\n", "");
    let refusal = w.hears("pbx", "420");
    assert_eq!(refusal.field(Name::Unsupported), Some(&b"teleport"[..]));
    w.nothing_left();
}

#[test]
fn the_last_hop_is_refused() {
    let mut w = World::new();
    let talk = w.invite("pbx", "sip:0201112222@edge.example", "", "");
    w.hears("carrier", "INVITE");
    w.hears("pbx", "100");
    let mut other = talk.clone();
    other.call_id = "other".into();
    let text = w.text(&other, "INVITE", "", "").replace("Max-Forwards: 70", "Max-Forwards: 0");
    w.say("pbx", &text);
    w.hears("pbx", "483");
}

#[test]
fn a_proxy_that_sends_our_invite_back_is_told() {
    let mut w = World::new();
    w.invite("pbx", "sip:0201112222@edge.example", "", "");
    w.hears("pbx", "100");
    // The carrier's proxy forwards each INVITE to us as it is: it was meant for the PBX all the time.
    for turn in 0..2 {
        let invite = w.hears("carrier", "INVITE");
        let text = String::from_utf8_lossy(invite.bytes()).into_owned();
        let via = format!("Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKproxy{turn}\r\nVia");
        let from = text.replacen("Via", &via, 1).replace("@198.51.100.7 SIP", "@edge.example SIP");
        w.say("pbx", &from);
    }
    let told: Vec<_> = (0..2).map(|_| w.take("pbx").code().unwrap()).collect();
    assert_eq!(told, [100, 482]);
}
