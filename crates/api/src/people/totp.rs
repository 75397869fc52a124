//! Codes of an authenticator app (TOTP, RFC 6238): SHA-1, six digits, 30 seconds, which is what all apps can.

use crate::secret::{Chance, Seal};
use ringfence_model::WallTime;
use serde::{Deserialize, Serialize};
use totp_rs::{Algorithm, Builder, Secret, Totp};
use webauthn_rs::prelude::Url;

/// Steps before and after now that are taken: phones' clocks are off.
const SKEW: u16 = 1;
/// Bytes of a secret (RFC 4226 §4 asks for 20).
const SECRET_BYTES: usize = 20;

/// A person's secret, with the step of the last code that was taken: each code is taken once (RFC 6238 §5.2).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Codes {
    secret: [u8; SECRET_BYTES],
    taken: u64,
}

impl Codes {
    /// A new secret.
    pub fn new(chance: &dyn Chance) -> Self {
        let mut secret = [0; SECRET_BYTES];
        chance.fill(&mut secret);
        Self { secret, taken: 0 }
    }

    /// Takes a code, once.
    pub fn take(&mut self, code: &str, at: WallTime) -> bool {
        let code = code.replace(' ', "");
        let secs = u64::try_from(at.as_secs()).unwrap_or(0);
        if code.len() != 6 || !code.bytes().all(|digit| digit.is_ascii_digit()) {
            return false;
        }
        let step = self.totp().and_then(|totp| totp.check(&code, secs));
        match step {
            Some(step) if step > self.taken => {
                self.taken = step;
                true
            }
            _ => false,
        }
    }

    /// The secret as people type it, in base 32.
    pub fn secret_text(&self) -> String {
        Secret::from(self.secret.to_vec()).to_base32()
    }

    /// What the QR code says (the Key URI format of authenticator apps).
    pub fn url(&self, login: &str) -> String {
        let secret = self.secret_text();
        let Ok(mut url) = Url::parse("otpauth://totp/") else { return String::new() };
        if let Ok(mut path) = url.path_segments_mut() {
            path.clear().push(&format!("Ringfence:{login}"));
        }
        url.query_pairs_mut().append_pair("secret", &secret).append_pair("issuer", "Ringfence");
        url.into()
    }

    /// Sealed for the store.
    pub fn seal(&self, seal: &Seal, person: &str, chance: &dyn Chance) -> Vec<u8> {
        let clear = [self.secret.as_slice(), &self.taken.to_be_bytes()].concat();
        seal.close(&clear, &context(person), chance)
    }

    /// As the store has it; `None` when it was sealed by another node's secret.
    pub fn open(sealed: &[u8], seal: &Seal, person: &str) -> Option<Self> {
        let clear = seal.open(sealed, &context(person))?;
        let (secret, rest) = clear.split_first_chunk::<SECRET_BYTES>()?;
        let taken = rest.try_into().ok()?;
        Some(Self { secret: *secret, taken: u64::from_be_bytes(taken) })
    }

    fn totp(&self) -> Option<Totp> {
        let builder = Builder::new().with_algorithm(Algorithm::SHA1).with_digits(6);
        builder
            .with_skew(SKEW)
            .with_step_duration(30)
            .with_secret(self.secret.to_vec())
            .build()
            .ok()
    }

    /// The code of a moment, as an app shows it.
    #[cfg(test)]
    pub fn code(&self, at: WallTime) -> String {
        self.totp().unwrap().generate(u64::try_from(at.as_secs()).unwrap()).to_string()
    }
}

fn context(person: &str) -> String {
    format!("totp:{person}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::tests::Counted;

    #[test]
    fn the_codes_are_those_of_the_rfc() {
        // RFC 6238 appendix B, the last six of its eight digits.
        let mut codes = Codes { secret: *b"12345678901234567890", taken: 0 };
        for (secs, code) in [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")]
        {
            assert!(codes.take(code, WallTime::from_secs(secs)), "{code}");
        }
    }

    #[test]
    fn a_code_is_taken_once_and_near_its_time_only() {
        let at = WallTime::from_secs(1_800_000_015);
        let mut codes = Codes::new(&Counted::default());
        let code = codes.code(at);
        for far in [-61, 61] {
            assert!(!codes.clone().take(&code, WallTime::from_secs(at.as_secs() + far)));
        }
        assert!(codes.clone().take(&code, WallTime::from_secs(at.as_secs() + 29)));
        let spaced = format!("{} {}", &code[..3], &code[3..]);
        assert!(codes.take(&spaced, at));
        assert!(!codes.take(&code, at), "twice");
        let before = codes.code(WallTime::from_secs(at.as_secs() - 30));
        assert!(!codes.take(&before, at), "an older one after it");
        assert!(
            !codes.take("", at) && !codes.take("abcdef", at) && !codes.take("１２３４５６", at)
        );
    }

    #[test]
    fn a_secret_is_sealed_for_its_person() {
        let (seal, chance) = (Seal::new(&[3; 32]), Counted::default());
        let codes = Codes::new(&chance);
        let sealed = codes.seal(&seal, "anna", &chance);
        assert!(Codes::open(&sealed, &seal, "anna") == Some(codes.clone()));
        assert!(Codes::open(&sealed, &seal, "bram").is_none());
        let url = codes.url("anna@example.org");
        assert!(url.starts_with("otpauth://totp/Ringfence:anna@example.org?secret="), "{url}");
        assert_eq!(codes.secret_text().len(), 32);
    }
}
