//! `ringfence doctor` and `ringfence support dump` beside a running firewall.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // a test may

mod firewall;

use firewall::Firewall;
use std::io::Read;

/// What may be in no dump, wherever it was planted.
const PLANTED: [&str; 7] = [
    "Planted-Trunk-8812",
    "Planted-File-7731",
    "Planted-Comment-5511",
    "201234567",
    "20 123 4567",
    "203.0.113.77",
    "jan.jansen",
];

#[test]
fn a_dump_holds_what_helps_and_nothing_that_was_planted() {
    let mut wall = Firewall::new(28, "");
    let net = wall.net.clone();
    let more = format!(
        "{}[[trunk]]\nid = \"other\"\nside = \"carrier\"\ntarget = \"{net}.4:25081\"\nprobe_secs = 0\n\
         account = {{ user = \"31201234567\", password = \"Planted-Trunk-8812\" }}\n\
         [[extension]]\nid = \"201\"\nha1 = \"{HA1}\"\n\
         [[extension]]\nid = \"202\"\npassword = {{ file = \"202.secret\" }}\nnetworks = [\"203.0.113.77\"]\n",
        wall.settings("numbers = [\"+31 20 123 4567\"]\n# Planted-Comment-5511")
    );
    wall.write("202.secret", "Planted-File-7731\n");
    wall.write("ringfence.toml", &more);
    let planted = |text: &str| PLANTED.iter().chain([&HA1]).find(|of| text.contains(**of)).copied();
    wall.write(
        "some.log",
        "refused +31201234567 from 203.0.113.77:5060\nsip:jan.jansen@office.example\n\
         a password leaked: Planted-File-7731 and Planted-Trunk-8812\n",
    );
    wall.start();
    let arguments =
        ["support", "dump", "out.tar.zst", "--config", "ringfence.toml", "--log", "some.log"];
    let run = wall.run(&arguments);
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let pieces = unpacked(&std::fs::read(wall.path("out.tar.zst")).unwrap());
    let names: Vec<_> = pieces.iter().map(|(name, _)| name.as_str()).collect();
    let expected = [
        "about.txt",
        "settings.toml",
        "status.json",
        "trunks.json",
        "blocks.json",
        "bans.json",
        "metrics.txt",
        "doctor.json",
        "log-1.txt",
    ];
    assert_eq!(names, expected);
    for (name, text) in &pieces {
        assert_eq!(planted(text), None, "in {name}:\n{text}");
    }
    let of = |name: &str| &pieces.iter().find(|of| of.0 == name).unwrap().1;
    assert!(of("settings.toml").contains("id = \"carrier\""));
    assert!(of("metrics.txt").contains("ringfence_calls"), "{}", of("metrics.txt"));
    assert!(of("log-1.txt").contains("refused +3120*****67 from (address 1):5060"));
    let again = wall.run(&arguments);
    assert_eq!(again.status.code(), Some(1), "a file that is there is not overwritten");
}

/// 160 hexadecimal digits, as `ringfence password` makes them.
const HA1: &str = "0b30557a9fc4e90e33587da2c7ec11365b80a5caef14395e83a8cdf2173c6186abd0f51a3f6489ae\
    d3f81d42678cb1d6fb20456a8fb4d9fe23486d92b7dc01264b7095badf04294e7398bde2072c5176";

fn unpacked(bytes: &[u8]) -> Vec<(String, String)> {
    let mut tar = Vec::new();
    ruzstd::decoding::StreamingDecoder::new(bytes).unwrap().read_to_end(&mut tar).unwrap();
    let mut archive = tar::Archive::new(tar.as_slice());
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let mut text = String::new();
        entry.read_to_string(&mut text).unwrap();
        let path = entry.path().unwrap().into_owned();
        (path.file_name().unwrap().to_str().unwrap().to_owned(), text)
    });
    entries.collect()
}

#[test]
fn the_doctor_tells_a_running_firewall_from_a_taken_port() {
    let mut wall = Firewall::new(29, "");
    wall.start();
    let run = wall.run(&["doctor", "--config", "ringfence.toml", "--json"]);
    let found: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
    let of = |check: &str| {
        let found = found.as_array().unwrap().iter().find(|of| of["check"] == check);
        found.cloned().unwrap_or_default()
    };
    assert_eq!(of("running")["health"], "ok", "{found:#}");
    assert_eq!(of("ports")["health"], "ok", "{found:#}");
    assert_eq!(of("lost datagrams")["what"], "none since it started");
    // Nobody is at the trunks' ports, and the kernel says so.
    assert_eq!(of("trunks")["health"], "fail");
    wall.kill();
    let taken = std::net::UdpSocket::bind(format!("{}.1:25060", wall.net)).unwrap();
    let run = wall.run(&["doctor", "--config", "ringfence.toml", "--offline"]);
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    assert_eq!(run.status.code(), Some(3), "{text}");
    assert!(text.contains("FAIL  ports"), "{text}");
    assert!(text.contains(&format!("(process {})", std::process::id())), "{text}");
    assert!(!text.contains("trunk \""), "{text}");
    drop(taken);
}
