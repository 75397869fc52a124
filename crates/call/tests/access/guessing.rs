//! Passwords and names are guessed; good phones go on.

use crate::office::{ACME, parts};
use crate::peer::Phone;
use crate::world::{World, udp};
use ringfence_call::{Extension, Parts};
use ringfence_model::CallEvent;
use ringfence_sip::digest::Algorithm;
use ringfence_sip::{Message, Method, Name};
use std::time::Duration;

/// Its text with everything that must differ from answer to answer taken out.
fn shape(message: &Message, phone: &Phone) -> String {
    let mut text = String::from_utf8(message.bytes().to_vec()).unwrap();
    let ip = phone.flow.remote.ip().to_string();
    for varying in [&phone.call_id, &phone.aor, &ip] {
        text = text.replace(varying.as_str(), "@");
    }
    let mut shape = String::new();
    for line in text.lines() {
        let hidden = match (line.find("nonce=\""), line.find(";tag=")) {
            // 48 digits.
            (Some(at), _) => Some((at + 7, at + 55)),
            (None, Some(at)) if line.starts_with("To:") => Some((at + 5, line.len())),
            _ => None,
        };
        let (from, to) = hidden.unwrap_or((line.len(), line.len()));
        shape.push_str(&line[..from]);
        shape.push_str(&format!("({})", to - from));
        shape.push_str(&line[to..]);
        shape.push('\n');
    }
    shape
}

/// An extension that exists, one without password, one that never existed, one that may not be there.
fn people() -> Vec<Phone> {
    ["201", "299", "777", "admin"]
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let mut phone = Phone::new(ACME, name, &format!("192.0.2.{}:7000", 100 + at));
            phone.call_id = format!("call-{name}");
            phone.password = "wrong".into();
            phone
        })
        .collect()
}

#[test]
fn names_that_exist_and_names_that_do_not_look_alike() {
    for method in [Method::Register, Method::Invite, Method::Message] {
        let mut world = World::new(parts());
        let mut shapes = Vec::new();
        for mut phone in people() {
            // From one source each: what it sees may not depend on whom it asks for.
            let first = phone.ask(&mut world, method, None).pop().expect("a challenge");
            let credentials = phone.credentials(method, &first);
            let second = phone.ask(&mut world, method, Some(credentials)).pop();
            let second = second.expect("the same challenge again");
            assert_eq!(first.code(), second.code());
            shapes.push((shape(&first, &phone), shape(&second, &phone)));
        }
        for other in &shapes[1..] {
            assert_eq!(shapes[0], *other, "{method:?}");
        }
    }
}

#[test]
fn every_nonce_is_of_its_own() {
    let mut world = World::new(parts());
    let mut phone = Phone::new(ACME, "201", "192.0.2.100:7000");
    let mut nonces = std::collections::HashSet::new();
    for _ in 0..5 {
        let answer = phone.ask(&mut world, Method::Register, None).pop().unwrap();
        let lines: Vec<_> = answer.lines(Name::WwwAuthenticate).map(<[u8]>::to_vec).collect();
        assert_eq!(lines.len(), 2, "SHA-256 first, then MD5");
        nonces.insert(lines[0].clone());
    }
    assert_eq!(nonces.len(), 5);
}

/// An office after a power cut: all are challenged before the first of them answers, in one batch.
#[test]
fn phones_behind_one_address_that_are_challenged_at_once_all_get_in() {
    let mut world = World::new(parts());
    let mut phones = ["201", "202"].map(|name| Phone::new(ACME, name, "192.0.2.100:7000"));
    let challenges = phones
        .each_mut()
        .map(|phone| phone.ask(&mut world, Method::Register, None).pop().expect("a challenge"));
    for (phone, challenge) in phones.iter_mut().zip(&challenges) {
        assert_eq!(phone.answer(&mut world, Method::Register, challenge).code(), Some(200));
    }
}

#[test]
fn nothing_is_kept_of_those_who_are_challenged() {
    let mut world = World::new(parts());
    for at in 0..50 {
        let mut phone = Phone::new(ACME, "201", &format!("192.0.2.{at}:7000"));
        phone.ask(&mut world, Method::Register, None);
    }
    assert!(world.transactions.is_empty());
    assert_eq!(world.next_timer(), None);
}

