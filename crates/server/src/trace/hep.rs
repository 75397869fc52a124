//! HEP version 3, the way to a capture server such as Homer (<https://github.com/sipcapture/HEP>): `HEP3`, the total
//! length, then chunks of `vendor (2) | type (2) | length (2) | value`, big-endian.

use super::Packet;
use ringfence_model::WallTime;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

const FAMILY: u16 = 1;
const PROTOCOL: u16 = 2;
const SOURCE_V4: u16 = 3;
const TARGET_V4: u16 = 4;
const SOURCE_V6: u16 = 5;
const TARGET_V6: u16 = 6;
const SOURCE_PORT: u16 = 7;
const TARGET_PORT: u16 = 8;
const SECS: u16 = 9;
const MICROS: u16 = 10;
const SORT: u16 = 11;
const AGENT: u16 = 12;
const PAYLOAD: u16 = 15;
const CORRELATION: u16 = 17;

/// IP protocol numbers; TLS is seen as TCP.
const UDP: u8 = 17;
const TCP: u8 = 6;
/// Address families as the format has them: those of Linux.
const V4: u8 = 2;
const V6: u8 = 10;
/// The payload is SIP.
const SIP: u8 = 1;

/// A message as one datagram to a capture server. `agent` is our number there; `correlation` ties the legs of a call.
#[must_use]
pub fn encode(packet: &Packet, agent: u32, correlation: &str) -> Vec<u8> {
    let mut chunks = Vec::with_capacity(packet.bytes.len() + 160);
    let protocol = if packet.transport == "UDP" { UDP } else { TCP };
    match (packet.from.ip().to_canonical(), packet.to.ip().to_canonical()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            chunk(&mut chunks, FAMILY, &[V4]);
            chunk(&mut chunks, SOURCE_V4, &from.octets());
            chunk(&mut chunks, TARGET_V4, &to.octets());
        }
        (from, to) => {
            chunk(&mut chunks, FAMILY, &[V6]);
            chunk(&mut chunks, SOURCE_V6, &six(from).octets());
            chunk(&mut chunks, TARGET_V6, &six(to).octets());
        }
    }
    chunk(&mut chunks, PROTOCOL, &[protocol]);
    chunk(&mut chunks, SOURCE_PORT, &packet.from.port().to_be_bytes());
    chunk(&mut chunks, TARGET_PORT, &packet.to.port().to_be_bytes());
    chunk(&mut chunks, SECS, &u32::try_from(packet.at.as_secs()).unwrap_or(0).to_be_bytes());
    let micros = u32::try_from(packet.at.0.rem_euclid(1_000_000)).unwrap_or(0);
    chunk(&mut chunks, MICROS, &micros.to_be_bytes());
    chunk(&mut chunks, SORT, &[SIP]);
    chunk(&mut chunks, AGENT, &agent.to_be_bytes());
    if !correlation.is_empty() {
        chunk(&mut chunks, CORRELATION, correlation.as_bytes());
    }
    // What is left of the 16 bits of the total length.
    let room = usize::from(u16::MAX).saturating_sub(chunks.len() + 12);
    chunk(&mut chunks, PAYLOAD, packet.bytes.get(..room).unwrap_or(&packet.bytes));
    let total = u16::try_from(chunks.len() + 6).unwrap_or(u16::MAX);
    [b"HEP3".as_slice(), &total.to_be_bytes(), &chunks].concat()
}

fn six(ip: IpAddr) -> Ipv6Addr {
    match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped(),
        IpAddr::V6(ip) => ip,
    }
}

fn chunk(to: &mut Vec<u8>, sort: u16, value: &[u8]) {
    to.extend([0, 0]);
    to.extend(sort.to_be_bytes());
    to.extend(u16::try_from(value.len() + 6).unwrap_or(u16::MAX).to_be_bytes());
    to.extend_from_slice(value);
}

/// Reads such a datagram; `None` for anything that is not a SIP message in one.
#[must_use]
pub fn decode(datagram: &[u8]) -> Option<(Packet, Option<String>)> {
    let (total, mut rest) = datagram.strip_prefix(b"HEP3")?.split_first_chunk::<2>()?;
    rest = rest.get(..usize::from(u16::from_be_bytes(*total)).checked_sub(6)?)?;
    let (mut protocol, mut sort) = (UDP, None);
    let (mut from, mut to): (Option<IpAddr>, Option<IpAddr>) = (None, None);
    let (mut from_port, mut to_port, mut secs, mut micros) = (0, 0, 0, 0);
    let (mut payload, mut correlation) = (None, None);
    while !rest.is_empty() {
        let (&[vendor_1, vendor_2, high, low, length_1, length_2], after) =
            rest.split_first_chunk::<6>()?;
        let length = usize::from(u16::from_be_bytes([length_1, length_2])).checked_sub(6)?;
        let (value, next) = after.split_at_checked(length)?;
        rest = next;
        if [vendor_1, vendor_2] != [0, 0] {
            continue;
        }
        match u16::from_be_bytes([high, low]) {
            PROTOCOL => protocol = *value.first()?,
            SOURCE_V4 => from = Some(Ipv4Addr::from(<[u8; 4]>::try_from(value).ok()?).into()),
            TARGET_V4 => to = Some(Ipv4Addr::from(<[u8; 4]>::try_from(value).ok()?).into()),
            SOURCE_V6 => from = Some(Ipv6Addr::from(<[u8; 16]>::try_from(value).ok()?).into()),
            TARGET_V6 => to = Some(Ipv6Addr::from(<[u8; 16]>::try_from(value).ok()?).into()),
            SOURCE_PORT => from_port = u16::from_be_bytes(value.try_into().ok()?),
            TARGET_PORT => to_port = u16::from_be_bytes(value.try_into().ok()?),
            SECS => secs = u32::from_be_bytes(value.try_into().ok()?),
            MICROS => micros = u32::from_be_bytes(value.try_into().ok()?),
            SORT => sort = value.first().copied(),
            PAYLOAD => payload = Some(value.to_vec()),
            CORRELATION => correlation = Some(String::from_utf8_lossy(value).into_owned()),
            _ => {}
        }
    }
    let packet = Packet {
        at: WallTime(i64::from(secs) * 1_000_000 + i64::from(micros)),
        from: SocketAddr::new(from?, from_port),
        to: SocketAddr::new(to?, to_port),
        transport: if protocol == UDP { "UDP" } else { "TCP" }.to_owned(),
        bytes: payload?,
    };
    (sort == Some(SIP)).then_some((packet, correlation))
}
