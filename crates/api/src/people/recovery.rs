//! Recovery codes: for when the phone is lost. Ten, each works once.

use crate::secret::{Chance, hex};
use sha2::{Digest, Sha256};

const COUNT: usize = 10;
/// Without 0, 1, 8 and letters that look like them.
const LETTERS: &[u8; 32] = b"abcdefghijkmnopqrstuvwxyz2345679";
/// Letters of a code: 60 bits, so that a plain hash is enough to keep.
const LENGTH: usize = 12;

/// New codes to show once.
pub fn draw(chance: &dyn Chance) -> Vec<String> {
    (0..COUNT).map(|_| one(chance)).collect()
}

fn one(chance: &dyn Chance) -> String {
    let mut bytes = [0; LENGTH];
    chance.fill(&mut bytes);
    let letters = bytes.iter().filter_map(|byte| LETTERS.get(usize::from(byte % 32)));
    let mut code: String = letters.map(|letter| char::from(*letter)).collect();
    code.insert(8, '-');
    code.insert(4, '-');
    code
}

/// What is kept of a code, however it was typed.
pub fn hash(code: &str) -> String {
    let bare: String = code
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(64)
        .collect::<String>()
        .to_lowercase();
    hex(&Sha256::digest(format!("recovery:{bare}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::tests::Counted;

    #[test]
    fn codes_are_different_and_known_however_typed() {
        let codes = draw(&Counted::default());
        let different: std::collections::HashSet<_> = codes.iter().collect();
        assert_eq!(different.len(), COUNT);
        for code in &codes {
            assert_eq!(code.len(), LENGTH + 2);
            assert_eq!(hash(code), hash(&code.to_uppercase().replace('-', " ")));
        }
        assert_ne!(hash(&codes[0]), hash(&codes[1]));
        let letters: std::collections::HashSet<_> = LETTERS.iter().collect();
        assert_eq!(letters.len(), 32);
    }
}
