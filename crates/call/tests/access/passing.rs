//! REGISTER that a PBX answers.

use crate::identifying::invite;
use crate::office::{PBX, PBX_TOWN, hop, parts};
use crate::peer::{Phone, contacts};
use crate::world::{World, udp};
use ringfence_call::{Caller, Net, Way, begin, plan, routes};
use ringfence_model::Direction;
use ringfence_sip::{Message, Method, Name};
use std::time::Duration;

pub fn world() -> World {
    let mut world = World::new(parts());
    world.trunks.resolved(world.now, &"pbx".into(), &[hop(PBX)]);
    world
}

pub fn phone() -> Phone {
    Phone::new(PBX_TOWN, "31", "198.18.0.31:40000")
}

/// What the PBX got last.
fn at_pbx(world: &mut World) -> Message {
    world.sent_to(PBX.parse().unwrap()).pop().expect("a REGISTER at the PBX")
}

/// The PBX answers.
fn pbx_says(world: &mut World, request: &Message, code: u16, fields: &[(Name, &str)]) {
    let flow = udp(PBX);
    let mut answer = begin(request, &flow, code, b"So", b"pbxtag").unwrap();
    for (name, value) in fields {
        answer.field(*name, &[value.as_bytes()]);
    }
    world.hear(&flow, answer.finish(b"").unwrap());
}

const CHALLENGE: &str = "Digest realm=\"pbx\", nonce=\"n1\", algorithm=MD5, qop=\"auth\"";

/// Registers with the PBX granting `granted` seconds; the phone's last answer.
pub fn register(world: &mut World, phone: &mut Phone, granted: u32) -> Message {
    assert!(phone.ask(world, Method::Register, None).is_empty(), "it waits for the PBX");
    let request = at_pbx(world);
    pbx_says(world, &request, 401, &[(Name::WwwAuthenticate, CHALLENGE)]);
    let challenge = world.sent_to(phone.flow.remote).pop().unwrap();
    let credentials = phone.credentials(Method::Register, &challenge);
    phone.ask(world, Method::Register, Some(credentials));
    let request = at_pbx(world);
    assert!(request.has(Name::Authorization), "the password goes through");
    let contact = contacts(&request)[0].split_once(";expires").unwrap().0.to_owned();
    let others = format!("<sip:31@10.9.9.9>;expires=7, {contact};expires={granted}");
    pbx_says(world, &request, 200, &[(Name::Contact, &others)]);
    world.sent_to(phone.flow.remote).pop().unwrap()
}

#[test]
fn the_pbx_sees_us_and_the_phone_sees_itself() {
    let mut world = world();
    let mut phone = phone();
    phone.ask(&mut world, Method::Register, None);
    let request = at_pbx(&mut world);
    let text = String::from_utf8(request.bytes().to_vec()).unwrap();
    for hidden in ["10.0.0.5", "198.18.0.31", "reg-31"] {
        assert!(!text.contains(hidden), "{hidden} in {text}");
    }
    assert_eq!(request.uri_text(), b"sip:town.example");
    assert_eq!(request.field(Name::UserAgent), Some(&b"Phone 1.0"[..]));
    assert!(contacts(&request)[0].contains("@edge.example:5060;transport=udp>;expires=600"));
    pbx_says(&mut world, &request, 302, &[(Name::Contact, "<sip:31@10.1.1.1>")]);
    let answer = world.sent_to(phone.flow.remote).pop().unwrap();
    assert_eq!((answer.code(), answer.has(Name::Contact)), (Some(503), false));

    let ok = register(&mut world, &mut phone, 300);
    assert_eq!(ok.code(), Some(200));
    assert_eq!(contacts(&ok), ["<sip:31@10.0.0.5:5060>;expires=300"]);
    assert_eq!(world.events.len(), 1, "its address is told");
    assert_eq!(world.kept.len(), 1);
    assert_eq!(world.registrar.waiting(), 0);
    world.pass(Duration::from_secs(300));
    assert!(world.registrar.is_empty() && world.kept.is_empty());
}

#[test]
fn only_the_pbx_rings_the_phone() {
    let mut world = world();
    let mut phone = phone();
    register(&mut world, &mut phone, 300);
    let token = world.registrar.all().next().unwrap().1.token.clone().unwrap();
    let uri = format!("sip:{}@edge.example:5060", String::from_utf8_lossy(&token));
    let message = invite(&uri, "sip:0201111111@h", "");
    let of = |trunk: &str, tenant: &str| {
        let trunk = world.directory.trunk(&trunk.into()).unwrap();
        let caller = Caller::Trunk { trunk, tenant: world.directory.tenant(&tenant.into()) };
        plan(world.now.moment, &world.directory, &world.registrar, &caller, &message)
    };
    let ringing = of("pbx", "town").unwrap();
    assert_eq!(ringing.direction, Direction::Inbound);
    assert_eq!(ringing.extension.as_ref().unwrap().as_str(), "31");
    let net =
        Net { directory: &world.directory, registrar: &world.registrar, trunks: &world.trunks };
    let ways = routes(world.now.moment, net, &ringing, Way::default()).unwrap();
    assert_eq!((&*ways[0][0].uri, ways[0][0].flow), (&b"sip:31@10.0.0.5:5060"[..], phone.flow));
    // A carrier that learnt the user part reaches the PBX at most, and not the phone.
    let by_carrier = of("shared", "town").unwrap();
    let ways = routes(world.now.moment, net, &by_carrier, Way::default()).unwrap();
    assert_eq!(ways[0][0].flow.remote, PBX.parse().unwrap());
    assert!(of("pbx", "acme").is_err());
}

