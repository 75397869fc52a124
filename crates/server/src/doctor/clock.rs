//! Whether something keeps the clock right: limits by hour and day, certificates and records stand on it.
//!
//! The kernel's own word (adjtimex(2), `STA_UNSYNC`) has no safe face in Rust; `timedatectl` shows it.

use super::Finding;
use super::machine::Machine;
use std::process::{Command, Stdio};

const CHECK: &str = "clock";

pub fn look(machine: &Machine, all: &mut Vec<Finding>) {
    all.push(judge(synchronised(machine)));
}

fn judge(synchronised: Option<bool>) -> Finding {
    let mend = "apt-get install chrony, or timedatectl set-ntp true";
    match synchronised {
        Some(true) => Finding::ok(CHECK, "is kept right"),
        Some(false) => Finding::warn(CHECK, "nothing keeps it right", mend),
        None => Finding::warn(CHECK, "it cannot be told whether something keeps it right", mend),
    }
}

/// `None`: nobody here knows. In a container the clock is the host's.
fn synchronised(machine: &Machine) -> Option<bool> {
    // systemd-timesyncd(8) makes it when it has been right once since the boot.
    if machine.path("run/systemd/timesync/synchronized").exists() {
        return Some(true);
    }
    let show = ["show", "--property=NTPSynchronized", "--value"];
    let by_systemd = said("timedatectl", &show).and_then(|text| match text.trim() {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    });
    by_systemd.or_else(|| leap(&said("chronyc", &["-c", "tracking"])?))
}

/// The last field of chrony's `tracking` is how the leap status is: "Not synchronised" when it is not.
fn leap(text: &str) -> Option<bool> {
    let status = text.trim().rsplit(',').next().filter(|status| !status.is_empty())?;
    Some(status != "Not synchronised")
}

fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::super::Health;
    use super::*;

    #[test]
    fn who_does_not_know_is_not_believed() {
        assert_eq!(judge(Some(true)).health, Health::Ok);
        assert_eq!((judge(Some(false)).health, judge(None).health), (Health::Warn, Health::Warn));
        // chronyc 4.3 -c tracking.
        let row = "C0248F97,192.36.143.151,2,1763800000.1,-0.00002,0.00001,0.00002,1.5,0.0,0.03,0.02,0.001,64.7,";
        assert_eq!(leap(&format!("{row}Normal\n")), Some(true));
        assert_eq!(leap(&format!("{row}Not synchronised\n")), Some(false));
        assert_eq!(leap(""), None);
    }

    #[test]
    fn a_clock_that_was_right_once_is_kept_right() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run/systemd/timesync");
        std::fs::create_dir_all(&path).unwrap();
        std::fs::write(path.join("synchronized"), "").unwrap();
        assert_eq!(synchronised(&Machine::at(folder.path())), Some(true));
    }
}
