//! Settings of `[[feed]]`: what they become, and what is said about mistakes.
#![allow(clippy::unwrap_used)] // a test may

use ringfence_server::config::{Config, FeedKind, Problems, Source, parse};

const PBX: &str = "[[trunk]]\nid = \"pbx\"\nside = \"pbx\"\n";

fn read(more: &str) -> Result<Config, Problems> {
    let text = format!("[[listen]]\nudp = \"192.0.2.1:5060\"\n[[tenant]]\nid = \"t\"\n{more}\n");
    parse(Source::new("/nowhere/r.toml".into(), text))
}

fn feed(kind: &str, more: &str) -> String {
    format!("{PBX}[[feed]]\nid = \"f\"\ntrunk = \"pbx\"\nkind = \"{kind}\"\n{more}\n")
}

fn doubts(config: &Config) -> String {
    config.warnings.iter().map(|doubt| format!("{doubt}\n")).collect()
}

#[test]
fn each_kind_is_read_and_its_trunk_needs_no_address() {
    let hep = "udp = \"127.0.0.1:9060\"\ntcp = \"127.0.0.1:9060\"\nfrom = \"192.0.2.20\"\ncarrier = [\"198.51.100.0/28\"]";
    let config = read(&feed("hep", hep)).unwrap();
    let FeedKind::Hep(hep) = &config.feeds.first().unwrap().kind else { unreachable!() };
    assert_eq!((hep.from.len(), hep.carrier.len(), hep.key.is_none()), (1, 1, true));
    assert_eq!(config.pbxs.len(), 1);
    let doubts = doubts(&config);
    assert!(!doubts.contains("not recognised") && !doubts.contains("no carrier"), "{doubts}");
    assert!(!doubts.contains("where the carrier is"), "{doubts}");
    let manager =
        "address = \"127.0.0.1\"\nuser = \"r\"\npassword = \"p\"\ncarrier = \"PJSIP/carrier\"";
    let config = read(&feed("asterisk", manager)).unwrap();
    let FeedKind::Manager(manager) = &config.feeds.first().unwrap().kind else { unreachable!() };
    assert_eq!((manager.port, manager.tls.is_none()), (5038, true));
    assert!(!format!("{config:?}").contains("\"p\""), "passwords are not shown");
    let config = read(&feed("asterisk_log", "path = \"security\"")).unwrap();
    let kind = &config.feeds.first().unwrap().kind;
    assert_eq!(*kind, FeedKind::SecurityLog("/nowhere/security".into()));
}

#[test]
fn the_networks_of_the_tenants_carriers_will_do() {
    let hep = "udp = \"127.0.0.1:9060\"\nfrom = \"192.0.2.20\"";
    let blind = "it is not said where the carrier is";
    assert!(doubts(&read(&feed("hep", hep)).unwrap()).contains(blind));
    let carrier = "[[trunk]]\nid = \"c\"\nside = \"carrier\"\naddress = \"198.51.100.1\"";
    let with_carrier = format!("{}{carrier}", feed("hep", hep));
    assert!(!doubts(&read(&with_carrier).unwrap()).contains(blind));
    // Whose calls come here has no need of it.
    let inline =
        feed("hep", hep).replace("side = \"pbx\"", "side = \"pbx\"\naddress = \"192.0.2.20\"");
    assert!(!doubts(&read(&inline).unwrap()).contains(blind));
}

#[test]
fn dangers_are_doubted() {
    let hep = "udp = \"192.0.2.1:9060\"\nfrom = \"192.0.2.20\"\ncarrier = \"198.51.100.1\"";
    assert!(doubts(&read(&feed("hep", hep)).unwrap()).contains("can forge datagrams"));
    let keyed = format!("{hep}\nkey = \"s3cret\"");
    assert!(!doubts(&read(&feed("hep", &keyed)).unwrap()).contains("can forge"));
    let manager = "address = \"192.0.2.20:5038\"\nuser = \"r\"\npassword = \"p\"";
    let doubts = doubts(&read(&feed("asterisk", manager)).unwrap());
    assert!(doubts.contains("in the clear") && doubts.contains("no calls"), "{doubts}");
}

#[test]
fn mistakes_are_told_where_they_are() {
    let hep = "udp = \"127.0.0.1:9060\"\nfrom = \"192.0.2.20\"";
    for (more, said) in [
        (feed("hep", "from = \"192.0.2.20\""), "listens nowhere"),
        (feed("hep", "udp = \"127.0.0.1:9060\""), "nobody may send"),
        (feed("hep", "udp = \"here\"\nfrom = \"192.0.2.20\""), "udp: \"here\""),
        (feed("hep", &format!("{hep}\ncarier = \"198.51.100.1\"")), "did you mean \"carrier\"?"),
        (feed("hep", hep).replace("trunk = \"pbx\"", "trunk = \"pbz\""), "did you mean \"pbx\"?"),
        (feed("hep", hep).replace("\"pbx\"\n[[", "\"carrier\"\n[["), "a carrier shows us nothing"),
        (feed("snmp", ""), "\"snmp\" is no feed"),
        (feed("asterisk", "address = \"192.0.2.20\"\nuser = \"r\""), "asks for a login"),
        (feed("asterisk", "address = \"a:b\"\nuser = \"r\"\npassword = \"p\""), "address: \"a:b\""),
        (
            feed(
                "asterisk",
                "address = \"h\"\nuser = \"r\"\npassword = \"p\"\ncarrier = \"carrier\"",
            ),
            "is no endpoint",
        ),
        (
            feed(
                "asterisk",
                "address = \"h\"\nuser = \"r\"\npassword = \"p\"\nauthority = \"no.pem\"",
            ),
            "no.pem",
        ),
        (feed("asterisk_log", ""), "has no path"),
        (feed("hep", hep) + &feed("hep", hep).replace(PBX, ""), "feed \"f\" is there twice"),
    ] {
        let told = read(&more).unwrap_err().to_string();
        assert!(told.contains(said), "{said}: {told}");
    }
}
