//! Guessing of passwords, and the phones that must not suffer from it.

use crate::*;
use ringfence_guard::{Aor, Focus, Guessing};

const HOUR: u64 = 3_600;

/// Tries a wrong password; whether it was looked at.
fn guess(guard: &mut Guard, now: Moment, sender: Sender, aor: u64) -> bool {
    let checked = guard.may_try(now, sender, Aor(aor));
    guard.failed(now, sender, Aor(aor));
    checked
}

fn reports(guard: &mut Guard, now: Moment) -> Vec<Guessing> {
    std::iter::from_fn(|| guard.guessing(now)).collect()
}

#[test]
fn one_source_at_one_account() {
    let mut guard = guard();
    let looked_at = (0..HOUR * 100)
        .filter(|i| guess(&mut guard, after_ms(i * 10), tcp("192.0.2.66:1234"), 100));
    let looked_at = looked_at.count();
    assert!((5..=5 + 60).contains(&looked_at), "svcrack, 100 a second for an hour: {looked_at}");
    assert!(!guard.may_try(after(HOUR - 1), tcp("192.0.2.66:1234"), Aor(100)), "the right one too");
    assert_eq!(guard.bans(clock(HOUR - 1)).len(), 1);
}

#[test]
fn one_source_at_all_accounts() {
    let mut guard = guard();
    let looked_at =
        (0..HOUR * 10).filter(|i| guess(&mut guard, after_ms(i * 100), stranger(1), *i % 9_900));
    let looked_at = looked_at.count();
    assert!((20..=20 + 600).contains(&looked_at), "svwar over four digits: {looked_at}");
}

#[test]
fn a_botnet_at_one_account() {
    let mut guard = guard();
    let looked_at = (0..HOUR * 100)
        .filter(|i| guess(&mut guard, after_ms(i * 10), stranger(*i as u32 % 10_000), 100));
    let looked_at = looked_at.count();
    assert!((20..=20 + 6 * 60).contains(&looked_at), "10,000 sources, an hour: {looked_at}");
}

#[test]
fn rotating_through_a_64_is_one_guesser() {
    let mut guard = guard();
    let looked_at = (0..6_000_u64).filter(|i| {
        guess(&mut guard, after_ms(i * 10), udp(&format!("[2001:db8:1:1::{i:x}]:5060")), *i)
    });
    assert!((20..=31).contains(&looked_at.count()));
}

#[test]
fn a_phone_with_a_wrong_password_locks_out_none_of_its_colleagues() {
    let mut guard = guard();
    let at = |port: u16| udp(&format!("198.51.100.20:{port}"));
    (0..100).for_each(|i| guard.succeeded(after(0), at(20_000 + i), Aor(i.into())));
    for secs in 0..8 * HOUR {
        // It tries each second, all day.
        guess(&mut guard, after(secs), at(30_000), 555);
        if secs % 600 == 0 {
            assert!((0..100).all(|i| guard.may_try(after(secs), at(20_000 + i), Aor(i.into()))));
            assert!(guard.may_try(after(secs), at(31_000), Aor(900 + secs)), "a new phone");
        }
    }
    assert!(guard.bans(clock(8 * HOUR)).is_empty());
}

#[test]
fn the_same_in_an_office_nobody_knows_yet() {
    let mut guard = guard();
    for secs in 0..HOUR {
        if secs % 30 == 0 {
            guess(&mut guard, after(secs), udp("198.51.100.20:30000"), 555);
            assert!(guard.may_try(after(secs), udp("198.51.100.20:31000"), Aor(900)));
        }
    }
    assert!(guard.bans(clock(HOUR)).is_empty());
}

#[test]
fn a_phone_whose_account_is_attacked_from_everywhere_stays_in() {
    let mut guard = guard();
    let phone = udp("198.51.100.20:20000");
    guard.succeeded(after(0), phone, Aor(100));
    for i in 0..200_000_u64 {
        let now = after_ms(i * 5);
        guess(&mut guard, now, stranger(i as u32 % 10_000), 100);
        if i % 1_000 == 0 {
            assert!(guard.may_try(now, phone, Aor(100)));
            // From another port too, when its NAT gave it a new one.
            assert!(guard.may_try(now, udp("198.51.100.20:20001"), Aor(100)));
        }
    }
    assert!(!guard.may_try(after_ms(999_995), stranger(77_777), Aor(100)));
    let neighbour = udp("198.51.100.20:20002");
    assert!(guard.may_try(after(1_000), neighbour, Aor(101)), "the source has done nothing");
}

#[test]
fn an_attacker_behind_the_same_nat_does_not_lock_out_the_phone_it_attacks() {
    let mut guard = guard();
    let (phone, insider) = (udp("198.51.100.20:20000"), tcp("198.51.100.20:44444"));
    guard.succeeded(after(0), phone, Aor(100));
    let mut looked_at = 0;
    for i in 0..100 * HOUR {
        looked_at += u64::from(guess(&mut guard, after_ms(i * 10), insider, 100));
        assert!(i % 100 != 0 || guard.may_try(after_ms(i * 10), phone, Aor(100)));
    }
    assert!((30..=30 + 4 * 60).contains(&looked_at), "{looked_at}");
    assert!(passes(guard.admit(after(HOUR), phone, INVITE)));
}

#[test]
fn a_phone_whose_password_was_changed_is_limited_too() {
    let mut guard = guard();
    let phone = udp("198.51.100.20:20000");
    guard.succeeded(after(0), phone, Aor(100));
    let looked_at = (0..HOUR * 10).filter(|i| guess(&mut guard, after_ms(i * 100), phone, 100));
    // The pair's own allowance and that of its port.
    assert!((60..=2 * (30 + 4 * 60)).contains(&looked_at.count()));
}

#[test]
fn guessing_is_reported_at_once_and_then_each_minute_without_losing_a_count() {
    let mut guard = guard();
    let attacker = stranger(1);
    let mut told = Vec::new();
    for i in 0..1_500_u64 {
        guess(&mut guard, after_ms(i * 100), attacker, 100);
        told.extend(reports(&mut guard, after_ms(i * 100)).into_iter().map(|report| (i, report)));
    }
    for secs in 150..400 {
        told.extend(reports(&mut guard, after(secs)).into_iter().map(|report| (secs * 10, report)));
    }
    for focus in [Focus::Source, Focus::Account] {
        let of: Vec<_> = told.iter().filter(|(_, report)| report.focus == focus).collect();
        let when: Vec<_> = of.iter().map(|(tenths, report)| (*tenths, report.failures)).collect();
        assert_eq!(when, [(9, 10), (609, 600), (1_209, 600), (1_810, 290)]);
        assert!(of.iter().all(|(_, report)| report.aor == Aor(100)));
        assert!(of.iter().all(|(_, report)| report.ip == attacker.address.ip()));
    }
    guess(&mut guard, after(500), attacker, 100);
    assert_eq!(reports(&mut guard, after(900)), [], "it is over");
}

#[test]
fn mistakes_are_not_reported_as_guessing() {
    let mut guard = guard();
    for i in 0..HOUR {
        // Nine a minute at one account and of one source.
        if i % 60 < 9 {
            guess(&mut guard, after(i), stranger(1), 100);
        }
        assert_eq!(reports(&mut guard, after(i)), []);
    }
}
