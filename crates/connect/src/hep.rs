//! HEP version 3, how a copy of signalling goes to a capture server such as Homer (draft-dubovikov-eep-hep,
//! <https://github.com/sipcapture/HEP>): `HEP3`, the total length, then chunks of
//! `vendor (2) | type (2) | length (2) | value`, big-endian, in any order.

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
const KEY: u16 = 14;
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

const MAGIC: &[u8] = b"HEP3";
/// What stands before the first chunk, and before the value of each.
const HEAD_BYTES: usize = 6;

/// A SIP message on its way, as somebody saw it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Captured<'a> {
    /// When, by the clock of who saw it.
    pub at: WallTime,
    /// From.
    pub from: SocketAddr,
    /// To.
    pub to: SocketAddr,
    /// Over TCP or TLS.
    pub stream: bool,
    /// What proves who sends the copy.
    pub key: Option<&'a [u8]>,
    /// What ties the legs of a call together there.
    pub correlation: Option<&'a [u8]>,
    /// The message.
    pub payload: &'a [u8],
}

/// It is no HEP version 3.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("this is no HEP version 3")]
pub struct NotHep;

/// How long the packet is that a stream goes on with; `None` while too little came to tell.
///
/// # Errors
/// When it goes on with something else.
pub fn length(bytes: &[u8]) -> Result<Option<usize>, NotHep> {
    let Some((head, rest)) = bytes.split_at_checked(MAGIC.len()) else {
        return if MAGIC.starts_with(bytes) { Ok(None) } else { Err(NotHep) };
    };
    if head != MAGIC {
        return Err(NotHep);
    }
    let Some(total) = rest.first_chunk::<2>() else { return Ok(None) };
    let total = usize::from(u16::from_be_bytes(*total));
    if total < HEAD_BYTES { Err(NotHep) } else { Ok(Some(total)) }
}

/// Reads a packet.
///
/// # Errors
/// For anything that is not a SIP message in one.
pub fn decode(packet: &[u8]) -> Result<Captured<'_>, NotHep> {
    read(packet).ok_or(NotHep)
}

fn read(packet: &[u8]) -> Option<Captured<'_>> {
    let (total, mut rest) = packet.strip_prefix(MAGIC)?.split_first_chunk::<2>()?;
    rest = rest.get(..usize::from(u16::from_be_bytes(*total)).checked_sub(HEAD_BYTES)?)?;
    let (mut protocol, mut sort) = (UDP, None);
    let (mut from, mut to): (Option<IpAddr>, Option<IpAddr>) = (None, None);
    let (mut from_port, mut to_port, mut secs, mut micros) = (0, 0, 0, 0);
    let (mut payload, mut correlation, mut key) = (None, None, None);
    while !rest.is_empty() {
        let (&[vendor_1, vendor_2, high, low, length_1, length_2], after) =
            rest.split_first_chunk::<HEAD_BYTES>()?;
        let length =
            usize::from(u16::from_be_bytes([length_1, length_2])).checked_sub(HEAD_BYTES)?;
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
            KEY => key = Some(value),
            PAYLOAD => payload = Some(value),
            CORRELATION => correlation = Some(value),
            _ => {}
        }
    }
    (sort == Some(SIP)).then_some(())?;
    Some(Captured {
        at: WallTime(i64::from(secs) * 1_000_000 + i64::from(micros)),
        from: SocketAddr::new(from?, from_port),
        to: SocketAddr::new(to?, to_port),
        stream: protocol == TCP,
        key,
        correlation,
        payload: payload?,
    })
}

