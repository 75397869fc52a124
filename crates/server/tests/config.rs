//! Settings: what the examples become, and what is said about mistakes.
#![allow(clippy::unwrap_used)] // a test may

use ringfence_call::{Inbound, Registering};
use ringfence_model::TenantId;
use ringfence_server::config::{Config, Problems, Source, load, parse};
use ringfence_store::Place;
use std::path::{Path, PathBuf};

fn read(text: &str) -> Result<Config, Problems> {
    parse(Source::new("/nowhere/r.toml".into(), text.to_owned()))
}

/// A sound file with `more` in it: what is said then is about `more`.
fn with(more: &str) -> Result<Config, Problems> {
    read(&format!("[[listen]]\nudp = \"192.0.2.1:5060\"\n[[tenant]]\nid = \"t\"\n{more}\n"))
}

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name).join("ringfence.toml")
}

#[test]
fn the_trunk_guard_is_complete() {
    let config = load(&example("trunk-guard")).unwrap();
    let directory = &config.snapshot.directory;
    let tenant = directory.tenant(&TenantId::new("office")).unwrap();
    assert_eq!(tenant.carriers, ["carrier".into()]);
    assert_eq!(tenant.inbound, Inbound::Trunk("pbx".into()));
    assert_eq!(tenant.registering, Registering::Nobody);
    assert_eq!(tenant.domains, ["192.0.2.10"]);
    let pbx = directory.trunks_at("192.0.2.20".parse().unwrap()).next().unwrap();
    assert_eq!((pbx.tenant.as_ref(), pbx.reject_code), (Some(&tenant.id), 486));
    assert_eq!(pbx.targets.first().unwrap().host, "192.0.2.20");
    let carrier = directory.trunk(&"carrier".into()).unwrap();
    assert_eq!((carrier.reject_code, carrier.probe.is_some()), (603, true));
    let doubts: Vec<_> = config.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(doubts.len(), 2, "{doubts:?}");
    assert!(doubts.iter().any(|d| d.contains("only watched")));
    assert!(doubts.iter().any(|d| d.contains("default tariff")));
}

#[test]
fn the_phone_edge_is_complete() {
    let config = load(&example("phone-edge")).unwrap();
    let directory = &config.snapshot.directory;
    let tenant = directory.tenant_of_domain(b"sip.office.example").unwrap();
    assert!(matches!(tenant.registering, Registering::Here { contacts_max: 5, .. }));
    assert_eq!(directory.parts().listeners.len(), 2);
    assert!(directory.parts().listeners.iter().all(|l| l.advertised == "sip.office.example:5060"));
    let extension = directory.extension(&tenant.id, "201").unwrap();
    assert_eq!(extension.login.as_ref().unwrap().user, "201");
    let (_, owner) = directory.owner_of("+31201234502".parse().unwrap()).unwrap();
    assert_eq!(owner.unwrap().id.as_str(), "202");
    assert_eq!(config.warnings.len(), 1, "{:?}", config.warnings);
}

#[test]
fn a_listener_may_have_several_addresses() {
    let two = "[\"192.0.2.1:5062\", \"[2001:db8::1]:5062\"]";
    let config = with(&format!("[[listen]]\nudp = {two}\ntcp = {two}\n")).unwrap();
    assert_eq!(config.snapshot.directory.parts().listeners.len(), 5);
}

