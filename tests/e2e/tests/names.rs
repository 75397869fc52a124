//! Carriers that are reached by their names (RFC 3263), told by a name server of the test's own.

use crate::flows;
use crate::trunk_guard::refused;
use crate::world::{
    CARRIER, FIREWALL, OTHER_CARRIER, PBX, boot, falls_quiet, serve, tenant, trunk,
};
use ringfence_e2e::{Dnsmasq, Firewall, PORT, Place, Sipp, Transport, eventually, within};
use serde_json::Value;
use std::time::{Duration, Instant};

/// Where the name server is.
const NAMES: u8 = 53;

fn settings(place: &Place, target: &str) -> String {
    boot(place)
        + &tenant("")
        + &trunk(place, "pbx", "pbx", PBX, "")
        + &trunk(place, "carrier", "carrier", CARRIER, &format!("target = \"{target}\""))
}

/// A place with a name server, or nothing where that takes more rights than we have.
fn place_with_names(records: &[String]) -> Option<(Place, Dnsmasq)> {
    let place = Place::new();
    if !place.asks_for_names_at(NAMES) {
        eprintln!("not tested: only root may give a name server its port");
        return None;
    }
    let names = Dnsmasq::start(&place, place.ip(NAMES), records);
    Some((place, names))
}

/// What is listed of the trunk to the carrier.
fn carrier(firewall: &Firewall) -> Value {
    let trunks = firewall.list("trunks");
    trunks.into_iter().find(|trunk| trunk["trunk"] == "carrier").expect("the carrier")
}

fn hops(firewall: &Firewall) -> Vec<String> {
    let listed = carrier(firewall)["hops"].as_array().cloned().unwrap_or_default();
    listed.iter().filter_map(|hop| Some(hop.as_str()?.to_owned())).collect()
}

/// Its two servers, first and second; how they are spoken to is said by NAPTR and SRV alone.
fn two_servers(transport: &str, service: &str) -> Vec<String> {
    let srv = format!("_sip._{transport}.carrier.test");
    vec![
        format!("naptr-record=carrier.test,10,10,S,{service},,{srv}"),
        format!("srv-host={srv},two.carrier.test,{PORT},20,0"),
        format!("srv-host={srv},one.carrier.test,{PORT},10,0"),
    ]
}

fn the_second_takes_the_call(over: Transport, transport: &str, service: &str) {
    let Some((place, names)) = place_with_names(&two_servers(transport, service)) else { return };
    names.knows(&[
        ("one.carrier.test", place.ip(CARRIER)),
        ("two.carrier.test", place.ip(OTHER_CARRIER)),
    ]);
    let firewall = serve(&place, &settings(&place, "carrier.test"));
    let name = transport.to_uppercase();
    let expected =
        [CARRIER, OTHER_CARRIER].map(|party| format!("{name} {}", place.at(party))).to_vec();
    eventually("both servers in their order", || (hops(&firewall) == expected).then_some(()));
    // Nobody is at the first.
    let flow = flows::basic();
    let second = Sipp::new(&place, place.at(OTHER_CARRIER), flow.callee).over(over).start(None);
    let begun = Instant::now();
    let caller = Sipp::new(&place, place.at(PBX), flow.caller).start(Some(place.at(FIREWALL)));
    let heard = caller.done();
    assert!(heard.response(503).is_none(), "the caller hears nothing of it:\n{heard}");
    second.done();
    eprintln!("{transport}: {:?}", begun.elapsed());
    falls_quiet(&firewall);
    eventually("one call record", || (firewall.cdrs().len() == 1).then_some(()));
}

#[test]
fn the_second_server_of_a_name_takes_the_call_over_udp() {
    the_second_takes_the_call(Transport::Udp, "udp", "SIP+D2U");
}

#[test]
fn the_second_server_of_a_name_takes_the_call_over_tcp() {
    the_second_takes_the_call(Transport::Tcp, "tcp", "SIP+D2T");
}

#[test]
fn a_name_that_leads_nowhere_is_said_and_heals() {
    let Some((place, mut names)) = place_with_names(&[]) else { return };
    let target = format!("late.carrier.test:{PORT}");
    let firewall = serve(&place, &settings(&place, &target));
    names.is_asked("late.carrier.test");
    let trouble =
        eventually("its trouble", || carrier(&firewall)["trouble"].as_str().map(ToOwned::to_owned));
    assert_eq!(trouble, "its name leads to no address");
    assert_ne!(carrier(&firewall)["alive"], true, "nowhere answers nobody");
    assert!(firewall.told(&["trunks", "list"]).contains(&trouble), "people read it too");
    let flow = flows::basic();
    let own_port = std::net::SocketAddr::new(place.ip(PBX), place.port());
    Sipp::new(&place, own_port, refused(503)).start(Some(place.at(FIREWALL))).done();

    // The name is there, and later leads elsewhere.
    for party in [CARRIER, OTHER_CARRIER] {
        names.knows(&[("late.carrier.test", place.ip(party))]);
        let there = format!("UDP {}", place.at(party));
        within(Duration::from_secs(9), || (hops(&firewall) == [there.clone()]).then_some(()))
            .unwrap_or_else(|| panic!("never {there}: {:?}", carrier(&firewall)));
        assert_eq!(carrier(&firewall)["trouble"], Value::Null);
        let called = Sipp::new(&place, place.at(party), flow.callee.clone()).start(None);
        Sipp::new(&place, place.at(PBX), flow.caller.clone())
            .start(Some(place.at(FIREWALL)))
            .done();
        called.done();
    }
    falls_quiet(&firewall);
}