/// A message as one datagram to a capture server; `agent` is our number there.
#[must_use]
pub fn encode(captured: &Captured<'_>, agent: u32) -> Vec<u8> {
    let mut chunks = Vec::with_capacity(captured.payload.len() + 160);
    match (captured.from.ip().to_canonical(), captured.to.ip().to_canonical()) {
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
    chunk(&mut chunks, PROTOCOL, &[if captured.stream { TCP } else { UDP }]);
    chunk(&mut chunks, SOURCE_PORT, &captured.from.port().to_be_bytes());
    chunk(&mut chunks, TARGET_PORT, &captured.to.port().to_be_bytes());
    chunk(&mut chunks, SECS, &u32::try_from(captured.at.as_secs()).unwrap_or(0).to_be_bytes());
    let micros = u32::try_from(captured.at.0.rem_euclid(1_000_000)).unwrap_or(0);
    chunk(&mut chunks, MICROS, &micros.to_be_bytes());
    chunk(&mut chunks, SORT, &[SIP]);
    chunk(&mut chunks, AGENT, &agent.to_be_bytes());
    for (sort, value) in [(KEY, captured.key), (CORRELATION, captured.correlation)] {
        value.into_iter().for_each(|value| chunk(&mut chunks, sort, value));
    }
    // What is left of the 16 bits of the total length.
    let room = usize::from(u16::MAX).saturating_sub(chunks.len() + 2 * HEAD_BYTES);
    chunk(&mut chunks, PAYLOAD, captured.payload.get(..room).unwrap_or(captured.payload));
    let total = u16::try_from(chunks.len() + HEAD_BYTES).unwrap_or(u16::MAX);
    [MAGIC, &total.to_be_bytes(), &chunks].concat()
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
    to.extend(u16::try_from(value.len() + HEAD_BYTES).unwrap_or(u16::MAX).to_be_bytes());
    to.extend_from_slice(value);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KAMAILIO: &[u8] = include_bytes!("../tests/data/hep3-kamailio-0.bin");
    const ASTERISK: &[u8] = include_bytes!("../tests/data/hep3-asterisk-0.bin");

    fn captured<'a>(from: &str, to: &str, stream: bool, payload: &'a [u8]) -> Captured<'a> {
        Captured {
            at: WallTime(1_795_422_600_123_456),
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
            stream,
            key: Some(b"s3c"),
            correlation: Some(b"call-1"),
            payload,
        }
    }

    #[test]
    fn what_kamailio_and_asterisk_send_is_read() {
        let invite = decode(KAMAILIO).unwrap();
        let (from, to) = (invite.from.to_string(), invite.to.to_string());
        assert_eq!((from.as_str(), to.as_str()), ("127.0.0.1:5092", "127.0.0.1:5070"));
        assert!(invite.payload.starts_with(b"INVITE sip:25261234567@127.0.0.1:5070 SIP/2.0\r\n"));
        assert_eq!((invite.stream, invite.key, invite.correlation), (false, None, None));
        let invite = decode(ASTERISK).unwrap();
        assert!(invite.payload.starts_with(b"INVITE sip:41201234567@127.0.0.1:5070 SIP/2.0\r\n"));
        assert_eq!(invite.key, Some(b"s3c".as_slice()));
        assert_eq!(invite.correlation, Some(b"1-5614@127.0.0.1".as_slice()));
    }

    #[test]
    fn it_comes_back_as_it_was_sent_and_no_part_of_it_is_taken_for_it() {
        for sent in [
            captured("192.0.2.1:40000", "192.0.2.10:5061", true, b"INVITE"),
            captured("[2001:db8::1]:5060", "[2001:db8::2]:5062", false, b""),
        ] {
            let packet = encode(&sent, 7);
            assert_eq!(decode(&packet), Ok(sent));
            assert_eq!(length(&packet), Ok(Some(packet.len())));
            for cut in 0..packet.len() {
                assert_eq!(decode(&packet[..cut]), Err(NotHep), "cut at {cut}");
            }
        }
        let long = vec![b'x'; 100_000];
        let packet = encode(&captured("192.0.2.1:1", "192.0.2.2:2", false, &long), 7);
        assert_eq!(packet.len(), 65_535);
        assert!(decode(&packet).is_ok());
    }

    /// The chunks of a packet, each whole.
    fn chunks(packet: &[u8]) -> Vec<&[u8]> {
        let mut rest = &packet[HEAD_BYTES..];
        let mut all = Vec::new();
        while !rest.is_empty() {
            let (one, next) = rest.split_at(usize::from(u16::from_be_bytes([rest[4], rest[5]])));
            all.push(one);
            rest = next;
        }
        all
    }

    #[test]
    fn chunks_may_come_in_any_order_and_those_of_others_are_passed_over() {
        for packet in [KAMAILIO, ASTERISK] {
            let expected = decode(packet).unwrap();
            let mut all = chunks(packet);
            all.reverse();
            // A vendor's own, under a number that means something else here.
            let own = [0x12, 0x34, 0, 15, 0, 7, b'x'];
            all.insert(1, &own);
            let body = all.concat();
            let total = u16::try_from(body.len() + HEAD_BYTES).unwrap().to_be_bytes();
            let packet = [MAGIC, &total, &body].concat();
            assert_eq!(decode(&packet), Ok(expected));
        }
    }

    #[test]
    fn a_stream_is_cut_where_packets_end() {
        for (bytes, found) in [
            (b"".as_slice(), Ok(None)),
            (b"HEP", Ok(None)),
            (b"HEP3\0", Ok(None)),
            (b"HEP3\x01\x02", Ok(Some(258))),
            (b"HEP3\0\x05", Err(NotHep)),
            (b"HEP2\0\x10", Err(NotHep)),
            (b"G", Err(NotHep)),
        ] {
            assert_eq!(length(bytes), found, "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(bytes: Vec<u8>, at in 0_usize..700, to: u8) {
            let _ = (decode(&bytes), length(&bytes));
            let mut packet = KAMAILIO.to_vec();
            if let Some(byte) = packet.get_mut(at) {
                *byte = to;
            }
            let _ = decode(&packet);
            let _ = decode(&[MAGIC, &bytes].concat());
        }
    }
}
