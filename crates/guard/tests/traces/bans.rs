//! Who is banned, for how long, and how it ends.

use crate::*;
use ringfence_guard::{
    Aor, Ban, Cause, Evidence, Reach, Reaction, State, TooManyBans, Why, nftables,
};

/// Three messages of a tool.
fn convict(guard: &mut Guard, now: Moment, sender: Sender) {
    let reactions = [(); 3].map(|()| guard.observed(now, sender, Evidence::Scanner));
    assert_eq!(reactions, [Reaction::Silence, Reaction::Silence, Reaction::Banned]);
}

fn until_secs(guard: &Guard, secs: u64) -> Vec<i64> {
    guard.bans(clock(secs)).iter().map(|ban| ban.until.unwrap().as_secs() - 1_000_000).collect()
}

#[test]
fn a_broken_phone_is_never_banned_for_a_few_bad_messages() {
    let mut guard = guard();
    for minute in 0..600 {
        let reaction = guard.observed(after(minute * 60), stranger(1), Evidence::Malformed);
        assert_eq!(reaction, Reaction::Silence);
    }
}

#[test]
fn bans_double_and_are_forgotten() {
    let mut guard = guard();
    let attacker = tcp("192.0.2.66:1234");
    let mut now = 0;
    for length in [300, 600, 1_200, 2_400] {
        convict(&mut guard, after(now), attacker);
        assert_eq!(until_secs(&guard, now), [now as i64 + length]);
        now += length as u64;
        assert!(passes(guard.admit(after(now), attacker, INVITE)), "it ends by itself");
    }
    (0..12).for_each(|_| {
        convict(&mut guard, after(now), attacker);
    });
    assert_eq!(until_secs(&guard, now), [now as i64 + 86_400], "a day at most");
    now += 3 * 86_400;
    convict(&mut guard, after(now), attacker);
    assert_eq!(until_secs(&guard, now), [now as i64 + 300], "long ago");
}

#[test]
fn who_keeps_hammering_stays_banned_up_to_the_longest_ban() {
    let mut guard = guard();
    let (attacker, phone) = (tcp("192.0.2.66:1234"), tcp("192.0.2.67:1234"));
    convict(&mut guard, after(0), attacker);
    convict(&mut guard, after(0), phone);
    for i in 0..2_000_u64 * 50 {
        let now = after_ms(i * 20);
        assert_eq!(guard.admit(now, attacker, INVITE), Admission::Drop(Why::Banned));
        if i % 1_500 == 0 && i < 15_000 {
            assert_eq!(guard.admit(now, phone, REGISTER), Admission::Drop(Why::Banned));
        }
    }
    assert_eq!(
        until_secs(&guard, 2_000).len(),
        1,
        "a phone that only repeats itself is heard again"
    );
    assert!(passes(guard.admit(after(301), phone, REGISTER)));
}

#[test]
fn forged_datagrams_ban_no_stream_and_not_for_long() {
    let mut guard = guard();
    let victim = "192.0.2.80:5060";
    let mut last = 0;
    for secs in 0..86_400_u64 {
        guard.observed(after(secs), udp(victim), Evidence::Scanner);
        last = until_secs(&guard, secs).first().copied().unwrap_or(last);
        assert!(last <= secs as i64 + 3_600);
        assert!(secs % 60 != 0 || passes(guard.admit(after(secs), tcp(victim), REGISTER)));
    }
    assert_eq!(guard.admit(after(86_400), udp(victim), REGISTER), Admission::Drop(Why::Banned));
    assert_eq!(guard.bans(clock(86_400))[0].reach, Reach::Datagrams);
    // It registers over TLS: from then on nobody can forge it out of UDP either.
    guard.succeeded(after(86_400), tcp(victim), Aor(1));
    assert_eq!(guard.bans(clock(86_400)), []);
    assert!(passes(guard.admit(after(86_400), udp(victim), REGISTER)));
    for _ in 0..100 {
        guard.observed(after(86_400), udp(victim), Evidence::Scanner);
    }
    assert!(passes(guard.admit(after(86_400), udp(victim), REGISTER)));
}

#[test]
fn proven_evidence_bans_everything() {
    let mut guard = guard();
    convict(&mut guard, after(0), tcp("[2001:db8:9:9::1]:4444"));
    for sender in [tcp("[2001:db8:9:9::2]:5555"), udp("[2001:db8:9:9::3]:5060")] {
        assert_eq!(guard.admit(after(1), sender, REGISTER), Admission::Drop(Why::Banned));
        assert_eq!(guard.connects(after(1), sender), Err(Why::Banned));
    }
    assert_eq!(guard.bans(clock(1))[0].net.to_string(), "2001:db8:9:9::/64");
}

#[test]
fn known_and_trusted_sources_are_never_banned_by_evidence() {
    let trusted = vec!["203.0.113.0/24".parse().unwrap()];
    let mut guard = Guard::new(Settings { trusted, ..Settings::default() }, 5);
    guard.succeeded(after(0), udp("192.0.2.9:5060"), Aor(1));
    for (address, secs) in ["192.0.2.9:5060", "203.0.113.1:5060"].into_iter().zip([0, 100]) {
        for sender in [udp(address), tcp(address)] {
            for evidence in [Evidence::Scanner, Evidence::Malformed, Evidence::UnauthorisedInvite] {
                let answers = (0..100)
                    .map(|_| guard.observed(after(secs), sender, evidence))
                    .filter(|reaction| *reaction == Reaction::Answer)
                    .count();
                assert!(answers <= 10);
            }
            assert!(passes(guard.admit(after(secs), sender, REGISTER)));
        }
    }
    assert!(guard.bans(clock(0)).is_empty());
}

