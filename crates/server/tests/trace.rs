//! Traces read back, by Wireshark's own reader where it is installed.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // a test may

use ringfence_model::WallTime;
use ringfence_server::trace::{Packet, pcap};
use std::process::Command;

fn packet(from: &str, to: &str, transport: &str, bytes: &[u8]) -> Packet {
    Packet {
        at: WallTime(1_795_422_600_123_456),
        from: from.parse().unwrap(),
        to: to.parse().unwrap(),
        transport: transport.to_owned(),
        bytes: bytes.to_vec(),
    }
}

const INVITE: &[u8] = b"INVITE sip:0201234567@example.com SIP/2.0\r\nVia: SIP/2.0/TLS 192.0.2.1:5061;branch=z9hG4bK1\r\n\
From: <sip:201@example.com>;tag=1\r\nTo: <sip:0201234567@example.com>\r\nCall-ID: a@b\r\nCSeq: 1 INVITE\r\n\
Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n";

#[test]
fn wireshark_reads_the_capture() {
    if Command::new("tshark").arg("--version").output().is_err() {
        // Debian: apt-get install tshark.
        eprintln!("skipped: tshark is not installed");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("call.pcap");
    let mut file = std::fs::File::create(&path).unwrap();
    pcap::begin(&mut file).unwrap();
    for packet in [
        packet("192.0.2.1:40000", "192.0.2.10:5061", "TLS", INVITE),
        packet("[2001:db8::1]:5060", "[2001:db8::2]:5060", "UDP", INVITE),
        packet("192.0.2.1:5060", "192.0.2.10:5060", "TCP", &[INVITE, &[b'x'; 80_000]].concat()),
    ] {
        pcap::add(&mut file, &packet).unwrap();
    }
    drop(file);
    let fields = [
        "frame.time_epoch",
        "ip.src",
        "ipv6.src",
        "udp.dstport",
        "sip.Method",
        "sip.Call-ID",
        "ip.checksum.status",
        "udp.checksum.status",
    ];
    let mut tshark = Command::new("tshark");
    tshark.arg("-r").arg(&path).args([
        "-o",
        "ip.check_checksum:TRUE",
        "-o",
        "udp.check_checksum:TRUE",
        "-d",
        "udp.port==5061,sip",
        "-T",
        "fields",
    ]);
    let read = tshark.args(fields.iter().flat_map(|field| ["-e", field])).output().unwrap();
    let text = String::from_utf8(read.stdout).unwrap();
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!(rows.len(), 3, "{text} {}", String::from_utf8_lossy(&read.stderr));
    assert!(rows[0][0].starts_with("1795422600.123456"), "{text}");
    assert_eq!(rows[0][1..7], ["192.0.2.1", "", "5061", "INVITE", "a@b", "1"], "{text}");
    assert_eq!(rows[1][1..6], ["", "2001:db8::1", "5060", "INVITE", "a@b"], "{text}");
    assert_eq!(rows[1][7], "1", "the checksum of IPv6 is right: {text}");
    assert_eq!(rows[2][4], "INVITE", "{text}");
}
