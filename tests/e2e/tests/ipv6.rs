//! IPv6 on both sides, and between it and IPv4.

use crate::flows::{self, Flow};
use crate::world::{CARRIER, FIREWALL, PBX, falls_quiet, serve, tenant};
use ringfence_e2e::{Ladder, Place, Sipp, Transport, eventually};
use std::net::SocketAddr;

/// A place where the parties have addresses of both kinds, or nothing where that takes more rights than we have.
fn place() -> Option<Place> {
    let place = Place::new();
    let speaks = place.speaks_v6(&[FIREWALL, PBX, CARRIER]);
    if !speaks {
        eprintln!("not tested: only root may give a machine addresses of IPv6");
    }
    speaks.then_some(place)
}

fn settings(place: &Place, pbx: SocketAddr, carrier: SocketAddr, transport: &str) -> String {
    let both = format!("[\"{}\", \"{}\"]", place.at(FIREWALL), place.v6_at(FIREWALL));
    let trunk = |id: &str, side: &str, at: SocketAddr| {
        format!(
            "\n[[trunk]]\nid = \"{id}\"\nside = \"{side}\"\naddress = \"{}\"\nprobe_secs = 0\n\
             target = \"{at};transport={transport}\"\n",
            at.ip()
        )
    };
    format!("data = \"data\"\nshards = 2\n\n[[listen]]\nudp = {both}\ntcp = {both}\n")
        + &tenant("")
        + &trunk("pbx", "pbx", pbx)
        + &trunk("carrier", "carrier", carrier)
}

/// Where the firewall is for somebody.
fn edge(place: &Place, of: SocketAddr) -> SocketAddr {
    if of.is_ipv6() { place.v6_at(FIREWALL) } else { place.at(FIREWALL) }
}

/// Calls from PBX to carrier, and one back.
fn calls_pass(place: &Place, pbx: SocketAddr, carrier: SocketAddr, over: Transport) {
    let transport = if over == Transport::Udp { "udp" } else { "tcp" };
    // What an earlier one wrote.
    let _ = std::fs::remove_dir_all(place.folder().join("data"));
    let firewall = serve(place, &settings(place, pbx, carrier, transport));
    let call = |flow: Flow, from: SocketAddr, to: SocketAddr, dialled: &str, caller: &str| {
        eprintln!("{}: {from} to {to}", flow.name);
        let called = Sipp::new(place, to, flow.callee).over(over).start(None);
        let calling = Sipp::new(place, from, flow.caller)
            .over(over)
            .dials(dialled)
            .says_it_is(caller)
            .start(Some(edge(place, from)));
        let (calling, called) = (calling.done(), called.done());
        meets_the_firewall_only(&calling, to, edge(place, from));
        meets_the_firewall_only(&called, from, edge(place, to));
    };
    for flow in [flows::basic(), flows::reinvite(), flows::cancelled(), flows::prack_and_update()] {
        call(flow, pbx, carrier, "0201234567", "0301111111");
    }
    call(flows::basic(), carrier, pbx, "+31301111111", "+31201234567");
    falls_quiet(&firewall);
    eventually("a call record each", || (firewall.cdrs().len() == 5).then_some(()));
}

/// Nothing of the other side in what a side hears, and answers are asked for where it can reach them.
fn meets_the_firewall_only(heard: &Ladder, other: SocketAddr, edge: SocketAddr) {
    for message in heard.received() {
        assert!(!message.head().contains(&other.ip().to_string()), "{}", message.text);
        for contact in message.fields("Contact") {
            assert!(contact.contains(&edge.to_string()), "{}", message.text);
        }
    }
}

#[test]
fn calls_pass_between_two_of_ipv6() {
    let Some(place) = place() else { return };
    for over in [Transport::Udp, Transport::Tcp] {
        calls_pass(&place, place.v6_at(PBX), place.v6_at(CARRIER), over);
    }
}

#[test]
fn calls_pass_between_ipv4_and_ipv6() {
    let Some(place) = place() else { return };
    calls_pass(&place, place.at(PBX), place.v6_at(CARRIER), Transport::Udp);
    calls_pass(&place, place.v6_at(PBX), place.at(CARRIER), Transport::Udp);
    calls_pass(&place, place.at(PBX), place.v6_at(CARRIER), Transport::Tcp);
}
