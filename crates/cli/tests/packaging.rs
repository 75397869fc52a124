//! What packages, units and images name is there, and is what the program understands.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)] // a test may

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

fn ringfence(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ringfence")).args(arguments).output().unwrap()
}

#[test]
fn shipped_settings_are_right() {
    for file in [
        "packaging/ringfence.toml",
        "examples/trunk-guard/ringfence.toml",
        "examples/phone-edge/ringfence.toml",
    ] {
        let run = ringfence(&["check-config", root().join(file).to_str().unwrap()]);
        assert!(run.status.success(), "{file}: {}", String::from_utf8_lossy(&run.stderr));
    }
}

/// Whoever installs it begins in the portal or with a plan: nothing of an example is left to be taken out.
#[test]
fn the_shipped_settings_leave_customers_to_the_store() {
    let run =
        ringfence(&["check-config", root().join("packaging/ringfence.toml").to_str().unwrap()]);
    let said = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(said.contains("1 listener, 0 tenants, 0 trunks, 0 extensions"), "{said}");
}

#[test]
fn the_unit_calls_commands_there_are() {
    let unit = read("packaging/ringfence.service");
    let calls: Vec<_> =
        unit.lines().filter_map(|line| line.strip_prefix("Exec")?.split_once('=')).collect();
    assert_eq!(calls.len(), 3);
    for (which, call) in calls {
        let mut words = call.split_whitespace();
        assert_eq!(words.next(), Some("/usr/bin/ringfence"), "{which}");
        let arguments: Vec<_> = words.chain(["--help"]).collect();
        assert!(ringfence(&arguments).status.success(), "{which}={call}");
    }
}

#[test]
fn the_image_is_built_from_files_there_are() {
    let dockerfile = read("Dockerfile");
    let copied: Vec<_> = dockerfile
        .lines()
        .filter_map(|line| line.strip_prefix("COPY "))
        .filter(|rest| !rest.starts_with("--from"))
        .flat_map(|rest| rest.split_whitespace().rev().skip(1))
        .collect();
    assert!(copied.len() > 4, "{copied:?}");
    for path in &copied {
        assert!(root().join(path).exists(), "{path} is copied and is not there");
        let top = path.split('/').next().unwrap();
        let sent = read(".dockerignore");
        let sent = sent.lines().filter_map(|line| line.strip_prefix('!'));
        assert!(
            sent.map(|of| of.split('/').next().unwrap()).any(|of| of == top),
            "{path} is ignored"
        );
    }
    // Cargo reads the manifest of every member, also of those it does not build.
    let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
    for member in manifest["workspace"]["members"].as_array().unwrap() {
        let member = member.as_str().unwrap().trim_end_matches("/*");
        assert!(copied.contains(&member), "{member} is a member and is not copied");
    }
    let health = dockerfile.lines().find(|line| line.starts_with("HEALTHCHECK")).unwrap();
    assert!(health.ends_with("CMD [\"/usr/bin/ringfence\", \"status\"]"), "{health}");
}

#[test]
fn the_package_is_made_of_files_there_are() {
    let manifest: toml::Table = read("crates/cli/Cargo.toml").parse().unwrap();
    let deb = &manifest["package"]["metadata"]["deb"];
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut looked = 0;
    for asset in deb["assets"].as_array().unwrap() {
        let from = asset[0].as_str().unwrap();
        // Built, or written by tools/deb.
        if from.starts_with("target/") {
            continue;
        }
        let path = here.join(from.trim_end_matches("/*.md"));
        assert!(path.exists(), "{from}");
        looked += 1;
    }
    assert!(looked > 5);
    for script in ["postinst", "prerm", "postrm"] {
        assert!(here.join(deb["maintainer-scripts"].as_str().unwrap()).join(script).exists());
    }
}
