//! Phones that register here: two of baresip over TLS, one of SIPp over UDP.

use crate::flows;
use crate::world::{CARRIER, FIREWALL, boot, falls_quiet, serve, tenant, trunk};
use ringfence_e2e::{
    Authority, Baresip, Body, Place, Scenario, Sipp, Transport, eventually, tls_into,
};
use std::net::SocketAddr;

/// The phones' extensions and what they know.
pub const ANNA: (&str, &str) = ("201", "Annas-own-7-words");
pub const BERT: (&str, &str) = ("202", "Bert-has-4-others");

/// Where they belong. Whoever scans addresses does not know it.
pub const DOMAIN: &str = "office.example";
/// What SIPp and baresip 1.0 understand. Both stop at a first challenge they do not know, though RFC 8760 §2.4 would have
/// them look for the next.
pub const MD5: &str = "algorithms = [\"MD5\"]";

/// Phones here, a carrier behind.
pub fn phone_edge(place: &Place, of_tenant: &str) -> String {
    let extension = |(id, password): (&str, &str), number: &str| {
        format!(
            "\n[[extension]]\nid = \"{id}\"\npassword = \"{password}\"\nnumbers = [\"{number}\"]\n"
        )
    };
    boot(place)
        + &tenant(&format!("domains = [\"{DOMAIN}\"]\n{of_tenant}",))
        + &trunk(place, "carrier", "carrier", CARRIER, "")
        + &extension(ANNA, "+31 30 222 2201")
        + &extension(BERT, "+31 30 222 2202")
}

/// What a phone does to register.
pub fn register(expires: u32) -> Scenario {
    let expires = format!("Expires: {expires}");
    let extra = [expires.as_str()];
    Scenario::caller()
        .request("REGISTER", &extra, &Body::Empty)
        .maybe(100)
        .challenged(401, "REGISTER", &extra, &Body::Empty)
        .maybe(100)
        .expect(200)
}

/// A phone of SIPp with its login.
pub fn phone<'p>(
    place: &'p Place,
    party: u8,
    (user, password): (&str, &str),
    scenario: Scenario,
) -> Sipp<'p> {
    Sipp::new(place, place.at(party), scenario)
        .of_domain(DOMAIN)
        .says_it_is(user)
        .login(user, password)
}

/// Somebody outside calls a number, and the phone that has it answers by itself.
pub fn is_called_from_outside(place: &Place, phone: &mut Baresip, number: &str) {
    let so_far = phone.events.len();
    let caller = Scenario::caller()
        .invite()
        .maybe(100)
        .maybe(180)
        .expect(200)
        .ack()
        .pause(100)
        .bye()
        .expect(200);
    Sipp::new(place, place.at(CARRIER), caller)
        .dials(number)
        .says_it_is("+31201234567")
        .start(Some(place.at(FIREWALL)))
        .done();
    phone.waits_for("CALL_CLOSED", so_far);
}

/// A call of a phone, which has to say its password.
pub fn challenged_call(after: impl FnOnce(Scenario) -> Scenario) -> Scenario {
    let begun = Scenario::caller()
        .invite()
        .maybe(100)
        .challenged(407, "INVITE", &[], &Body::Sdp)
        .maybe(100);
    after(begun)
}

