//! Every crate takes the lints of the workspace, and those forbid unsafe code.

use toml::{Table, Value};

use super::{Findings, TextFile};

/// The root must set the lints that the house relies on.
pub fn check_root(manifest: &str) -> Findings {
    let rust = lookup(manifest, &["workspace", "lints", "rust"]);
    let level = |name: &str| rust.as_ref().and_then(|lints| lints.get(name)?.as_str());
    let mut findings = Findings::new();
    if level("unsafe_code") != Some("forbid") {
        findings.push("Cargo.toml: set workspace.lints.rust.unsafe_code to forbid".to_owned());
    }
    if level("missing_docs").is_none() {
        findings.push("Cargo.toml: set workspace.lints.rust.missing_docs".to_owned());
    }
    findings
}

/// Every other manifest must inherit them.
pub fn check_members(files: &[TextFile]) -> Findings {
    let members = files.iter().filter(|file| file.path.ends_with("/Cargo.toml"));
    let without = members.filter(|file| {
        lookup(&file.text, &["lints", "workspace"]).and_then(|on| on.as_bool()) != Some(true)
    });
    without.map(|file| format!("{}: add [lints] workspace = true", file.path)).collect()
}

fn lookup(manifest: &str, path: &[&str]) -> Option<Value> {
    let table: Table = manifest.parse().ok()?;
    path.iter().try_fold(Value::Table(table), |at, key| at.get(key).cloned())
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn a_crate_without_the_lints_is_found() {
        let good = file("crates/a/Cargo.toml", "[lints]\nworkspace = true\n");
        let bad = file("crates/b/Cargo.toml", "[package]\nname = \"b\"\n");
        let findings = check_members(&[good, bad]);
        assert_eq!(findings, ["crates/b/Cargo.toml: add [lints] workspace = true"]);
    }

    #[test]
    fn a_root_that_allows_unsafe_code_is_found() {
        let good = "[workspace.lints.rust]\nunsafe_code = \"forbid\"\nmissing_docs = \"warn\"\n";
        assert!(check_root(good).is_empty());
        assert_eq!(check_root(&good.replace("forbid", "deny")).len(), 1);
        assert_eq!(check_root("").len(), 2);
    }
}
