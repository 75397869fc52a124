//! Lists, shapes, rates and names at the door.

use crate::*;
use ringfence_guard::{Aor, Evidence, Reaction, Standing, Why};

const OFFICE: &str = "198.51.100.20";

fn phone(i: u16) -> Sender {
    udp(&format!("{OFFICE}:{}", 20_000 + i))
}

#[test]
fn a_known_office_of_200_phones_comes_back_after_a_power_cut() {
    let mut guard = guard();
    (0..200).for_each(|i| guard.succeeded(after(0), phone(i), Aor(i.into())));
    // Each registers, answers the challenge, and subscribes to ten lines: all of it within two seconds.
    let heard = (0..12 * 200_u64).filter(|i| {
        passes(guard.admit(after_ms(3_600_000 + i), phone((i % 200) as u16), REGISTER))
    });
    assert_eq!(heard.count(), 2_400);
    assert_eq!(guard.counts().passed_known, 2_400);
}

#[test]
fn an_office_that_comes_back_behind_a_new_address_registers_within_seconds() {
    let mut guard = guard();
    let mut registered_ms = [None; 200];
    // Everybody starts within 200 ms; an unanswered request is repeated after 0.5, 1, 2 and then each 4 seconds.
    let mut due: Vec<_> = (0..200_u16).map(|i| (u64::from(i), 500, i)).collect();
    for ms in 0..32_000 {
        for (at, wait, i) in due.iter_mut().filter(|(at, ..)| *at == ms) {
            if passes(guard.admit(after_ms(*at), phone(*i), REGISTER)) {
                // The answer to the challenge comes a round trip later.
                let proof = after_ms(*at + 40);
                assert!(passes(guard.admit(proof, phone(*i), REGISTER)) || *at < 100);
                guard.succeeded(proof, phone(*i), Aor((*i).into()));
                registered_ms[usize::from(*i)] = Some(*at);
            } else {
                *at += *wait;
                *wait = (*wait * 2).min(4_000);
            }
        }
    }
    let last = registered_ms.iter().map(|ms| ms.expect("registered")).max().unwrap();
    assert!(last < 2_000, "the last one after {last} ms");
}

#[test]
fn a_scanner_is_held_to_its_rate() {
    let mut guard = guard();
    let heard =
        (0..100_000).filter(|i| passes(guard.admit(after_ms(*i / 10), stranger(1), INVITE)));
    assert!((60..=60 + 20 * 10).contains(&heard.count()), "10,000 a second for ten seconds");
    assert!(guard.counts().dropped(Why::SourceRate) > 99_000);
}

#[test]
fn ten_thousand_sources_cost_a_bounded_share_and_nobody_else() {
    let mut guard = Guard::new(
        Settings { trusted: vec!["203.0.113.0/28".parse().unwrap()], ..Settings::default() },
        5,
    );
    let (trunk, phone, tls) = (udp("203.0.113.1:5060"), phone(1), tcp("192.0.2.200:40000"));
    guard.succeeded(after(0), phone, Aor(1));
    let mut heard = [0_u32; 4];
    for i in 0..10_000 * 5 * 4_u32 {
        let now = after_ms(1_000 + u64::from(i) / 50);
        heard[0] += u32::from(passes(guard.admit(now, stranger(i % 10_000), REGISTER)));
        if i % 50 == 0 {
            heard[1] += u32::from(passes(guard.admit(now, trunk, INVITE)));
        }
        if i % 500 == 0 {
            heard[2] += u32::from(passes(guard.admit(now, phone, INVITE)));
        }
        if i % 5_000 == 0 {
            heard[3] += u32::from(passes(guard.admit(now, tls, REGISTER)));
        }
    }
    assert!((2_000..=2_000 + 4 * 2_000).contains(&heard[0]), "50,000 a second: {heard:?}");
    assert_eq!(
        &heard[1..],
        [4_000, 400, 40],
        "trunk, phone and a new phone on TLS hear no difference"
    );
    assert!(guard.counts().dropped(Why::StrangersRate) > 100_000);
}

