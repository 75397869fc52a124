//! Operators: a call is cut, settings are read again, the firewall is drained.

use crate::trunk_guard::refused;
use crate::world::{CARRIER, FIREWALL, PBX, falls_quiet, serve, trunk_guard};
use nix::sys::signal::Signal;
use ringfence_e2e::{Body, Firewall, Party, Place, Scenario, Sipp, eventually};
use std::time::{Duration, Instant};

/// A call that stays up until the firewall ends it, or `secs` went by and the caller does.
pub fn long_call(secs: u32) -> (Scenario, Scenario) {
    let caller = Scenario::caller().invite().maybe(100).maybe(180).expect(200).ack();
    let callee =
        Scenario::callee().hear("INVITE").reply(200, &[], &Body::Sdp).established().hear("ACK");
    let (caller, callee) = match secs {
        0 => (caller.hear("BYE").reply(200, &[], &Body::Empty), callee.hear("BYE")),
        _ => (caller.pause(secs * 1000).bye().expect(200), callee.hear("BYE")),
    };
    (caller, callee.reply(200, &[], &Body::Empty))
}

/// Starts such a call and waits until the firewall says it is up; its id, and both parties.
fn a_running_call(place: &Place, firewall: &Firewall) -> (String, Party, Party) {
    let (caller, callee) = long_call(0);
    let callee = Sipp::new(place, place.at(CARRIER), callee).start(None);
    let caller = Sipp::new(place, place.at(PBX), caller).start(Some(place.at(FIREWALL)));
    let call = eventually("a call that is up", || {
        let calls = firewall.list("calls");
        let up = calls.iter().find(|call| call["state"] == "up")?;
        Some(up["call"].to_string())
    });
    (call, caller, callee)
}

#[test]
fn a_cut_call_ends_on_both_sides_within_a_second() {
    let place = Place::new();
    let firewall = serve(&place, &trunk_guard(&place, ""));
    let (call, caller, callee) = a_running_call(&place, &firewall);
    let ordered = Instant::now();
    firewall.told(&["calls", "cut", &call, "--by", "Olga"]);
    let (caller, callee) = (caller.done(), callee.done());
    assert!(ordered.elapsed() < Duration::from_secs(1), "{:?}", ordered.elapsed());
    for side in [&caller, &callee] {
        let bye = side.request("BYE").expect("a BYE");
        assert!(bye.field("Reason").starts_with("SIP;cause="), "why:\n{}", bye.text);
        assert_eq!(side.count("BYE"), 1, "once:\n{side}");
    }
    falls_quiet(&firewall);
    assert!(firewall.said().contains("Olga"), "who did it is in the log");
}

#[test]
fn a_ringing_call_can_be_cut_too() {
    let place = Place::new();
    let firewall = serve(&place, &trunk_guard(&place, ""));
    let callee = Scenario::callee()
        .hear("INVITE")
        .reply(180, &[], &Body::Empty)
        .hear("CANCEL")
        .reply(200, &[], &Body::Empty)
        .reply_to_invite(487, &[], &Body::Empty)
        .hear("ACK");
    let caller = Scenario::caller().invite().maybe(100).expect(180).expect(486).ack_refusal();
    let callee = Sipp::new(&place, place.at(CARRIER), callee).start(None);
    let caller = Sipp::new(&place, place.at(PBX), caller).start(Some(place.at(FIREWALL)));
    let call = eventually("a call that rings", || {
        let calls = firewall.list("calls");
        Some(calls.iter().find(|call| call["state"] == "ringing")?["call"].to_string())
    });
    firewall.told(&["calls", "cut", &call]);
    let heard = caller.done();
    assert!(!heard.response(486).expect("an end").field("Reason").is_empty());
    callee.done();
    falls_quiet(&firewall);
}

#[test]
fn new_settings_hold_at_once_and_wrong_ones_never() {
    let place = Place::new();
    let open = trunk_guard(&place, "");
    let closed =
        trunk_guard(&place, "policy = { classes = [{ class = \"national\", allow = false }] }");
    let firewall = serve(&place, &open);
    let (_, running, far_end) = a_running_call(&place, &firewall);
    firewall.rewrite(&closed);
    firewall.told(&["reload"]);
    // From another port of the PBX: the first one is on the phone.
    let port = std::net::SocketAddr::new(place.ip(PBX), place.port());
    Sipp::new(&place, port, refused(486)).start(Some(place.at(FIREWALL))).done();
    firewall.rewrite("data = \"data\"\n[[listen]]\nudp = \"not an address\"\n");
    let output = firewall.command(&["reload"]);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && errors.contains("ringfence.toml:3:7"), "{errors}");
    assert_eq!(firewall.list("calls").len(), 1, "a running call stays through all of it");
    let call = firewall.list("calls")[0]["call"].to_string();
    firewall.told(&["calls", "cut", &call]);
    running.done();
    far_end.done();
}

#[test]
fn draining_waits_for_running_calls_and_takes_no_new_ones() {
    let place = Place::new();
    let settings = trunk_guard(&place, "").replace("drain_secs = 1", "drain_secs = 60");
    let mut firewall = serve(&place, &settings);
    let (caller, callee) = long_call(2);
    let callee = Sipp::new(&place, place.at(CARRIER), callee).start(None);
    let caller = Sipp::new(&place, place.at(PBX), caller).start(Some(place.at(FIREWALL)));
    eventually("a running call", || (firewall.list("calls").len() == 1).then_some(()));
    firewall.signal(Signal::SIGTERM);
    eventually("its draining", || {
        firewall.told(&["status", "--json"]).contains("\"draining\": true").then_some(())
    });
    let new = Scenario::caller().invite().maybe(100).expect(503).ack_refusal();
    // From another port of the PBX: the first one is on the phone.
    let port = std::net::SocketAddr::new(place.ip(PBX), place.port());
    Sipp::new(&place, port, new).start(Some(place.at(FIREWALL))).done();
    caller.done();
    callee.done();
    assert!(firewall.end(Duration::from_secs(5)).status.success());
    assert_eq!(firewall.cdrs().len(), 2, "the call and the refused one");
}