#[test]
fn an_answer_cannot_be_used_again_or_elsewhere() {
    let mut world = World::new(parts());
    let mut phone = Phone::new(ACME, "201", "203.0.113.50:7000");
    let challenge = phone.ask(&mut world, Method::Register, None).pop().unwrap();
    let credentials = phone.credentials(Method::Register, &challenge);
    let good = phone.ask(&mut world, Method::Register, Some(credentials.clone())).pop().unwrap();
    assert_eq!(good.code(), Some(200));
    let again = phone.ask(&mut world, Method::Register, Some(credentials.clone())).pop().unwrap();
    assert_eq!(again.code(), Some(401), "the count was used");
    let mut thief = phone.clone();
    thief.flow = udp("192.0.2.66:7000");
    thief.call_id = "other".into();
    let fresh = phone.ask(&mut world, Method::Register, None).pop().unwrap();
    let credentials = phone.credentials(Method::Register, &fresh);
    let stolen = thief.ask(&mut world, Method::Register, Some(credentials)).pop().unwrap();
    assert_eq!(stolen.code(), Some(401), "the nonce is another one's");
    let stale = stolen.field(Name::WwwAuthenticate).unwrap();
    assert!(stale.ends_with(b"stale=true"));
    world.pass(Duration::from_secs(301));
    let credentials = phone.credentials(Method::Register, &fresh);
    let late = phone.ask(&mut world, Method::Register, Some(credentials)).pop().unwrap();
    assert_eq!(late.code(), Some(401), "the nonce is too old");
    assert_eq!(phone.answer(&mut world, Method::Register, &late).code(), Some(200));
}

#[test]
fn nobody_registers_as_somebody_else() {
    let mut world = World::new(parts());
    let mut phone = Phone::new(ACME, "201", "203.0.113.50:7000");
    phone.aor = "202".into();
    assert_eq!(phone.register(&mut world).code(), Some(403));
    assert!(world.registrar.is_empty());
}

#[test]
fn from_a_wrong_network_the_right_password_is_wrong() {
    let mut parts = parts();
    let extension = &mut parts.extensions[0];
    extension.networks = vec!["203.0.113.0/24".parse().unwrap()];
    let mut world = World::new(parts);
    let mut inside = Phone::new(ACME, "201", "203.0.113.50:7000");
    assert_eq!(inside.register(&mut world).code(), Some(200));
    let mut outside = Phone::new(ACME, "201", "192.0.2.66:7000");
    assert_eq!(outside.register(&mut world).code(), Some(401));
}

/// Guesses behind the same address translator as a good phone, from another port.
#[test]
fn a_guesser_is_stopped_and_the_phone_beside_it_is_not() {
    let mut world = World::new(parts());
    let nat = |port: u16| format!("203.0.113.50:{port}");
    let mut good = Phone::new(ACME, "202", &nat(5060));
    assert_eq!(good.register(&mut world).code(), Some(200));
    let mut guesser = Phone::new(ACME, "201", &nat(40_000));
    let mut tried = 0;
    for guess in 0..200 {
        guesser.password = format!("guess{guess}");
        let Some(challenge) = guesser.ask(&mut world, Method::Register, None).pop() else { break };
        let answer = guesser.answer(&mut world, Method::Register, &challenge);
        assert_eq!(answer.code(), Some(401));
        tried += 1;
        world.pass(Duration::from_millis(50));
    }
    assert_eq!(tried, 200, "it sees the same as ever");
    guesser.password = "secret201".into();
    let right = guesser.register(&mut world);
    assert_eq!(right.code(), Some(401), "by now a right guess looks wrong");
    let counts = world.guard.counts();
    assert!(counts.failures_unchecked > 180, "only a few were looked at: {counts:?}");
    assert_eq!(good.register(&mut world).code(), Some(200));
    good.invite(&mut world);
    assert_eq!(world.heard, ["extension 202"]);
    world.pass(Duration::from_secs(61));
    let failed: u32 = world
        .events
        .iter()
        .filter_map(|event| match event {
            CallEvent::RegistrationFailed(f) => Some((f.count, f.extension.clone())),
            _ => None,
        })
        .map(|(count, extension)| {
            assert_eq!(extension.unwrap().as_str(), "201");
            count
        })
        .sum();
    assert_eq!(failed, 201);
}

