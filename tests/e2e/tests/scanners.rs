//! Those who look for something to break into: SIPVicious under its own name and under a phone's, sipsak.

use crate::phones::{ANNA, DOMAIN, MD5, phone, phone_edge, register};
use crate::world::{FIREWALL, PBX, STRANGER, serve, trunk_guard};
use ringfence_e2e::{Ended, Place, Program};
use std::process::Command;
use std::time::Duration;

/// A tool of SIPVicious, run from the stranger's address. In disguise it calls itself a phone: the name of the tool
/// alone would have it dropped.
fn attack(place: &Place, tool: &str, in_disguise: bool, arguments: &[&str]) -> Ended {
    attack_from(place, STRANGER, tool, in_disguise, arguments)
}

fn attack_from(
    place: &Place,
    party: u8,
    tool: &str,
    in_disguise: bool,
    arguments: &[&str],
) -> Ended {
    let (own, firewall) = (place.ip(party).to_string(), place.ip(FIREWALL).to_string());
    let mut command = Command::new(if in_disguise { "python3" } else { tool });
    if in_disguise {
        command.args([concat!(env!("CARGO_MANIFEST_DIR"), "/tests/disguised.py"), &own, tool]);
    }
    command.args(["-b", &own, "-x", &own, "-p", &place.at(FIREWALL).port().to_string()]);
    command.args(arguments).arg(firewall);
    command.env("HOME", place.folder());
    Program::start(place, tool, &mut command).end(Duration::from_secs(14))
}

#[test]
fn svmap_finds_nothing() {
    let place = Place::new();
    let _firewall = serve(&place, &phone_edge(&place, MD5));
    for in_disguise in [false, true] {
        let said = attack(&place, "svmap", in_disguise, &["-v"]).said;
        assert!(said.contains("found nothing"), "{said}");
    }
}

#[test]
fn svwar_lists_no_user() {
    let place = Place::new();
    let mut firewall = serve(&place, &phone_edge(&place, MD5));
    for (in_disguise, method) in
        [(false, "REGISTER"), (true, "REGISTER"), (true, "INVITE"), (true, "OPTIONS")]
    {
        let options = [
            "-m",
            method,
            "--force",
            "-e",
            "195-210",
            "--maximumtime",
            "1",
            "-t",
            "0.05",
            "--domain",
            DOMAIN,
        ];
        let said = attack(&place, "svwar", in_disguise, &options).said;
        // What it finds it prints as a table, `| 201       | reqauth        |`. The same answer for all says nothing.
        let found = |extension: &str| said.contains(&format!("| {extension} "));
        assert_eq!(found("201"), found("204"), "{method}: {said}");
        assert!(!found("202"), "{method}: {said}");
    }
    assert!(firewall.runs());
}

#[test]
fn svcrack_gets_nowhere_and_the_phone_beside_it_stays() {
    let place = Place::new();
    let firewall = serve(&place, &phone_edge(&place, MD5));
    let edge = Some(place.at(FIREWALL));
    // The good phone is behind the same address as the attacker.
    phone(&place, STRANGER, ANNA, register(60)).dials("201").start(edge).done();
    // His tool works: somebody who guesses right at once is in.
    let first = place.file("first.txt", &format!("{}\n", crate::phones::BERT.1));
    let first = first.display().to_string();
    let options = ["-u", "202", "-d", &first, "--maximumtime", "1", "--domain", DOMAIN];
    let said = attack_from(&place, STRANGER + 1, "svcrack", true, &options).said;
    assert!(said.contains(crate::phones::BERT.1), "svcrack is no test: {said}");
    // The right password is among his guesses, late: by then nobody listens to him.
    let guesses: String = (0..120).map(|n| format!("guess-{n}\n")).collect();
    let dictionary = place.file("dictionary.txt", &(guesses + crate::phones::BERT.1 + "\n"));
    let dictionary = dictionary.display().to_string();
    let options =
        ["-u", "202", "-d", &dictionary, "--maximumtime", "1", "-t", "0.01", "--domain", DOMAIN];
    let said = attack_from(&place, STRANGER, "svcrack", true, &options).said;
    assert!(!said.contains(crate::phones::BERT.1), "he got in: {said}");
    // His guesses cost the phone at the same address nothing.
    phone(&place, STRANGER, ANNA, register(60)).dials("201").start(edge).done();
    let registered = firewall.list("registrations");
    assert!(registered.iter().any(|line| line["extension"] == "201"), "{registered:?}");
}

#[test]
fn strangers_get_no_answer_and_peers_do() {
    let place = Place::new();
    // sipsak cannot be told where to send from: it is whoever the kernel makes it.
    let sipsak_at = format!("\"{}\", \"127.0.0.1\"", place.ip(PBX));
    let for_strangers = trunk_guard(&place, "");
    let for_peers =
        for_strangers.replacen(&format!("\"{}\"", place.ip(PBX)), &format!("[{sipsak_at}]"), 1);
    for (settings, answered) in [(for_strangers, false), (for_peers, true)] {
        let _firewall = serve(&place, &settings);
        let uri = format!("sip:{}", place.at(FIREWALL));
        let mut sipsak = Command::new("sipsak");
        sipsak.args(["-vv", "-D", "1", "-s", &uri, "-l", &place.port().to_string()]);
        let ended = Program::start(&place, "sipsak", &mut sipsak).end(Duration::from_secs(14));
        assert_eq!(ended.status.success(), answered, "{}", ended.said);
        assert_eq!(ended.said.contains("SIP/2.0 200"), answered, "{}", ended.said);
    }
}
