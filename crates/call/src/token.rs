//! Tags, branches, Call-IDs and Contact users of ours: nobody can guess one, and each says its shard.
//!
//! A message may reach the wrong shard: a request inside a dialog from another port, anything over a stream. The
//! shard in the token says who it belongs to, without a table.

use ringfence_model::WallTime;
use siphasher::sip128::{Hasher128, SipHasher24};
use std::fmt;
use std::hash::Hasher;
use std::time::Duration;

/// Lower case only: some peers fold the case of parameters, and RFC 3261 §7.3.1 lets them.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// RFC 3261 §8.1.1.7.
const COOKIE: &[u8] = b"z9hG4bK";
/// Two characters of shard, then 100 bits (RFC 3261 §19.3 asks for 32).
const WORD: usize = 22;

/// Makes tokens. A keyed pseudo-random function over a counter: no token tells another.
#[derive(Clone)]
pub struct Mint {
    keyed: SipHasher24,
    counter: u64,
    shard: u8,
}

/// One token.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Token {
    text: [u8; COOKIE.len() + WORD],
    length: u8,
}

impl Mint {
    /// A mint of one shard. The same secret gives the same tokens in the same order, so two runs may share one only
    /// when [`Mint::began`] tells them apart.
    #[must_use]
    pub fn new(secret: &[u8; 32], shard: u8) -> Self {
        let (key, rest) = secret.split_first_chunk::<16>().unwrap_or((&[0; 16], &[]));
        let mut keyed = SipHasher24::new_with_key(key);
        keyed.write(rest);
        keyed.write_u8(shard);
        Self { keyed, counter: 0, shard }
    }

    /// Mixes in when this run began, so that a restart with the same secret repeats no token.
    pub fn began(&mut self, wall: WallTime) {
        self.keyed.write_i64(wall.0);
    }

    /// A From or To tag.
    pub fn tag(&mut self) -> Token {
        Token::word(self.shard, self.draw())
    }

    /// A Call-ID. It says nothing of where we are, and has no host.
    pub fn call_id(&mut self) -> Token {
        self.tag()
    }

    /// The user part of a Contact of ours.
    pub fn contact(&mut self) -> Token {
        self.tag()
    }

    /// A Via branch with its cookie (RFC 3261 §8.1.1.7).
    pub fn branch(&mut self) -> Token {
        let word = self.tag();
        let mut text = word.text;
        text.rotate_right(COOKIE.len());
        for (to, from) in text.iter_mut().zip(COOKIE) {
            *to = *from;
        }
        Token { text, length: (COOKIE.len() + WORD) as u8 }
    }

    /// A number nobody can guess.
    pub fn number(&mut self) -> u64 {
        self.draw() as u64
    }

    /// A time from nothing up to, without, `span`: for spreading what would otherwise come all at once.
    pub fn within(&mut self, span: Duration) -> Duration {
        let span = u64::try_from(span.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(self.number().checked_rem(span).unwrap_or(0))
    }

    fn draw(&mut self) -> u128 {
        self.counter += 1;
        let mut hasher = self.keyed;
        hasher.write_u64(self.counter);
        hasher.finish128().as_u128()
    }
}

impl fmt::Debug for Mint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mint").field("shard", &self.shard).finish_non_exhaustive()
    }
}

impl Token {
    /// Of 100 bits that somebody else drew.
    pub(crate) fn word(shard: u8, mut chance: u128) -> Self {
        let mut text = [0; COOKIE.len() + WORD];
        let shard = [shard >> 5, shard & 31];
        for (at, to) in text.iter_mut().take(WORD).enumerate() {
            let five = shard.get(at).copied().unwrap_or_else(|| {
                let five = (chance & 31) as u8;
                chance >>= 5;
                five
            });
            *to = letter(five);
        }
        Self { text, length: WORD as u8 }
    }

    /// A word of ours as it comes back; in any case of letters; `None` when it is none.
    #[must_use]
    pub fn read(text: &[u8]) -> Option<Self> {
        let word: &[u8; WORD] = text.try_into().ok()?;
        shard_of(word)?;
        let mut text = [0; COOKIE.len() + WORD];
        text.get_mut(..WORD)?.copy_from_slice(&word.to_ascii_lowercase());
        Some(Self { text, length: WORD as u8 })
    }

    /// Its text.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.text.get(..usize::from(self.length)).unwrap_or_default()
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
}

impl AsRef<[u8]> for Token {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl std::ops::Deref for Token {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({self})")
    }
}

