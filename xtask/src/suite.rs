//! `cargo xtask test`: the whole suite, with its runner installed when it is missing.

use std::ffi::OsString;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::tidy::root;

/// Runs every test and every example in the documentation; arguments go to nextest.
pub fn command(arguments: &[String]) -> Result<()> {
    if !has_nextest() {
        println!("cargo-nextest is missing: installing it");
        cargo(&["install", "--locked", "cargo-nextest"], &[])?;
    }
    cargo(&["nextest", "run", "--workspace"], arguments)?;
    if arguments.is_empty() {
        cargo(&["test", "--quiet", "--workspace", "--doc"], &[])?;
    }
    Ok(())
}

fn has_nextest() -> bool {
    let mut probe = Command::new(program());
    probe.args(["nextest", "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
    probe.status().is_ok_and(|status| status.success())
}

fn cargo(arguments: &[&str], more: &[String]) -> Result<()> {
    let mut command = Command::new(program());
    command.args(arguments).args(more).current_dir(root()?).stdin(Stdio::null());
    let status = command.status().with_context(|| format!("starting cargo {arguments:?}"))?;
    ensure!(status.success(), "cargo {} failed", arguments.join(" "));
    Ok(())
}

fn program() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}
