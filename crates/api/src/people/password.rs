//! Passwords: Argon2id, at OWASP's second recommendation (19 MiB, 2 passes, 1 lane).

use crate::desk::Desk;
use crate::refusal::Refusal;
use crate::secret::Chance;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};

/// KiB of memory, passes and lanes.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);
/// Hashes at once: calls come first on a small machine.
const SEATS: usize = 2;
/// Hashes that wait: two seconds of work.
const QUEUE_MAX: usize = 64;
/// Shortest and longest password, in characters (NIST SP 800-63B-4 §3.1.1.2 asks for at least 8 with a second
/// factor, 15 without).
const CHARS_MIN: usize = 12;
const CHARS_MAX: usize = 256;
/// Fewest different characters: "aaaaaaaaaaaa" is none.
const DIFFERENT_MIN: usize = 5;

/// The one place where passwords are hashed.
pub struct Passwords {
    desk: Desk,
    /// Compared with when there is no such person, so that this takes as long as a wrong password.
    nobody: String,
}

impl Passwords {
    /// Ready to hash.
    pub fn new(chance: &dyn Chance) -> Self {
        let mut password = [0; 32];
        chance.fill(&mut password);
        let nobody = hash(&password, salt(chance)).unwrap_or_default();
        Self { desk: Desk::new(SEATS, QUEUE_MAX), nobody }
    }

    /// The hash of a new password, in PHC form.
    pub async fn hash(&self, password: String, chance: &dyn Chance) -> Result<String, Refusal> {
        let salt = salt(chance);
        let hashed = self.desk.work(move || Ok(hash(password.as_bytes(), salt))).await?;
        hashed.ok_or(Refusal::Broken)
    }

    /// Whether `password` is the one of `kept`; without one it is not, after the same time.
    pub async fn is(&self, password: String, kept: Option<String>) -> Result<bool, Refusal> {
        let known = kept.is_some();
        let kept = kept.unwrap_or_else(|| self.nobody.clone());
        let right = self.desk.work(move || Ok(verify(password.as_bytes(), &kept))).await?;
        Ok(right && known)
    }
}

fn argon2() -> Option<Argon2<'static>> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None).ok()?;
    Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn salt(chance: &dyn Chance) -> [u8; 16] {
    let mut salt = [0; 16];
    chance.fill(&mut salt);
    salt
}

fn hash(password: &[u8], salt: [u8; 16]) -> Option<String> {
    Some(argon2()?.hash_password_with_salt(password, &salt).ok()?.to_string())
}

/// With the cost that is written in the hash.
fn verify(password: &[u8], kept: &str) -> bool {
    // Longer ones cannot have been set.
    password.len() <= CHARS_MAX * 4
        && argon2().is_some_and(|argon2| argon2.verify_password(password, kept).is_ok())
}

/// Whether a new password will do.
pub fn check(password: &str, login: &str) -> Result<(), Refusal> {
    let invalid = |why: String| Err(Refusal::Invalid(format!("the password {why}")));
    let chars = password.chars().count();
    if chars < CHARS_MIN {
        return invalid(format!("has {chars} characters; take at least {CHARS_MIN}"));
    }
    if chars > CHARS_MAX {
        return invalid(format!("is longer than {CHARS_MAX} characters"));
    }
    let different: std::collections::HashSet<_> = password.chars().collect();
    if different.len() < DIFFERENT_MIN {
        return invalid("is made of the same few characters; take several words".into());
    }
    let (lower, login) = (password.to_lowercase(), login.to_lowercase());
    let rest = if login.is_empty() { lower.clone() } else { lower.replace(&login, "") };
    if rest.chars().count() < CHARS_MIN / 2 {
        return invalid("is little more than the login; take several words".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::tests::Counted;

    #[tokio::test]
    async fn only_the_right_password_of_a_known_person_is_right() {
        let chance = Counted::default();
        let passwords = Passwords::new(&chance);
        let kept = passwords.hash("correct horse".into(), &chance).await.unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert_ne!(kept, passwords.hash("correct horse".into(), &chance).await.unwrap());
        assert!(passwords.is("correct horse".into(), Some(kept.clone())).await.unwrap());
        assert!(!passwords.is("wrong horse".into(), Some(kept)).await.unwrap());
        assert!(!passwords.is("correct horse".into(), None).await.unwrap());
        assert!(!passwords.is("correct horse".into(), Some("rubbish".into())).await.unwrap());
    }

    #[test]
    fn passwords_that_are_none_are_refused_with_a_reason() {
        for (wrong, why) in [
            ("short", "at least 12"),
            (&"ab".repeat(9), "same few"),
            ("Annabel-1234", "login"),
            (&"x".repeat(257), "longer"),
        ] {
            let refused = check(wrong, "annabel").unwrap_err().to_string();
            assert!(refused.contains(why), "{wrong}: {refused}");
        }
        check("vier woorden op een rij", "annabel").unwrap();
    }
}
