//! Whether systemd runs it such that it is started again and watched.

use super::Finding;
use super::machine::Machine;

const CHECK: &str = "service";

/// Where units are, the strongest first (systemd.unit(5)).
const FOLDERS: [&str; 4] =
    ["etc/systemd/system", "run/systemd/system", "usr/lib/systemd/system", "lib/systemd/system"];

pub fn look(machine: &Machine, all: &mut Vec<Finding>) {
    // sd_booted(3): the folder is there when systemd runs the machine.
    if machine.path("run/systemd/system").is_dir() {
        all.push(unit(machine));
    }
}

fn unit(machine: &Machine) -> Finding {
    let texts = FOLDERS.iter().filter_map(|at| machine.read(format!("{at}/ringfence.service")));
    let Some(text) = texts.into_iter().next() else {
        let mend = "install packaging/ringfence.service, or the package";
        return Finding::warn(CHECK, "systemd knows no ringfence.service", mend);
    };
    let has = |line: &str| text.lines().any(|of| of.trim().starts_with(line));
    let missing: Vec<_> =
        ["Type=notify", "WatchdogSec=", "Restart="].into_iter().filter(|line| !has(line)).collect();
    if missing.is_empty() {
        return Finding::ok(CHECK, "systemd starts it again and watches it");
    }
    let what = format!("its unit lacks {}", missing.join(" and "));
    Finding::warn(CHECK, what, "take them from packaging/ringfence.service")
}

#[cfg(test)]
mod tests {
    use super::super::Health;
    use super::*;

    #[test]
    fn a_unit_restarts_and_watches() {
        let folder = tempfile::tempdir().unwrap();
        let machine = Machine::at(folder.path());
        let mut all = Vec::new();
        look(&machine, &mut all);
        assert!(all.is_empty(), "no systemd, no finding");
        let units = folder.path().join("etc/systemd/system");
        std::fs::create_dir_all(&units).unwrap();
        std::fs::create_dir_all(folder.path().join("run/systemd/system")).unwrap();
        assert_eq!(unit(&machine).health, Health::Warn);
        let ours = include_str!("../../../../packaging/ringfence.service");
        std::fs::write(units.join("ringfence.service"), ours).unwrap();
        assert_eq!(unit(&machine).health, Health::Ok);
        let plain = ours.replace("WatchdogSec", "#WatchdogSec");
        std::fs::write(units.join("ringfence.service"), plain).unwrap();
        assert_eq!(unit(&machine).what, "its unit lacks WatchdogSec=");
    }
}
