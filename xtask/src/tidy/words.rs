//! The tree holds no path of the machine it was written on: it would mean nothing anywhere else.

use super::{Findings, TextFile};

/// In pieces, so that this file does not find itself.
const BETRAYING: [&str; 2] = [concat!("/ho", "me/"), concat!("/ro", "ot/")];

pub fn check(files: &[TextFile]) -> Findings {
    let mut findings = Findings::new();
    for file in files {
        for (at, line) in file.text.lines().enumerate() {
            let lower = line.to_lowercase();
            for word in BETRAYING.iter().filter(|word| betrays(&lower, word)) {
                findings.push(format!("{}:{}: remove {word:?}", file.path, at + 1));
            }
        }
    }
    findings
}

/// A path counts from its root only: `example.org/home/` is somebody's page.
fn betrays(line: &str, word: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || "-_.*}".contains(c);
    line.match_indices(word).any(|(at, _)| {
        !word.starts_with('/') || !line.get(..at).is_some_and(|s| s.ends_with(inside))
    })
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn every_betraying_word_is_found() {
        for word in BETRAYING {
            let text = format!("one\nsee {} there\n", word.to_uppercase());
            assert_eq!(check(&[file("docs/a.md", &text)]).len(), 1, "{word}");
        }
    }

    #[test]
    fn paths_elsewhere_are_fine() {
        let text = format!("https://example.org{}a", concat!("/ho", "me/"));
        assert!(check(&[file("docs/a.md", &text)]).is_empty());
    }
}
