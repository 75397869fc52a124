//! The stored form of a password: what both sides of the digest know.

use super::algorithm::{Algorithm, Hex, hash};
use hmac::{Hmac, Mac};
use md5::Md5;
use sha2::{Sha256, Sha512_256};
use std::fmt;

/// H(user:realm:password) for each algorithm, made once so that the password need not be kept.
///
/// As good as the password for whoever holds it: it is never printed, and belongs in a store as a secret.
#[derive(Clone)]
pub struct Ha1 {
    sha256: Hex,
    sha512_256: Hex,
    md5: Hex,
}

impl Ha1 {
    /// Bytes of the stored form.
    pub const BYTES: usize = 80;

    /// From the password in clear. User and realm are the values themselves, without quotes or escapes.
    #[must_use]
    pub fn new(user: &str, realm: &str, password: &str) -> Self {
        let parts: [&[u8]; 5] =
            [user.as_bytes(), b":", realm.as_bytes(), b":", password.as_bytes()];
        Self {
            sha256: Hex::of(&hash::<Sha256>(&parts)),
            sha512_256: Hex::of(&hash::<Sha512_256>(&parts)),
            md5: Hex::of(&hash::<Md5>(&parts)),
        }
    }

    /// Stands in for a user that does not exist, so that strangers cost and see the same as users with a
    /// wrong password. Nobody can answer for it without `secret`. One made at start-up serves for all
    /// strangers; one per user serves as well.
    #[must_use]
    pub fn decoy(secret: &[u8; 32], user: &[u8]) -> Self {
        let half = |label: &[u8]| -> [u8; 32] {
            keyed(secret)
                .chain_update(b"decoy ")
                .chain_update(label)
                .chain_update(user)
                .finalize()
                .into_bytes()
                .into()
        };
        let mut bytes = [0; Self::BYTES];
        let random = [half(b"sha256 "), half(b"sha512-256 "), half(b"md5 ")];
        for (byte, source) in bytes.iter_mut().zip(random.as_flattened()) {
            *byte = *source;
        }
        Self::from_bytes(&bytes)
    }

    /// From the stored form: SHA-256 (32 bytes), SHA-512/256 (32 bytes), MD5 (16 bytes).
    #[must_use]
    pub fn from_bytes(bytes: &[u8; Self::BYTES]) -> Self {
        let (sha256, rest) = bytes.split_at(32);
        let (sha512_256, md5) = rest.split_at(32);
        Self { sha256: Hex::of(sha256), sha512_256: Hex::of(sha512_256), md5: Hex::of(md5) }
    }

    /// The stored form; see [`Ha1::from_bytes`].
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let (sha256, rest) = bytes.split_at_mut(32);
        let (sha512_256, md5) = rest.split_at_mut(32);
        for (hex, into) in
            [(&self.sha256, sha256), (&self.sha512_256, sha512_256), (&self.md5, md5)]
        {
            // Cannot fail: the digits were made here from as many bytes.
            let _ = super::algorithm::unhex(hex.as_bytes(), into);
        }
        bytes
    }

    pub(super) fn hex(&self, algorithm: Algorithm) -> &[u8] {
        match algorithm {
            Algorithm::Sha256 => self.sha256.as_bytes(),
            Algorithm::Sha512_256 => self.sha512_256.as_bytes(),
            Algorithm::Md5 => self.md5.as_bytes(),
        }
    }
}

/// HMAC under a 32-byte key; RFC 2104 pads a key shorter than the block with zeros.
pub(super) fn keyed(secret: &[u8; 32]) -> Hmac<Sha256> {
    let mut block = [0; 64];
    for (byte, key) in block.iter_mut().zip(secret) {
        *byte = *key;
    }
    <Hmac<Sha256> as hmac::digest::KeyInit>::new(&block.into())
}

impl fmt::Debug for Ha1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ha1(secret)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stored_form_is_the_same_secret() {
        let ha1 = Ha1::new("bob", "biloxi.com", "zanzibar");
        assert_eq!(ha1.hex(Algorithm::Md5), b"12af60467a33e8518da5c68bbff12b11");
        let back = Ha1::from_bytes(&ha1.to_bytes());
        for algorithm in Algorithm::PREFERRED {
            assert_eq!(back.hex(algorithm), ha1.hex(algorithm));
        }
    }

    #[test]
    fn it_is_never_printed() {
        let ha1 = Ha1::new("bob", "biloxi.com", "zanzibar");
        assert_eq!(format!("{ha1:?}"), "Ha1(secret)");
    }

    #[test]
    fn decoys_depend_on_secret_and_user_and_algorithm() {
        let one = Ha1::decoy(&[1; 32], b"bob");
        assert_eq!(one.to_bytes(), Ha1::decoy(&[1; 32], b"bob").to_bytes());
        assert_ne!(one.to_bytes(), Ha1::decoy(&[2; 32], b"bob").to_bytes());
        assert_ne!(one.to_bytes(), Ha1::decoy(&[1; 32], b"alice").to_bytes());
        assert_ne!(one.hex(Algorithm::Sha256), one.hex(Algorithm::Sha512_256));
        assert_ne!(one.hex(Algorithm::Sha256).get(..32), Some(one.hex(Algorithm::Md5)));
    }

    #[test]
    fn a_padded_key_is_the_key() {
        let ours = keyed(&[7; 32]).chain_update(b"x").finalize().into_bytes();
        let theirs = <Hmac<Sha256> as Mac>::new_from_slice(&[7; 32]).unwrap();
        assert_eq!(ours, theirs.chain_update(b"x").finalize().into_bytes());
    }
}
