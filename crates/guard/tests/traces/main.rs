//! Traces of attacks and of honest traffic that looks like them: each rule fires on the one and not on the other.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bans;
mod door;
mod passwords;

use ringfence_guard::{Admission, Guard, Sender, Settings};
use ringfence_model::{Moment, Now, WallTime};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

const REGISTER: &[u8] = b"REGISTER sip:example.org SIP/2.0\r\nUser-Agent: Yealink\r\n\r\n";
const INVITE: &[u8] = b"INVITE sip:0046500729221@192.0.2.1 SIP/2.0\r\nUser-Agent: Asterisk\r\n\r\n";
const FRIENDLY: &[u8] =
    b"OPTIONS sip:100@192.0.2.1 SIP/2.0\r\nMax-Forwards: 70\r\nUser-Agent: friendly-scanner\r\n\r\n";

/// A start well after the zero of the clock, so that durations before it exist.
const START: Moment = Moment(1_000_000_000_000);

fn guard() -> Guard {
    Guard::new(Settings { sources_max: 16_384, accounts_max: 16_384, ..Settings::default() }, 5)
}

fn after_ms(ms: u64) -> Moment {
    Moment(START.0 + ms * 1_000)
}

fn after(secs: u64) -> Moment {
    after_ms(secs * 1_000)
}

/// Wall time starts at a million seconds.
fn clock(secs: u64) -> Now {
    Now { moment: after(secs), wall: WallTime::from_secs(1_000_000 + secs as i64) }
}

fn udp(address: &str) -> Sender {
    Sender::datagram(address.parse().unwrap())
}

fn tcp(address: &str) -> Sender {
    Sender::stream(address.parse().unwrap())
}

/// One of many strangers, spread over networks.
fn stranger(i: u32) -> Sender {
    let ip = Ipv4Addr::from(0x2D00_0001 + i.wrapping_mul(2_654_435_761) % 0x00FF_FFFF);
    Sender::datagram(SocketAddr::new(IpAddr::V4(ip), 5060))
}

fn passes(admission: Admission) -> bool {
    matches!(admission, Admission::Pass(_))
}