#[test]
fn baresip_phones_call_each_other_and_out_over_tls() {
    let place = Place::new();
    let authority = Authority::new(&place);
    let settings = phone_edge(&place, MD5) + &tls(&place, &authority);
    let firewall = serve(&place, &settings);
    let start = |party: u8, (user, password): (&str, &str)| {
        let edge = place.tls_at(FIREWALL);
        let account = format!(
            "<sip:{user}@{DOMAIN};transport=tls>;auth_user={user};auth_pass={password};regint=60;\
             answermode=auto;outbound=\"sip:{edge};transport=tls\""
        );
        let trust = format!("sip_cafile {}", authority.file.display());
        Baresip::start(&place, place.at(party), &account, &trust)
    };
    let (mut anna, mut bert) = (start(31, ANNA), start(32, BERT));
    anna.registers();
    bert.registers();
    assert_eq!(firewall.list("registrations").len(), 2);

    // Inside, ended by the called one.
    anna.command("dial", &format!("sip:202@{DOMAIN}"));
    anna.waits_for("CALL_ESTABLISHED", 0);
    bert.waits_for("CALL_ESTABLISHED", 0);
    assert_eq!(firewall.list("calls").len(), 1);
    bert.command("hangup", "");
    anna.waits_for("CALL_CLOSED", 0);
    falls_quiet(&firewall);

    // Outside, ended by the caller.
    let so_far = anna.events.len();
    let outside = Sipp::new(&place, place.at(CARRIER), flows::basic().callee).start(None);
    anna.command("dial", &format!("sip:0201234567@{DOMAIN}"));
    anna.waits_for("CALL_ESTABLISHED", so_far);
    anna.command("hangup", "");
    let heard = outside.done();
    let invite = heard.request("INVITE").expect("an INVITE");
    assert!(!invite.head().contains(&place.ip(31).to_string()), "{}", invite.text);
    assert!(invite.head().contains("302222201"), "the extension's own number:\n{}", invite.text);
    falls_quiet(&firewall);

    // And from outside to her number.
    is_called_from_outside(&place, &mut anna, "+31302222201");
    falls_quiet(&firewall);
}

#[test]
fn a_phone_registers_calls_and_leaves() {
    let place = Place::new();
    let settings = phone_edge(&place, MD5);
    registers_calls_and_leaves(&place, &settings, Transport::Udp, place.at(FIREWALL));
}

#[test]
fn a_phone_registers_calls_and_leaves_over_tcp() {
    let place = Place::new();
    let settings = phone_edge(&place, MD5);
    registers_calls_and_leaves(&place, &settings, Transport::Tcp, place.at(FIREWALL));
}

#[test]
fn a_phone_registers_calls_and_leaves_over_tls() {
    let place = Place::new();
    let authority = Authority::new(&place);
    let settings = phone_edge(&place, MD5) + &tls(&place, &authority);
    let desk = place.tls_at(30);
    let _tls = tls_into(&place, desk, place.tls_at(FIREWALL), &authority, None);
    registers_calls_and_leaves(&place, &settings, Transport::Tls, desk);
}

/// Settings of a listener for TLS.
pub fn tls(place: &Place, authority: &Authority) -> String {
    let own = authority.certify(place, place.ip(FIREWALL));
    format!("\n[[listen]]\ntls = \"{}\"\n", place.tls_at(FIREWALL))
        + &format!("\n[tls]\ncertificate = {:?}\nkey = {:?}\n", own.certificate, own.key)
}

fn registers_calls_and_leaves(place: &Place, settings: &str, over: Transport, edge: SocketAddr) {
    let firewall = serve(place, settings);
    let at_desk = |scenario, dialled: &str| {
        phone(place, 30, ANNA, scenario).over(over).dials(dialled).start(Some(edge)).done()
    };
    at_desk(register(120), "201");
    assert_eq!(firewall.list("registrations").len(), 1);
    let outside = Sipp::new(place, place.at(CARRIER), flows::basic().callee).start(None);
    let caller =
        challenged_call(|call| call.expect(180).expect(200).ack().pause(100).bye().expect(200));
    at_desk(caller, "0201234567");
    let heard = outside.done();
    let invite = heard.request("INVITE").expect("an INVITE");
    assert!(!invite.head().contains("Authorization"), "no password goes on:\n{}", invite.text);
    at_desk(register(0), "201");
    eventually("no registration", || firewall.list("registrations").is_empty().then_some(()));
    // A colleague who is not there is not rung.
    at_desk(challenged_call(|call| call.expect(480).ack_refusal()), "202");
}
