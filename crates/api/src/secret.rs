//! What nobody may guess or read: tokens, ids, sealed values, and the chance they are made of.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use sha2::{Digest, Sha256};

/// Where chance comes from: the system's own in the program, a seed in tests.
pub trait Chance: Send + Sync {
    /// Fills `bytes` with what nobody can guess.
    fn fill(&self, bytes: &mut [u8]);
}

/// 32 bytes of chance.
pub fn draw(chance: &dyn Chance) -> [u8; 32] {
    let mut bytes = [0; 32];
    chance.fill(&mut bytes);
    bytes
}

/// A new id: 128 bits in the form of a version 4 UUID (RFC 9562 §5.4).
pub fn new_id(chance: &dyn Chance) -> String {
    let mut bytes = [0; 16];
    chance.fill(&mut bytes);
    webauthn_rs::prelude::Uuid::from_u128(u128::from_be_bytes(bytes) & !VERSION_BITS | VERSION_4)
        .to_string()
}

const VERSION_BITS: u128 = 0xf000 << 64 | 0xc000 << 48;
const VERSION_4: u128 = 0x4000 << 64 | 0x8000 << 48;

/// A bearer secret of 256 bits. Only its hash is kept.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// Of 32 bytes of chance.
    pub fn of(bytes: [u8; 32]) -> Self {
        Self(BASE64.encode(bytes))
    }

    /// Reads the text form; `None` when it cannot be one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 32] = BASE64.decode(text).ok()?.try_into().ok()?;
        Some(Self::of(bytes))
    }

    /// The text form.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is kept of it. Chance needs no salt and no slow hash.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

/// The key that seals what the store must give back in clear: second-factor secrets, kept answers.
pub struct Seal(Aes256Gcm);

impl Seal {
    /// With the node's secret.
    pub fn new(secret: &[u8; 32]) -> Self {
        // Its own key, so that nothing else made of the secret can be confused with it.
        let key =
            Sha256::new().chain_update(b"ringfence api seal 1").chain_update(secret).finalize();
        Self(Aes256Gcm::new_from_slice(&key).unwrap_or_else(|_| unreachable!("32 bytes")))
    }

    /// Seals `clear` for the place named by `context`; it opens nowhere else.
    pub fn close(&self, clear: &[u8], context: &str, chance: &dyn Chance) -> Vec<u8> {
        let mut nonce = [0; 12];
        chance.fill(&mut nonce);
        let payload = Payload { msg: clear, aad: context.as_bytes() };
        let sealed = self.0.encrypt(&Nonce::from(nonce), payload).unwrap_or_default();
        [nonce.as_slice(), &sealed].concat()
    }

    /// Opens what was sealed for `context`; `None` when it was not, or was touched.
    pub fn open(&self, sealed: &[u8], context: &str) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_first_chunk::<12>()?;
        let payload = Payload { msg: sealed, aad: context.as_bytes() };
        self.0.decrypt(&Nonce::from(*nonce), payload).ok()
    }
}

/// Bytes as lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// Repeatable "chance".
    #[derive(Default)]
    pub struct Counted(AtomicU64);

    impl Chance for Counted {
        fn fill(&self, bytes: &mut [u8]) {
            for chunk in bytes.chunks_mut(32) {
                let count = self.0.fetch_add(1, Ordering::Relaxed);
                let hash = Sha256::digest(count.to_le_bytes());
                chunk.copy_from_slice(&hash[..chunk.len()]);
            }
        }
    }

    #[test]
    fn a_sealed_value_opens_only_untouched_and_in_its_place() {
        let (seal, chance) = (Seal::new(&[1; 32]), Counted::default());
        let mut sealed = seal.close(b"secret", "totp:anna", &chance);
        assert_eq!(seal.open(&sealed, "totp:anna").as_deref(), Some(b"secret".as_slice()));
        assert_eq!(seal.open(&sealed, "totp:bram"), None);
        assert_eq!(Seal::new(&[2; 32]).open(&sealed, "totp:anna"), None);
        let again = seal.close(b"secret", "totp:anna", &chance);
        assert_ne!(again, sealed, "never the same nonce");
        *sealed.last_mut().unwrap() ^= 1;
        assert_eq!(seal.open(&sealed, "totp:anna"), None);
        assert_eq!(seal.open(&[0; 5], "totp:anna"), None);
    }

    #[test]
    fn a_token_is_43_characters_of_which_a_hash_is_kept() {
        let token = Token::of([9; 32]);
        assert_eq!(token.as_str().len(), 43);
        assert_eq!(Token::parse(token.as_str()).unwrap().hash(), token.hash());
        for wrong in ["", "short", &"A".repeat(44), "ä"] {
            assert!(Token::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn an_id_is_a_uuid_of_version_4() {
        let id = new_id(&Counted::default());
        assert_eq!((id.len(), id.as_bytes()[14]), (36, b'4'), "{id}");
        assert!(b"89ab".contains(&id.as_bytes()[19]), "{id}");
    }
}