#[test]
fn a_registered_flow_may_call_through_the_pbx() {
    let mut world = world();
    let mut phone = phone();
    phone.ask(&mut world, Method::Invite, None);
    assert!(world.heard.is_empty(), "not before it is registered");
    register(&mut world, &mut phone, 300);
    phone.ask(&mut world, Method::Invite, None);
    assert_eq!(world.heard, ["passed 31"]);
    let mut other = phone.clone();
    other.flow = udp("198.18.0.31:40001");
    other.call_id = "other".into();
    other.ask(&mut world, Method::Invite, None);
    assert_eq!(world.heard.len(), 1, "another port is another device");
    let tenant = world.directory.tenant(&"town".into()).unwrap();
    let trunk = world.directory.trunk(&"pbx".into()).unwrap();
    let caller = Caller::Passed { tenant, trunk, extension: "31".into() };
    let message = invite("sip:0612345678@town.example", "sip:31@town.example", "");
    let call = plan(world.now.moment, &world.directory, &world.registrar, &caller, &message);
    let call = call.unwrap();
    assert_eq!(call.direction, Direction::Outbound);
    let net =
        Net { directory: &world.directory, registrar: &world.registrar, trunks: &world.trunks };
    let number = Some("+31612345678".parse().unwrap());
    let way = Way { protected: false, b_number: number, dial: None };
    let ways = routes(world.now.moment, net, &call, way).unwrap();
    let expected = b"sip:0612345678@town.example";
    assert_eq!(&*ways[0][0].uri, expected, "the password is bound to it");
}

#[test]
fn a_refresh_keeps_the_user_part_and_a_farewell_ends_it() {
    let mut world = world();
    let mut phone = phone();
    register(&mut world, &mut phone, 300);
    let token = world.registrar.all().next().unwrap().1.token.clone();
    world.pass(Duration::from_secs(20));
    register(&mut world, &mut phone, 300);
    assert_eq!(world.registrar.all().next().unwrap().1.token, token);
    assert_eq!(world.registrar.len(), 1);
    phone.expires = Some(0);
    phone.ask(&mut world, Method::Register, None);
    let request = at_pbx(&mut world);
    assert!(contacts(&request)[0].ends_with(";expires=0"));
    pbx_says(&mut world, &request, 200, &[]);
    assert!(world.registrar.is_empty() && world.kept.is_empty());
}

#[test]
fn a_pbx_that_is_gone() {
    let mut world = world();
    let mut phone = phone();
    phone.ask(&mut world, Method::Register, None);
    world.pass(Duration::from_secs(33));
    let answer = world.sent_to(phone.flow.remote);
    // Its transaction has ended (RFC 4320): at most one answer, and nothing is kept.
    assert!(answer.len() <= 1);
    assert_eq!(world.registrar.waiting(), 0);
    world.trunks.resolved(world.now, &"pbx".into(), &[]);
    let answer = phone.ask(&mut world, Method::Register, None).pop().unwrap();
    assert_eq!(answer.code(), Some(503));
    world.pass(Duration::from_secs(70));
    assert_eq!(world.transactions.len(), 0);
}

#[test]
fn guesses_at_the_pbx_are_stopped_here() {
    let mut world = world();
    let mut guesser = Phone::new(PBX_TOWN, "31", "192.0.2.66:5060");
    let mut reached = 0;
    for _ in 0..60 {
        guesser.ask(&mut world, Method::Register, None);
        let Some(request) = world.sent_to(PBX.parse().unwrap()).pop() else { continue };
        pbx_says(&mut world, &request, 401, &[(Name::WwwAuthenticate, CHALLENGE)]);
        let Some(challenge) = world.sent_to(guesser.flow.remote).pop() else { continue };
        let credentials = guesser.credentials(Method::Register, &challenge);
        guesser.ask(&mut world, Method::Register, Some(credentials));
        if let Some(request) = world.sent_to(PBX.parse().unwrap()).pop() {
            reached += 1;
            pbx_says(&mut world, &request, 401, &[(Name::WwwAuthenticate, CHALLENGE)]);
            world.sent_to(guesser.flow.remote);
        }
        world.pass(Duration::from_millis(100));
    }
    assert!((1..15).contains(&reached), "{reached} guesses reached the PBX");
    // A phone of another address goes on.
    assert_eq!(register(&mut world, &mut phone(), 300).code(), Some(200));
}