/// The account itself is under attack from many addresses.
#[test]
fn an_attack_from_everywhere_does_not_lock_the_owner_out() {
    let mut world = World::new(parts());
    let mut owner = Phone::new(ACME, "201", "203.0.113.50:5060");
    assert_eq!(owner.register(&mut world).code(), Some(200));
    for at in 0..120_u32 {
        let mut guesser = Phone::new(ACME, "201", &format!("192.0.{}.{}:7000", at % 50, at));
        guesser.password = format!("guess{at}");
        guesser.register(&mut world);
        world.pass(Duration::from_millis(20));
    }
    assert!(world.guard.counts().failures_unchecked > 50);
    assert_eq!(owner.register(&mut world).code(), Some(200));
    owner.invite(&mut world);
    assert_eq!(world.heard, ["extension 201"]);
}

#[test]
fn a_scan_for_names_ends_in_silence() {
    let mut world = World::new(parts());
    let mut answered = 0;
    for name in 100..400 {
        let mut scanner = Phone::new(ACME, &name.to_string(), "192.0.2.66:5060");
        answered += scanner.ask(&mut world, Method::Register, None).len();
        world.pass(Duration::from_millis(100));
    }
    assert!(answered < 20, "{answered} answers");
    assert!(world.silent > 280);
}

#[test]
fn an_office_comes_back_after_a_power_cut() {
    let extensions: Vec<Extension> = (0..200)
        .map(|n| crate::office::extension("acme", ACME, &(300 + n).to_string(), ""))
        .collect();
    let mut world = World::new(Parts { extensions, ..parts() });
    let mut phones: Vec<Phone> = (0..200)
        .map(|n| {
            let address = format!("203.0.113.50:{}", 10_000 + n);
            Phone::new(ACME, &(300 + n).to_string(), &address)
        })
        .collect();
    // One phone was there before, so that the office is known.
    assert_eq!(phones[0].register(&mut world).code(), Some(200));
    let mut registered = 1;
    for phone in &mut phones[1..] {
        registered += usize::from(phone.register(&mut world).code() == Some(200));
    }
    assert_eq!(registered, 200, "all in one instant");
    assert_eq!(world.registrar.len(), 200);
}

#[test]
fn strangers_get_no_answer() {
    let mut world = World::new(parts());
    for (domain, method) in [
        ("nobody.example", Method::Register),
        ("nobody.example", Method::Invite),
        ("198.51.100.1", Method::Options),
    ] {
        let mut stranger = Phone::new(domain, "100", "192.0.2.66:5060");
        assert!(stranger.ask(&mut world, method, None).is_empty(), "{domain} {method:?}");
    }
    assert!(world.transactions.is_empty());
}

/// A phone that knows only MD5 at an office that does not take it: it will never get in, and says nothing itself.
#[test]
fn a_phone_that_answers_in_a_way_that_is_not_taken_is_told_of_and_not_banned() {
    let mut parts = parts();
    parts.tenants[0].algorithms = vec![Algorithm::Sha256];
    let mut world = World::new(parts);
    let mut phone = Phone::new(ACME, "201", "203.0.113.50:7000");
    for _ in 0..40 {
        let challenge = phone.ask(&mut world, Method::Register, None).pop().expect("a challenge");
        let (name, value) = phone.credentials(Method::Register, &challenge);
        let value = String::from_utf8(value).unwrap().replace("SHA-256", "MD5").into_bytes();
        let answer = phone.ask(&mut world, Method::Register, Some((name, value))).pop();
        assert_eq!(answer.expect("a challenge again").code(), Some(401));
        world.pass(Duration::from_secs(1));
    }
    assert_eq!((world.guard.counts().bans, world.guard.counts().failures), (0, 0));
    world.pass(Duration::from_secs(61));
    let told = world.events.iter().filter_map(|event| match event {
        CallEvent::RegistrationFailed(failed) => Some(failed.count),
        _ => None,
    });
    assert_eq!(told.sum::<u32>(), 40);
}
