//! What a call is, and by which ways it goes.

use crate::identifying::invite;
use crate::office::{ACME, CARRIER, CARRIER_B, PBX, hop, parts, trunk};
use crate::peer::Phone;
use crate::world::{World, udp};
use ringfence_call::{
    Caller, Inbound, Net, NumberForm, Origin, Parts, Plan, Refusal, Registering, Side, Way,
    identify, plan, routes,
};
use ringfence_model::{Direction, E164, TrunkId, Via};

fn world(parts: Parts) -> World {
    let mut world = World::new(parts);
    for (id, address) in [("carrier", CARRIER), ("shared", CARRIER_B), ("pbx", PBX)] {
        world.trunks.resolved(world.now, &TrunkId::new(id), &[hop(address)]);
    }
    world
}

fn of_phone(world: &World, extension: &str, uri: &str) -> Result<Plan, Refusal> {
    let tenant = world.directory.tenant(&"acme".into()).unwrap();
    let extension = world.directory.extension(&tenant.id, extension).unwrap();
    let caller = Caller::Extension { tenant, extension };
    let message = invite(uri, "sip:anybody@acme.example", "");
    plan(world.now.moment, &world.directory, &world.registrar, &caller, &message)
}

fn of_trunk(
    world: &World,
    from: &str,
    uri: &str,
    caller: &str,
    extra: &str,
) -> Result<Plan, Refusal> {
    let message = invite(uri, caller, extra);
    let Origin::Trunk { trunk, tenant } = identify(&world.directory, &udp(from), &[], &message)
    else {
        panic!("no trunk")
    };
    let caller = Caller::Trunk { trunk, tenant };
    plan(world.now.moment, &world.directory, &world.registrar, &caller, &message)
}

/// Each way as its request URIs and addresses.
fn ways(world: &World, plan: &Plan, way: Way) -> Result<Vec<String>, u16> {
    let net =
        Net { directory: &world.directory, registrar: &world.registrar, trunks: &world.trunks };
    let found = routes(world.now.moment, net, plan, way).map_err(|refusal| refusal.code)?;
    let shown = |targets: &Vec<ringfence_call::LegTarget>| {
        let each = targets
            .iter()
            .map(|t| format!("{} at {}", String::from_utf8_lossy(&t.uri), t.flow.remote));
        each.collect::<Vec<_>>().join(" + ")
    };
    Ok(found.iter().map(shown).collect())
}

fn outside(number: &str) -> Way<'static> {
    Way { protected: false, b_number: Some(number.parse().unwrap()), dial: None }
}

#[test]
fn a_phone_calls_outside() {
    let world = world(parts());
    let plan = of_phone(&world, "201", "sip:0612345678@acme.example").unwrap();
    assert_eq!((plan.direction, plan.via), (Direction::Outbound, Via::Phone));
    assert_eq!(plan.extension.as_ref().unwrap().as_str(), "201");
    assert_eq!(plan.a_number.map(E164::full).as_deref(), Some("+31201234201"));
    assert_eq!(&*plan.dialled, "0612345678");
    let way = outside("+31612345678");
    let expected = [
        "sip:+31612345678@192.0.2.10:5060 at 192.0.2.10:5060",
        "sip:+31612345678@192.0.2.20:5060 at 192.0.2.20:5060",
    ];
    assert_eq!(ways(&world, &plan, way).unwrap(), expected);
    assert_eq!(of_phone(&world, "201", "sip:anna@acme.example").unwrap_err().code, 404);
    assert_eq!(of_phone(&world, "201", "sip:acme.example").unwrap_err().code, 404);
}

#[test]
fn numbers_in_the_form_a_trunk_wants() {
    for (form, user) in [
        (NumberForm::AsDialled, "0612345678"),
        (NumberForm::Plus, "+31612345678"),
        (NumberForm::Bare, "31612345678"),
        (NumberForm::DoubleZero, "0031612345678"),
    ] {
        let mut parts = parts();
        parts.trunks[0].numbers = form;
        let world = world(parts);
        let plan = of_phone(&world, "201", "sip:0612345678@acme.example").unwrap();
        let found = ways(&world, &plan, outside("+31612345678")).unwrap();
        assert!(found[0].starts_with(&format!("sip:{user}@192.0.2.10")), "{form:?}: {found:?}");
    }
    let world = world(parts());
    let plan = of_phone(&world, "201", "sip:*21*0612345678%23@acme.example").unwrap();
    let found = ways(&world, &plan, Way::default()).unwrap();
    assert!(found[0].starts_with("sip:*21*0612345678%23@"), "as dialled: {found:?}");
}

