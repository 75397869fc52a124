//! The life of registrations here.

use crate::office::{ACME, parts};
use crate::peer::{Phone, contacts};
use crate::world::World;
use ringfence_call::{Party, Registrar};
use ringfence_model::{CallEvent, ExtensionId, TenantId};
use ringfence_sip::{ConnectionId, Flow, Message, Method, Name, Transport};
use std::time::Duration;

pub fn party(extension: &str) -> Party {
    Party::Phone { tenant: TenantId::new("acme"), extension: ExtensionId::new(extension) }
}

pub fn uris(world: &World, party: &Party) -> Vec<String> {
    let found = world.registrar.contacts(world.now.moment, party);
    found.iter().map(|b| String::from_utf8(b.contact.to_vec()).unwrap()).collect()
}

fn registered(registrar: &Registrar) -> usize {
    registrar.all().count()
}

fn phone_at(world: &World, flow: &Flow, named: Option<&str>) -> Option<ExtensionId> {
    world.registrar.phone_at(flow, &"acme".into(), named).cloned()
}

#[test]
fn a_phone_registers_refreshes_and_leaves() {
    let mut world = World::new(parts());
    let mut phone = Phone::new(ACME, "201", "203.0.113.50:40000");
    let ok = phone.register(&mut world);
    assert_eq!(ok.code(), Some(200));
    assert_eq!(contacts(&ok), ["<sip:201@10.0.0.5:5060>;expires=600"]);
    let found = world.registrar.contacts(world.now.moment, &party("201"));
    assert_eq!(found[0].flow, phone.flow, "reached where it came from, not where it says");
    assert_eq!(phone_at(&world, &phone.flow, None), Some("201".into()));
    world.pass(Duration::from_secs(300));
    phone.flow.remote.set_port(40_001);
    let ok = phone.register(&mut world);
    assert_eq!(contacts(&ok).len(), 1, "the translator gave it another port");
    assert_eq!(phone_at(&world, &phone.flow, None), Some("201".into()));
    assert_eq!(phone_at(&world, &crate::world::udp("203.0.113.50:40000"), None), None);
    let found = world.registrar.contacts(world.now.moment, &party("201"));
    assert_eq!(found[0].flow.remote.port(), 40_001);
    phone.expires = Some(0);
    assert_eq!(contacts(&phone.register(&mut world)), [""; 0]);
    assert!(world.registrar.is_empty() && world.kept.is_empty());
}

#[test]
fn phones_behind_one_flow_are_told_by_name() {
    let mut world = World::new(parts());
    let proxy = "203.0.113.50:40000";
    let mut second = Phone::new(ACME, "202", proxy);
    Phone::new(ACME, "201", proxy).register(&mut world);
    second.register(&mut world);
    let at = |world: &World, named| phone_at(world, &crate::world::udp(proxy), named);
    assert_eq!(at(&world, Some("202")), Some("202".into()));
    assert_eq!(at(&world, Some("203")), Some("201".into()), "the first of them");
    assert_eq!(world.registrar.phone_at(&second.flow, &"town".into(), Some("202")), None);
    second.expires = Some(0);
    second.register(&mut world);
    assert_eq!(at(&world, Some("202")), Some("201".into()));
}

#[test]
fn a_refresh_is_recorded_when_the_record_lacks_a_quarter_of_the_time() {
    let mut world = World::new(parts());
    let mut phone = Phone::new(ACME, "201", "203.0.113.50:40000");
    let mut record = |world: &mut World, after: u64, port: u16| {
        world.pass(Duration::from_secs(after));
        phone.flow.remote.set_port(port);
        phone.register(world);
        world.kept.values().next().cloned()
    };
    let first = record(&mut world, 0, 40_000);
    assert_eq!(record(&mut world, 70, 40_000), first);
    assert_eq!(record(&mut world, 70, 40_000), first);
    let second = record(&mut world, 10, 40_000);
    assert_ne!(second, first, "150 of 600 s");
    assert_ne!(record(&mut world, 1, 40_001), second, "it moved");
    world.pass(Duration::from_secs(599));
    assert_eq!(uris(&world, &party("201")).len(), 1, "each of them counted all the same");
}

#[test]
fn who_does_not_refresh_is_forgotten() {
    let mut world = World::new(parts());
    Phone::new(ACME, "201", "203.0.113.50:40000").register(&mut world);
    assert_eq!(world.kept.len(), 1);
    world.pass(Duration::from_secs(599));
    assert_eq!(uris(&world, &party("201")).len(), 1);
    world.pass(Duration::from_secs(1));
    assert_eq!(uris(&world, &party("201")).len(), 0);
    assert!(world.registrar.is_empty() && world.kept.is_empty());
    let flow = crate::world::udp("203.0.113.50:40000");
    assert_eq!(phone_at(&world, &flow, None), None);
    world.pass(Duration::from_secs(60));
    assert_eq!((world.transactions.len(), world.next_timer()), (0, None), "nothing is left");
}

