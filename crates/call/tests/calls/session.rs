//! Session timers, and parties that are gone.

use crate::world::World;
use ringfence_sip::Name;
use std::time::Duration;

const TIMER: &str = "Supported: timer\r\n";

#[test]
fn a_timer_is_asked_for_and_watched() {
    let mut w = World::new();
    let talk = w.invite("pbx", "sip:0201112222@edge.example", TIMER, "offer");
    w.hears("pbx", "100");
    let invite = w.hears("carrier", "INVITE");
    assert_eq!(invite.number(Name::SessionExpires), Some(1800));
    w.answer(
        "carrier",
        &invite,
        "200 OK",
        "c1",
        "Session-Expires: 120;refresher=uas\r\nRequire: timer\r\n",
        "",
    );
    let ok = w.hears("pbx", "200");
    assert_eq!(ok.field(Name::SessionExpires), Some(&b"120;refresher=uas"[..]));
    assert!(ok.lists(Name::Require, "timer"));
    w.ack(&talk.with(&ok), "");
    w.hears("carrier", "ACK");
    w.pass(Duration::from_secs(60));
    let mut callee = crate::world::Talk::called("carrier", &invite, "c1");
    w.ask(callee.next(), "UPDATE", "Session-Expires: 120;refresher=uac\r\n", "");
    let update = w.hears("pbx", "UPDATE");
    w.answer("pbx", &update, "200 OK", "", "Session-Expires: 120;refresher=uac\r\n", "");
    w.hears("carrier", "200");
    w.pass(Duration::from_secs(150));
    w.all_read();
    w.pass(Duration::from_secs(5));
    w.hears("pbx", "BYE");
    w.hears("carrier", "BYE");
    w.nothing_left();
    w.accounted();
}

#[test]
fn a_caller_with_timer_keeps_it_when_the_called_party_has_none() {
    let mut w = World::new();
    w.invite("pbx", "sip:0201112222@edge.example", TIMER, "offer");
    w.hears("pbx", "100");
    let invite = w.hears("carrier", "INVITE");
    w.answer("carrier", &invite, "200 OK", "c1", "", "");
    let ok = w.hears("pbx", "200");
    assert_eq!(ok.field(Name::SessionExpires), Some(&b"1800;refresher=uac"[..]));
    assert!(ok.lists(Name::Require, "timer"));
}

#[test]
fn a_longer_timer_is_granted_and_a_callers_own_is_its_own_business() {
    let mut w = World::new();
    w.invite("pbx", "sip:0201112222@edge.example", "", "offer");
    w.hears("pbx", "100");
    let invite = w.hears("carrier", "INVITE");
    w.answer("carrier", &invite, "422 Session Interval Too Small", "c0", "Min-SE: 3600\r\n", "");
    w.hears("carrier", "ACK");
    let invite = w.hears("carrier", "INVITE");
    assert_eq!(invite.number(Name::SessionExpires), Some(3600));
    w.answer("carrier", &invite, "486 Busy", "c1", "", "");
    w.hears("carrier", "ACK");
    w.hears("pbx", "486");
    w.invite("pbx", "sip:0201112222@edge.example", "Session-Expires: 90\r\n", "offer");
    w.hears("pbx", "100");
    let invite = w.hears("carrier", "INVITE");
    assert_eq!(invite.lines(Name::SessionExpires).count(), 1);
    w.answer("carrier", &invite, "422 Session Interval Too Small", "c0", "Min-SE: 3600\r\n", "");
    let small = w.hears("pbx", "422");
    assert_eq!(small.number(Name::MinSe), Some(3600));
}

#[test]
fn parties_without_timer_are_asked_whether_they_are_there() {
    let mut w = World::new();
    w.call_up();
    w.pass(Duration::from_secs(15 * 60));
    let ask = w.hears("pbx", "OPTIONS");
    w.answer("pbx", &ask, "405 Method Not Allowed", "", "", "");
    let ask = w.hears("carrier", "OPTIONS");
    w.answer("carrier", &ask, "200 OK", "", "", "");
    w.all_read();
    w.pass(Duration::from_secs(15 * 60));
    let ask = w.hears("pbx", "OPTIONS");
    w.answer("pbx", &ask, "200 OK", "", "", "");
    w.pass(Duration::from_secs(33));
    w.hears("pbx", "BYE");
    w.nothing_left();
    w.accounted();
}
