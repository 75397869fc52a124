//! PBX, firewall, carrier: every kind of call passes unharmed, over every transport.

use crate::flows::{self, Flow};
use crate::world::{
    CARRIER, FIREWALL, OTHER_CARRIER, PBX, boot, call, falls_quiet, serve, stopped_call, tenant,
    trunk, trunk_guard,
};
use ringfence_e2e::{
    Authority, Body, Direction, Ladder, Place, Scenario, Sipp, Transport, eventually, tls_into,
    tls_out_of,
};
use std::net::SocketAddr;

/// Nothing of one side's addresses in what the other side hears, but in bodies.
fn hides(ladder: &Ladder, place: &Place, hidden: u8) {
    let address = place.ip(hidden).to_string();
    for message in ladder.received() {
        assert!(!message.head().contains(&address), "{address} is told:\n{}", message.text);
    }
}

/// Runs all flows; one call record each, and nothing is left.
fn all_flows(place: &Place, settings: &str, over: Transport, towards: SocketAddr) {
    let firewall = serve(place, settings);
    let flows = flows::all();
    let count = flows.len();
    for Flow { name, caller, callee } in flows {
        eprintln!("{name}");
        let callee = Sipp::new(place, place.at(CARRIER), callee).over(over).start(None);
        let caller = Sipp::new(place, place.at(PBX), caller).over(over).start(Some(towards));
        let (caller, callee) = (caller.done(), callee.done());
        hides(&caller, place, CARRIER);
        hides(&callee, place, PBX);
    }
    falls_quiet(&firewall);
    eventually("a call record each", || (firewall.cdrs().len() == count).then_some(()));
}

#[test]
fn all_flows_over_udp() {
    let place = Place::new();
    all_flows(&place, &trunk_guard(&place, ""), Transport::Udp, place.at(FIREWALL));
}

#[test]
fn all_flows_over_tcp() {
    let place = Place::new();
    let tcp = |party| format!("target = \"{};transport=tcp\"", place.at(party));
    let settings = boot(&place)
        + &tenant("")
        + &trunk(&place, "pbx", "pbx", PBX, &tcp(PBX))
        + &trunk(&place, "carrier", "carrier", CARRIER, &tcp(CARRIER));
    all_flows(&place, &settings, Transport::Tcp, place.at(FIREWALL));
}

#[test]
fn all_flows_over_tls() {
    let place = Place::new();
    let authority = Authority::new(&place);
    let own = authority.certify(&place, place.ip(FIREWALL));
    let carrier = authority.certify(&place, place.ip(CARRIER));
    let tls = |party| format!("target = \"{};transport=tls\"", place.tls_at(party));
    let settings = boot(&place)
        + &format!("\n[[listen]]\ntls = \"{}\"\n", place.tls_at(FIREWALL))
        + &format!(
            "\n[tls]\ncertificate = {:?}\nkey = {:?}\nauthorities = {:?}\n",
            own.certificate, own.key, authority.file
        )
        + &tenant("")
        + &trunk(&place, "pbx", "pbx", PBX, &tls(PBX))
        + &trunk(&place, "carrier", "carrier", CARRIER, &tls(CARRIER));
    let _carrier = tls_out_of(&place, place.tls_at(CARRIER), place.at(CARRIER), &carrier);
    // SIPp's TCP goes to a port of the PBX's own, and TLS goes on from there.
    let _pbx = tls_into(&place, place.tls_at(PBX), place.tls_at(FIREWALL), &authority, None);
    all_flows(&place, &settings, Transport::Tls, place.tls_at(PBX));
}

#[test]
fn calls_come_in_from_the_carrier_too() {
    let place = Place::new();
    let _firewall = serve(&place, &trunk_guard(&place, ""));
    let Flow { caller, callee, .. } = flows::basic();
    let pbx = Sipp::new(&place, place.at(PBX), callee).start(None);
    let carrier = Sipp::new(&place, place.at(CARRIER), caller)
        .dials("+31301111111")
        .says_it_is("+31201234567")
        .start(Some(place.at(FIREWALL)));
    hides(&carrier.done(), &place, PBX);
    hides(&pbx.done(), &place, CARRIER);
}

