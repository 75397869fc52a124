//! Nonces that prove themselves: nothing is stored when one is given out.
//!
//! 24 bytes in hexadecimal: when (7 bytes, µs), which algorithms were offered (1 byte), and 128 bits of
//! HMAC-SHA-256 over both, the realm and what binds the nonce to its asker.

use super::algorithm::{Algorithm, Hex, unhex};
use super::ha1::keyed;
use hmac::{Hmac, Mac};
use sha2::Sha256;

const TAG_BYTES: usize = 16;

/// Which nonce a request was accepted with; unique to asker and microsecond.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct NonceId(pub(super) [u8; TAG_BYTES]);

/// A nonce that is ours and meant for this asker, of whatever age.
pub(super) struct Nonce {
    pub id: NonceId,
    pub issued_us: u64,
    offered: u8,
}

impl Nonce {
    pub(super) const fn offers(&self, algorithm: Algorithm) -> bool {
        self.offered & algorithm.bit() != 0
    }
}

/// Makes nonces and knows its own again. Holds the key already expanded and the realm already absorbed.
#[derive(Clone)]
pub(super) struct Mint {
    mac: Hmac<Sha256>,
}

impl Mint {
    pub(super) fn new(secret: &[u8; 32], realm: &str) -> Self {
        let length = u64::try_from(realm.len()).unwrap_or(u64::MAX).to_be_bytes();
        let mac = keyed(secret).chain_update(b"nonce ").chain_update(length).chain_update(realm);
        Self { mac }
    }

    pub(super) fn strike(&self, now_us: u64, offered: &[Algorithm], binding: &[u8]) -> Hex {
        // Seven bytes of microseconds last until the year 4253.
        let [_, time @ ..] = now_us.to_be_bytes();
        let [a, b, c, d, e, f, g] = time;
        let head = [a, b, c, d, e, f, g, offered.iter().fold(0, |bits, a| bits | a.bit())];
        let full = self.mac_of(&head, binding).finalize().into_bytes();
        let mut nonce = [0; 8 + TAG_BYTES];
        for (to, from) in nonce.iter_mut().zip(head.iter().chain(&full)) {
            *to = *from;
        }
        Hex::of(&nonce)
    }

    /// Reads a nonce; `None` if it is not ours or not for this asker. Takes the same time either way.
    pub(super) fn examine(&self, nonce: &[u8], binding: &[u8]) -> Option<Nonce> {
        let mut bytes = [0; 8 + TAG_BYTES];
        let well_formed = unhex(nonce, &mut bytes);
        let (head, tag) = bytes.split_first_chunk::<8>()?;
        let tag: [u8; TAG_BYTES] = tag.try_into().ok()?;
        self.mac_of(head, binding).verify_truncated_left(&tag).ok()?;
        well_formed?;
        let [a, b, c, d, e, f, g, offered] = *head;
        let issued_us = u64::from_be_bytes([0, a, b, c, d, e, f, g]);
        Some(Nonce { id: NonceId(tag), issued_us, offered })
    }

    fn mac_of(&self, head: &[u8; 8], binding: &[u8]) -> Hmac<Sha256> {
        self.mac.clone().chain_update(head).chain_update(binding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_says_when_and_what() {
        let mint = Mint::new(&[1; 32], "r");
        let hex = mint.strike(1_795_305_600_000_000, &[Algorithm::Sha256], b"192.0.2.1");
        assert_eq!(hex.as_bytes().len(), 48);
        let nonce = mint.examine(hex.as_bytes(), b"192.0.2.1").unwrap();
        assert_eq!(nonce.issued_us, 1_795_305_600_000_000);
        assert!(nonce.offers(Algorithm::Sha256) && !nonce.offers(Algorithm::Md5));
    }

    #[test]
    fn only_ours_for_this_asker() {
        let mint = Mint::new(&[1; 32], "r");
        let hex = mint.strike(7, &[Algorithm::Md5], b"a");
        assert!(mint.examine(hex.as_bytes(), b"b").is_none());
        assert!(Mint::new(&[2; 32], "r").examine(hex.as_bytes(), b"a").is_none());
        assert!(Mint::new(&[1; 32], "s").examine(hex.as_bytes(), b"a").is_none());
        for i in 0..48 {
            let mut forged = hex.as_bytes().to_vec();
            forged[i] = if forged[i] == b'0' { b'1' } else { b'0' };
            assert!(mint.examine(&forged, b"a").is_none(), "digit {i}");
        }
        assert!(mint.examine(&hex.as_bytes().to_ascii_uppercase(), b"a").is_none());
        assert!(mint.examine(b"", b"a").is_none());
    }

    #[test]
    fn two_askers_in_one_microsecond_get_two_nonces() {
        let mint = Mint::new(&[1; 32], "r");
        let one = mint.strike(7, &[Algorithm::Md5], b"a");
        assert_ne!(one.as_bytes(), mint.strike(7, &[Algorithm::Md5], b"b").as_bytes());
    }
}