#[test]
fn times_have_bounds() {
    let mut world = World::new(parts());
    let mut phone = Phone::new(ACME, "201", "203.0.113.50:40000");
    phone.expires = Some(59);
    let brief = phone.register(&mut world);
    assert_eq!((brief.code(), brief.number(Name::MinExpires)), (Some(423), Some(60)));
    phone.expires = Some(1_000_000);
    assert!(contacts(&phone.register(&mut world))[0].ends_with(";expires=3600"));
    phone.expires = None;
    assert!(contacts(&phone.register(&mut world))[0].ends_with(";expires=3600"));
    phone.contact = "<sip:201@10.0.0.5:5060>;expires=90".into();
    phone.expires = Some(300);
    assert!(contacts(&phone.register(&mut world))[0].ends_with(";expires=90"));
}

#[test]
fn several_phones_of_one_extension() {
    let mut world = World::new(parts());
    let mut desk = Phone::new(ACME, "201", "203.0.113.50:40000").contact("<sip:a@10.0.0.5>;q=0.5");
    let mut soft = Phone::new(ACME, "201", "198.18.0.9:40000").contact("<sip:b@10.0.0.7>");
    desk.register(&mut world);
    let ok = soft.register(&mut world);
    let expected = ["<sip:b@10.0.0.7>;expires=600", "<sip:a@10.0.0.5>;expires=600;q=0.500"];
    assert_eq!(contacts(&ok), expected);
    // The same private contact behind another translator is another phone.
    let mut home = Phone::new(ACME, "201", "198.18.0.77:40000").contact("<sip:a@10.0.0.5>");
    assert_eq!(contacts(&home.register(&mut world)).len(), 3);
    // Three are all there may be: the one that was silent for longest gives way.
    world.pass(Duration::from_secs(10));
    desk.register(&mut world);
    let mut fourth = Phone::new(ACME, "201", "198.18.0.78:40000").contact("<sip:d@10.0.0.9>");
    fourth.register(&mut world);
    let left = uris(&world, &party("201"));
    assert_eq!(left.len(), 3);
    assert!(!left.contains(&"sip:b@10.0.0.7".into()), "{left:?}");
    // One request cannot bring more than all.
    let mut many = Phone::new(ACME, "202", "198.18.0.78:40000")
        .contact("<sip:1@h>, <sip:2@h>, <sip:3@h>, <sip:4@h>");
    assert_eq!(many.register(&mut world).code(), Some(403));
    assert!(uris(&world, &party("202")).is_empty(), "all or nothing");
}

#[test]
fn all_contacts_at_once() {
    let mut world = World::new(parts());
    let mut phone =
        Phone::new(ACME, "201", "203.0.113.50:40000").contact("<sip:a@h>, <sip:b@h>;expires=100");
    assert_eq!(contacts(&phone.register(&mut world)).len(), 2);
    let mut query = phone.clone().contact("");
    query.call_id = "query".into();
    assert_eq!(contacts(&query.register(&mut world)).len(), 2);
    let mut wild = phone.clone().contact("*");
    assert_eq!(wild.register(&mut world).code(), Some(400), "Expires is not zero");
    wild.expires = Some(0);
    assert_eq!(contacts(&wild.register(&mut world)).len(), 0);
    assert!(world.registrar.is_empty());
}

#[test]
fn what_was_overtaken_changes_nothing() {
    let mut world = World::new(parts());
    let mut phone = Phone::new(ACME, "201", "203.0.113.50:40000");
    phone.cseq = 10;
    phone.register(&mut world);
    let mut old = phone.clone().contact("<sip:201@10.0.0.5:5060>;expires=0");
    old.cseq = 5;
    old.flow.remote.set_port(40_002);
    assert_eq!(old.register(&mut world).code(), Some(500));
    let mut wild = old.clone().contact("*");
    wild.expires = Some(0);
    wild.cseq = 5;
    assert_eq!(wild.register(&mut world).code(), Some(500));
    assert_eq!(uris(&world, &party("201")).len(), 1);
}