#[test]
fn a_carrier_that_cannot_is_passed_over() {
    let place = Place::new();
    let settings = boot(&place)
        + &tenant("carriers = [\"carrier\", \"other\"]")
        + &trunk(&place, "pbx", "pbx", PBX, "")
        + &trunk(&place, "carrier", "carrier", CARRIER, "")
        + &trunk(&place, "other", "carrier", OTHER_CARRIER, "");
    let firewall = serve(&place, &settings);
    let cannot = Scenario::callee().hear("INVITE").reply(503, &[], &Body::Empty).hear("ACK");
    let Flow { caller, callee, .. } = flows::basic();
    let first = Sipp::new(&place, place.at(CARRIER), cannot).start(None);
    let second = Sipp::new(&place, place.at(OTHER_CARRIER), callee).start(None);
    let caller = Sipp::new(&place, place.at(PBX), caller).start(Some(place.at(FIREWALL)));
    assert!(caller.done().response(503).is_none(), "the caller hears nothing of it");
    first.done();
    second.done();
    eventually("one call record", || (firewall.cdrs().len() == 1).then_some(()));
}

#[test]
fn a_call_that_rings_too_long_ends() {
    let place = Place::new();
    let firewall = serve(&place, &trunk_guard(&place, "ring_secs = 5"));
    let caller = Scenario::caller().invite().maybe(100).expect(180).expect(480).ack_refusal();
    let callee = Scenario::callee()
        .hear("INVITE")
        .reply(180, &[], &Body::Empty)
        .hear("CANCEL")
        .reply(200, &[], &Body::Empty)
        .reply_to_invite(487, &[], &Body::Empty)
        .hear("ACK");
    call(&place, "0201234567", caller, callee);
    falls_quiet(&firewall);
}

#[test]
fn a_trunk_may_have_to_log_in() {
    let place = Place::new();
    let login = "login = { user = \"office-pbx\", password = \"not 1234 at all\" }";
    let settings = boot(&place)
        + &tenant("algorithms = [\"MD5\"]")
        + &trunk(&place, "pbx", "pbx", PBX, login)
        + &trunk(&place, "carrier", "carrier", CARRIER, "");
    let _firewall = serve(&place, &settings);
    let caller = Scenario::caller()
        .invite()
        .maybe(100)
        .challenged(407, "INVITE", &[], &Body::Sdp)
        .maybe(100)
        .expect(180)
        .expect(200)
        .ack()
        .pause(100)
        .bye()
        .expect(200);
    let callee = Sipp::new(&place, place.at(CARRIER), flows::basic().callee).start(None);
    let pbx = |scenario, password: &str| {
        Sipp::new(&place, place.at(PBX), scenario)
            .login("office-pbx", password)
            .start(Some(place.at(FIREWALL)))
            .done()
    };
    pbx(caller, "not 1234 at all");
    let heard = callee.done();
    let invite = heard.request("INVITE").expect("an INVITE");
    assert!(!invite.head().contains("office-pbx"), "who the PBX is stays here:\n{}", invite.text);
    // A wrong password is challenged again, and nobody hears of the call.
    let wrong = Scenario::caller()
        .invite()
        .maybe(100)
        .challenged(407, "INVITE", &[], &Body::Sdp)
        .maybe(100)
        .expect(407)
        .ack_refusal();
    pbx(wrong, "1234");
}

/// What a refused caller does.
pub fn refused(code: u16) -> Scenario {
    Scenario::caller().invite().maybe(100).expect(code).ack_refusal()
}

const NO_INTERNATIONAL: &str =
    "policy = { classes = [{ class = \"international\", allow = false }] }";

#[test]
fn a_refused_call_says_why_and_never_leaves() {
    for (code, more) in [(486, ""), (603, "reject_code = 603"), (403, "reject_code = 403")] {
        let place = Place::new();
        let settings = boot(&place)
            + &tenant(NO_INTERNATIONAL)
            + &trunk(&place, "pbx", "pbx", PBX, more)
            + &trunk(&place, "carrier", "carrier", CARRIER, "");
        let firewall = serve(&place, &settings);
        let carrier = place.socket(CARRIER);
        let heard = stopped_call(&place, PBX, "0021612345678", refused(code));
        let reason = heard.response(code).expect("the refusal").field("Reason");
        assert!(reason.starts_with(&format!("SIP;cause={code};text=\"")), "{reason}");
        assert!(carrier.recv(&mut [0; 16]).is_err(), "the carrier heard of it");
        let cdrs = eventually("its call record", || Some(firewall.cdrs()).filter(|c| c.len() == 1));
        assert!(cdrs[0].to_string().contains(&code.to_string()), "{}", cdrs[0]);
    }
}

