//! Our registrations at carriers, and whether carriers live.

use crate::office::{CARRIER, CARRIER_B, hop, parts, registering_at_carrier};
use crate::peer::contacts;
use crate::world::{World, udp};
use ringfence_call::{Standing, begin};
use ringfence_model::TrunkId;
use ringfence_sip::digest::{Algorithm, Authorization, Challenged, Challenger, Ha1};
use ringfence_sip::{Message, Method, Name};
use std::time::Duration;

fn id() -> TrunkId {
    TrunkId::new("carrier")
}

fn world() -> World {
    let mut parts = parts();
    registering_at_carrier(&mut parts.trunks[0]);
    let mut world = World::new(parts);
    world.trunks.resolved(world.now, &id(), &[hop(CARRIER)]);
    world.pass(Duration::ZERO);
    world
}

fn got(world: &mut World, at: &str) -> Vec<Message> {
    world.sent_to(at.parse().unwrap())
}

/// The one request that is there now.
fn request(world: &mut World) -> Message {
    let mut all = got(world, CARRIER);
    assert_eq!(all.len(), 1, "one request");
    all.pop().unwrap()
}

fn says(world: &mut World, request: &Message, code: u16, fields: &[(Name, &str)]) {
    let flow = udp(CARRIER);
    let mut answer = begin(request, &flow, code, b"So", b"theirs").unwrap();
    for (name, value) in fields {
        answer.field(*name, &[value.as_bytes()]);
    }
    world.hear(&flow, answer.finish(b"").unwrap());
}

fn standing(world: &World) -> Standing {
    world.trunks.health(&id()).unwrap().registration.unwrap()
}

/// How long until something is sent.
fn quiet_for(world: &mut World) -> Duration {
    let from = world.now.moment;
    for _ in 0..200 {
        if world.sent.iter().any(|(flow, _)| flow.remote == CARRIER.parse().unwrap()) {
            return world.now.moment - from;
        }
        let next = world.next_timer().expect("something is planned");
        let wait = next - world.now.moment;
        world.pass(wait.max(Duration::from_micros(1)));
    }
    panic!("nothing is sent");
}

struct Registrar {
    challenger: Challenger,
    password: &'static str,
}

impl Registrar {
    fn new(password: &'static str) -> Self {
        let life = Duration::from_secs(3_600);
        Self { challenger: Challenger::new("carrier", &[8; 32], life).unwrap(), password }
    }

    /// Challenges, or grants when the password is right.
    fn serve(&self, world: &mut World, request: &Message, granted: u32) -> u16 {
        let now = world.now.wall.0.unsigned_abs();
        let ha1 = Ha1::new("acme1", "carrier", self.password);
        let asked = Challenged { method: b"REGISTER", uri: request.uri_text(), binding: b"" };
        let accepted = request.field(Name::Authorization).map(|value| {
            let read = Authorization::parse(value).unwrap();
            self.challenger.verify(now, asked, &read, &ha1, &Algorithm::PREFERRED)
        });
        if matches!(accepted, Some(Ok(_))) {
            let contact = format!("{};expires={granted}", contacts(request)[0]);
            says(world, request, 200, &[(Name::Contact, &contact)]);
            return 200;
        }
        let stale = matches!(accepted, Some(Err(ringfence_sip::digest::Refused::Stale)));
        let values: Vec<String> = self
            .challenger
            .challenge(now, b"", stale, &[Algorithm::Md5, Algorithm::Sha256])
            .map(|value| String::from_utf8(value).unwrap())
            .collect();
        let fields: Vec<_> =
            values.iter().map(|value| (Name::WwwAuthenticate, value.as_str())).collect();
        says(world, request, 401, &fields);
        401
    }
}

#[test]
fn a_registration_and_its_refreshes() {
    let mut world = world();
    let carrier = Registrar::new("pw");
    let first = request(&mut world);
    assert_eq!(
        (first.method(), first.uri_text()),
        (Some(Method::Register), &b"sip:carrier.example"[..])
    );
    assert_eq!(contacts(&first), ["<sip:acme1@edge.example:5060;transport=udp>"]);
    assert_eq!(first.number(Name::Expires), Some(3_600));
    assert_eq!(carrier.serve(&mut world, &first, 3_600), 401);
    let second = request(&mut world);
    let credentials = Authorization::parse(second.field(Name::Authorization).unwrap()).unwrap();
    assert_eq!(credentials.algorithm, Some(Algorithm::Sha256), "the strongest, not the first");
    assert_eq!(first.field(Name::CallId), second.field(Name::CallId));
    assert_eq!(carrier.serve(&mut world, &second, 3_600), 200);
    assert!(matches!(standing(&world), Standing::Registered { .. }));
    for _ in 0..3 {
        let quiet = quiet_for(&mut world);
        assert!((2_700..=3_000).contains(&quiet.as_secs()), "{quiet:?}");
        let refresh = request(&mut world);
        let code = carrier.serve(&mut world, &refresh, 3_600);
        if code == 401 {
            // The nonce is too old by now, the password is not wrong.
            let again = request(&mut world);
            assert_eq!(carrier.serve(&mut world, &again, 3_600), 200);
        }
        assert!(matches!(standing(&world), Standing::Registered { .. }));
    }
}

