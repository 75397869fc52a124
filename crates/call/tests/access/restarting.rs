//! Registrations over a restart.

use crate::office::{ACME, parts};
use crate::peer::{Phone, contacts};
use crate::registering::{party, uris};
use crate::world::World;
use ringfence_call::Outbox;
use ringfence_model::{Moment, Now, WallTime};
use ringfence_sip::{ConnectionId, Transport};
use std::time::Duration;

fn restart(old: &World, after: Duration) -> World {
    restart_at(old, old.now.wall + after)
}

fn restart_at(old: &World, wall: WallTime) -> World {
    let mut new = World::new(parts());
    // The monotonic clock begins anew.
    new.now = Now { moment: Moment(5_000_000), wall };
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
    let granted = Duration::from_secs(600);
    assert_eq!(found[0].expires - world.now.moment, granted, "as when it was written");
    assert_eq!(contacts(&phone.register(&mut world)).len(), 1, "it is known again");
    assert!(world.events.is_empty(), "and its address is no new one");
    world.pass(Duration::from_secs(601));
    assert!(world.registrar.is_empty() && world.kept.is_empty());
}

#[test]
fn a_clock_that_was_set_ends_no_registration() {
    const HOUR: i64 = 3_600_000_000;
    let mut world = World::new(parts());
    Phone::new(ACME, "201", "203.0.113.50:40000").register(&mut world);
    // NTP after a start without a battery, a time zone mistaken for a time, and the same backwards.
    for hours in [400_000, 1, 0, -1, -400_000] {
        let wall = WallTime(world.now.wall.0 + hours * HOUR);
        let mut after = restart_at(&world, wall);
        let found = after.registrar.contacts(after.now.moment, &party("201"));
        let left = found.first().map(|found| found.expires - after.now.moment);
        assert_eq!(left, Some(Duration::from_secs(600)), "{hours} hours");
        after.pass(Duration::from_secs(601));
        assert!(after.registrar.is_empty() && after.kept.is_empty(), "and it ends as granted");
    }
}

#[test]
fn what_hung_on_a_connection_is_gone() {
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
    world.pass(Duration::from_secs(300));
    assert!(world.registrar.of_token(world.now.moment, &token).is_none());
}
