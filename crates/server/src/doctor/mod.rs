//! What an experienced engineer would look at when something is wrong, or before it goes into the path of calls:
//! settings, data folder, ports, kernel, clock, service, and the trunks from here. Nothing is changed, and a running
//! Ringfence is not disturbed.

mod clock;
mod folder;
mod kernel;
mod machine;
mod ports;
mod service;
mod settings;
mod sockets;
mod trunks;

use crate::control::{Answer, Ask, Client, Status};
use machine::Machine;
use serde::Serialize;
use std::path::Path;
use std::time::Duration;

/// A running Ringfence answers at once.
const PATIENCE: Duration = Duration::from_secs(5);

/// How something is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// As it should be.
    Ok,
    /// Works, and somebody should look.
    Warn,
    /// Calls do not pass, or will not.
    Fail,
}

/// One thing that was looked at.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Finding {
    /// What was looked at, in a word or two.
    pub check: &'static str,
    /// How it is.
    pub health: Health,
    /// What was found.
    pub what: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
}

impl Finding {
    fn ok(check: &'static str, what: impl Into<String>) -> Self {
        Self { check, health: Health::Ok, what: what.into(), mend: None }
    }

    fn warn(check: &'static str, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { check, health: Health::Warn, what: what.into(), mend: Some(mend.into()) }
    }

    fn fail(check: &'static str, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { check, health: Health::Fail, what: what.into(), mend: Some(mend.into()) }
    }
}

/// How far to look.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reach {
    /// This machine only: no packet leaves it.
    Here,
    /// Trunks too: their names are looked up and each is asked once.
    Trunks,
}

/// Looks at everything that settings in `file` lead to, on this machine.
#[must_use]
pub fn examine(file: &Path, reach: Reach) -> Vec<Finding> {
    let machine = Machine::this();
    let mut all = Vec::new();
    let config = settings::look(file, &mut all);
    if let Some(config) = &config {
        let running = running(&config.control);
        all.push(alive(running.as_ref()));
        folder::look(&config.data, &mut all);
        ports::look(config, running.as_ref(), &machine, &mut all);
        kernel::look(config, running.is_some(), &machine, &mut all);
        trunks::certificate(config, &mut all);
        if reach == Reach::Trunks {
            trunks::look(config, &mut all);
        }
    }
    clock::look(&machine, &mut all);
    service::look(&machine, &mut all);
    all
}

/// How the running one is, if there is one and we may ask it.
fn running(control: &Path) -> Option<Status> {
    match Client::connect(control).ok()?.ask(Ask::Status, PATIENCE) {
        Ok(Answer::Status(status)) => Some(status),
        _ => None,
    }
}

fn alive(running: Option<&Status>) -> Finding {
    const CHECK: &str = "running";
    let Some(status) = running else {
        let mend = "start it: systemctl start ringfence; if it runs, ask as its user or as root";
        return Finding::warn(CHECK, "nothing answers at the control socket", mend);
    };
    if let Some(trouble) = status.troubles.first() {
        let count = status.troubles.len();
        return Finding::fail(CHECK, format!("{count} troubles; {trouble}"), "ringfence status");
    }
    if status.draining {
        let mend = "systemctl restart ringfence, unless it is meant to end";
        return Finding::warn(CHECK, "takes no new calls: it is draining", mend);
    }
    let (version, ours) = (&status.version, env!("CARGO_PKG_VERSION"));
    if version != ours {
        let mend = "restart it when it suits; calls survive a restart within 32 s";
        return Finding::warn(CHECK, format!("runs {version}, installed is {ours}"), mend);
    }
    Finding::ok(CHECK, format!("version {version}, {} calls", status.calls))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_cannot_be_read_are_a_failure_and_the_machine_is_looked_at_all_the_same() {
        let found = examine(Path::new("/nonexistent/ringfence.toml"), Reach::Here);
        let first = found.first().unwrap();
        assert_eq!((first.check, first.health), ("settings", Health::Fail));
        assert!(found.iter().any(|of| of.check == "clock"));
        assert!(!found.iter().any(|of| of.check == "ports"));
    }

    #[test]
    fn what_is_wrong_has_a_way_out() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ringfence.toml");
        let text =
            "data = \"data\"\n[[listen]]\nudp = \"127.0.0.1:29999\"\n[[tenant]]\nid = \"a\"\n";
        std::fs::write(&file, text).unwrap();
        let found = examine(&file, Reach::Trunks);
        assert!(found.len() > 8, "{found:#?}");
        for of in found {
            assert_eq!(of.health == Health::Ok, of.mend.is_none(), "{of:?}");
        }
    }
}
