//! `kill -9` while calls run, and a new start: nothing is forgotten.

use crate::flows;
use crate::phones::{ANNA, MD5, phone, phone_edge, register};
use crate::trunk_guard::refused;
use crate::world::{CARRIER, FIREWALL, PBX, falls_quiet, serve, trunk_guard};
use ringfence_e2e::{Body, Place, Scenario, Sipp, eventually};
use serde_json::Value;
use std::net::SocketAddr;

#[test]
fn a_running_call_lives_through_a_restart() {
    let place = Place::new();
    let mut firewall = serve(&place, &trunk_guard(&place, ""));
    let caller = Scenario::caller()
        .invite()
        .maybe(100)
        .expect(180)
        .expect(200)
        .ack()
        .pause(2_500)
        .request("INVITE", &[], &Body::Sdp)
        .maybe(100)
        .expect(200)
        .ack()
        .hear("BYE")
        .reply(200, &[], &Body::Empty);
    let callee = Scenario::callee()
        .hear("INVITE")
        .reply(180, &[], &Body::Empty)
        .reply(200, &[], &Body::Sdp)
        .established()
        .hear("ACK")
        .hear("INVITE")
        .reply(200, &[], &Body::Sdp)
        .hear("ACK")
        .bye()
        .expect(200);
    let callee = Sipp::new(&place, place.at(CARRIER), callee).start(None);
    let caller = Sipp::new(&place, place.at(PBX), caller).start(Some(place.at(FIREWALL)));
    let up = || {
        let calls = firewall.list("calls");
        calls.iter().any(|call| call["state"] == "up").then_some(calls)
    };
    let before = eventually("a call that is up", up);
    // What was said is on disk within a second.
    std::thread::sleep(std::time::Duration::from_millis(1_200));
    firewall.kill();
    firewall.start_again(&place);
    let after = firewall.list("calls");
    assert_eq!(after.len(), 1);
    assert_eq!(before[0]["call"], after[0]["call"], "the same call");
    caller.done();
    callee.done();
    falls_quiet(&firewall);
    eventually("its call record", || (firewall.cdrs().len() == 1).then_some(()));
}

#[test]
fn registrations_live_through_a_restart() {
    let place = Place::new();
    let mut firewall = serve(&place, &phone_edge(&place, MD5));
    phone(&place, 30, ANNA, register(300)).dials("201").start(Some(place.at(FIREWALL))).done();
    let before = firewall.list("registrations");
    assert_eq!(before.len(), 1);
    std::thread::sleep(std::time::Duration::from_millis(1_200));
    firewall.kill();
    firewall.start_again(&place);
    let after = firewall.list("registrations");
    let what = |of: &[Value]| {
        of.iter().map(|line| (line["contact"].clone(), line["source"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(what(&after), what(&before));
    // What is left of its time is kept over the pause, not its end.
    let until = |of: &[Value]| of[0]["until"].as_i64().expect("a time");
    assert!(until(&after).abs_diff(until(&before)) < 3_000_000, "{after:?} {before:?}");
    // And she is rung.
    let flow = flows::basic();
    let desk = Sipp::new(&place, place.at(30), flow.callee).start(None);
    Sipp::new(&place, place.at(CARRIER), flow.caller)
        .dials("+31302222201")
        .says_it_is("+31201234567")
        .start(Some(place.at(FIREWALL)))
        .done();
    desk.done();
}

#[test]
fn money_spent_lives_through_a_restart() {
    let place = Place::new();
    // One call costs more than half of what an hour may cost.
    place.file("rates.csv", "prefix,connect,price,increment\n252,1.50,0.60,60\n");
    let limit = "tariff = \"rates.csv\"\npolicy = { limits = { per_hour = 4 } }";
    let mut firewall = serve(&place, &trunk_guard(&place, limit));
    let dial = |scenario: Scenario| {
        let port = SocketAddr::new(place.ip(PBX), place.port());
        Sipp::new(&place, port, scenario).dials("00252612345678").start(Some(place.at(FIREWALL)))
    };
    let flow = flows::basic();
    let callee = Sipp::new(&place, place.at(CARRIER), flow.callee).start(None);
    dial(flow.caller).done();
    callee.done();
    falls_quiet(&firewall);
    // State of the engine is written every few seconds.
    std::thread::sleep(std::time::Duration::from_secs(6));
    firewall.kill();
    firewall.start_again(&place);
    dial(refused(486)).done();
}