#[test]
fn a_short_time_is_refreshed_at_half() {
    let mut world = world();
    let first = request(&mut world);
    says(&mut world, &first, 200, &[(Name::Expires, "120")]);
    let quiet = quiet_for(&mut world);
    assert!((54..=60).contains(&quiet.as_secs()), "{quiet:?}");
    let refresh = request(&mut world);
    let cseq = |message: &Message| message.essentials().unwrap().cseq.number;
    assert_eq!(cseq(&refresh), cseq(&first) + 1);
}

#[test]
fn a_nonce_serves_on_for_refreshes() {
    let mut world = world();
    let carrier = Registrar::new("pw");
    let first = request(&mut world);
    carrier.serve(&mut world, &first, 100);
    let second = request(&mut world);
    carrier.serve(&mut world, &second, 100);
    for count in ["00000002", "00000003"] {
        quiet_for(&mut world);
        let refresh = request(&mut world);
        let value = refresh.field(Name::Authorization).unwrap();
        let read = Authorization::parse(value).unwrap();
        assert_eq!(read.nc.unwrap().digits, count.as_bytes());
        assert_eq!(carrier.serve(&mut world, &refresh, 100), 200, "no challenge is needed");
    }
}

#[test]
fn a_wrong_password_is_not_shown_again_and_again() {
    let mut world = world();
    let carrier = Registrar::new("other");
    let first = request(&mut world);
    carrier.serve(&mut world, &first, 3_600);
    let second = request(&mut world);
    carrier.serve(&mut world, &second, 3_600);
    let Standing::Failed { why, .. } = standing(&world) else { panic!() };
    assert_eq!(&*why, "user or password is wrong");
    assert!(!world.trunks.is_alive(&id()), "other carriers come first");
    let mut shown = 1;
    let start = world.now.moment;
    while world.now.moment - start < Duration::from_secs(7_200) {
        quiet_for(&mut world);
        let request = request(&mut world);
        shown += usize::from(request.has(Name::Authorization));
        carrier.serve(&mut world, &request, 3_600);
    }
    assert!(shown <= 10, "{shown} times in two hours");
}

#[test]
fn a_carrier_that_wants_longer() {
    let mut world = world();
    let first = request(&mut world);
    says(&mut world, &first, 423, &[(Name::MinExpires, "7200")]);
    let second = request(&mut world);
    assert_eq!(second.number(Name::Expires), Some(7_200));
    // It never ends: no loop.
    says(&mut world, &second, 423, &[(Name::MinExpires, "7200")]);
    assert!(got(&mut world, CARRIER).is_empty());
    assert!(matches!(standing(&world), Standing::Failed { .. }));
}

#[test]
fn a_carrier_that_tells_to_wait() {
    let mut world = world();
    let first = request(&mut world);
    says(&mut world, &first, 503, &[(Name::RetryAfter, "120 (maintenance)")]);
    let quiet = quiet_for(&mut world);
    assert!((120..=133).contains(&quiet.as_secs()), "{quiet:?}");
    let second = request(&mut world);
    says(&mut world, &second, 200, &[(Name::Expires, "3600")]);
    assert!(matches!(standing(&world), Standing::Registered { .. }));
}

#[test]
fn silence_and_recovery() {
    let mut world = world();
    let mut waits = Vec::new();
    let first = request(&mut world);
    for _ in 0..9 {
        // Timer F, then the wait.
        world.pass(Duration::from_secs(32));
        got(&mut world, CARRIER);
        waits.push(quiet_for(&mut world).as_secs());
        got(&mut world, CARRIER);
    }
    assert!(waits[0] <= 31 && waits.iter().all(|wait| *wait <= 1_800), "{waits:?}");
    assert!(waits[8] >= 850, "{waits:?}");
    let Standing::Failed { why, .. } = standing(&world) else { panic!() };
    assert_eq!(&*why, "no answer");
    world.pass(Duration::from_secs(32));
    got(&mut world, CARRIER);
    quiet_for(&mut world);
    let late = request(&mut world);
    assert_eq!(late.field(Name::CallId), first.field(Name::CallId));
    says(&mut world, &late, 200, &[(Name::Expires, "3600")]);
    assert!(matches!(standing(&world), Standing::Registered { .. }));
    assert!(world.trunks.is_alive(&id()));
}

