//! What one message costs at the door, in nanoseconds: `cargo bench -p ringfence-guard`.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "it measures time and tells it"
)]

use ringfence_guard::{Aor, Evidence, Guard, Load, LoadSettings, Sender, Settings, Why};
use ringfence_model::Moment;
use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

const ROUNDS: u32 = 300_000;
/// Each measure is the fastest of this many: the others had the machine to share.
const REPEATS: u32 = 7;

fn main() {
    let invite = invite();
    let register = invite.replace("INVITE", "REGISTER");
    let mut guard = Guard::new(
        Settings {
            trusted: (0..50).map(net).collect(),
            denied: (0..5_000).map(deny).collect(),
            ..Settings::default()
        },
        1,
    );
    let phones = 10_000;
    (0..phones).for_each(|i| guard.succeeded(Moment(1), sender(0xC612_0000 + i), Aor(i.into())));
    (0..5_000).for_each(|i| convict(&mut guard, sender(0x2D00_0000 + i)));

    measure("trusted, INVITE of 900 bytes", |i| {
        black_box(guard.admit(at(i), sender(0x0A00_0001 + i % 50 * 256), invite.as_bytes()));
    });
    measure("known, INVITE of 900 bytes", |i| {
        black_box(guard.admit(at(i), sender(0xC612_0000 + i % phones), invite.as_bytes()));
    });
    measure("banned source", |i| {
        black_box(guard.admit(Moment(2), sender(0x2D00_0000 + i % 5_000), register.as_bytes()));
    });
    assert!(guard.counts().dropped(Why::Banned) > u64::from(ROUNDS * REPEATS) * 9 / 10);
    measure("denied network", |i| {
        black_box(guard.admit(at(i), sender(0x3000_0000 + i % 5_000 * 256), register.as_bytes()));
    });
    measure("one stranger over its rate", |_| {
        black_box(guard.admit(Moment(2), sender(0x0808_0808), register.as_bytes()));
    });
    measure("a new stranger each time, tables full", |i| {
        let ip = 0x5000_0000 + i.wrapping_mul(2_654_435_761) % 0x0FFF_FFFF;
        black_box(guard.admit(at(i), sender(ip), register.as_bytes()));
    });
    measure("not SIP", |i| {
        black_box(guard.admit(at(i), sender(i), b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03"));
    });
    measure("password: may it be tried", |i| {
        black_box(guard.may_try(at(i), sender(0xC612_0000 + i % phones), Aor((i % phones).into())));
    });
    measure("password: wrong", |i| {
        guard.failed(at(i), sender(0x5100_0000 + i), Aor((i % 100).into()))
    });
    let mut load = Load::new(LoadSettings::default(), 1);
    measure("load: observe and decide", |i| {
        load.observe(at(i), Duration::from_millis(u64::from(i % 30)), 10);
        black_box(load.accepts_new_call(|| false));
    });
}

fn measure(what: &str, mut each: impl FnMut(u32)) {
    let fastest = (0..REPEATS).map(|_| {
        let start = Instant::now();
        (0..ROUNDS).for_each(&mut each);
        start.elapsed()
    });
    let fastest = fastest.min().unwrap_or_default();
    println!("{what:40} {:6.0} ns", fastest.as_nanos() as f64 / f64::from(ROUNDS));
}

fn at(i: u32) -> Moment {
    Moment(1_000_000 + u64::from(i) * 100)
}

fn sender(ip: u32) -> Sender {
    Sender::datagram(SocketAddr::new(IpAddr::V4(Ipv4Addr::from(ip)), 5060))
}

fn net(i: u32) -> ipnet::IpNet {
    slash_24(0x0A00_0000 + i * 256)
}

fn deny(i: u32) -> ipnet::IpNet {
    slash_24(0x3000_0000 + i * 256)
}

fn slash_24(ip: u32) -> ipnet::IpNet {
    ipnet::Ipv4Net::new_assert(Ipv4Addr::from(ip), 24).into()
}

fn convict(guard: &mut Guard, sender: Sender) {
    (0..3).for_each(|_| {
        guard.observed(Moment(1), sender, Evidence::Scanner);
    });
}

fn invite() -> String {
    let head = "INVITE sip:0031201234567@sip.example.org SIP/2.0\r\n\
        Via: SIP/2.0/UDP 198.18.0.9:5060;branch=z9hG4bK776asdhds;rport\r\nMax-Forwards: 70\r\n\
        To: <sip:0031201234567@sip.example.org>\r\nFrom: \"Reception\" <sip:201@sip.example.org>;tag=1928301774\r\n\
        Call-ID: a84b4c76e66710@198.18.0.9\r\nCSeq: 314159 INVITE\r\nContact: <sip:201@198.18.0.9:5060>\r\n\
        Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, NOTIFY, REFER, UPDATE, PRACK\r\nSupported: replaces, 100rel, timer\r\n\
        User-Agent: Yealink SIP-T46S 66.86.0.15\r\nContent-Type: application/sdp\r\nContent-Length: 400\r\n\r\n";
    let padding = 900_usize.saturating_sub(head.len());
    format!("{head}{}", "v".repeat(padding))
}
