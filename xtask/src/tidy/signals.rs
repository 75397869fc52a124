//! A signal is a claim about fraud: it says where the claim comes from, and two traces show that
//! it fires on an attack and stays quiet on an innocent look-alike.

use super::{Findings, TextFile};

const SIGNALS: &str = "crates/fraud/src/signals/";
const TRACES: &str = "crates/fraud/traces/";

pub fn check(files: &[TextFile]) -> Findings {
    let mut findings = Findings::new();
    for file in files {
        let Some(signal) = signal_of(&file.path) else { continue };
        let mut docs = file.text.lines().filter_map(|line| line.trim_start().strip_prefix("//"));
        if !docs.any(|line| line.trim_start_matches(['/', '!', ' ']).starts_with("Source:")) {
            findings.push(format!("{}: add a doc line `Source: ...`", file.path));
        }
        for trace in ["attack", "innocent"] {
            let wanted = format!("{TRACES}{signal}/{trace}.");
            if !files.iter().any(|file| file.path.starts_with(&wanted)) {
                findings.push(format!("{}: add the trace {wanted}*", file.path));
            }
        }
    }
    findings
}

/// The signal that a file defines: `signals/probe.rs` or `signals/probe/mod.rs`.
fn signal_of(path: &str) -> Option<&str> {
    let inside = path.strip_prefix(SIGNALS)?.strip_suffix(".rs")?;
    let name = inside.strip_suffix("/mod").unwrap_or(inside);
    (name != "mod" && !name.contains('/')).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    fn findings(text: &str, traces: &[&str]) -> Findings {
        let mut files = vec![
            file("crates/fraud/src/signals/mod.rs", ""),
            file("crates/fraud/src/signals/probe.rs", text),
            file("crates/fraud/src/signals/spread/window.rs", ""),
        ];
        files.extend(traces.iter().map(|path| file(path, "")));
        check(&files)
    }

    #[test]
    fn a_signal_without_source_or_traces_is_found() {
        let traces =
            ["crates/fraud/traces/probe/attack.txt", "crates/fraud/traces/probe/innocent.txt"];
        assert!(findings("//! A test call.\n//! Source: CFCA 2023.\n", &traces).is_empty());
        assert_eq!(findings("//! A test call.\n", &traces).len(), 1);
        assert_eq!(findings("//! Source: CFCA 2023.\n", &traces[..1]).len(), 1);
        assert_eq!(findings("", &[]).len(), 3);
    }
}