#[test]
fn the_next_address_is_tried_at_once() {
    let mut world = world();
    world.trunks.resolved(world.now, &id(), &[hop(CARRIER), hop(CARRIER_B)]);
    let first = request(&mut world);
    says(&mut world, &first, 503, &[]);
    let second = got(&mut world, CARRIER_B);
    assert_eq!(second.len(), 1);
    assert_eq!(second[0].method(), Some(Method::Register));
}

#[test]
fn nobody_is_led_elsewhere() {
    let mut world = world();
    let first = request(&mut world);
    says(&mut world, &first, 302, &[(Name::Contact, "<sip:evil.example>")]);
    assert!(world.sent.is_empty());
    assert!(matches!(standing(&world), Standing::Failed { .. }));
}

#[test]
fn it_begins_when_the_address_is_known() {
    let mut parts = parts();
    registering_at_carrier(&mut parts.trunks[0]);
    let mut world = World::new(parts);
    world.pass(Duration::from_secs(5));
    assert!(world.sent.is_empty());
    world.trunks.resolved(world.now, &id(), &[hop(CARRIER)]);
    world.pass(Duration::ZERO);
    request(&mut world);
    // Again, with the same address: nothing is sent twice.
    world.trunks.resolved(world.now, &id(), &[hop(CARRIER)]);
    world.pass(Duration::ZERO);
    assert!(world.sent.is_empty());
}

#[test]
fn a_new_password_is_used_at_once() {
    let mut world = world();
    let carrier = Registrar::new("new");
    let first = request(&mut world);
    carrier.serve(&mut world, &first, 3_600);
    let second = request(&mut world);
    carrier.serve(&mut world, &second, 3_600);
    let mut parts = parts();
    registering_at_carrier(&mut parts.trunks[0]);
    parts.trunks[0].account.as_mut().unwrap().password = "new".into();
    world.directory = ringfence_call::Directory::new(parts).unwrap().into();
    world.with_wire(|w, wire| w.trunks.adopt(w.now, 0, wire));
    world.pass(Duration::ZERO);
    for code in [401, 200] {
        let request = request(&mut world);
        assert_eq!(carrier.serve(&mut world, &request, 3_600), code);
    }
    // The same directory again changes nothing.
    world.with_wire(|w, wire| w.trunks.adopt(w.now, 0, wire));
    world.pass(Duration::ZERO);
    assert!(world.sent.is_empty());
}

#[test]
fn probes_tell_who_lives() {
    let mut parts = parts();
    parts.trunks[0].probe = Some(Duration::from_secs(60));
    let mut world = World::new(parts);
    let two = [hop(CARRIER), hop(CARRIER_B)];
    world.trunks.resolved(world.now, &id(), &two);
    let quiet = quiet_for(&mut world);
    assert!(quiet <= Duration::from_secs(60));
    let probe = request(&mut world);
    assert_eq!(probe.method(), Some(Method::Options));
    // The first answers that it has no such method, which is life; the second stays silent.
    says(&mut world, &probe, 405, &[]);
    world.pass(Duration::from_secs(33));
    assert_eq!(world.trunks.hops(&id()), two, "the one that answers comes first");
    assert!(world.trunks.is_alive(&id()));
    got(&mut world, CARRIER_B);
    quiet_for(&mut world);
    let probe = request(&mut world);
    says(&mut world, &probe, 503, &[]);
    let health = world.trunks.health(&id()).unwrap();
    assert_eq!(health.hops, [(two[0], false), (two[1], false)]);
    assert!(!world.trunks.is_alive(&id()));
    // Back again.
    quiet_for(&mut world);
    let probe = request(&mut world);
    says(&mut world, &probe, 200, &[]);
    assert!(world.trunks.is_alive(&id()));
}

#[test]
fn nothing_is_left_of_a_trunk_that_went() {
    let mut first = parts();
    registering_at_carrier(&mut first.trunks[0]);
    first.trunks[0].probe = Some(Duration::from_secs(60));
    let mut world = World::new(first);
    world.trunks.resolved(world.now, &id(), &[hop(CARRIER)]);
    world.pass(Duration::from_secs(61));
    world.directory = ringfence_call::Directory::new(parts()).unwrap().into();
    world.with_wire(|w, wire| w.trunks.adopt(w.now, 0, wire));
    world.sent.clear();
    world.pass(Duration::from_secs(4_000));
    let new: Vec<_> =
        world.sent.iter().filter(|(_, m)| m.method() == Some(Method::Options)).collect();
    assert!(new.len() <= 11, "the last probe's retransmissions at most");
    assert_eq!((world.transactions.len(), world.next_timer()), (0, None));
}