#[test]
fn phones_call_each_other() {
    let mut world = world(parts());
    for uri in ["sip:202@acme.example", "sip:0201234202@acme.example", "tel:+31-20-1234202"] {
        let plan = of_phone(&world, "201", uri).unwrap();
        assert_eq!(plan.direction, Direction::Internal, "{uri}");
        assert_eq!(ways(&world, &plan, Way::default()), Err(480), "not registered");
    }
    let mut desk = Phone::new(ACME, "202", "203.0.113.50:1001").contact("<sip:d@10.0.0.5>;q=0.5");
    let mut soft = Phone::new(ACME, "202", "203.0.113.50:1002").contact("<sip:s@10.0.0.6>");
    let mut other = Phone::new(ACME, "202", "203.0.113.50:1003").contact("<sip:o@10.0.0.7>");
    for phone in [&mut desk, &mut soft, &mut other] {
        assert_eq!(phone.register(&mut world).code(), Some(200));
    }
    let plan = of_phone(&world, "201", "sip:202@acme.example").unwrap();
    let expected = [
        "sip:s@10.0.0.6 at 203.0.113.50:1002 + sip:o@10.0.0.7 at 203.0.113.50:1003",
        "sip:d@10.0.0.5 at 203.0.113.50:1001",
    ];
    assert_eq!(ways(&world, &plan, Way::default()).unwrap(), expected);
    // An extension without phones, of a tenant without PBX; and a number of nobody in the tenant's block.
    assert_eq!(of_phone(&world, "201", "sip:299@acme.example").unwrap_err().code, 404);
    assert_eq!(of_phone(&world, "201", "sip:0207651234@acme.example").unwrap_err().code, 404);
}

#[test]
fn an_emergency_call_takes_every_way() {
    let mut parts = parts();
    parts.tenants[0].emergency_carriers = vec!["shared".into()];
    let world = world(parts);
    let plan = of_phone(&world, "201", "sip:112@acme.example").unwrap();
    assert_eq!(plan.direction, Direction::Outbound);
    let way = Way { protected: true, b_number: None, dial: None };
    let expected = [
        "sip:112@192.0.2.20:5060 at 192.0.2.20:5060",
        "sip:112@192.0.2.10:5060 at 192.0.2.10:5060",
    ];
    assert_eq!(ways(&world, &plan, way).unwrap(), expected);
}

#[test]
fn a_carrier_that_is_dead_comes_last() {
    let mut parts = parts();
    parts.trunks[0].probe = Some(std::time::Duration::from_secs(30));
    let mut world = world(parts);
    let (directory, id) = (world.directory.clone(), TrunkId::new("carrier"));
    world.trunks.found_dead(&directory, &id, hop(CARRIER));
    let plan = of_phone(&world, "201", "sip:0612345678@acme.example").unwrap();
    let found = ways(&world, &plan, outside("+31612345678")).unwrap();
    assert!(found[0].contains("192.0.2.20") && found[1].contains("192.0.2.10"), "{found:?}");
    world.trunks.resolved(world.now, &id, &[]);
    world.trunks.resolved(world.now, &"shared".into(), &[]);
    assert_eq!(ways(&world, &plan, outside("+31612345678")), Err(503), "no address is known");
}

#[test]
fn calls_from_a_carrier() {
    let mut parts = parts();
    parts.tenants[0].inbound = Inbound::Trunk("own".into());
    parts.trunks.push(trunk("own", Some("acme"), Side::Pbx, "203.0.113.8:5060"));
    let mut world = world(parts);
    world.trunks.resolved(world.now, &"own".into(), &[hop("203.0.113.8:5060")]);
    Phone::new(ACME, "201", "203.0.113.50:1001").register(&mut world);
    let from = "sip:0031201111111@h";
    let plan = of_trunk(&world, CARRIER, "sip:0201234201@h", from, "").unwrap();
    assert_eq!((plan.direction, &*plan.dialled), (Direction::Inbound, "0201234201"));
    assert_eq!(plan.a_number.map(E164::full).as_deref(), Some("+31201111111"));
    assert_eq!(plan.extension.as_ref().unwrap().as_str(), "201");
    let found = ways(&world, &plan, Way::default()).unwrap();
    assert_eq!(found, ["sip:201@10.0.0.5:5060 at 203.0.113.50:1001"]);
    // A number of the block is the PBX's, in the form the PBX wants.
    let plan = of_trunk(&world, CARRIER, "sip:31207651234@h", from, "").unwrap();
    let found = ways(&world, &plan, Way::default()).unwrap();
    assert_eq!(found, ["sip:+31207651234@203.0.113.8:5060 at 203.0.113.8:5060"]);
    // An account's name where numbers are usual: the PBX may know it.
    let plan = of_trunk(&world, CARRIER, "sip:acme1@h", from, "").unwrap();
    let found = ways(&world, &plan, Way::default()).unwrap();
    assert_eq!(found, ["sip:acme1@203.0.113.8:5060 at 203.0.113.8:5060"]);
    assert_eq!(of_trunk(&world, CARRIER_B, "sip:+31999@h", from, "").unwrap_err().code, 404);
}

