//! Who asks, by address, certificate, domain and number.

use crate::office::{ACME, dutch, parts, tenant, trunk};
use crate::peer::Phone;
use crate::world::{World, udp};
use bytes::Bytes;
use ringfence_call::{Directory, Login, Origin, Parts, Registering, Side, Trunk, identify};
use ringfence_sip::digest::Ha1;
use ringfence_sip::{Flow, Limits, Message, Method, Transport};

/// An INVITE from somewhere to somebody, with From as given.
pub fn invite(uri: &str, from: &str, extra: &str) -> Message {
    let text = format!(
        "INVITE {uri} SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n\
         From: <{from}>;tag=1\r\nTo: <{uri}>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n{extra}\r\n"
    );
    Message::parse(Bytes::from(text), &Limits::default()).unwrap()
}

fn seen(directory: &Directory, flow: &Flow, proved: &[String], message: &Message) -> String {
    match identify(directory, flow, proved, message) {
        Origin::Trunk { trunk, tenant } => {
            format!("{} of {}", trunk.id, tenant.map_or("nobody", |tenant| tenant.id.as_str()))
        }
        Origin::Phone { tenant } => format!("phone of {}", tenant.id),
        Origin::Stranger => "stranger".into(),
    }
}

#[test]
fn by_address_and_by_domain() {
    let directory = Directory::new(parts()).unwrap();
    let shown = |remote: &str, uri: &str| {
        seen(&directory, &udp(remote), &[], &invite(uri, "sip:0612345678@x.example", ""))
    };
    assert_eq!(shown("192.0.2.10:5060", "sip:+31201234201@h"), "carrier of acme");
    assert_eq!(shown("192.0.2.10:6666", "sip:whatever@h"), "carrier of acme");
    assert_eq!(shown("203.0.113.5:5060", "sip:112@h"), "pbx of town");
    assert_eq!(shown("198.18.0.1:5060", "sip:201@ACME.example"), "phone of acme");
    assert_eq!(shown("198.18.0.1:5060", "sip:201@other.example"), "stranger");
    assert_eq!(shown("198.18.0.1:5060", "tel:+31201234201"), "stranger");
    let mapped = udp("[::ffff:192.0.2.10]:5060");
    let message = invite("sip:+31201234201@h", "sip:x@h", "");
    assert_eq!(seen(&directory, &mapped, &[], &message), "carrier of acme");
}

#[test]
fn a_shared_carrier_is_told_by_the_number() {
    let directory = Directory::new(parts()).unwrap();
    let shown = |uri: &str| {
        seen(&directory, &udp("192.0.2.20:5060"), &[], &invite(uri, "sip:+4930123456@h", ""))
    };
    for uri in [
        "sip:+31201234201@h",
        "sip:0031201234201@h",
        "sip:31201234201@h",
        "sip:0201234201@h",
        "sip:201234201@h",
        "tel:+31-20-1234201",
        "sip:+31207651234@h",
    ] {
        assert_eq!(shown(uri), "shared of acme", "{uri}");
    }
    assert_eq!(shown("sip:+31301234567@h"), "shared of town");
    assert_eq!(shown("sip:+31301299999@h"), "shared of nobody", "outside of the block");
    assert_eq!(shown("sip:x@town.example"), "shared of town", "by label");
}

/// Two customers behind one hosted PBX.
#[test]
fn trunks_at_one_address() {
    let shared = "203.0.113.9:5060";
    let mut one = trunk("one", Some("acme"), Side::Pbx, shared);
    let mut two = trunk("two", Some("town"), Side::Pbx, shared);
    let parts_of = |one: &Trunk, two: &Trunk| Parts {
        trunks: {
            let mut all = parts().trunks;
            all.extend([one.clone(), two.clone()]);
            all
        },
        ..parts()
    };
    let directory = Directory::new(parts_of(&one, &two)).unwrap();
    let shown = |directory: &Directory, uri: &str, from: &str| {
        seen(directory, &udp(shared), &[], &invite(uri, from, ""))
    };
    assert_eq!(shown(&directory, "sip:06@town.example", "sip:1@h"), "two of town");
    assert_eq!(shown(&directory, "sip:06@h", "sip:1@acme.example"), "one of acme");
    assert_eq!(shown(&directory, "sip:06@h", "sip:0301234567@h"), "two of town", "by its number");
    assert_eq!(shown(&directory, "sip:06@h", "sip:1@h"), "one of nobody", "no guess is made");
    (one.listener, two.listener) = (Some("tcp".into()), Some("udp".into()));
    let directory = Directory::new(parts_of(&one, &two)).unwrap();
    assert_eq!(shown(&directory, "sip:06@h", "sip:1@h"), "two of town", "by where it came in");
}

#[test]
fn the_narrowest_network_wins() {
    let mut parts = parts();
    let mut wide = trunk("wide", Some("town"), Side::Carrier, "192.0.2.77:5060");
    wide.networks = vec!["192.0.2.0/24".parse().unwrap()];
    parts.trunks.push(wide);
    let directory = Directory::new(parts).unwrap();
    let message = invite("sip:+31301234567@h", "sip:x@h", "");
    assert_eq!(seen(&directory, &udp("192.0.2.10:5060"), &[], &message), "carrier of acme");
    assert_eq!(seen(&directory, &udp("192.0.2.11:5060"), &[], &message), "wide of town");
}

