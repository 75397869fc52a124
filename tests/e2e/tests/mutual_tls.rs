//! A PBX that is known by the name in the certificate it shows, wherever it is.

use crate::flows;
use crate::kamailio::pbx;
use crate::world::{CARRIER, FIREWALL, PBX, STRANGER, boot, falls_quiet, serve, tenant, trunk};
use ringfence_e2e::{Authority, Certificate, Kamailio, Place, Scenario, Sipp, Transport, tls_into};
use std::time::Duration;

/// Where the phone behind the PBX is.
const BEHIND: u8 = 50;
/// What its certificate calls the PBX.
const NAME: &str = "pbx.office.example";

/// Listens on TLS too, and asks for certificates of `authority`; the PBX trunk has those lines.
fn settings(place: &Place, authority: &Authority, of_pbx: &str) -> String {
    let own = authority.certify(place, place.ip(FIREWALL));
    let trust = authority.file.display();
    boot(place)
        + &format!("\n[[listen]]\ntls = \"{}\"\n", place.tls_at(FIREWALL))
        + &format!("\n[tls]\ncertificate = {:?}\nkey = {:?}\n", own.certificate, own.key)
        + &format!("authorities = \"{trust}\"\nclient_authorities = \"{trust}\"\n")
        + &tenant("")
        + &format!(
            "\n[[trunk]]\nid = \"pbx\"\nside = \"pbx\"\nprobe_secs = 0\ncertificate = \"{NAME}\"\n{of_pbx}\n"
        )
        + &trunk(place, "carrier", "carrier", CARRIER, "")
}

#[test]
fn kamailio_with_a_certificate_calls_out_and_is_called() {
    let place = Place::new();
    let authority = Authority::new(&place);
    let own = authority.certify_name(&place, NAME);
    let at = (place.at(PBX), place.tls_at(PBX));
    let routes = pbx(&place, &format!("sip:{};transport=tls", place.tls_at(FIREWALL)));
    let _kamailio = Kamailio::start_tls(&place, at, &own, &authority, &routes);
    // Its address is known as where to call it; its name is what it must prove there and here.
    let target = format!("target = \"{};transport=tls\"", place.tls_at(PBX));
    let firewall = serve(&place, &settings(&place, &authority, &target));
    for flow in [flows::basic(), flows::reinvite(), flows::cancelled()] {
        eprintln!("out: {}", flow.name);
        let outside = Sipp::new(&place, place.at(CARRIER), flow.callee).start(None);
        Sipp::new(&place, place.at(BEHIND), flow.caller).start(Some(place.at(PBX))).done();
        outside.done();
    }
    let flow = flows::basic();
    let phone = Sipp::new(&place, place.at(BEHIND), flow.callee).start(None);
    Sipp::new(&place, place.at(CARRIER), flow.caller)
        .dials("+31301111111")
        .says_it_is("+31201234567")
        .start(Some(place.at(FIREWALL)))
        .done();
    phone.done();
    falls_quiet(&firewall);
}

#[test]
fn a_pbx_that_shows_another_name_than_it_should_is_not_called() {
    let place = Place::new();
    let authority = Authority::new(&place);
    let other = authority.certify_name(&place, "pbx.elsewhere.example");
    let at = (place.at(PBX), place.tls_at(PBX));
    let routes = pbx(&place, &format!("sip:{};transport=tls", place.tls_at(FIREWALL)));
    let _kamailio = Kamailio::start_tls(&place, at, &other, &authority, &routes);
    let target = format!("target = \"{};transport=tls\"", place.tls_at(PBX));
    let firewall = serve(&place, &settings(&place, &authority, &target));
    let phone = place.socket(BEHIND);
    phone.set_read_timeout(Some(Duration::from_millis(100))).expect("a limit");
    let no_way = Scenario::caller().invite().maybe(100).expect(500).ack_refusal();
    Sipp::new(&place, place.at(CARRIER), no_way)
        .dials("+31301111111")
        .says_it_is("+31201234567")
        .start(Some(place.at(FIREWALL)))
        .done();
    assert!(phone.recv(&mut [0; 16]).is_err(), "the call reached somebody else's phone");
    falls_quiet(&firewall);
}

#[test]
fn who_shows_no_certificate_or_another_one_is_not_heard() {
    let place = Place::new();
    let authority = Authority::new(&place);
    let elsewhere = Authority::new(&place);
    // No address: the name is all there is.
    let firewall = serve(&place, &settings(&place, &authority, ""));
    let good = authority.certify_name(&place, NAME);
    let call_from = |party: u8, shown: Option<&Certificate>, scenario: Scenario, secs: u64| {
        let edge = place.tls_at(FIREWALL);
        let _tls = tls_into(&place, place.tls_at(party), edge, &authority, shown);
        Sipp::new(&place, place.at(party), scenario)
            .over(Transport::Tls)
            .patience(Duration::from_secs(secs))
            .start(Some(place.tls_at(party)))
            .over()
    };
    let wrong = [
        None,
        Some(authority.certify_name(&place, "pbx.elsewhere.example")),
        Some(elsewhere.certify_name(&place, NAME)),
    ];
    let carrier = place.socket(CARRIER);
    carrier.set_read_timeout(Some(Duration::from_millis(10))).expect("a limit");
    for (party, shown) in (STRANGER..).zip(&wrong) {
        let heard = call_from(party, shown.as_ref(), flows::basic().caller, 1);
        assert_eq!(heard.received().count(), 0, "{shown:?} was answered:\n{heard}");
    }
    assert!(carrier.recv(&mut [0; 16]).is_err(), "a stranger's call left");
    drop(carrier);
    // The same way with the right one: it is the certificate that makes the difference.
    let outside = Sipp::new(&place, place.at(CARRIER), flows::basic().callee).start(None);
    let heard = call_from(STRANGER + 4, Some(&good), flows::basic().caller, 10);
    assert!(heard.response(200).is_some(), "{heard}");
    outside.done();
    falls_quiet(&firewall);
}
