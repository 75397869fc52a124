//! Capture files as Wireshark and sngrep read them (draft-ietf-opsawg-pcap): raw IP, and UDP around each message,
//! whatever it travelled on: what TLS hid can be read here.

use super::Packet;
use std::io::{self, Write};
use std::net::IpAddr;

const MAGIC_MICROSECONDS: u32 = 0xa1b2_c3d4;
const LINKTYPE_RAW: u32 = 101;
const UDP: u8 = 17;
/// An IPv4 packet is at most 65,535 bytes with its headers; a longer message is cut.
const MESSAGE_BYTES_MAX: usize = 65_535 - 20 - 8;

/// The beginning of a file.
///
/// # Errors
/// Those of the file.
pub fn begin(to: &mut impl Write) -> io::Result<()> {
    let mut header = Vec::with_capacity(24);
    header.extend(MAGIC_MICROSECONDS.to_le_bytes());
    header.extend(2_u16.to_le_bytes());
    header.extend(4_u16.to_le_bytes());
    header.extend([0; 8]);
    header.extend(65_535_u32.to_le_bytes());
    header.extend(LINKTYPE_RAW.to_le_bytes());
    to.write_all(&header)
}

/// One message.
///
/// # Errors
/// Those of the file.
pub fn add(to: &mut impl Write, packet: &Packet) -> io::Result<()> {
    let frame = frame(packet);
    let length = u32::try_from(frame.len()).unwrap_or(u32::MAX).to_le_bytes();
    let secs = u32::try_from(packet.at.as_secs()).unwrap_or(0).to_le_bytes();
    let micros = u32::try_from(packet.at.0.rem_euclid(1_000_000)).unwrap_or(0).to_le_bytes();
    to.write_all(&[secs, micros, length, length].concat())?;
    to.write_all(&frame)
}

/// IP and UDP headers and the message.
fn frame(packet: &Packet) -> Vec<u8> {
    let message = packet.bytes.get(..MESSAGE_BYTES_MAX).unwrap_or(&packet.bytes);
    let udp_length = u16::try_from(8 + message.len()).unwrap_or(u16::MAX);
    let mut udp = Vec::with_capacity(usize::from(udp_length));
    udp.extend(packet.from.port().to_be_bytes());
    udp.extend(packet.to.port().to_be_bytes());
    udp.extend(udp_length.to_be_bytes());
    udp.extend([0, 0]);
    udp.extend_from_slice(message);
    match (packet.from.ip().to_canonical(), packet.to.ip().to_canonical()) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            let mut ip = vec![0x45, 0];
            ip.extend((udp_length + 20).to_be_bytes());
            // No fragment, a time to live, no checksum yet.
            ip.extend([0, 0, 0x40, 0, 64, UDP, 0, 0]);
            ip.extend(from.octets());
            ip.extend(to.octets());
            let sum = checksum([&ip]).to_be_bytes();
            put(&mut ip, 10, sum);
            // Zero says that no checksum was made (RFC 768).
            [ip, udp].concat()
        }
        (from, to) => {
            let (from, to) = (six(from), six(to));
            let mut ip = vec![0x60, 0, 0, 0];
            ip.extend(udp_length.to_be_bytes());
            ip.extend([UDP, 64]);
            ip.extend([from, to].concat());
            let mut pseudo = [from, to].concat();
            pseudo.extend(u32::from(udp_length).to_be_bytes());
            pseudo.extend([0, 0, 0, UDP]);
            // IPv6 wants one, and zero is written as its complement (RFC 8200 §8.1).
            let sum = match checksum([&pseudo, &udp]) {
                0 => u16::MAX,
                sum => sum,
            };
            put(&mut udp, 6, sum.to_be_bytes());
            [ip, udp].concat()
        }
    }
}

fn six(ip: IpAddr) -> [u8; 16] {
    match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped().octets(),
        IpAddr::V6(ip) => ip.octets(),
    }
}

fn put(bytes: &mut [u8], at: usize, sum: [u8; 2]) {
    bytes.iter_mut().skip(at).zip(sum).for_each(|(to, from)| *to = from);
}

/// The Internet checksum (RFC 1071) of parts of even length but the last.
fn checksum<const N: usize>(parts: [&[u8]; N]) -> u16 {
    let mut sum = 0_u64;
    for pair in parts.iter().flat_map(|part| part.chunks(2)) {
        sum += match pair {
            [high, low] => u64::from(u16::from_be_bytes([*high, *low])),
            [high] => u64::from(u16::from_be_bytes([*high, 0])),
            _ => 0,
        };
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_of_rfc_1071() {
        // RFC 1071 §3: the sum of these is ddf2.
        assert_eq!(!checksum([&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]]), 0xddf2);
    }
}
