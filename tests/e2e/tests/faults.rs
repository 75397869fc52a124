//! What goes wrong around it: garbage, wrong settings, a port in use, an old certificate.

use crate::flows;
use crate::world::{
    CARRIER, FIREWALL, PBX, STRANGER, binary, boot, falls_quiet, serve, tenant, trunk,
};
use ringfence_e2e::{Authority, Firewall, Place, Sipp};
use std::io::{Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::path::Path;
use std::time::Duration;

/// Bytes that look like chance and are the same each time.
fn noise(seed: u64) -> impl Iterator<Item = u8> {
    let mut state = seed | 1;
    std::iter::repeat_with(move || {
        // Xorshift (Marsaglia 2003).
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    })
}

/// Beginnings that get further than noise.
const BEGINNINGS: [&str; 8] = [
    "",
    "INVITE sip:0201234567@office.example SIP/2.0\r\n",
    "INVITE sip:a SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nContent-Length: 99999999999\r\n\r\n",
    "SIP/2.0 200 OK\r\nVia: ",
    "REGISTER sip:office.example SIP/2.0\r\nVia: SIP/2.0/TCP h\r\nFrom: <sip:a@b>;tag=",
    "ACK sip:x SIP/2.0\r\nContent-Length: -5\r\n\r\n",
    "\r\n\r\n\r\n\0\0\0",
    "OPTIONS sip:%00%ff SIP/2.0\r\nVia: SIP/2.0/UDP [::1]:5060;branch=;;;\r\nCSeq: 4294967296 X\r\n\r\n",
];

fn garbage(n: u64) -> Vec<u8> {
    let beginning = BEGINNINGS[n as usize % BEGINNINGS.len()].bytes();
    beginning.chain(noise(n * 7919 + 1).take((n * 37 % 1200) as usize)).collect()
}

#[test]
fn garbage_beside_calls_hurts_nobody() {
    let place = Place::new();
    let mut firewall = serve(&place, &crate::world::trunk_guard(&place, ""));
    let edge = place.at(FIREWALL);
    let flow = flows::basic();
    let callee = Sipp::new(&place, place.at(CARRIER), flow.callee).calls(60, 60).start(None);
    let caller = Sipp::new(&place, place.at(PBX), flow.caller).calls(60, 40).start(Some(edge));
    // A stranger's, and a confused carrier's from an address that is heard.
    let stranger = place.socket(STRANGER);
    let confused = UdpSocket::bind((place.ip(CARRIER), 0)).expect("a socket");
    for n in 0..2_000 {
        let _ = stranger.send_to(&garbage(n), edge);
        if n % 10 == 0 {
            let _ = confused.send_to(&garbage(n), edge);
        }
    }
    for n in 0..40 {
        let Ok(mut stream) = TcpStream::connect(edge) else { continue };
        let _ = stream.write_all(&garbage(n));
        let _ = stream.set_read_timeout(Some(Duration::from_millis(10)));
        let _ = stream.read(&mut [0; 512]);
    }
    caller.done();
    callee.done();
    stranger.set_nonblocking(true).expect("no waiting");
    assert!(stranger.recv(&mut [0; 512]).is_err(), "a stranger's garbage was answered");
    assert!(firewall.runs());
    falls_quiet(&firewall);
}

/// It ends at once, with an exit code for wrong input, saying so much.
fn refuses(place: &Place, settings: &str, words: &[&str]) {
    let ended = Firewall::refuses(place, &binary(), settings);
    assert_eq!(ended.status.code(), Some(1), "{}", ended.said);
    for word in words {
        assert!(ended.said.contains(word), "no {word:?} in:\n{}", ended.said);
    }
}

#[test]
fn wrong_settings_are_told_with_their_place() {
    let place = Place::new();
    let good = crate::world::trunk_guard(&place, "");
    let line = |needle: &str| good.lines().position(|line| line.contains(needle)).unwrap() + 1;
    let wrong = |from: &str, to: &str, column: usize, words: &[&str]| {
        let at = format!("ringfence.toml:{}:{column}: ", line(from));
        let words: Vec<&str> = words.iter().copied().chain([at.as_str()]).collect();
        refuses(&place, &good.replacen(from, to, 1), &words);
    };
    wrong("country = \"NL\"", "country = \"XX\"", 11, &["country"]);
    wrong("side = \"pbx\"", "side = \"left\"", 8, &["\"pbx\"", "\"carrier\""]);
    wrong("mode = \"enforce\"", "mod = \"enforce\"", 1, &["mode"]);
    wrong("udp = ", "udp = 5", 7, &[]);
    refuses(&place, "[[tenant]]\nid = \"office\"\n", &["[[listen]]"]);
}

#[test]
fn a_port_in_use_is_said_plainly() {
    let place = Place::new();
    let at = place.at(FIREWALL);
    let settings = crate::world::trunk_guard(&place, "");
    let words = [&*at.to_string(), "in use"];
    let taken = UdpSocket::bind(at).expect("the port");
    refuses(&place, &settings, &words);
    drop(taken);
    let _taken = std::net::TcpListener::bind(at).expect("the port");
    refuses(&place, &settings, &words);
}

/// An address that is not of this machine.
#[test]
fn an_address_that_is_not_here_is_said_plainly() {
    let place = Place::new();
    let settings = crate::world::trunk_guard(&place, "");
    let settings = settings.replace(&place.at(FIREWALL).to_string(), "192.0.2.77:25060");
    refuses(&place, &settings, &["192.0.2.77:25060", "address"]);
}

#[test]
fn a_certificate_that_cannot_be_used_is_said_plainly() {
    let place = Place::new();
    let authority = Authority::new(&place);
    let old = authority.certify_for_the_past(&place, place.ip(FIREWALL));
    let good = authority.certify(&place, place.ip(FIREWALL));
    let other = authority.certify_name(&place, "other.example");
    let nowhere = place.folder().join("nowhere.pem");
    let empty = place.file("empty.pem", "");
    let refused = |certificate: &Path, key: &Path, named: &Path, why: &str| {
        let settings = boot(&place)
            + &format!("\n[[listen]]\ntls = \"{}\"\n", place.tls_at(FIREWALL))
            + &format!("\n[tls]\ncertificate = {certificate:?}\nkey = {key:?}\n")
            + &tenant("")
            + &trunk(&place, "pbx", "pbx", PBX, "")
            + &trunk(&place, "carrier", "carrier", CARRIER, "");
        let name = named.file_name().unwrap().to_string_lossy().into_owned();
        refuses(&place, &settings, &[&name, why]);
    };
    refused(&old.certificate, &old.key, &old.certificate, "expired");
    refused(&nowhere, &good.key, &nowhere, "No such file");
    refused(&good.certificate, &nowhere, &nowhere, "No such file");
    refused(&empty, &good.key, &empty, "no certificate");
    refused(&good.certificate, &other.key, &other.key, "key");
}

#[test]
fn a_data_folder_that_cannot_be_used_is_said_plainly() {
    let place = Place::new();
    place.file("data", "a file where the folder should be");
    let settings = crate::world::trunk_guard(&place, "");
    refuses(&place, &settings, &["data"]);
}

/// Two of them would overwrite each other.
#[test]
fn a_second_one_on_the_same_data_is_refused() {
    let place = Place::new();
    let settings = crate::world::trunk_guard(&place, "");
    let _firewall = serve(&place, &settings);
    refuses(&place, &settings, &["data", "another"]);
}