#[test]
fn a_retransmission_gets_the_same_answer() {
    let mut world = World::new(parts());
    let mut phone = Phone::new(ACME, "201", "203.0.113.50:40000");
    let challenge = phone.ask(&mut world, Method::Register, None).pop().unwrap();
    let credentials = phone.credentials(Method::Register, &challenge);
    let request = phone.request(Method::Register, Some(credentials));
    let mut answers = Vec::new();
    for _ in 0..3 {
        world.hear(&phone.flow, request.clone());
        answers.extend(world.sent_to(phone.flow.remote).iter().map(|m| m.bytes().clone()));
        world.pass(Duration::from_millis(500));
    }
    assert_eq!(answers.len(), 3);
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert!(answers[0].starts_with(b"SIP/2.0 200"));
}

fn outbound(world: &mut World, port: u16, reg_id: u8) -> (Phone, Message) {
    let mut phone = Phone::new(ACME, "201", &format!("203.0.113.50:{port}")).contact(&format!(
        "<sip:201@10.0.0.5;transport=tcp>;+sip.instance=\"<urn:uuid:0-1>\";reg-id={reg_id}"
    ));
    phone.flow.transport = Transport::Tcp;
    phone.flow.connection = Some(ConnectionId(u64::from(port)));
    phone.extra.push((Name::Supported, "path, outbound".into()));
    let ok = phone.register(world);
    (phone, ok)
}

#[test]
fn a_device_with_two_flows() {
    let mut world = World::new(parts());
    let (first, ok) = outbound(&mut world, 1_001, 1);
    assert!(ok.lists(Name::Require, "outbound"));
    let (_, ok) = outbound(&mut world, 1_002, 2);
    assert_eq!(contacts(&ok).len(), 2);
    assert!(contacts(&ok)[0].ends_with(";+sip.instance=\"<urn:uuid:0-1>\";reg-id=1"));
    // The first flow is made anew: it replaces itself.
    let (third, ok) = outbound(&mut world, 1_003, 1);
    assert_eq!(contacts(&ok).len(), 2);
    let flows: Vec<_> = world.registrar.all().map(|(_, b)| b.flow.connection.unwrap().0).collect();
    assert!(flows.contains(&1_003) && flows.contains(&1_002) && !flows.contains(&1_001));
    // The connection that was replaced breaks: nothing happens. Then a living one does.
    let mut out = ringfence_call::Outbox::new();
    world.registrar.closed(world.now, &first.flow, &mut out);
    assert_eq!(registered(&world.registrar), 2);
    world.registrar.closed(world.now, &third.flow, &mut out);
    assert_eq!(registered(&world.registrar), 1);
    world.take(out);
}

#[test]
fn a_phone_that_can_be_called_back_outlives_its_connection() {
    let mut world = World::new(parts());
    let mut phone =
        Phone::new(ACME, "201", "203.0.113.50:49152").contact("<sip:201@203.0.113.50:5066>");
    phone.flow.transport = Transport::Tcp;
    phone.flow.connection = Some(ConnectionId(7));
    phone.register(&mut world);
    let mut out = ringfence_call::Outbox::new();
    world.registrar.closed(world.now, &phone.flow, &mut out);
    let found = world.registrar.contacts(world.now.moment, &party("201"));
    assert_eq!(found[0].flow.remote, "203.0.113.50:5066".parse().unwrap());
    assert_eq!(found[0].flow.connection, None);
}

#[test]
fn the_way_through_proxies_is_kept() {
    let mut world = World::new(parts());
    let mut phone = Phone::new(ACME, "201", "203.0.113.50:40000");
    phone.extra.push((Name::Path, "<sip:p1.example;lr>".into()));
    phone.extra.push((Name::Path, "<sip:p2.example;lr;ob>".into()));
    phone.extra.push((Name::Supported, "path".into()));
    let ok = phone.register(&mut world);
    assert_eq!(ok.values(Name::Path).count(), 2);
    let found = world.registrar.contacts(world.now.moment, &party("201"));
    let route = found[0].path.as_deref();
    assert_eq!(route, Some(&b"<sip:p1.example;lr>, <sip:p2.example;lr;ob>"[..]));
}

#[test]
fn outbound_needs_a_first_hop_that_knows_it() {
    let mut world = World::new(parts());
    let mut phone = Phone::new(ACME, "201", "203.0.113.50:40000")
        .contact("<sip:201@10.0.0.5>;+sip.instance=\"<urn:uuid:0-1>\";reg-id=1");
    phone.extra.push((Name::Supported, "outbound, path".into()));
    phone.extra.push((Name::Via, "SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKlower".into()));
    assert_eq!(phone.register(&mut world).code(), Some(439));
    phone.extra.push((Name::Path, "<sip:p.example;lr;ob>".into()));
    assert_eq!(phone.register(&mut world).code(), Some(200));
}