/// Each mistake, and what is said of it: its line, column, and how to mend it.
#[test]
fn each_mistake_has_its_place_and_a_way_out() {
    let table = [
        (
            "[[trunk]]\nid = \"c\"\nside = \"carrier\"\ntargt = \"x\"",
            "r.toml:8:1: [trunk] has no field \"targt\"; did you mean \"target\"?",
        ),
        (
            "bogus = 1",
            "r.toml:5:1: [tenant] has no field \"bogus\"; remove it; there are: id, country",
        ),
        (
            "carriers = [\"kpm\"]\n[[trunk]]\nid = \"kpn\"\nside = \"carrier\"",
            "r.toml:5:13: there is no trunk \"kpm\"; did you mean \"kpn\"?",
        ),
        ("[[trunk]]\nside = \"carrier\"", "r.toml:5:1: [trunk] has no id; add id = \"carrier\""),
        ("[[trunk]]\nid = \"a\"\nside = \"left\"", "r.toml:7:8: side: \"left\" is no side"),
        (
            "[[trunk]]\nid = \"a\"\nside = \"pbx\"\naddress = \"192.0.2\"",
            "r.toml:8:11: address: \"192.0.2\": is neither an address nor a range; write an address",
        ),
        ("[[trunk]]\nid = \"a\"\nside = \"pbx\"\ntarget = \"a b\"", "r.toml:8:10: target"),
        (
            "[[trunk]]\nid = \"a\"\nside = \"pbx\"\n[[trunk]]\nid = \"a\"\nside = \"pbx\"",
            "r.toml:9:6: trunk \"a\" is there twice; rename or remove one of the two; the first is on line 6",
        ),
        (
            "[[trunk]]\nid = \"a\"\nside = \"carrier\"\nregister = true",
            "r.toml:8:12: registering needs a target and an account",
        ),
        (
            "[[trunk]]\nid = \"a\"\nside = \"carrier\"\naccount = { user = \"u\" }",
            "r.toml:8:11: account has no password",
        ),
        (
            "[[trunk]]\nid = \"a\"\nside = \"carrier\"\naccount = { user = \"u\", password = { file = \"no.secret\" } }",
            "password: cannot read /nowhere/no.secret",
        ),
        (
            "[[trunk]]\nid = \"a\"\nside = \"carrier\"\naccount = { user = \"u\", password = { env = \"RINGFENCE_NO_SUCH\" } }",
            "the environment has no text variable RINGFENCE_NO_SUCH",
        ),
        ("[[extension]]\nid = \"1\"\npassword = \"\"", "r.toml:7:12: password is empty"),
        (
            "[[extension]]\nid = \"1\"\nha1 = \"abc\"",
            "r.toml:7:7: ha1 is not 160 hexadecimal digits; make it with",
        ),
        ("[[extension]]\nid = \"1\"\ntenant = \"x\"", "r.toml:7:10: there is no tenant \"x\""),
        (
            "[[extension]]\nid = \"1\"\nnumbers = [\"020 123\"]",
            "r.toml:7:12: numbers: \"020 123\": is no international number; write it in full",
        ),
        ("numbers = 5", "r.toml:5:11: numbers: invalid type: integer `5`"),
        ("country = \"XX\"", "r.toml:5:11: country: \"XX\": no numbering plan is known for it"),
        ("ring_secs = 3", "r.toml:5:13: ring_secs = 3 is out of range; use a number from 5 to 600"),
        (
            "algorithms = [\"SHA-1\"]",
            "r.toml:5:15: algorithms: \"SHA-1\": is no algorithm of RFC 8760",
        ),
        (
            "policy = { limits = { per_hours = 3 } }",
            "r.toml:5:23: policy: unknown field `per_hours`",
        ),
        ("policy = { limits = { per_hour = 9, per_day = 3 } }", "can never bind"),
        ("policy = \"no.toml\"", "r.toml:5:10: policy: cannot read /nowhere/no.toml"),
        ("tariff = \"no.csv\"", "r.toml:5:10: cannot use the tariff /nowhere/no.csv"),
        ("[[listen]]\nudp = \"192.0.2.1:5060\"", "r.toml:6:7: udp 192.0.2.1:5060 is there twice"),
        (
            "[[listen]]\ntcp = \"0.0.0.0\"",
            "r.toml:6:7: 0.0.0.0:5060 is every address of this machine",
        ),
        (
            "[[listen]]\ntls = \"192.0.2.1\"",
            "a listener speaks TLS and there is no certificate; add [tls]",
        ),
        ("[listen]\nudp = \"192.0.2.1\"", "duplicate key"),
        ("[guard]\nban_sec = 3", "unknown field `ban_sec`"),
        ("[log]\nlevel = \"loud\"", "r.toml:6:9: level: unknown variant `loud`"),
        ("id = \"again\"", "r.toml:5:1: duplicate key"),
        ("x = = 1", "r.toml:5:5:"),
    ];
    for (more, expected) in table {
        let problems = with(more).expect_err(more).to_string();
        assert!(problems.contains(expected), "{more}\n--- gives\n{problems}\n--- not\n{expected}");
        assert!(problems.lines().all(|line| line.contains("; ")), "no way out: {problems}");
    }
}

