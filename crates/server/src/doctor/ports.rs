//! Addresses we listen at: free, or ours already.

use super::Finding;
use super::machine::Machine;
use crate::config::Config;
use crate::control::Status;
use ringfence_sip::Transport;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener, UdpSocket};

const CHECK: &str = "ports";

pub fn look(config: &Config, running: Option<&Status>, machine: &Machine, all: &mut Vec<Finding>) {
    let listeners = config.snapshot.directory.parts().listeners.iter();
    let mut wanted: Vec<_> =
        listeners.map(|at| (at.transport, at.local, format!("listener \"{}\"", at.name))).collect();
    let faces = [("metrics", config.metrics), ("api", config.api.as_ref().map(|api| api.listen))];
    for (name, at) in faces {
        wanted.extend(at.map(|at| (Transport::Tcp, at, name.to_owned())));
    }
    let before = all.len();
    for (transport, at, whose) in &wanted {
        let line = format!("{} {at}", transport.as_str());
        // Faces are not in its list; when it runs it has them, or would have said so.
        let face = faces.iter().any(|(name, _)| name == whose);
        let ours = running.is_some_and(|of| face || of.listens.contains(&line));
        if !ours {
            all.extend(taken(*transport, *at, whose, machine));
        }
    }
    if all.len() == before {
        let state = if running.is_some() { "ours" } else { "free" };
        all.push(Finding::ok(CHECK, format!("{} addresses are {state}", wanted.len())));
    }
}

/// Why an address cannot be listened at.
fn taken(transport: Transport, at: SocketAddr, whose: &str, machine: &Machine) -> Option<Finding> {
    let bound = match transport {
        Transport::Udp => UdpSocket::bind(at).map(drop),
        Transport::Tcp | Transport::Tls => TcpListener::bind(at).map(drop),
    };
    let error = bound.err()?;
    let name = transport.as_str();
    let what = |why: &str| format!("{whose}: {name} {at} {why}");
    Some(match error.kind() {
        ErrorKind::AddrInUse => {
            let sockets = machine.sockets_at(transport, at);
            let by = sockets.iter().find_map(|of| machine.holder(of.inode));
            let by = by.map_or_else(
                || "another program".to_owned(),
                |by| format!("{} (process {})", by.name, by.pid),
            );
            let mend = format!("stop {by}, or give one of the two another port");
            Finding::fail(CHECK, what(&format!("is taken by {by}")), mend)
        }
        ErrorKind::AddrNotAvailable => {
            let mend = "correct it; `ip address` lists those there are";
            Finding::fail(CHECK, what("is no address of this machine"), mend)
        }
        ErrorKind::PermissionDenied => {
            let mend = "run this as root, and the service with CAP_NET_BIND_SERVICE";
            Finding::warn(CHECK, what("may not be opened by this user"), mend)
        }
        _ => Finding::fail(CHECK, what(&format!("cannot be opened: {error}")), "correct it"),
    })
}

#[cfg(test)]
mod tests {
    use super::super::Health;
    use super::*;

    #[test]
    fn whoever_has_a_port_is_named() {
        let machine = Machine::this();
        let held = UdpSocket::bind("127.0.0.1:0").unwrap();
        let at = held.local_addr().unwrap();
        let found = taken(Transport::Udp, at, "listener \"udp\"", &machine).unwrap();
        assert_eq!(found.health, Health::Fail);
        let us = format!("(process {})", std::process::id());
        assert!(found.what.contains(&us), "{}", found.what);
        drop(held);
        assert_eq!(taken(Transport::Udp, at, "x", &machine), None);
        let elsewhere = "192.0.2.77:5060".parse().unwrap();
        let found = taken(Transport::Tcp, elsewhere, "x", &machine).unwrap();
        assert!(found.what.contains("no address of this machine"), "{}", found.what);
    }
}
