//! The browser of whoever sits here.

use std::ffi::OsStr;
use std::io::Write;
use std::process::Stdio;

/// Shows a file or a page in it. Where that cannot be done the place was printed.
pub fn open(place: &OsStr) {
    let mut command = std::process::Command::new("xdg-open");
    command.arg(place).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if command.spawn().is_err() {
        let place = place.to_string_lossy();
        let _ = writeln!(std::io::stderr(), "the browser could not be started; open {place}");
    }
}
