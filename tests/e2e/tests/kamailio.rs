//! Kamailio as the carrier that challenges and stays in the path, as the registrar we log in at, and as the PBX.

use crate::flows;
use crate::world::{CARRIER, FIREWALL, PBX, boot, falls_quiet, serve, tenant, trunk};
use ringfence_e2e::{Kamailio, Place, Sipp, eventually};

/// Where the called party behind Kamailio is.
pub const BEHIND: u8 = 50;

/// A carrier: everybody but the called party must log in; calls go to the called party, calls from there to where
/// the customer registered.
pub fn carrier(place: &Place) -> String {
    let behind = place.at(BEHIND);
    format!(
        r#"
request_route {{
    if (!mf_process_maxfwd_header("10")) {{ sl_send_reply("483", "Too Many Hops"); exit; }}
    if (is_method("OPTIONS")) {{ sl_send_reply("200", "OK"); exit; }}
    if (has_totag()) {{
        if (loose_route()) {{ t_relay(); exit; }}
        if (is_method("ACK")) {{ if (t_check_trans()) t_relay(); exit; }}
        sl_send_reply("404", "Not Here"); exit;
    }}
    if (is_method("CANCEL")) {{ if (t_check_trans()) t_relay(); exit; }}
    t_check_trans();
    if ($si != "{}") {{
        if (is_method("REGISTER")) {{
            if (!pv_www_authenticate("carrier.test", "c4rrier secret", "0")) {{ www_challenge("carrier.test", "1"); exit; }}
            save("location"); exit;
        }}
        if (!pv_proxy_authenticate("carrier.test", "c4rrier secret", "0")) {{ proxy_challenge("carrier.test", "1"); exit; }}
        consume_credentials();
        $du = "sip:{behind}";
    }} else {{
        if (!lookup("location")) {{ sl_send_reply("404", "Not Found"); exit; }}
    }}
    record_route();
    t_relay();
}}
"#,
        behind.ip()
    )
}

pub fn settings(place: &Place) -> String {
    let account = "account = { user = \"31301111111\", password = \"c4rrier secret\" }\nregister = true\n\
                   number_form = \"plus\"";
    boot(place)
        + &tenant("")
        + &trunk(place, "pbx", "pbx", PBX, "")
        + &trunk(place, "carrier", "carrier", CARRIER, account)
}

#[test]
fn calls_pass_a_carrier_that_challenges_and_record_routes() {
    let place = Place::new();
    let _kamailio = Kamailio::start(&place, place.at(CARRIER), &carrier(&place));
    let firewall = serve(&place, &settings(&place));
    for flow in [flows::basic(), flows::reinvite(), flows::cancelled(), flows::late_offer()] {
        eprintln!("{}", flow.name);
        let callee = Sipp::new(&place, place.at(BEHIND), flow.callee).start(None);
        let caller =
            Sipp::new(&place, place.at(PBX), flow.caller).start(Some(place.at(FIREWALL))).done();
        assert!(caller.response(407).is_none(), "our login is our affair:\n{caller}");
        let callee = callee.done();
        let invite = callee.request("INVITE").expect("an INVITE");
        assert!(invite.first_line().contains("+31201234567"), "{}", invite.first_line());
    }
    falls_quiet(&firewall);
}

#[test]
fn a_registration_at_a_carrier_brings_its_calls() {
    let place = Place::new();
    let _kamailio = Kamailio::start(&place, place.at(CARRIER), &carrier(&place));
    let firewall = serve(&place, &settings(&place));
    eventually("our registration", || {
        let trunks = firewall.list("trunks");
        trunks
            .iter()
            .any(|trunk| trunk["trunk"] == "carrier" && trunk["registered"] == true)
            .then_some(())
    });
    let flow = flows::basic();
    let pbx = Sipp::new(&place, place.at(PBX), flow.callee).start(None);
    Sipp::new(&place, place.at(BEHIND), flow.caller)
        .dials("31301111111")
        .says_it_is("+31201234567")
        .start(Some(place.at(CARRIER)))
        .done();
    pbx.done();
    falls_quiet(&firewall);
}

/// A PBX that takes calls of its phones `towards` the firewall, and calls from there to a phone.
pub fn pbx(place: &Place, towards: &str) -> String {
    let (phone, firewall) = (place.at(BEHIND), place.ip(FIREWALL));
    format!(
        r#"
request_route {{
    if (has_totag()) {{ loose_route(); t_relay(); exit; }}
    if (is_method("CANCEL")) {{ if (t_check_trans()) t_relay(); exit; }}
    if (is_method("OPTIONS")) {{ sl_send_reply("200", "OK"); exit; }}
    t_check_trans();
    record_route();
    if ($si == "{firewall}") $du = "sip:{phone}"; else $du = "{towards}";
    t_relay();
}}
"#
    )
}

#[test]
fn kamailio_as_the_pbx_calls_out_and_is_called() {
    let place = Place::new();
    let towards = format!("sip:{}", place.at(FIREWALL));
    let _kamailio = Kamailio::start(&place, place.at(PBX), &pbx(&place, &towards));
    let settings = boot(&place)
        + &tenant("")
        + &trunk(&place, "pbx", "pbx", PBX, "")
        + &trunk(&place, "carrier", "carrier", CARRIER, "");
    let firewall = serve(&place, &settings);
    for flow in [flows::basic(), flows::reinvite(), flows::prack_and_update(), flows::cancelled()] {
        eprintln!("out: {}", flow.name);
        let outside = Sipp::new(&place, place.at(CARRIER), flow.callee).start(None);
        Sipp::new(&place, place.at(BEHIND), flow.caller).start(Some(place.at(PBX))).done();
        outside.done();
    }
    for flow in [flows::basic(), flows::callee_hangs_up()] {
        eprintln!("in: {}", flow.name);
        let phone = Sipp::new(&place, place.at(BEHIND), flow.callee).start(None);
        Sipp::new(&place, place.at(CARRIER), flow.caller)
            .dials("+31301111111")
            .says_it_is("+31201234567")
            .start(Some(place.at(FIREWALL)))
            .done();
        phone.done();
    }
    falls_quiet(&firewall);
}
