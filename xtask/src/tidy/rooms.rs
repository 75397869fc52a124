//! Who may depend on whom. Dev-dependencies are free: a test may look anywhere.

use super::{Findings, Package};

/// A room of the house, what it may know of the others, and whether it may touch the world.
struct Room {
    name: &'static str,
    may_use: &'static [&'static str],
    pure: bool,
}

const fn pure(name: &'static str, may_use: &'static [&'static str]) -> Room {
    Room { name, may_use, pure: true }
}

const fn rim(name: &'static str, may_use: &'static [&'static str]) -> Room {
    Room { name, may_use, pure: false }
}

const ROOMS: [Room; 18] = [
    pure("model", &[]),
    pure("sip", &[]),
    pure("guard", &["model"]),
    pure("numbering", &["model"]),
    pure("call", &["guard", "model", "sip"]),
    pure("fraud", &["model", "numbering"]),
    pure("gate", &["call", "fraud", "guard", "model", "numbering", "sip"]),
    rim("edge", &["call", "gate", "guard", "model", "sip"]),
    rim("store", &["model"]),
    rim("media", &["model", "sip"]),
    rim("connect", &["model", "sip"]),
    rim("api", &["model", "store"]),
    rim("notify", &["fraud", "model"]),
    rim("portal", &[]),
    rim(
        "server",
        &[
            "api",
            "call",
            "connect",
            "edge",
            "fraud",
            "gate",
            "guard",
            "media",
            "model",
            "notify",
            "numbering",
            "portal",
            "sip",
            "store",
        ],
    ),
    // fraud and numbering for the offline commands: docs/adr/0003-cli-offline.md.
    // The simulator's people around the real server: docs/adr/0014-demo.md.
    rim("demo", &["api", "model", "server", "sim", "sip", "store"]),
    rim("cli", &["api", "connect", "demo", "fraud", "gate", "model", "numbering", "server"]),
    rim("sim", &["call", "fraud", "gate", "guard", "model", "numbering", "sip", "store"]),
];

/// Libraries that bring sockets, clocks, threads or chance; no thinking room may name one.
const WORLDLY: [&str; 24] = [
    "async-std",
    "chrono",
    "crossbeam",
    "fastrand",
    "getrandom",
    "hyper",
    "mio",
    "notify",
    "quinn",
    "rand",
    "rayon",
    "redb",
    "reqwest",
    "rusqlite",
    "rustls",
    "smol",
    "socket2",
    "sqlx",
    "tempfile",
    "time",
    "tokio",
    "tracing-subscriber",
    "ureq",
    "uuid",
];

/// Names of the rooms that think and touch nothing.
pub fn pure_rooms() -> impl Iterator<Item = &'static str> {
    ROOMS.iter().filter(|room| room.pure).map(|room| room.name)
}

pub fn check(packages: &[Package]) -> Findings {
    let mut findings = Findings::new();
    for package in packages {
        let Some(name) = package.room() else { continue };
        match ROOMS.iter().find(|room| room.name == name) {
            Some(room) => check_room(room, package, &mut findings),
            None => findings.push(format!(
                "crates/{name}: not in the table of rooms; add it to ARCHITECTURE.md and to \
                 xtask/src/tidy/rooms.rs with what it may depend on"
            )),
        }
    }
    findings
}

fn check_room(room: &Room, package: &Package, findings: &mut Findings) {
    let shipped = package.dependencies.iter().filter(|of| of.kind.as_deref() != Some("dev"));
    for dependency in shipped {
        let (here, there) = (&package.name, &dependency.name);
        if let Some(other) = dependency.room() {
            if !room.may_use.contains(&other) {
                findings.push(format!(
                    "{here} may not depend on {there}: allowed are {:?}; move the code or turn \
                     the call around",
                    room.may_use
                ));
            }
        } else if room.pure && WORLDLY.contains(&there.as_str()) {
            findings.push(format!(
                "{here} thinks only and may not depend on {there}: take its result as an argument"
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::package;
    use super::*;

    #[test]
    fn an_edge_outside_the_table_is_found() {
        let good = package("fraud", &[("ringfence-model", None), ("ringfence-numbering", None)]);
        assert!(check(&[good]).is_empty());
        let bad = package("numbering", &[("ringfence-fraud", None)]);
        assert_eq!(check(&[bad]).len(), 1);
        let bad = package("gate", &[("ringfence-store", Some("build"))]);
        assert_eq!(check(&[bad]).len(), 1);
        let test_only = package("gate", &[("ringfence-sim", Some("dev")), ("tokio", Some("dev"))]);
        assert!(check(&[test_only]).is_empty());
    }

    #[test]
    fn a_thinking_room_may_not_touch_the_world() {
        assert_eq!(check(&[package("model", &[("tokio", None), ("serde", None)])]).len(), 1);
        assert!(check(&[package("edge", &[("tokio", None)])]).is_empty());
    }

    #[test]
    fn a_room_outside_the_table_is_found() {
        assert_eq!(check(&[package("attic", &[])]).len(), 1);
    }

    #[test]
    fn the_table_has_no_cycle_and_no_unknown_name() {
        let mut placed: Vec<&str> = Vec::new();
        while placed.len() < ROOMS.len() {
            let ready = |room: &&Room| {
                !placed.contains(&room.name) && room.may_use.iter().all(|of| placed.contains(of))
            };
            let next = ROOMS.iter().find(ready).expect("a cycle or an unknown name");
            placed.push(next.name);
        }
    }
}