#[test]
fn a_carrier_that_calls_our_name_says_the_number_in_to() {
    let world = world(parts());
    let text = "INVITE sip:acme1@198.51.100.1 SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n\
                From: <sip:0201111111@h>;tag=1\r\nTo: <sip:0201234201@h>\r\nCall-ID: c\r\n\
                CSeq: 1 INVITE\r\n\r\n";
    let limits = ringfence_sip::Limits::default();
    let message = ringfence_sip::Message::parse(text.into(), &limits).unwrap();
    let origin = identify(&world.directory, &udp(CARRIER), &[], &message);
    let Origin::Trunk { trunk, tenant } = origin else { panic!() };
    let caller = Caller::Trunk { trunk, tenant };
    let plan = plan(world.now.moment, &world.directory, &world.registrar, &caller, &message);
    assert_eq!(&*plan.unwrap().dialled, "0201234201");
}

#[test]
fn calls_from_a_pbx() {
    let mut parts = parts();
    parts.tenants[1].registering = Registering::Nobody;
    let world = world(parts);
    let plan = of_trunk(&world, PBX, "sip:+4930123456@h", "sip:31@h", "").unwrap();
    assert_eq!((plan.direction, plan.via), (Direction::Outbound, Via::Pbx));
    assert_eq!(plan.extension.as_ref().unwrap().as_str(), "31", "as short as an extension");
    let found = ways(&world, &plan, outside("+4930123456")).unwrap();
    assert_eq!(found, ["sip:+4930123456@192.0.2.20:5060 at 192.0.2.20:5060"]);
    let extra = "Diversion: <sip:44@h>;reason=unconditional, <sip:31@h>\r\n";
    let plan = of_trunk(&world, PBX, "sip:0612345678@h", "sip:0201111111@h", extra).unwrap();
    assert_eq!(plan.via, Via::Forward);
    assert_eq!(plan.forwarded_by.as_ref().unwrap().as_str(), "44");
    assert_eq!(plan.extension, None, "the caller is outside");
    let extra =
        "History-Info: <sip:55@h?Reason=SIP%3Bcause%3D302>;index=1, <sip:06@h>;index=1.1\r\n";
    let plan = of_trunk(&world, PBX, "sip:0612345678@h", "sip:0201111111@h", extra).unwrap();
    assert_eq!(plan.forwarded_by.as_ref().unwrap().as_str(), "55");
    let attempt =
        plan.attempt(ringfence_model::CallId(7), &udp(PBX), &invite("sip:1@h", "sip:2@h", ""));
    assert_eq!(attempt.source.unwrap().ip.to_string(), "203.0.113.5");
}

/// What looks internal to a phone may be a PBX's; it is still judged as going out.
#[test]
fn short_numbers_of_a_pbx_behind() {
    let mut parts = parts();
    parts.tenants[0].inbound = Inbound::Trunk("own".into());
    parts.trunks.push(trunk("own", Some("acme"), Side::Pbx, "203.0.113.8:5060"));
    let mut world = world(parts);
    world.trunks.resolved(world.now, &"own".into(), &[hop("203.0.113.8:5060")]);
    let plan = of_phone(&world, "201", "sip:350@acme.example").unwrap();
    assert_eq!(plan.direction, Direction::Outbound);
    let to_pbx = ["sip:350@203.0.113.8:5060 at 203.0.113.8:5060"];
    assert_eq!(ways(&world, &plan, Way::default()).unwrap(), to_pbx);
    let protected = Way { protected: true, b_number: None, dial: None };
    assert!(ways(&world, &plan, protected).unwrap()[0].contains("192.0.2.10"));
}