#[test]
fn by_certificate() {
    let mut parts = parts();
    let mut cloud = trunk("cloud", Some("acme"), Side::Carrier, "192.0.2.99:5061");
    cloud.networks.clear();
    cloud.certificate = Some("sip.cloud.example".into());
    parts.trunks[0].certificate = Some("sip.carrier.example".into());
    parts.trunks.push(cloud);
    let directory = Directory::new(parts).unwrap();
    let tls = |remote| Flow { transport: Transport::Tls, ..udp(remote) };
    let message = invite("sip:+31201234201@h", "sip:x@h", "");
    let shown = |flow: &Flow, name: &str| seen(&directory, flow, &[name.into()], &message);
    assert_eq!(shown(&tls("198.18.0.1:4444"), "SIP.cloud.example"), "cloud of acme");
    assert_eq!(shown(&tls("198.18.0.1:4444"), "sip.evil.example"), "stranger");
    assert_eq!(shown(&tls("192.0.2.10:4444"), "sip.carrier.example"), "carrier of acme");
    assert_eq!(shown(&udp("192.0.2.10:5060"), "sip.carrier.example"), "stranger", "no TLS");
    assert_eq!(shown(&tls("192.0.2.10:4444"), "sip.cloud.example"), "cloud of acme");
}

/// A PBX behind a changing address registers and calls with a password.
#[test]
fn by_password() {
    let mut parts = parts();
    let mut pbx = trunk("roaming", Some("acme"), Side::Pbx, "192.0.2.99:5060");
    pbx.networks.clear();
    pbx.targets.clear();
    let ha1 = Ha1::new("userpbx", ACME, "secretpbx");
    pbx.login = Some(Login { user: "userpbx".into(), ha1 });
    parts.trunks.push(pbx);
    let mut world = World::new(parts);
    let mut phone = Phone::new(ACME, "pbx", "198.18.0.1:5060");
    assert_eq!(phone.register(&mut world).code(), Some(200));
    phone.invite(&mut world);
    assert_eq!(world.heard, ["trunk roaming"]);
    phone.password = "wrong".into();
    assert_eq!(phone.invite(&mut world).unwrap().code(), Some(407));
    let party = ringfence_call::Party::Trunk("roaming".into());
    assert_eq!(world.registrar.contacts(world.now.moment, &party).len(), 1);
}

#[test]
fn a_trunk_with_address_and_password_needs_both() {
    let mut parts = parts();
    let ha1 = Ha1::new("userpbx", ACME, "secretpbx");
    parts.trunks[0].side = Side::Pbx;
    parts.trunks[0].login = Some(Login { user: "userpbx".into(), ha1 });
    let mut world = World::new(parts);
    let mut pbx = Phone::new(ACME, "pbx", "192.0.2.10:5060");
    assert_eq!(pbx.ask(&mut world, Method::Options, None).len(), 0);
    assert_eq!(world.heard, ["trunk carrier"], "whether we live may be asked without");
    pbx.invite(&mut world);
    assert_eq!(world.heard.len(), 2);
    pbx.password = "wrong".into();
    pbx.invite(&mut world);
    assert_eq!(world.heard.len(), 2);
    let mut elsewhere = Phone::new(ACME, "pbx", "192.0.2.11:5060");
    assert_eq!(elsewhere.invite(&mut world).unwrap().code(), Some(407));
    assert_eq!(world.heard.len(), 2);
}

/// Phones and PBX of one office behind one address.
#[test]
fn phones_beside_a_pbx() {
    let mut parts = parts();
    parts.trunks.push(trunk("own", Some("acme"), Side::Pbx, "203.0.113.50:5060"));
    let mut world = World::new(parts);
    let mut pbx = Phone::new(ACME, "pbx", "203.0.113.50:5060");
    pbx.ask(&mut world, Method::Invite, None);
    let mut phone = Phone::new(ACME, "201", "203.0.113.50:40000");
    assert_eq!(phone.register(&mut world).code(), Some(200));
    phone.invite(&mut world);
    assert_eq!(world.heard, ["trunk own", "extension 201"]);
    let answer = pbx.ask(&mut world, Method::Register, None).pop().unwrap();
    assert_eq!(answer.code(), Some(401), "a REGISTER is a phone's");
}

#[test]
fn a_tenant_without_logins_has_no_phones() {
    let nobody = ringfence_call::Tenant {
        registering: Registering::Nobody,
        dialling: dutch(),
        ..tenant("quiet", "quiet.example")
    };
    let mut all = parts();
    all.tenants.push(nobody);
    let directory = Directory::new(all).unwrap();
    let message = invite("sip:1@quiet.example", "sip:2@quiet.example", "");
    assert_eq!(seen(&directory, &udp("198.18.0.1:5060"), &[], &message), "stranger");
}

#[test]
fn what_does_not_fit_together_is_named() {
    let wrong = |change: &dyn Fn(&mut Parts)| {
        let mut parts = parts();
        change(&mut parts);
        Directory::new(parts).unwrap_err().to_string()
    };
    let login = |user: &str| Some(Login { user: user.into(), ha1: Ha1::new(user, ACME, "x") });
    assert_eq!(
        wrong(&|parts| parts.extensions[1].login = login("user201")),
        "login \"user201\" is there twice"
    );
    assert_eq!(
        wrong(&|parts| {
            let pbx = trunk("roaming", Some("acme"), Side::Pbx, "192.0.2.99:5060");
            let login = login("user201");
            parts.trunks.push(Trunk { networks: Vec::new(), login, ..pbx });
        }),
        "login \"user201\" is there twice"
    );
    assert_eq!(
        wrong(&|parts| parts.tenants[0].carriers.push("none".into())),
        "tenant \"acme\" names trunk \"none\", which is not there"
    );
    assert!(wrong(&|parts| parts.tenants[1].domains.push("ACME.example".into())).contains("twice"));
    assert!(
        wrong(&|parts| {
            let number = parts.extensions[0].numbers[0];
            parts.extensions[1].numbers.push(number);
        })
        .starts_with("number")
    );
}