/// The shard that made a branch; `None` when it is none of ours. What follows a dot is ignored.
#[must_use]
pub fn shard_of_branch(branch: &[u8]) -> Option<u8> {
    let (cookie, word) = branch.split_at_checked(COOKIE.len())?;
    cookie.eq_ignore_ascii_case(COOKIE).then(|| shard_of(word))?
}

/// The shard that made a tag; `None` when it is none of ours.
#[must_use]
pub fn shard_of_tag(tag: &[u8]) -> Option<u8> {
    shard_of(tag)
}

/// The shard that made a Call-ID; `None` when it is none of ours.
#[must_use]
pub fn shard_of_call_id(call_id: &[u8]) -> Option<u8> {
    shard_of(call_id)
}

/// The shard that made the user part of a Contact; `None` when it is none of ours.
#[must_use]
pub fn shard_of_contact(user: &[u8]) -> Option<u8> {
    shard_of(user)
}

fn shard_of(text: &[u8]) -> Option<u8> {
    let (word, rest) = text.split_at_checked(WORD)?;
    let [high, low, ..] = word else { return None };
    let ours = matches!(rest.first(), None | Some(b'.'))
        && word.iter().all(|byte| five_bits(*byte).is_some());
    let shard = u16::from(five_bits(*high)?) << 5 | u16::from(five_bits(*low)?);
    u8::try_from(shard).ok().filter(|_| ours)
}

fn letter(five: u8) -> u8 {
    ALPHABET.get(usize::from(five)).copied().unwrap_or_default()
}

const fn five_bits(byte: u8) -> Option<u8> {
    match byte {
        b'a'..=b'z' => Some(byte - b'a'),
        b'A'..=b'Z' => Some(byte - b'A'),
        b'2'..=b'7' => Some(byte - b'2' + 26),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_token_says_its_shard() {
        for shard in 0..=255 {
            let mut mint = Mint::new(&[7; 32], shard);
            let (tag, branch) = (mint.tag(), mint.branch());
            assert_eq!(shard_of_tag(&tag), Some(shard));
            assert_eq!(shard_of_branch(&branch), Some(shard));
            assert_eq!(shard_of_call_id(&mint.call_id()), Some(shard));
            assert_eq!(shard_of_contact(&mint.contact()), Some(shard));
            let marked = format!("{branch}.0a1b");
            assert_eq!(shard_of_branch(marked.as_bytes()), Some(shard));
            assert_eq!(shard_of_tag(tag.as_str().to_ascii_uppercase().as_bytes()), Some(shard));
        }
    }

    #[test]
    fn what_others_make_is_not_ours() {
        let mut mint = Mint::new(&[7; 32], 3);
        let tag = mint.tag();
        let longer = format!("{tag}a");
        for text in [
            &b"z9hG4bK776asdhds"[..],
            b"",
            b"1928301774",
            &tag[..21],
            longer.as_bytes(),
            b"abcdefghijklmnopqrstu1",
            b"zzaaaaaaaaaaaaaaaaaaaa",
        ] {
            assert_eq!(shard_of_tag(text), None, "{}", text.escape_ascii());
        }
        assert_eq!(shard_of_branch(&tag), None, "a branch has its cookie");
    }

    #[test]
    fn no_token_comes_twice_not_even_after_a_restart() {
        let mut seen = HashSet::new();
        for (began, shard) in [(1, 0), (2, 0), (1, 1)] {
            let mut mint = Mint::new(&[9; 32], shard);
            mint.began(WallTime(began));
            assert!((0..10_000).all(|_| seen.insert(mint.tag())));
        }
        let again = |secret| Mint::new(&[secret; 32], 0).tag();
        assert_eq!(again(1), again(1), "the same secret, the same bytes");
        assert_ne!(again(1), again(2));
    }

    #[test]
    fn letters_are_even() {
        let mut mint = Mint::new(&[1; 32], 0);
        let mut counts = [0_u32; 256];
        for _ in 0..32_000 {
            for byte in mint.tag().iter().skip(2) {
                counts[usize::from(*byte)] += 1;
            }
        }
        // 20,000 of each are expected, with a standard deviation of 139.
        assert!(ALPHABET.iter().all(|b| (19_200..20_800).contains(&counts[usize::from(*b)])));
        assert!(mint.within(Duration::from_secs(1)) < Duration::from_secs(1));
        assert_eq!(mint.within(Duration::ZERO), Duration::ZERO);
    }
}
