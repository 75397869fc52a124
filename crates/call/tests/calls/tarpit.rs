//! Wrong passwords wait for their answer where the operator wants it so.

use crate::world::{Talk, World, parts, phone};
use ringfence_call::Registering;
use ringfence_guard::{Guard, GuessingSettings, Settings};
use ringfence_sip::Name;
use ringfence_sip::digest::{Challenge, Secret, answer};
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

/// Asks for a challenge and answers it; gives the text of what was said last.
fn guesses(world: &mut World, who: &'static str, user: &str, password: &str) -> String {
    let aor = format!("<sip:{user}@acme.example>");
    let talk = Talk {
        who,
        target: "sip:acme.example".into(),
        routes: Vec::new(),
        local: format!("{aor};tag={who}"),
        remote: aor,
        call_id: format!("register-{who}"),
        cseq: 1,
    };
    world.ask(&talk, "REGISTER", "", "");
    let challenge = world.hears(who, "401");
    let asked = Challenge::parse(challenge.field(Name::WwwAuthenticate).unwrap()).unwrap();
    let on = (&b"REGISTER"[..], talk.target.as_bytes());
    let value = answer(&asked, on, (user, Secret::Password(password)), "abc", 1).unwrap();
    let field = format!("Authorization: {}\r\n", String::from_utf8(value).unwrap());
    let text = world.text(&Talk { cseq: 2, ..talk }, "REGISTER", &field, "");
    world.say(who, &text);
    text
}

#[test]
fn without_a_tarpit_a_wrong_password_is_told_at_once() {
    let mut world = world(0);
    guesses(&mut world, "desk", "201", "wrong");
    world.hears("desk", "401");
}

#[test]
fn a_wrong_password_waits_and_its_repetitions_are_absorbed() {
    for user in ["201", "nobody"] {
        let mut world = world(1_500);
        let text = guesses(&mut world, "desk", user, "wrong");
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
    guesses(&mut world, "desk", "201", "wrong");
    guesses(&mut world, "desk", "201", "secret");
    world.hears("desk", "200");
}

#[test]
fn who_guesses_when_it_is_full_hears_nothing() {
    let mut world = world(10_000);
    for at in 0..1_500 {
        let name: &'static str = Box::leak(format!("bot{at}").into_boxed_str());
        world.name(name, &format!("198.18.{}.{}:5060", at / 250, at % 250 + 1));
        guesses(&mut world, name, "201", "wrong");
    }
    world.pass(Duration::from_secs(10));
    let answers = world.heard.len();
    assert_eq!(answers, 1_500 + 1_000, "challenges, and the answers that had room");
    assert_eq!(world.calls.counts().transactions, 0);
}
