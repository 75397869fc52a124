//! The hash algorithms of RFC 7616 §6.1 that SIP uses (RFC 8760 §2.1), and their hexadecimal output.

use md5::Md5;
use sha2::{Digest, Sha256, Sha512_256};
use std::fmt;

/// A hash algorithm of the digest scheme.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Algorithm {
    /// SHA-256, the one to ask for.
    Sha256,
    /// SHA-512/256 (FIPS 180-4): SHA-512 with initial values of its own, cut to 256 bits.
    Sha512_256,
    /// MD5, for phones that know nothing else.
    Md5,
}

impl Algorithm {
    /// All of them in order of preference. SHA-256 stands first: as strong as SHA-512/256 and known to more phones.
    pub const PREFERRED: [Self; 3] = [Self::Sha256, Self::Sha512_256, Self::Md5];

    /// The name in the `algorithm` parameter.
    #[must_use]
    pub const fn wire_name(self) -> &'static str {
        match self {
            Self::Sha256 => "SHA-256",
            Self::Sha512_256 => "SHA-512-256",
            Self::Md5 => "MD5",
        }
    }

    /// Reads an `algorithm` parameter, ignoring case; `None` for one not spoken here, such as `MD5-sess`.
    #[must_use]
    pub fn from_wire(name: &[u8]) -> Option<Self> {
        Self::PREFERRED.into_iter().find(|a| name.eq_ignore_ascii_case(a.wire_name().as_bytes()))
    }

    /// The hash of the concatenated parts, in lower-case hexadecimal.
    pub(super) fn hex(self, parts: &[&[u8]]) -> Hex {
        match self {
            Self::Sha256 => Hex::of(&hash::<Sha256>(parts)),
            Self::Sha512_256 => Hex::of(&hash::<Sha512_256>(parts)),
            Self::Md5 => Hex::of(&hash::<Md5>(parts)),
        }
    }

    pub(super) const fn bit(self) -> u8 {
        match self {
            Self::Sha256 => 1,
            Self::Sha512_256 => 2,
            Self::Md5 => 4,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.wire_name())
    }
}

pub(super) fn hash<D: Digest>(parts: &[&[u8]]) -> sha2::digest::Output<D> {
    let mut hasher = D::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize()
}

/// Up to 32 bytes as lower-case hexadecimal, without an allocation.
#[derive(Clone, Copy)]
pub(super) struct Hex {
    digits: [u8; 64],
    len: usize,
}

impl Hex {
    /// Bytes beyond the 32nd are left out; no digest here is longer.
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut digits = [0; 64];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(bytes) {
            pair.copy_from_slice(&[digit(byte >> 4), digit(byte & 0xf)]);
        }
        Self { digits, len: (bytes.len() * 2).min(64) }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.digits.get(..self.len).unwrap_or_default()
    }
}

const fn digit(nibble: u8) -> u8 {
    match nibble {
        0..=9 => b'0' + nibble,
        _ => b'a' + nibble - 10,
    }
}

/// Fills `into` from exactly twice as many lower-case digits; `None` for anything else.
pub(super) fn unhex(digits: &[u8], into: &mut [u8]) -> Option<()> {
    if digits.len() != into.len() * 2 {
        return None;
    }
    for (byte, pair) in into.iter_mut().zip(digits.chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = nibble(*high)? << 4 | nibble(*low)?;
    }
    Some(())
}

const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for algorithm in Algorithm::PREFERRED {
            let lower = algorithm.wire_name().to_ascii_lowercase();
            assert_eq!(Algorithm::from_wire(lower.as_bytes()), Some(algorithm));
        }
        assert_eq!(Algorithm::from_wire(b"MD5-sess"), None);
        assert_eq!(Algorithm::from_wire(b""), None);
    }

    #[test]
    fn hexadecimal_there_and_back() {
        let bytes: Vec<u8> = (0..32).map(|i| i * 8 + 3).collect();
        let hex = Hex::of(&bytes);
        let mut back = [0; 32];
        assert_eq!(unhex(hex.as_bytes(), &mut back), Some(()));
        assert_eq!(bytes, back);
        assert_eq!(Hex::of(&[0xab, 0x01]).as_bytes(), b"ab01");
        assert_eq!(unhex(b"AB", &mut [0]), None);
        assert_eq!(unhex(b"abc", &mut [0]), None);
    }
}
