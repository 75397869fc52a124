//! PJSIP as a phone, by its Python binding: knows SHA-256, which phones of Debian's do not yet.

use crate::place::Place;
use crate::program::{Ended, Program};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// The Python that has PJSIP, where `tools/need` puts it; nothing where PJSIP could not be had.
pub fn pjsua_python() -> Option<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))?;
    Some(cache.join("ringfence/pjsua/bin/python")).filter(|python| python.exists())
}

/// Runs a script of that Python to its end.
///
/// # Panics
/// When it takes longer than 14 seconds.
pub fn pjsua(place: &Place, python: &PathBuf, script: &str, arguments: &[&str]) -> Ended {
    let mut command = Command::new(python);
    command.arg(script).args(arguments);
    Program::start(place, "pjsua", &mut command).end(Duration::from_secs(14))
}