#[test]
fn an_adviser_redirects_or_refuses() {
    let place = Place::new();
    for over in [Transport::Udp, Transport::Tcp] {
        advises(&place, "", over, place.at(FIREWALL));
    }
    let authority = Authority::new(&place);
    let sbc = place.tls_at(PBX);
    let _tls = tls_into(&place, sbc, place.tls_at(FIREWALL), &authority, None);
    advises(&place, &crate::phones::tls(&place, &authority), Transport::Tls, sbc);
}

fn advises(place: &Place, more: &str, over: Transport, towards: SocketAddr) {
    let ask = |dialled: &str, code: u16| {
        let caller = Sipp::new(place, place.at(PBX), refused(code)).over(over).dials(dialled);
        caller.start(Some(towards)).done()
    };
    for allow in [302, 503, 404] {
        let adviser = format!("adviser = {{ allow_code = {allow} }}\nreject_code = 603");
        let settings = boot(place)
            + &tenant(NO_INTERNATIONAL)
            + &trunk(place, "sbc", "pbx", PBX, &adviser)
            + more;
        let _ = std::fs::remove_dir_all(place.folder().join("data"));
        let _firewall = serve(place, &settings);
        let heard = ask("0201234567", allow);
        if allow == 302 {
            let contact = heard.response(302).expect("an answer").field("Contact");
            assert!(contact.contains("sip:0201234567@"), "the user asked for: {contact}");
        }
        let heard = ask("0021612345678", 603);
        assert!(heard.response(603).expect("an answer").field("Reason").contains("cause=603"));
    }
}

#[test]
fn a_transfer_is_judged_like_a_call() {
    let place = Place::new();
    let firewall = serve(&place, &trunk_guard(&place, NO_INTERNATIONAL));
    let refer = |to: &str| format!("Refer-To: <sip:{to}@{}>", place.at(FIREWALL));
    let (good, bad) = (refer("0201234568"), refer("0021612345678"));
    let caller = Scenario::caller()
        .invite()
        .maybe(100)
        .expect(200)
        .ack()
        .request("REFER", &[&bad], &Body::Empty)
        .expect(603)
        .request("REFER", &[&good], &Body::Empty)
        .expect(202)
        .hear("NOTIFY")
        .reply(200, &[], &Body::Empty)
        .hear("BYE")
        .reply(200, &[], &Body::Empty);
    let done = Body::Of("message/sipfrag;version=2.0", "SIP/2.0 200 OK\n".into());
    let notify = ["Event: refer", "Subscription-State: terminated;reason=noresource"];
    let callee = Scenario::callee()
        .hear("INVITE")
        .reply(200, &[], &Body::Sdp)
        .established()
        .hear("ACK")
        .hear("REFER")
        .reply(202, &[], &Body::Empty)
        .request("NOTIFY", &notify, &done)
        .expect(200)
        .bye()
        .expect(200);
    let (caller, callee) = call(&place, "0201234567", caller, callee);
    let refused = caller.response(603).expect("a refusal");
    assert!(refused.field("Reason").contains("cause=603"), "{}", refused.text);
    assert_eq!(callee.count("REFER"), 1, "{callee}");
    let passed = callee.request("REFER").expect("the good one").field("Refer-To").to_owned();
    assert!(passed.contains("0201234568"), "{passed}");
    falls_quiet(&firewall);
}

#[test]
fn forty_calls_at_once_keep_apart() {
    let place = Place::new();
    let firewall = serve(&place, &trunk_guard(&place, ""));
    let Flow { caller, callee, .. } = flows::basic();
    let callee = Sipp::new(&place, place.at(CARRIER), callee).calls(40, 40).start(None);
    let caller =
        Sipp::new(&place, place.at(PBX), caller).calls(40, 200).start(Some(place.at(FIREWALL)));
    let (caller, callee) = (caller.done(), callee.done());
    assert_eq!(callee.count("INVITE"), 40, "no INVITE is sent twice to a peer that answers");
    let byes = |ladder: &Ladder| {
        ladder
            .0
            .iter()
            .filter(|m| m.direction == Direction::Sent && m.method() == Some("BYE"))
            .count()
    };
    assert_eq!(byes(&caller), 40);
    falls_quiet(&firewall);
    eventually("a call record each", || (firewall.cdrs().len() == 40).then_some(()));
}