#[test]
fn what_is_not_spoken_is_named() {
    let mut world = World::new(parts());
    let mut phone = Phone::new(ACME, "201", "203.0.113.50:40000");
    phone.extra.push((Name::Require, "path, gruu, x-own".into()));
    let refused = phone.register(&mut world);
    assert_eq!(refused.code(), Some(420));
    assert_eq!(refused.field(Name::Unsupported), Some(&b"gruu, x-own"[..]));
}

#[test]
fn a_new_source_is_told_once() {
    let mut world = World::new(parts());
    let mut phone = Phone::new(ACME, "201", "203.0.113.50:40000");
    for _ in 0..3 {
        phone.register(&mut world);
        world.pass(Duration::from_secs(700));
    }
    phone.flow = crate::world::udp("198.18.0.9:5060");
    phone.register(&mut world);
    let told: Vec<_> = world
        .events
        .iter()
        .map(|event| match event {
            CallEvent::Registered(r) => (r.source.ip.to_string(), r.source.user_agent.clone()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(told.len(), 2, "not for every refresh, nor after it ended");
    assert_eq!((told[0].0.as_str(), told[1].0.as_str()), ("203.0.113.50", "198.18.0.9"));
    assert_eq!(told[0].1.as_deref(), Some("Phone 1.0"));
}

#[test]
fn a_phone_that_registers_all_the_time_leaves_nothing_behind() {
    let mut world = World::new(parts());
    let mut phone = Phone::new(ACME, "201", "203.0.113.50:40000");
    for n in 0..400_u16 {
        phone.contact = format!("<sip:201@10.0.0.5:{}>", 6_000 + n % 7);
        assert_eq!(phone.register(&mut world).code(), Some(200));
        assert!(registered(&world.registrar) <= 3);
        world.pass(Duration::from_millis(200));
    }
    world.pass(Duration::from_secs(40));
    assert_eq!(world.transactions.len(), 0);
    assert_eq!(world.kept.len(), 1);
}

#[test]
fn people_who_left_are_forgotten() {
    let mut world = World::new(parts());
    Phone::new(ACME, "201", "203.0.113.50:40000").register(&mut world);
    Phone::new(ACME, "202", "203.0.113.50:40001").register(&mut world);
    let mut fewer = parts();
    fewer.extensions.remove(0);
    world.directory = ringfence_call::Directory::new(fewer).unwrap().into();
    let mut out = ringfence_call::Outbox::new();
    world.registrar.adopt(world.now, &world.directory, &mut out);
    world.take(out);
    assert_eq!((registered(&world.registrar), world.kept.len()), (1, 1));
}

#[test]
fn a_translator_is_kept_open() {
    let mut world = World::new(parts());
    let mut behind = Phone::new(ACME, "201", "203.0.113.50:40000");
    let mut direct = Phone::new(ACME, "202", "203.0.113.51:5060").contact("<sip:202@203.0.113.51>");
    behind.register(&mut world);
    direct.register(&mut world);
    world.pass(Duration::from_secs(599));
    let asked = world.sent_to(behind.flow.remote);
    assert_eq!(asked.len(), 599 / 25);
    assert!(asked.iter().all(|m| m.method() == Some(Method::Options)));
    assert_eq!(asked[0].uri_text(), b"sip:201@10.0.0.5:5060");
    assert!(world.sent_to(direct.flow.remote).is_empty());
    assert!(world.transactions.is_empty(), "nothing waits for answers");
    world.pass(Duration::from_secs(100));
    assert_eq!(world.next_timer(), None);
}

#[test]
fn a_storm_of_refreshes() {
    let extensions = (0..2_000)
        .map(|n| crate::office::extension("acme", ACME, &(3_000 + n).to_string(), ""))
        .collect();
    let mut world = World::new(ringfence_call::Parts { extensions, ..parts() });
    let mut phones: Vec<Phone> = (0..2_000_u32)
        .map(|n| {
            let remote = format!("203.0.{}.{}:5060", n / 250, 1 + n % 250);
            let contact = format!("<sip:p@{remote}>");
            Phone::new(ACME, &(3_000 + n).to_string(), &remote).contact(&contact)
        })
        .collect();
    for phone in &mut phones {
        assert_eq!(phone.register(&mut world).code(), Some(200));
        world.pass(Duration::from_millis(50));
    }
    for _ in 0..3 {
        for phone in &mut phones {
            assert_eq!(phone.register(&mut world).code(), Some(200));
        }
    }
    assert_eq!((world.registrar.len(), world.kept.len()), (2_000, 2_000));
    world.pass(Duration::from_secs(33));
    assert_eq!(world.transactions.len(), 0);
    world.pass(Duration::from_secs(600));
    assert!(world.registrar.is_empty() && world.kept.is_empty());
    assert_eq!(world.next_timer(), None);
}