#[test]
fn a_person_bans_and_lifts_whatever_it_is() {
    let trusted = vec!["203.0.113.0/24".parse().unwrap()];
    let mut guard = Guard::new(Settings { trusted, ..Settings::default() }, 5);
    let (trunk, phone) = (udp("203.0.113.1:5060"), udp("192.0.2.9:5060"));
    guard.succeeded(after(0), phone, Aor(1));
    let net = |text: &str| text.parse().unwrap();
    let until = Some(WallTime::from_secs(1_000_600));
    guard.ban(clock(0), net("203.0.113.0/30"), until, "anna").unwrap();
    guard.ban(clock(0), net("192.0.2.9/24"), None, "anna").unwrap();
    assert_eq!(guard.admit(after(599), trunk, INVITE), Admission::Drop(Why::Banned));
    assert!(passes(guard.admit(after(600), trunk, INVITE)), "it ends at its wall time");
    assert_eq!(guard.admit(after(600), phone, INVITE), Admission::Drop(Why::Banned));
    let bans = guard.bans(clock(600));
    assert_eq!(bans.len(), 1);
    assert_eq!((bans[0].net, bans[0].until), (net("192.0.2.0/24"), None));
    assert_eq!(bans[0].cause, Cause::Order("anna".into()));
    assert_eq!(guard.unban(after(600), net("192.0.2.9/32")), 0, "part of an order is not lifted");
    assert_eq!(guard.unban(after(600), net("192.0.2.0/23")), 1);
    assert!(passes(guard.admit(after(600), phone, INVITE)));
}

#[test]
fn lifting_a_ban_by_evidence_forgets_it() {
    let mut guard = guard();
    let attacker = tcp("[2001:db8:9:9::1]:4444");
    convict(&mut guard, after(0), attacker);
    convict(&mut guard, after(0), attacker);
    assert_eq!(guard.unban(after(1), "2001:db8:9:9::77/128".parse().unwrap()), 1);
    assert!(passes(guard.admit(after(1), attacker, REGISTER)));
    convict(&mut guard, after(1), attacker);
    assert_eq!(until_secs(&guard, 1), [301], "the first again");
}

#[test]
fn orders_have_a_cap_and_say_so() {
    let mut guard = Guard::new(Settings { orders_max: 2, ..Settings::default() }, 5);
    let net = |i: u8| format!("192.0.2.{i}/32").parse().unwrap();
    guard.ban(clock(0), net(1), Some(WallTime::from_secs(1_000_010)), "noc").unwrap();
    guard.ban(clock(0), net(2), None, "noc").unwrap();
    guard.ban(clock(0), net(2), None, "anna").unwrap();
    let full = guard.ban(clock(0), net(3), None, "noc").unwrap_err();
    assert_eq!(full, TooManyBans { net: net(3), max: 2 });
    assert_eq!(guard.bans(clock(0)).len(), 2);
    guard.ban(clock(10), net(3), None, "noc").expect("the first one has ended");
}

#[test]
fn a_restart_forgets_neither_bans_nor_phones() {
    let (attacker, phone) = (tcp("192.0.2.66:1234"), udp("198.51.100.9:6060"));
    let mut old = guard();
    convict(&mut old, after(0), attacker);
    convict(&mut old, after(0), attacker);
    old.ban(clock(0), "203.0.113.0/24".parse().unwrap(), None, "anna").unwrap();
    old.succeeded(after(0), phone, Aor(42));
    let text = serde_json::to_string(&old.state(clock(100))).unwrap();

    // Another process: its clock starts elsewhere, the wall clock goes on.
    let at = |secs: u64| Now {
        moment: Moment(7_000_000 + secs * 1_000_000),
        wall: WallTime::from_secs(1_000_100 + secs as i64),
    };
    let mut new = guard();
    new.restore(at(0), serde_json::from_str(&text).unwrap());
    assert_eq!(new.bans(at(0)), old.bans(clock(100)));
    assert_eq!(new.admit(at(499).moment, attacker, INVITE), Admission::Drop(Why::Banned));
    assert!(passes(new.admit(at(500).moment, attacker, INVITE)));
    assert!(passes(new.admit(at(0).moment, phone, INVITE)));
    for i in 0..100_000 {
        new.failed(at(1).moment, stranger(i), Aor(42));
    }
    assert!(new.may_try(at(1).moment, phone, Aor(42)));
    assert!(!new.may_try(at(1).moment, stranger(7_000_000), Aor(42)));
    assert_eq!(new.state(at(90_000)).sources, []);
}

#[test]
fn a_state_cannot_ban_or_vouch_for_longer_than_the_settings() {
    let far = WallTime::from_secs(i64::MAX);
    let ban = Ban {
        net: "192.0.2.66/32".parse().unwrap(),
        reach: Reach::Datagrams,
        cause: Cause::Evidence(Evidence::Scanner),
        earlier: 255,
        until: Some(far),
    };
    let mut guard = guard();
    guard.restore(clock(0), State { bans: vec![ban], ..State::default() });
    assert_eq!(until_secs(&guard, 0), [3_600]);
    for _ in 0..20_000 {
        let _ = guard.admit(after(3_599), udp("192.0.2.66:5060"), INVITE);
    }
    assert!(passes(guard.admit(after(3_600), udp("192.0.2.66:5060"), INVITE)));
}

#[test]
fn the_list_becomes_a_script_for_the_kernel() {
    let mut guard = guard();
    convict(&mut guard, after(0), tcp("192.0.2.66:1234"));
    convict(&mut guard, after(0), udp("192.0.2.67:1234"));
    let script = nftables(&guard.bans(clock(0)), clock(0).wall);
    assert!(script.contains("blocked4 { 192.0.2.66 timeout 300s }"), "{script}");
    assert!(script.contains("blocked4_udp { 192.0.2.67 timeout 300s }"), "{script}");
}
