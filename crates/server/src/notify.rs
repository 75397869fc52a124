//! Telling systemd how we are (sd_notify(3)): a line of text to the socket it names.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// Who started us and wants to know; silent where nobody does.
#[derive(Debug, Default)]
pub struct Notifier {
    to: Option<(UnixDatagram, SocketAddr)>,
    /// How often we must say that we are alive.
    watchdog: Option<Duration>,
}

impl Notifier {
    /// As the environment says (`NOTIFY_SOCKET`, `WATCHDOG_USEC`).
    #[must_use]
    pub fn of_environment() -> Self {
        let text = |name| std::env::var(name).ok();
        let for_us = text("WATCHDOG_PID").is_none_or(|pid| pid.parse() == Ok(std::process::id()));
        let watchdog = text("WATCHDOG_USEC").and_then(|us| us.parse().ok()).filter(|_| for_us);
        Self::new(text("NOTIFY_SOCKET").as_deref(), watchdog.map(Duration::from_micros))
    }

    /// To the socket of this name; `@` begins a name without a file.
    #[must_use]
    pub fn new(socket: Option<&str>, watchdog: Option<Duration>) -> Self {
        let open = |name: &str| {
            let address = match name.strip_prefix('@') {
                Some(name) => SocketAddr::from_abstract_name(name),
                None => SocketAddr::from_pathname(name),
            };
            let socket = UnixDatagram::unbound().ok()?;
            // A manager that does not read must not stop us.
            socket.set_nonblocking(true).ok()?;
            Some((socket, address.ok()?))
        };
        Self { to: socket.and_then(open), watchdog }
    }

    /// Half of what the watchdog allows, as systemd advises.
    #[must_use]
    pub fn beat(&self) -> Option<Duration> {
        self.watchdog.filter(|_| self.to.is_some()).map(|allowed| allowed / 2)
    }

    /// Calls are taken.
    pub fn ready(&self) {
        self.say("READY=1\nSTATUS=takes calls");
    }

    /// New settings are being put in force; [`Notifier::ready`] ends it.
    pub fn reloading(&self, monotonic: Duration) {
        self.say(&format!("RELOADING=1\nMONOTONIC_USEC={}", monotonic.as_micros()));
    }

    /// No new calls; the last ones are waited for.
    pub fn stopping(&self, status: &str) {
        self.say(&format!("STOPPING=1\nSTATUS={status}"));
    }

    /// We are alive.
    pub fn alive(&self) {
        self.say("WATCHDOG=1");
    }

    fn say(&self, what: &str) {
        if let Some((socket, address)) = &self.to {
            // Nobody can be told that nobody can be told.
            let _ = socket.send_to_addr(what.as_bytes(), address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manager_hears_us() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let manager = UnixDatagram::bind(&path).unwrap();
        let notifier = Notifier::new(path.to_str(), Some(Duration::from_secs(30)));
        assert_eq!(notifier.beat(), Some(Duration::from_secs(15)));
        notifier.ready();
        notifier.alive();
        let mut heard = [0; 100];
        let length = manager.recv(&mut heard).unwrap();
        assert!(heard[..length].starts_with(b"READY=1\n"));
        let length = manager.recv(&mut heard).unwrap();
        assert_eq!(&heard[..length], b"WATCHDOG=1");
    }

    #[test]
    fn without_a_manager_nothing_happens() {
        for socket in [None, Some("/nowhere/at/all"), Some("")] {
            let notifier = Notifier::new(socket, None);
            assert_eq!(notifier.beat(), None);
            notifier.ready();
        }
    }
}