#[test]
fn all_mistakes_are_told_at_once_in_their_order() {
    let more = "ring_secs = 1\ncarriers = [\"x\"]\n[[trunk]]\nid = \"a\"\nside = \"up\"\nbogus = 1\n[[extension]]\npassword = 5\n[log]\nform = \"json\"";
    let problems = with(more).unwrap_err();
    let lines: Vec<usize> = problems.0.iter().map(|problem| problem.place.line).collect();
    assert_eq!(lines, [5, 6, 9, 10, 11, 12, 14], "{problems}");
}

#[test]
fn what_is_missing_is_told() {
    let problems = load(Path::new("/nowhere/r.toml")).unwrap_err().to_string();
    assert!(problems.contains("/nowhere/r.toml:1:1: cannot be read: No such file"), "{problems}");
    assert!(problems.contains("make it, an empty one will do"), "{problems}");
    let problems = read("[[tenant]]\nid = \"t\"").unwrap_err().to_string();
    assert!(problems.contains("nothing to listen on; add [[listen]]"), "{problems}");
    let phone = "[[listen]]\nudp = \"192.0.2.1\"\n[[extension]]\nid = \"201\"";
    let problems = read(phone).unwrap_err().to_string();
    assert!(problems.contains("there is no tenant; add [[tenant]]"), "{problems}");
    let carrier = "[[listen]]\nudp = \"192.0.2.1\"\n[[trunk]]\nid = \"a\"\nside = \"carrier\"";
    let warnings = read(carrier).unwrap().warnings;
    assert!(warnings.iter().any(|w| w.what.contains("there is no tenant")), "{warnings:?}");
    // The store has them.
    let config = read("[[listen]]\nudp = \"192.0.2.1\"").unwrap();
    assert!(!config.in_file && config.snapshot.directory.parts().tenants.is_empty());
}

#[test]
fn with_an_empty_file_people_come_in_on_this_machine_and_the_store_has_the_rest() {
    let config = read("").unwrap();
    assert!(!config.in_file && config.snapshot.directory.parts().listeners.is_empty());
    let store = Place::File("/var/lib/ringfence/ringfence.db".into());
    assert_eq!(
        (&config.storage.place, &config.control),
        (&store, &"/var/lib/ringfence/control.sock".into())
    );
    let api = config.api.unwrap();
    assert!(api.listen.ip().is_loopback() && api.tls.is_none());
    assert_eq!(api.public_url, "http://localhost:8443");
    let [doubt] = config.warnings.as_slice() else { panic!("{:?}", config.warnings) };
    assert!(
        doubt.what.contains("no call is heard") && doubt.mend.contains("[[listen]]"),
        "{doubt}"
    );
}

#[test]
fn dangerous_choices_are_told() {
    let table = [
        ("algorithms = [\"MD5\"]", "MD5 lets whoever hears"),
        ("mode = \"observe\"", "only watched"),
        ("", "default tariff"),
        ("", "has no carrier"),
        (
            "[[trunk]]\nid = \"a\"\nside = \"carrier\"\ntarget = \"a.example\"",
            "neither address, login nor certificate",
        ),
        ("[[trunk]]\nid = \"a\"\nside = \"carrier\"\naddress = \"0.0.0.0/0\"", "nearly everybody"),
        ("[guard]\ntrusted = \"0.0.0.0/0\"", "nearly everybody"),
        ("[[extension]]\nid = \"201\"\npassword = \"201\"", "is its name"),
        ("[[extension]]\nid = \"201\"\npassword = \"short\"", "has 5 characters"),
        ("[[extension]]\nid = \"201\"\npassword = \"1234567890123\"", "is digits only"),
    ];
    for (more, expected) in table {
        let config = with(more).unwrap_or_else(|problems| panic!("{more}: {problems}"));
        let told: Vec<_> = config.warnings.iter().map(ToString::to_string).collect();
        assert!(told.iter().any(|line| line.contains(expected)), "{more}: {told:?}");
    }
}