#[test]
fn a_flood_with_the_forged_address_of_a_phone_neither_bans_nor_silences_it() {
    let mut guard = guard();
    guard.succeeded(after(0), phone(1), Aor(1));
    let mut answered = 0;
    for ms in 0..60_000_u64 {
        for n in 0..5_u64 {
            // The attacker does not know which of the ports behind the NAT is the phone's.
            let forged = udp(&format!("{OFFICE}:{}", 1_024 + (ms * 5 + n) % 18_000));
            let bytes = if n == 0 { FRIENDLY } else { INVITE };
            if passes(guard.admit(after_ms(ms), forged, bytes)) {
                let reaction = guard.observed(after_ms(ms), forged, Evidence::Malformed);
                answered += u32::from(reaction == Reaction::Answer);
                assert_ne!(reaction, Reaction::Banned);
            }
        }
        if ms % 100 == 0 {
            assert_eq!(
                guard.admit(after_ms(ms), phone(1), INVITE),
                Admission::Pass(Standing::Known)
            );
        }
    }
    assert!(guard.bans(clock(60)).is_empty());
    assert!((10..=70).contains(&answered), "5,000 a second reflect {answered} answers in a minute");
}

#[test]
fn rotating_through_a_64_is_one_source_and_through_a_48_one_network() {
    let heard = |address: &dyn Fn(u32) -> String| {
        let mut guard = guard();
        let passes = |i: &u32| {
            let now = after_ms(u64::from(*i) / 2);
            passes(guard.admit(now, udp(&address(*i)), INVITE))
        };
        (0..20_000).filter(passes).count()
    };
    let of_64 = heard(&|i| format!("[2001:db8:1:1::{i:x}]:5060"));
    let of_48 = heard(&|i| format!("[2001:db8:2:{i:x}::1]:5060"));
    assert!((60..=60 + 20 * 10).contains(&of_64), "{of_64}");
    assert!((300..=300 + 100 * 10).contains(&of_48), "{of_48}");
}

#[test]
fn a_dual_stack_socket_changes_nothing() {
    let mut guard = guard();
    guard.succeeded(after(0), udp("192.0.2.7:5060"), Aor(1));
    assert_eq!(guard.standing(after(1), udp("[::ffff:192.0.2.7]:5060")), Standing::Known);
}

#[test]
fn tools_are_dropped_and_the_third_time_banned() {
    let mut guard = guard();
    let drops: Vec<_> = (0..5).map(|i| guard.admit(after(i), stranger(1), FRIENDLY)).collect();
    assert_eq!(&drops[..3], [Admission::Drop(Why::Scanner); 3]);
    assert_eq!(&drops[3..], [Admission::Drop(Why::Banned); 2]);
    assert_eq!(guard.admit(after(5), stranger(1), REGISTER), Admission::Drop(Why::Banned));
    assert!(passes(guard.admit(after(5), stranger(2), REGISTER)));
}

#[test]
fn a_tool_in_a_known_office_is_dropped_but_the_office_is_not_banned() {
    let mut guard = guard();
    guard.succeeded(after(0), phone(1), Aor(1));
    for i in 0..50 {
        for sender in [phone(9), tcp(&format!("{OFFICE}:44444"))] {
            assert_eq!(guard.admit(after(i), sender, FRIENDLY), Admission::Drop(Why::Scanner));
        }
    }
    assert!(passes(guard.admit(after(50), phone(1), INVITE)));
}

#[test]
fn the_operators_own_monitor_may_call_itself_anything() {
    let trusted = vec!["10.0.0.0/8".parse().unwrap()];
    let mut guard = Guard::new(Settings { trusted, ..Settings::default() }, 5);
    let monitor = udp("10.1.2.3:5060");
    assert!((0..1_000).all(|i| passes(guard.admit(after_ms(i), monitor, FRIENDLY))));
}

#[test]
fn a_name_of_honest_equipment_never_bans_by_itself() {
    let freepbx = b"REGISTER sip:example.org SIP/2.0\r\nUser-Agent: FPBX-16.0.40(18.9)\r\n\r\n";
    let mut guard = guard();
    assert!((0..50).all(|_| passes(guard.admit(after(0), stranger(1), freepbx))));
    assert!(guard.bans(clock(0)).is_empty());
    // Together with what it does it counts: two unauthorised INVITEs are not enough, three are.
    let reactions =
        [(); 3].map(|()| guard.observed(after(0), stranger(1), Evidence::UnauthorisedInvite));
    assert_eq!(reactions, [Reaction::Silence, Reaction::Silence, Reaction::Banned]);
}

