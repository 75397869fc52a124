//! Wrong passwords wait for their answer where the operator wants it so.

use crate::world::{World, parts, phone};
use ringfence_call::Registering;
use ringfence_guard::{Guard, GuessingSettings, Settings};
use std::time::Duration;

const MS: Duration = Duration::from_millis(1);

fn world(tarpit_ms: u32) -> World {
    let mut parts = parts();
    parts.tenants[0].registering = Registering::Here {
        contacts_max: 5,
        expires_min: 60 * 1_000 * MS,
        expires_max: 3_600 * 1_000 * MS,
    };
    parts.extensions = vec![phone("201")];
    let mut world = World::with(parts);
    let guessing = GuessingSettings { tarpit_ms, ..GuessingSettings::default() };
    world.guard = Guard::new(Settings { guessing, ..Settings::default() }, 7);
    world.name("desk", "203.0.113.50:5060");
    world
}

#[test]
fn without_a_tarpit_a_wrong_password_is_told_at_once() {
    let mut world = world(0);
    world.tries("desk", "201", "wrong");
    world.hears("desk", "401");
}

#[test]
fn a_wrong_password_waits_and_its_repetitions_are_absorbed() {
    for user in ["201", "nobody"] {
        let mut world = world(1_500);
        let text = world.tries("desk", user, "wrong");
        for _ in 0..2 {
            world.pass(500 * MS);
            world.say("desk", &text);
        }
        world.pass(499 * MS);
        world.all_read();
        world.pass(MS);
        world.hears("desk", "401");
        world.pass(Duration::from_secs(40));
        world.all_read();
        assert_eq!(world.calls.counts().transactions, 0, "nothing is left behind");
    }
}

#[test]
fn the_right_password_never_waits() {
    let mut world = world(10_000);
    world.tries("desk", "201", "wrong");
    world.tries("desk", "201", "secret");
    world.hears("desk", "200");
}

#[test]
fn who_guesses_when_it_is_full_hears_nothing() {
    let mut world = world(10_000);
    for at in 0..1_500 {
        let name: &'static str = Box::leak(format!("bot{at}").into_boxed_str());
        world.name(name, &format!("198.18.{}.{}:5060", at / 250, at % 250 + 1));
        world.tries(name, "201", "wrong");
    }
    world.pass(Duration::from_secs(10));
    let answers = world.heard.len();
    assert_eq!(answers, 1_500 + 1_000, "challenges, and the answers that had room");
    assert_eq!(world.calls.counts().transactions, 0);
}
