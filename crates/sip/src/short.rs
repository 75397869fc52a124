//! Addresses and numbers as text, without the machinery of `format!`: they stand in every message.

use std::fmt;
use std::net::IpAddr;

/// Text of a few pieces. What finds no room is left out: there is room for two addresses.
#[derive(Clone, Copy)]
pub struct ShortText {
    bytes: [u8; ShortText::ROOM],
    length: usize,
}

impl ShortText {
    const ROOM: usize = 96;

    /// Nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: [0; Self::ROOM], length: 0 }
    }

    /// With this text behind it.
    #[must_use]
    pub fn text(mut self, text: &[u8]) -> Self {
        if let Some(room) = self.bytes.get_mut(self.length..self.length + text.len()) {
            room.copy_from_slice(text);
            self.length += text.len();
        }
        self
    }

    /// With this number behind it.
    #[must_use]
    pub fn number(self, value: u32) -> Self {
        let mut digits = [b'0'; 10];
        let mut rest = value;
        let mut used = 0;
        for digit in digits.iter_mut().rev() {
            #[allow(clippy::cast_possible_truncation, reason = "a digit")]
            {
                *digit = b'0' + (rest % 10) as u8;
            }
            rest /= 10;
            used += 1;
            if rest == 0 {
                break;
            }
        }
        self.text(digits.get(10 - used..).unwrap_or_default())
    }

    /// With this address behind it, an IPv6 one without brackets.
    #[must_use]
    pub fn address(self, ip: IpAddr) -> Self {
        let IpAddr::V4(ip) = ip else {
            return self.text(ip.to_string().as_bytes());
        };
        let [first, rest @ ..] = ip.octets();
        rest.iter()
            .fold(self.number(first.into()), |text, octet| text.text(b".").number((*octet).into()))
    }
}

impl Default for ShortText {
    fn default() -> Self {
        Self::new()
    }
}

impl std::ops::Deref for ShortText {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

impl PartialEq for ShortText {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for ShortText {}

impl fmt::Debug for ShortText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_numbers_are_as_formatted() {
        for ip in [
            "10.0.0.255",
            "0.0.0.0",
            "2001:db8::1",
            "::",
            "fe80:1111:2222:3333:4444:5555:6666:7777",
        ] {
            let ip: IpAddr = ip.parse().unwrap();
            assert_eq!(&*ShortText::new().address(ip), ip.to_string().as_bytes());
        }
        for number in [0, 7, 10, 65_535, u32::MAX] {
            assert_eq!(&*ShortText::new().number(number), number.to_string().as_bytes());
        }
        let mark = ShortText::new().text(b";rport=").number(5060);
        assert_eq!(format!("{mark:?}"), "\";rport=5060\"");
    }

    #[test]
    fn what_finds_no_room_is_left_out() {
        let full = ShortText::new().text(&[b'a'; 90]).text(&[b'b'; 7]).number(1);
        assert_eq!(full.len(), 91);
        assert_eq!(full.last(), Some(&b'1'));
    }
}