#[test]
fn the_lists_of_the_operator() {
    let nets = |text: &str| vec![text.parse().unwrap()];
    let mut guard = Guard::new(
        Settings {
            allowed: nets("192.0.2.0/24"),
            denied: nets("192.0.2.128/25"),
            trusted: nets("203.0.113.0/24"),
            ..Settings::default()
        },
        5,
    );
    let mut admit = |address| guard.admit(after(0), udp(address), REGISTER);
    assert_eq!(admit("192.0.2.1:5060"), Admission::Pass(Standing::Stranger));
    assert_eq!(admit("203.0.113.9:5060"), Admission::Pass(Standing::Trusted));
    assert_eq!(admit("192.0.2.129:5060"), Admission::Drop(Why::Denied));
    assert_eq!(admit("198.51.100.1:5060"), Admission::Drop(Why::NotAllowed));
    assert_eq!(admit("[2001:db8::1]:5060"), Admission::Drop(Why::NotAllowed));
    assert_eq!(guard.connects(after(0), tcp("198.51.100.1:5060")), Err(Why::NotAllowed));
    assert_eq!(guard.connects(after(0), tcp("192.0.2.1:5060")), Ok(Standing::Stranger));
}

#[test]
fn what_is_not_sip_is_dropped_before_anything_is_remembered() {
    let mut guard = guard();
    for (sender, bytes, why) in [
        (stranger(1), &b"GET / HTTP/1.1\r\n\r\n"[..], Why::NotSip),
        (stranger(2), &[0x16, 3, 1, 2, 0][..], Why::NotSip),
        (stranger(3), &[b'A'; 70_000][..], Why::TooLong),
        (udp("192.0.2.1:0"), REGISTER, Why::Unanswerable),
        (udp("224.0.1.75:5060"), REGISTER, Why::Unanswerable),
    ] {
        assert_eq!(guard.admit(after(0), sender, bytes), Admission::Drop(why));
        assert!(guard.counts().dropped(why) > 0);
    }
    assert_eq!(guard.sizes().strangers, 0);
    let mut long = INVITE.to_vec();
    long.resize(20_000, b'x');
    assert_eq!(guard.admit(after(0), stranger(4), &long), Admission::Drop(Why::TooLong));
    assert!(passes(guard.admit(after(0), tcp("192.0.2.4:5060"), &long)), "streams may be longer");
}

#[test]
fn keep_alives_are_no_messages_but_count_as_such() {
    let mut guard = guard();
    guard.succeeded(after(0), phone(0), Aor(0));
    for bytes in [&b"\r\n\r\n"[..], b"\r\n", b"\0\0\0\0", b""] {
        assert_eq!(guard.admit(after(0), phone(0), bytes), Admission::KeepAlive);
    }
    // 200 phones, one each 15 seconds, for an hour.
    let all = (0..200 * 240_u64).all(|i| {
        guard.admit(after_ms(i * 75), phone((i % 200) as u16), b"\r\n\r\n") == Admission::KeepAlive
    });
    assert!(all);
    let of_stranger = (0..1_000)
        .filter(|_| guard.admit(after(0), stranger(1), b"\r\n\r\n") == Admission::KeepAlive);
    assert_eq!(of_stranger.count(), 60);
}

#[test]
fn a_clock_that_stands_still_stops_strangers_after_their_burst() {
    let mut guard = guard();
    let heard = (0..10_000).filter(|i| passes(guard.admit(START, stranger(i % 100), REGISTER)));
    assert_eq!(heard.count(), 2_000);
    assert_eq!(guard.counts().dropped_total(), 8_000);
}

#[test]
fn other_settings_keep_what_was_learned() {
    let mut guard = guard();
    guard.succeeded(after(0), phone(1), Aor(1));
    for _ in 0..3 {
        guard.admit(after(0), stranger(1), FRIENDLY);
    }
    guard.reconfigure(Settings {
        sources_max: 1_024,
        trusted: vec!["203.0.113.0/24".parse().unwrap()],
        ..Settings::default()
    });
    assert_eq!(guard.admit(after(1), stranger(1), REGISTER), Admission::Drop(Why::Banned));
    assert_eq!(guard.standing(after(1), phone(1)), Standing::Known);
    assert_eq!(guard.standing(after(1), udp("203.0.113.1:5060")), Standing::Trusted);
}

#[test]
fn a_phone_is_known_for_a_day_after_its_last_success() {
    let mut guard = guard();
    guard.succeeded(after(0), phone(1), Aor(1));
    guard.succeeded(after(3_600), phone(1), Aor(1));
    assert_eq!(guard.standing(after(86_400 + 3_599), phone(1)), Standing::Known);
    assert_eq!(guard.standing(after(86_400 + 3_600), phone(1)), Standing::Stranger);
}
