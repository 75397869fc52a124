//! Where one test happens: its folder and its addresses.

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use std::cell::Cell;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

/// The port everybody uses; addresses tell the parties apart.
pub const PORT: u16 = 25_060;
/// The same for TLS.
pub const TLS_PORT: u16 = 25_061;

/// A folder and addresses of one test's own. Root gets a network namespace too, in which nothing else runs and from
/// which nothing gets out; what the test starts from its thread lives there as well.
#[derive(Debug)]
pub struct Place {
    folder: TempDir,
    network: [u8; 3],
    alone: bool,
    next_port: Cell<u16>,
}

impl Place {
    /// A new one, on this thread.
    pub fn new() -> Self {
        let alone = unshare(CloneFlags::CLONE_NEWNET).is_ok();
        if alone {
            let up = Command::new("ip").args(["link", "set", "lo", "up"]).status();
            assert!(up.is_ok_and(|up| up.success()), "ip link set lo up: run tools/need");
        }
        // Without a namespace, tests that run side by side are told apart by their process and their number in it.
        static PLACES: AtomicU32 = AtomicU32::new(0);
        let number = PLACES.fetch_add(1, Ordering::Relaxed);
        let [.., high, low] = (std::process::id() * 8 + number).to_be_bytes();
        let folder = tempfile::Builder::new().prefix("ringfence-e2e-").tempdir().expect("a folder");
        Self { folder, network: [127, 64 | (high & 63), low], alone, next_port: Cell::new(26_000) }
    }

    /// Whether this is a namespace of its own, where interfaces may be made.
    pub const fn is_alone(&self) -> bool {
        self.alone
    }

    /// An address; each party has its number (1 to 254). The firewall is 1.
    pub fn ip(&self, party: u8) -> IpAddr {
        let [a, b, c] = self.network;
        Ipv4Addr::new(a, b, c, party).into()
    }

    /// A party's address with the usual port.
    pub fn at(&self, party: u8) -> SocketAddr {
        SocketAddr::new(self.ip(party), PORT)
    }

    /// A party's address with the port for TLS.
    pub fn tls_at(&self, party: u8) -> SocketAddr {
        SocketAddr::new(self.ip(party), TLS_PORT)
    }

    /// A party's address of IPv6 with the usual port, of a range that is nobody's (RFC 4193). The kernel has none of
    /// them until [`Self::speaks_v6`].
    pub fn v6_at(&self, party: u8) -> SocketAddr {
        let ip = Ipv6Addr::new(0xfd00, 0x7f, 0, 0, 0, 0, 0, party.into());
        SocketAddr::new(ip.into(), PORT)
    }

    /// Gives parties their addresses of IPv6; false where that takes more rights than we have.
    #[must_use]
    pub fn speaks_v6(&self, parties: &[u8]) -> bool {
        let add = |party: &u8| {
            let address = format!("{}/128", self.v6_at(*party).ip());
            let mut ip = Command::new("ip");
            ip.args(["-6", "address", "add", &address, "dev", "lo", "nodad"]).status()
        };
        self.alone && parties.iter().all(|party| add(party).is_ok_and(|added| added.success()))
    }

    /// Takes addresses that are not of the loopback's; false where that takes more rights than we have.
    #[must_use]
    pub fn has(&self, addresses: &[&str]) -> bool {
        let add = |address: &&str| {
            Command::new("ip").args(["address", "add", address, "dev", "lo"]).status()
        };
        self.alone && addresses.iter().all(|of| add(of).is_ok_and(|added| added.success()))
    }

    /// Has names looked up at a server of this place only; false where that takes more rights than we have.
    #[must_use]
    pub fn asks_for_names_at(&self, party: u8) -> bool {
        const NAMES: &str = "/etc/resolv.conf";
        const NONE: Option<&str> = None;
        let list = self.file("resolv.conf", &format!("nameserver {}\n", self.ip(party)));
        let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
        // What is mounted from here on is seen by this thread and what it starts.
        self.alone
            && unshare(CloneFlags::CLONE_NEWNS).is_ok()
            && mount(NONE, "/", NONE, private, NONE).is_ok()
            && mount(Some(&list), NAMES, NONE, MsFlags::MS_BIND, NONE).is_ok()
    }

    /// A port that nobody else in this place was given.
    pub fn port(&self) -> u16 {
        let port = self.next_port.get();
        // SIPp takes some ports for media and one to be controlled by.
        self.next_port.set(port + 8);
        port
    }

    /// A UDP socket of a party, with time limits on reading.
    pub fn socket(&self, party: u8) -> UdpSocket {
        let socket = UdpSocket::bind((self.ip(party), 0)).expect("a socket");
        socket.set_read_timeout(Some(std::time::Duration::from_secs(2))).expect("a limit");
        socket
    }

    /// The folder; gone with the place.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file into the folder.
    pub fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder");
        std::fs::write(&path, content).expect("a file in the test's folder");
        path
    }
}

impl Default for Place {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Place {
    /// Keeps everything of a failed test for reading when asked to.
    fn drop(&mut self) {
        if std::thread::panicking() && std::env::var_os("RINGFENCE_E2E_KEEP").is_some() {
            self.folder.disable_cleanup(true);
            eprintln!("kept: {}", self.folder.path().display());
        }
    }
}

/// Where the kernel lists sockets of that kind.
fn table(transport: &str, ip: IpAddr) -> String {
    format!("/proc/thread-self/net/{transport}{}", if ip.is_ipv6() { "6" } else { "" })
}

/// An address as the kernel prints it: words of the machine's order.
fn word(ip: IpAddr) -> String {
    let (v4, v6);
    let octets: &[u8] = match ip {
        IpAddr::V4(ip) => {
            v4 = ip.octets();
            &v4
        }
        IpAddr::V6(ip) => {
            v6 = ip.octets();
            &v6
        }
    };
    let (words, _) = octets.as_chunks::<4>();
    words.iter().map(|word| format!("{:08X}", u32::from_ne_bytes(*word))).collect()
}

/// Waits until something listens at an address: Linux lists all sockets of the namespace. `table` is `udp` or `tcp`.
///
/// # Panics
/// After five seconds.
pub(crate) fn listens(table: &str, local: SocketAddr) {
    let entry = format!("{}:{:04X}", word(local.ip()), local.port());
    let table = self::table(table, local.ip());
    crate::eventually(&format!("somebody at {local}"), || {
        let sockets = std::fs::read_to_string(&table).unwrap_or_default();
        sockets
            .lines()
            .any(|line| line.split_whitespace().nth(1) == Some(entry.as_str()))
            .then_some(())
    });
}
