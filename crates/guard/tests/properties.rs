//! What holds for every sequence of inputs.

use proptest::prelude::*;
use ringfence_guard::{Admission, Aor, Evidence, Guard, Reaction, Sender, Settings, Standing};
use ringfence_model::{Moment, Now, WallTime};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

const CAP: usize = 64;

fn guard() -> Guard {
    let settings = Settings {
        sources_max: CAP,
        accounts_max: CAP,
        orders_max: 4,
        trusted: vec![ipnet::Ipv4Net::new_assert(Ipv4Addr::new(10, 0, 0, 0), 8).into()],
        ..Settings::default()
    };
    Guard::new(settings, 1)
}

#[derive(Clone, Debug)]
enum Step {
    Wait(u32),
    Admit(Sender, Vec<u8>),
    Connects(Sender),
    Observed(Sender, Evidence),
    Succeeded(Sender, u64),
    Failed(Sender, u64),
    Ban(IpAddr),
    Unban(IpAddr),
    Reports,
    Restart,
}

fn ip() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        any::<u32>().prop_map(|bits| IpAddr::V4(Ipv4Addr::from(bits))),
        (0_u32..16).prop_map(|bits| IpAddr::V4(Ipv4Addr::from(0x0A00_0000 + bits))),
        (0_u32..16).prop_map(|bits| IpAddr::V4(Ipv4Addr::from(0xC000_0200 + bits))),
        any::<u128>().prop_map(|bits| IpAddr::V6(Ipv6Addr::from(bits))),
    ]
}

fn sender() -> impl Strategy<Value = Sender> {
    (ip(), any::<u16>(), any::<bool>()).prop_map(|(ip, port, stream)| {
        let address = SocketAddr::new(ip, port);
        if stream { Sender::stream(address) } else { Sender::datagram(address) }
    })
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..200),
        "(\r\n){0,3}(INVITE|SIP/2.0|[A-Z]{1,40}) [a-z0-9:]{0,9} [A-Z/0-9.]{0,9}\r\n([uU]ser-[aA]gent ?:[ \t\r\na-z-]{0,20}\r?\n){0,3}(\r\n)?"
            .prop_map(String::into_bytes),
    ]
}

fn evidence() -> impl Strategy<Value = Evidence> {
    proptest::sample::select(vec![
        Evidence::Malformed,
        Evidence::Scanner,
        Evidence::UnauthorisedInvite,
        Evidence::UnknownAor,
        Evidence::Guessing,
    ])
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => any::<u32>().prop_map(Step::Wait),
        6 => (sender(), bytes()).prop_map(|(sender, bytes)| Step::Admit(sender, bytes)),
        1 => sender().prop_map(Step::Connects),
        4 => (sender(), evidence()).prop_map(|(sender, evidence)| Step::Observed(sender, evidence)),
        2 => (sender(), any::<u64>()).prop_map(|(sender, aor)| Step::Succeeded(sender, aor)),
        4 => (sender(), 0_u64..4).prop_map(|(sender, aor)| Step::Failed(sender, aor)),
        1 => ip().prop_map(Step::Ban),
        1 => ip().prop_map(Step::Unban),
        1 => Just(Step::Reports),
        1 => Just(Step::Restart),
    ]
}

fn take(guard: &mut Guard, now: &mut Now, step: Step) {
    match step {
        Step::Wait(by) => {
            now.moment = Moment(now.moment.0 + u64::from(by));
            now.wall = WallTime(now.wall.0 + i64::from(by));
        }
        Step::Admit(sender, bytes) => {
            let _ = guard.admit(now.moment, sender, &bytes);
        }
        Step::Connects(sender) => {
            let _ = guard.connects(now.moment, sender);
        }
        Step::Observed(sender, evidence) => {
            let standing = guard.standing(now.moment, sender);
            let reaction = guard.observed(now.moment, sender, evidence);
            match standing {
                Standing::Stranger => assert_ne!(reaction, Reaction::Answer),
                _ => assert_ne!(reaction, Reaction::Banned),
            }
        }
        Step::Succeeded(sender, aor) => {
            guard.succeeded(now.moment, sender, Aor(aor));
            assert!(guard.may_try(now.moment, sender, Aor(aor)));
        }
        Step::Failed(sender, aor) => guard.failed(now.moment, sender, Aor(aor)),
        Step::Ban(ip) => {
            let _ = guard.ban(*now, ip.into(), None, "noc");
        }
        Step::Unban(ip) => {
            let _ = guard.unban(now.moment, ip.into());
        }
        Step::Reports => while guard.guessing(now.moment).is_some() {},
        Step::Restart => {
            let state = guard.state(*now);
            *guard = crate::guard();
            guard.restore(*now, state);
        }
    }
}

proptest! {
    #[test]
    fn nothing_panics_and_no_table_grows(steps in proptest::collection::vec(step(), 0..300)) {
        let mut guard = guard();
        let mut now = Now { moment: Moment(5), wall: WallTime::from_secs(1_000) };
        for step in steps {
            take(&mut guard, &mut now, step);
            let sizes = guard.sizes();
            prop_assert!(sizes.strangers <= CAP && sizes.known <= CAP && sizes.pairs <= CAP);
            prop_assert!(sizes.networks <= CAP / 4 && sizes.trusted <= CAP / 4);
            prop_assert!(sizes.bans <= CAP / 4 + 4 && sizes.guessing <= CAP + CAP / 2);
        }
    }

    #[test]
    fn extreme_clocks_do_not_panic(moments in proptest::collection::vec(any::<u64>(), 1..50), sender in sender()) {
        let mut guard = guard();
        for moment in moments {
            let now = Now { moment: Moment(moment), wall: WallTime(moment as i64) };
            for step in [
                Step::Admit(sender, b"INVITE sip:a@b SIP/2.0\r\n\r\n".to_vec()),
                Step::Observed(sender, Evidence::Scanner),
                Step::Failed(sender, 1),
                Step::Reports,
                Step::Restart,
            ] {
                take(&mut guard, &mut { now }, step);
            }
        }
    }

    #[test]
    fn trusted_sources_within_their_rate_are_never_dropped(
        steps in proptest::collection::vec(step(), 0..200), peer in 0_u8..16, stream in any::<bool>(),
    ) {
        let mut guard = guard();
        let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, peer)), 5060);
        let sender = if stream { Sender::stream(address) } else { Sender::datagram(address) };
        let mut now = Now { moment: Moment(5), wall: WallTime::from_secs(1_000) };
        for step in steps {
            // An order of a person is the one thing that outweighs trust.
            if !matches!(step, Step::Ban(_)) {
                take(&mut guard, &mut now, step);
            }
            let admission = guard.admit(now.moment, sender, b"INVITE sip:a@b SIP/2.0\r\n\r\n");
            prop_assert_eq!(admission, Admission::Pass(Standing::Trusted));
        }
    }

    #[test]
    fn another_seed_changes_no_answer_while_the_tables_have_room(
        steps in proptest::collection::vec(step(), 0..100),
    ) {
        let answers = |seed| {
            let mut guard = Guard::new(Settings { sources_max: 4_096, accounts_max: 4_096, ..Settings::default() }, seed);
            steps.iter().filter_map(|step| match step {
                Step::Admit(sender, bytes) => Some(guard.admit(Moment(9), *sender, bytes)),
                _ => None,
            }).collect::<Vec<_>>()
        };
        prop_assert_eq!(answers(1), answers(2));
    }
}
