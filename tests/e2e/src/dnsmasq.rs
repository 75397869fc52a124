//! dnsmasq as a name server that knows one zone and asks nobody else.

use crate::place::{Place, listens};
use crate::program::Program;
use nix::sys::signal::Signal;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::Command;

/// The port of DNS: the system's list of name servers knows no other.
const DNS: u16 = 53;

/// A running name server.
#[derive(Debug)]
pub struct Dnsmasq {
    program: Program,
    hosts: PathBuf,
}

impl Dnsmasq {
    /// Starts it at an address. `records` are its options, such as `srv-host=_sip._udp.a.test,b.a.test,5060,10,0`; hosts are
    /// told by [`Self::knows`].
    ///
    /// # Panics
    /// When it does not listen within five seconds.
    pub fn start(place: &Place, ip: IpAddr, records: &[String]) -> Self {
        let hosts = place.file("hosts", "");
        let settings = format!(
            "listen-address={ip}\nbind-interfaces\nport={DNS}\nno-hosts\nno-resolv\nlocal=/test/\nlocal-ttl=1\n\
             neg-ttl=1\nuser=root\npid-file=\naddn-hosts={}\nlog-queries\nlog-facility=-\n{}\n",
            hosts.display(),
            records.join("\n")
        );
        let settings = place.file("dnsmasq.conf", &settings);
        let mut command = Command::new("dnsmasq");
        command.arg("--keep-in-foreground").arg(format!("--conf-file={}", settings.display()));
        let program = Program::start(place, "dnsmasq", &mut command);
        listens("udp", SocketAddr::new(ip, DNS));
        Self { program, hosts }
    }

    /// These names are there from now on, at these addresses, and no others.
    pub fn knows(&self, hosts: &[(&str, IpAddr)]) {
        let lines: String = hosts.iter().map(|(name, ip)| format!("{ip} {name}\n")).collect();
        std::fs::write(&self.hosts, lines).expect("its hosts");
        // It forgets what it answered and reads its hosts again.
        self.program.signal(Signal::SIGHUP);
    }

    /// Waits until somebody asked for a name.
    ///
    /// # Panics
    /// When nobody does within ten seconds.
    pub fn is_asked(&mut self, name: &str) {
        self.program.says(&format!("] {name} from"));
    }
}
