//! Registrations over a restart.

use crate::office::{ACME, parts};
use crate::peer::{Phone, contacts};
use crate::registering::{party, uris};
use crate::world::World;
use ringfence_call::Outbox;
use ringfence_model::{Moment, Now};
use ringfence_sip::{ConnectionId, Transport};
use std::time::Duration;

fn restart(old: &World, after: Duration) -> World {
    let mut new = World::new(parts());
    // The monotonic clock begins anew, the wall goes on.
    new.now = Now { moment: Moment(5_000_000), wall: old.now.wall + after };
    new.kept = old.kept.clone();
    let mut out = Outbox::new();
    for (key, state) in &old.kept {
        new.registrar.restore(new.now, *key, state, &mut out);
    }
    new.take(out);
    new
}

#[test]
fn phones_are_there_again() {
    let mut world = World::new(parts());
    let mut phone = Phone::new(ACME, "201", "203.0.113.50:40000");
    phone.register(&mut world);
    world.pass(Duration::from_secs(100));
    let mut world = restart(&world, Duration::from_secs(200));
    let found = world.registrar.contacts(world.now.moment, &party("201"));
    assert_eq!(found[0].flow, phone.flow);
    assert_eq!(found[0].expires - world.now.moment, Duration::from_secs(300));
    assert_eq!(contacts(&phone.register(&mut world)).len(), 1, "it is known again");
    assert!(world.events.is_empty(), "and its address is no new one");
    world.pass(Duration::from_secs(601));
    assert!(world.registrar.is_empty() && world.kept.is_empty());
}

#[test]
fn what_ended_meanwhile_or_hung_on_a_connection_is_gone() {
    let mut world = World::new(parts());
    Phone::new(ACME, "201", "203.0.113.50:40000").register(&mut world);
    let mut stream = Phone::new(ACME, "202", "203.0.113.50:40000");
    stream.flow.transport = Transport::Tcp;
    stream.flow.connection = Some(ConnectionId(7));
    stream.expires = Some(3_600);
    stream.register(&mut world);
    let after = restart(&world, Duration::from_secs(1));
    assert_eq!((uris(&after, &party("201")).len(), uris(&after, &party("202")).len()), (1, 0));
    assert_eq!(after.kept.len(), 1);
    let late = restart(&world, Duration::from_secs(600));
    assert!(late.registrar.is_empty() && late.kept.is_empty());
}

#[test]
fn a_record_that_cannot_be_read_is_dropped() {
    let mut world = World::new(parts());
    Phone::new(ACME, "201", "203.0.113.50:40000").register(&mut world);
    let (key, state) = world.kept.iter().next().map(|(k, s)| (*k, s.clone())).unwrap();
    for at in 0..state.len() {
        let mut out = Outbox::new();
        let mut fresh = World::new(parts());
        fresh.registrar.restore(fresh.now, key, &state[..at], &mut out);
        assert_eq!(out.len(), 1, "cut at {at}");
        assert!(fresh.registrar.is_empty());
    }
    let mut other = state.to_vec();
    other[0] = 99;
    let mut out = Outbox::new();
    world.registrar.restore(world.now, key, &other, &mut out);
    assert_eq!(out.len(), 1);
}

#[test]
fn a_pbx_still_knows_its_phones() {
    let mut world = crate::passing::world();
    let mut phone = crate::passing::phone();
    crate::passing::register(&mut world, &mut phone, 300);
    let token = world.registrar.all().next().unwrap().1.token.clone().unwrap();
    let mut world = restart(&world, Duration::from_secs(60));
    let (_, binding) = world.registrar.of_token(world.now.moment, &token).unwrap();
    assert_eq!(binding.flow, phone.flow);
    phone.ask(&mut world, ringfence_sip::Method::Invite, None);
    assert_eq!(world.heard, ["passed 31"]);
    world.pass(Duration::from_secs(240));
    assert!(world.registrar.of_token(world.now.moment, &token).is_none());
}
