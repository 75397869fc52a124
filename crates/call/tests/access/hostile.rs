//! Whatever is sent, nothing breaks and nothing is left.

use crate::office::{ACME, CARRIER, CARRIER_B, PBX, hop, parts};
use crate::peer::Phone;
use crate::world::{World, udp};
use bytes::Bytes;
use proptest::prelude::*;
use ringfence_call::{Caller, Net, Origin, Way, identify, plan, routes};
use ringfence_sip::{Limits, Message, Name};
use std::time::Duration;

/// Text that stands in a field, much of it made of what fields are made of.
fn text() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "<sip:201@10.0.0.5>",
        "sip:",
        "tel:+31",
        "*",
        ",",
        ";",
        "=",
        "\"",
        "<",
        ">",
        "@",
        ":",
        "%",
        "%4",
        "?",
        ";expires=",
        ";q=",
        "0",
        "-1",
        "4294967296",
        "99999999999999999999",
        ";reg-id=",
        ";+sip.instance=\"<urn:x>\"",
        "[::1]",
        ".",
        " ",
        "é",
        "Digest ",
        "username=\"user201\"",
        "nonce=\"",
        "\\",
        ";lr",
        ";ob",
        "x",
    ]);
    prop_oneof![
        prop::collection::vec(pieces, 0..12).prop_map(|pieces| pieces.concat()),
        "[ -~]{0,60}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_phone_that_sends_anything(
        contact in text(),
        fields in prop::collection::vec((0_usize..6, text()), 0..4),
        expires in prop::option::of(any::<u32>()),
    ) {
        const NAMES: [Name; 6] = [
            Name::Contact, Name::Path, Name::Require, Name::Supported, Name::Authorization,
            Name::UserAgent,
        ];
        let mut world = World::new(parts());
        let mut phone = Phone::new(ACME, "201", "203.0.113.50:40000").contact(contact.trim());
        phone.expires = expires;
        phone.extra.extend(fields.into_iter().map(|(name, value)| (NAMES[name], value)));
        for _ in 0..3 {
            let answer = phone.register(&mut world);
            prop_assert!(answer.code().is_some_and(|code| (200..500).contains(&code)));
        }
        prop_assert!(world.registrar.len() <= 3);
        world.pass(Duration::from_secs(3_700));
        prop_assert!(world.registrar.is_empty() && world.kept.is_empty());
        prop_assert_eq!((world.transactions.len(), world.next_timer()), (0, None));
    }

    #[test]
    fn a_trunk_that_calls_anything(
        uri in "(sip|sips|tel):[!-~]{0,40}",
        (from, to, diversion) in (text(), text(), text()),
        at in prop::sample::select(vec![CARRIER, CARRIER_B, PBX]),
    ) {
        let message = format!(
            "INVITE {uri} SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: {from}\r\nTo: {to}\r\n\
             Call-ID: c\r\nCSeq: 1 INVITE\r\nDiversion: {diversion}\r\nHistory-Info: {diversion}\r\n\
             P-Asserted-Identity: {from}\r\n\r\n"
        );
        let Ok(message) = Message::parse(Bytes::from(message), &Limits::default()) else {
            return Ok(());
        };
        let mut world = World::new(parts());
        for id in ["carrier", "shared", "pbx"] {
            world.trunks.resolved(world.now, &id.into(), &[hop(CARRIER)]);
        }
        let origin = identify(&world.directory, &udp(at), &[], &message);
        let Origin::Trunk { trunk, tenant } = origin else { panic!("a trunk's address") };
        let caller = Caller::Trunk { trunk, tenant };
        let now = world.now.moment;
        let Ok(plan) = plan(now, &world.directory, &world.registrar, &caller, &message) else {
            return Ok(());
        };
        let (directory, registrar, trunks) = (&*world.directory, &world.registrar, &world.trunks);
        let net = Net { directory, registrar, trunks };
        for ways in routes(now, net, &plan, Way::default()).into_iter().flatten().flatten() {
            let uri = ringfence_sip::Uri::read(&ways.uri).expect("a URI");
            prop_assert!(!ways.uri.iter().any(|byte| *byte <= b' ' || *byte >= 0x7f));
            prop_assert!(uri.user.is_some() && !uri.host.is_empty());
        }
    }
}
