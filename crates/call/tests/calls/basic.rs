//! Calls from beginning to end.

use crate::world::{Talk, World};
use ringfence_call::Ruling;
use ringfence_model::{CallEvent, ReleasedBy};
use std::time::Duration;

#[test]
fn a_call_out_and_back() {
    let mut w = World::new();
    let mut caller = w.invite("pbx", "sip:0201112222@edge.example", "X-Own: 1\r\n", "offer");
    w.hears("pbx", "100");
    let invite = w.hears("carrier", "INVITE");
    w.answer("carrier", &invite, "100 Trying", "", "", "");
    w.pass(Duration::from_millis(300));
    w.answer("carrier", &invite, "180 Ringing", "c1", "", "");
    w.hears("pbx", "180");
    w.pass(Duration::from_secs(5));
    w.answer("carrier", &invite, "200 OK", "c1", "", "answer");
    let ok = w.hears("pbx", "200");
    caller = caller.with(&ok);
    w.ack(&caller, "");
    w.hears("carrier", "ACK");
    w.pass(Duration::from_secs(60));
    let mut callee = Talk::called("carrier", &invite, "c1");
    w.ask(callee.next(), "BYE", "Reason: Q.850;cause=16\r\n", "");
    w.hears("carrier", "200");
    let bye = w.hears("pbx", "BYE");
    w.answer("pbx", &bye, "200 OK", "", "", "");
    w.all_read();
    insta::assert_snapshot!(w.ladder);
    w.nothing_left();
    w.accounted();
    let cdr = &w.cdrs[0];
    assert_eq!((cdr.code, cdr.billable_ms, &*cdr.dialled), (200, 60_000, "0201112222"));
    assert!(matches!(w.events[0], CallEvent::Ringing { .. }));
    assert!(matches!(w.events[1], CallEvent::Answered { .. }));
}

#[test]
fn a_call_in() {
    let mut w = World::new();
    let caller = w.invite("carrier", "sip:+31201234567@edge.example", "", "offer");
    w.hears("carrier", "100");
    let invite = w.hears("pbx", "INVITE");
    w.answer("pbx", &invite, "200 OK", "p1", "", "answer");
    let ok = w.hears("carrier", "200");
    let mut caller = caller.with(&ok);
    w.ack(&caller, "");
    w.hears("pbx", "ACK");
    w.ask(caller.next(), "BYE", "", "");
    w.hears("carrier", "200");
    let bye = w.hears("pbx", "BYE");
    w.answer("pbx", &bye, "200 OK", "", "", "");
    insta::assert_snapshot!(w.ladder);
    w.nothing_left();
    w.accounted();
}

#[test]
fn a_refused_call_never_reaches_the_carrier() {
    let mut w = World::new();
    w.ruling = Ruling::Refuse { text: "premium numbers are \"closed\"".into() };
    let caller = w.invite("pbx", "sip:0906123456@edge.example", "", "offer");
    w.hears("pbx", "100");
    let refusal = w.hears("pbx", "486");
    w.ack(&caller.with(&refusal), "");
    w.all_read();
    insta::assert_snapshot!(w.ladder);
    w.nothing_left();
    w.accounted();
    assert!(!w.inbox.contains_key(&w.addr("carrier")));
}

#[test]
fn a_running_call_is_cut_on_both_legs() {
    let mut w = World::new();
    w.call_up();
    w.pass(Duration::from_secs(10));
    w.cut("limit reached");
    let bye = w.hears("carrier", "BYE");
    w.answer("carrier", &bye, "200 OK", "", "", "");
    let bye = w.hears("pbx", "BYE");
    w.answer("pbx", &bye, "200 OK", "", "", "");
    insta::assert_snapshot!(w.ladder);
    w.nothing_left();
    w.accounted();
    let CallEvent::Released(release) = w.events.last().unwrap() else { panic!() };
    assert_eq!((release.by, release.billable_ms), (ReleasedBy::Policy, 10_000));
}

#[test]
fn a_ringing_call_is_cut_on_both_legs() {
    let mut w = World::new();
    w.invite("pbx", "sip:0201112222@edge.example", "", "offer");
    w.hears("pbx", "100");
    let invite = w.hears("carrier", "INVITE");
    w.answer("carrier", &invite, "180 Ringing", "c1", "", "");
    w.hears("pbx", "180");
    w.cut("limit reached");
    let cancel = w.hears("carrier", "CANCEL");
    w.answer("carrier", &cancel, "200 OK", "c1", "", "");
    w.answer("carrier", &invite, "487 Request Terminated", "c1", "", "");
    w.hears("carrier", "ACK");
    w.hears("pbx", "486");
    insta::assert_snapshot!(w.ladder);
    w.nothing_left();
    w.accounted();
}

#[test]
fn a_call_ends_when_its_time_is_over() {
    let mut w = World::new();
    w.ruling = Ruling::Allow {
        max_duration: Some(Duration::from_secs(90)),
        protected: false,
        b_number: None,
        dial: None,
    };
    w.call_up();
    w.pass(Duration::from_secs(89));
    w.all_read();
    w.pass(Duration::from_secs(2));
    w.hears("carrier", "BYE");
    w.hears("pbx", "BYE");
    w.nothing_left();
    w.accounted();
    assert_eq!(w.cdrs[0].billable_ms, 90_000);
}

#[test]
fn busy_is_passed_on() {
    let mut w = World::new();
    w.invite("pbx", "sip:0201112222@edge.example", "", "offer");
    w.hears("pbx", "100");
    let invite = w.hears("carrier", "INVITE");
    w.answer("carrier", &invite, "486 Busy Here", "c1", "Reason: Q.850;cause=17\r\n", "");
    w.hears("carrier", "ACK");
    let busy = w.hears("pbx", "486");
    assert_eq!(busy.field(ringfence_sip::Name::Reason), Some(&b"Q.850;cause=17"[..]));
    w.nothing_left();
    w.accounted();
    assert_eq!(w.cdrs[0].code, 486);
}
