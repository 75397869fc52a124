//! Waiting a fixed time is slow when all is well and wrong when it is not. Code at the rim waits
//! until a moment or for an event; only tests with real peers may sleep.

use super::{Findings, TextFile};

const CALL: &str = concat!("sleep", "(");

pub fn check(files: &[TextFile]) -> Findings {
    let sources = files
        .iter()
        .filter(|file| file.path.ends_with(".rs") && !file.path.starts_with("tests/e2e/"));
    let sleeping = sources.flat_map(|file| {
        let lines = file.text.lines().enumerate();
        lines.filter(|(_, line)| sleeps(line)).map(move |(at, _)| {
            format!(
                "{}:{}: wait for an event, or until a moment, but do not sleep",
                file.path,
                at + 1
            )
        })
    });
    sleeping.collect()
}

fn sleeps(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or(line);
    let word = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(CALL).any(|(at, _)| !code.get(..at).is_some_and(|s| s.ends_with(word)))
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn a_sleep_is_found_outside_tests_with_real_peers() {
        let nap = format!("fn f() {{\n    std::thread::{CALL}second);\n}}\n");
        assert_eq!(check(&[file("crates/edge/src/a.rs", &nap)]).len(), 1);
        assert!(check(&[file("tests/e2e/a.rs", &nap)]).is_empty());
        for fine in ["timer.sleep_until(at)", &format!("over{CALL})"), &format!("// {CALL})")] {
            assert!(check(&[file("crates/edge/src/a.rs", fine)]).is_empty(), "{fine}");
        }
    }
}
