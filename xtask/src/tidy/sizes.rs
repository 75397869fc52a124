//! A file that a person cannot keep in mind is two files.

use std::cmp::Reverse;

use super::{Findings, TextFile};

const WARN_LINES: usize = 600;
const MAX_LINES: usize = 1_000;

pub struct Sizes {
    pub largest: String,
    pub warnings: Findings,
    pub findings: Findings,
}

pub fn check(files: &[TextFile]) -> Sizes {
    let sources = files.iter().filter(|file| file.path.ends_with(".rs"));
    let mut sizes: Vec<_> =
        sources.map(|file| (file.text.lines().count(), file.path.as_str())).collect();
    sizes.sort_by_key(|(lines, path)| (Reverse(*lines), *path));
    let largest = sizes.iter().take(10).map(|(lines, path)| format!("{lines:6} {path}"));
    let largest = largest.collect::<Vec<_>>().join("\n");
    let over = |limit: usize| sizes.iter().filter(move |(lines, _)| *lines > limit);
    let warnings = over(WARN_LINES).filter(|(lines, _)| *lines <= MAX_LINES);
    Sizes {
        warnings: warnings.map(|(n, path)| format!("{path}: {n} lines; split it")).collect(),
        findings: over(MAX_LINES)
            .map(|(n, path)| format!("{path}: {n} lines, over {MAX_LINES}; split it"))
            .collect(),
        largest,
    }
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn long_files_are_found_and_the_largest_listed_first() {
        let files = [
            file("a.rs", &"x\n".repeat(WARN_LINES)),
            file("b.rs", &"x\n".repeat(WARN_LINES + 1)),
            file("c.rs", &"x\n".repeat(MAX_LINES + 1)),
            file("d.md", &"x\n".repeat(MAX_LINES + 1)),
        ];
        let sizes = check(&files);
        assert_eq!(sizes.warnings, ["b.rs: 601 lines; split it"]);
        assert_eq!(sizes.findings.len(), 1);
        assert!(sizes.largest.starts_with("  1001 c.rs"));
    }
}
