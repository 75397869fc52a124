//! Calls survive a restart, and what only asks is answered.

use crate::world::{World, parts};
use ringfence_call::{Adviser, Ruling};
use ringfence_model::{CallEvent, ReleasedBy};
use ringfence_sip::Name;
use std::time::Duration;

#[test]
fn a_call_goes_on_after_a_restart() {
    let mut w = World::new();
    w.ruling = Ruling::Allow {
        max_duration: Some(Duration::from_secs(600)),
        protected: false,
        b_number: None,
        dial: None,
    };
    let (mut caller, mut callee) = w.call_up();
    assert_eq!(w.kept.len(), 1);
    w.pass(Duration::from_secs(60));
    w.restart(Duration::from_secs(20));
    assert_eq!(w.calls.running().count(), 1);
    w.ask(caller.next(), "INVITE", "", "hold");
    let hold = w.hears("carrier", "INVITE");
    w.answer("carrier", &hold, "200 OK", "", "", "held");
    w.hears("pbx", "200");
    w.ack(&caller, "");
    w.hears("carrier", "ACK");
    w.invite("pbx", "sip:0201112222@edge.example", "", "");
    assert!(w.judged[0].call < w.judged[1].call, "no id comes twice");
    w.hears("carrier", "INVITE");
    w.ask(callee.next(), "BYE", "", "");
    w.hears("carrier", "200");
    w.hears("pbx", "100");
    let bye = w.hears("pbx", "BYE");
    assert!(bye.essentials().unwrap().cseq.number > 1);
    let CallEvent::Released(release) = w.events.last().unwrap() else { panic!() };
    assert_eq!(release.billable_ms, 80_000);
    w.nothing_left();
    w.accounted();
}

#[test]
fn the_time_of_a_call_goes_on_during_a_restart() {
    let mut w = World::new();
    w.ruling = Ruling::Allow {
        max_duration: Some(Duration::from_secs(100)),
        protected: false,
        b_number: None,
        dial: None,
    };
    w.call_up();
    w.pass(Duration::from_secs(60));
    w.restart(Duration::from_secs(20));
    w.pass(Duration::from_secs(19));
    w.all_read();
    w.pass(Duration::from_secs(2));
    w.hears("pbx", "BYE");
    w.hears("carrier", "BYE");
    w.nothing_left();
    w.accounted();
    assert_eq!(w.cdrs[0].billable_ms, 100_000);
}

#[test]
fn records_that_cannot_be_read_are_dropped() {
    let mut w = World::new();
    w.call_up();
    let (key, state) = w.kept.iter().next().map(|(key, state)| (*key, state.clone())).unwrap();
    for cut in 0..state.len() {
        let mut w = World::new();
        w.kept.insert(key, state.slice(..cut));
        w.restart(Duration::from_secs(1));
        assert_eq!((w.calls.running().count(), w.kept.len()), (0, 0), "cut at {cut}");
    }
    let mut w = World::new();
    w.kept.insert([9; 16], state);
    w.restart(Duration::from_secs(1));
    assert!(w.kept.is_empty());
}

fn adviser(allow_code: u16) -> World {
    let mut parts = parts();
    parts.trunks[0].adviser = Some(Adviser { allow_code, assumed: Duration::from_secs(180) });
    World::with(parts)
}

#[test]
fn who_only_asks_is_sent_back() {
    let mut w = adviser(302);
    let talk = w.invite("pbx", "sip:0201112222@10.0.0.5", "", "");
    w.hears("pbx", "100");
    let moved = w.hears("pbx", "302");
    assert_eq!(moved.field(Name::Contact), Some(&b"<sip:0201112222@10.0.0.5>"[..]));
    w.ack(&talk.with(&moved), "");
    assert!(matches!(w.events[0], CallEvent::Answered { .. }));
    w.pass(Duration::from_secs(179));
    assert_eq!(w.cdrs.len(), 0);
    w.pass(Duration::from_secs(2));
    let CallEvent::Released(release) = w.events[1] else { panic!() };
    assert_eq!((release.by, release.billable_ms), (ReleasedBy::Parties, 180_000));
    w.nothing_left();
    w.accounted();
}

#[test]
fn who_only_asks_may_be_refused() {
    let mut w = adviser(404);
    w.ruling = Ruling::Refuse { text: "no".into() };
    w.invite("pbx", "sip:0906123456@10.0.0.5", "", "");
    w.hears("pbx", "100");
    w.hears("pbx", "486");
    w.ruling = Ruling::Allow { max_duration: None, protected: false, b_number: None, dial: None };
    w.invite("pbx", "sip:0201112222@10.0.0.5", "", "");
    w.hears("pbx", "100");
    w.hears("pbx", "404");
    w.nothing_left();
    w.accounted();
}

#[test]
fn numbers_of_calls_go_on_though_the_clock_was_set_back() {
    let mut w = World::new();
    w.invite("pbx", "sip:0201112222@edge.example", "", "");
    w.now.wall = w.now.wall - Duration::from_secs(7_200);
    w.restart(Duration::ZERO);
    w.invite("pbx", "sip:0201112222@edge.example", "", "");
    assert!(w.judged[0].call < w.judged[1].call);
}

#[test]
fn who_did_not_hear_of_the_end_before_a_restart_hears_of_it_afterwards() {
    let mut w = World::new();
    let (mut caller, _) = w.call_up();
    w.ask(caller.next(), "BYE", "", "");
    w.hears("pbx", "200");
    let lost = w.hears("carrier", "BYE");
    w.restart(Duration::from_secs(20));
    assert_eq!(w.calls.running().count(), 0);
    let bye = w.hears("carrier", "BYE");
    let number = |message: &ringfence_sip::Message| message.essentials().unwrap().cseq.number;
    assert!(number(&bye) > number(&lost));
    w.answer("carrier", &bye, "200 OK", "", "", "");
    let again = w.hears("pbx", "BYE");
    w.answer("pbx", &again, "481 Call/Transaction Does Not Exist", "", "", "");
    assert!(w.kept.is_empty(), "both know");
    w.nothing_left();
    w.accounted();
}

#[test]
fn an_end_that_both_have_heard_of_is_not_told_again() {
    let mut w = World::new();
    let (mut caller, _) = w.call_up();
    w.ask(caller.next(), "BYE", "", "");
    w.hears("pbx", "200");
    let bye = w.hears("carrier", "BYE");
    w.answer("carrier", &bye, "200 OK", "", "", "");
    assert!(w.kept.is_empty());
    w.restart(Duration::from_secs(1));
    w.all_read();
}