#[test]
fn secrets_come_from_files_too() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("201.secret"), "long-and-random-1\n").unwrap();
    let text = "[[listen]]\nudp = \"192.0.2.1\"\n[[tenant]]\nid = \"t\"\ndomains = \"d.example\"\n\
                [[extension]]\nid = \"201\"\npassword = { file = \"201.secret\" }\n";
    let config = parse(Source::new(folder.path().join("r.toml"), text.to_owned())).unwrap();
    let extension = config.snapshot.directory.extension(&"t".into(), "201").unwrap();
    let expected = ringfence_sip::digest::Ha1::new("201", "d.example", "long-and-random-1");
    assert_eq!(extension.login.as_ref().unwrap().ha1.to_bytes(), expected.to_bytes());
    assert!(config.warnings.iter().any(|w| w.what.contains("everybody can read")));
}

#[test]
fn nothing_secret_is_printed() {
    let config = with("[[extension]]\nid = \"201\"\npassword = \"correct horse battery\"\n[[trunk]]\nid = \"c\"\nside = \"carrier\"\ntarget = \"192.0.2.7\"\naccount = { user = \"u\", password = \"staple staple\" }").unwrap();
    let printed = format!("{config:?}");
    assert!(!printed.contains("correct horse") && !printed.contains("staple"));
}

#[test]
fn the_store_is_in_the_data_folder_unless_it_is_named() {
    let store = |more: &str| with(more).unwrap().storage;
    let data = Path::new("/var/lib/ringfence/ringfence.db");
    let default = store("");
    assert_eq!((&default.place, default.node), (&Place::File(data.into()), 0));
    let days = (default.raw_days, default.pseudonymous_days, default.event_days);
    assert_eq!(days, (92, 273, 92));
    let beside = store("[store]\nurl = \"sqlite:here.db\"\nnode = 3\nraw_days = 30");
    assert_eq!(beside.place, Place::File("/nowhere/here.db".into()));
    assert_eq!((beside.node, beside.raw_days), (3, 30));
    let url = "postgres://r:secret@db/ringfence";
    let shared = store(&format!("[store]\nurl = \"{url}\""));
    assert_eq!(shared.place, Place::Postgres(url.into()));
    let told = with("[store]\nurl = \"mysql://r:secret@db\"").unwrap_err().to_string();
    assert!(told.contains("r.toml:6:7: url names no database"), "{told}");
    assert!(!told.contains("secret"), "{told}");
}

#[test]
fn the_api_is_served_where_it_is_told_and_in_the_clear_on_this_machine_only() {
    assert!(with("").unwrap().api.is_none());
    let api = with("[api]\nlisten = \"127.0.0.1:8443\"\nallow = \"10.0.0.0/8\"").unwrap().api;
    let api = api.unwrap();
    assert_eq!(api.public_url, "http://localhost:8443");
    assert_eq!((api.tls, api.allow), (None, vec!["10.0.0.0/8".parse().unwrap()]));
    for (more, expected) in [
        ("", "r.toml:5:1: [api] has no listen"),
        ("listen = \"8443\"", "r.toml:6:10: listen: \"8443\" is no address with a port"),
        (
            "listen = \"192.0.2.1:8443\"\npublic_url = \"https://fw.example\"",
            "r.toml:6:10: 192.0.2.1:8443 is not of this machine alone, and nothing would be encrypted",
        ),
        ("listen = \"192.0.2.1:8443\"", "r.toml:6:10: [api] has no public_url"),
        (
            "listen = \"127.0.0.1:8443\"\npublic_url = \"http://fw.example\"",
            "r.toml:7:14: api.public_url \"http://fw.example\": write https://",
        ),
        (
            "listen = \"127.0.0.1:8443\"\nkey = \"key.pem\"",
            "a certificate and its key belong together",
        ),
    ] {
        let told = with(&format!("[api]\n{more}")).unwrap_err().to_string();
        assert!(told.contains(expected), "{more}: {told}");
    }
}
