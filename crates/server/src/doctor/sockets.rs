//! The kernel's tables of sockets: `/proc/net/udp`, `tcp` and their `6` (proc_net_udp(5), proc_net_tcp(5)), and which
//! program holds one.

use super::machine::Machine;
use ringfence_sip::Transport;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// A socket, as the kernel lists it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Socket {
    pub local: SocketAddr,
    pub inode: u64,
    /// Datagrams that found its buffer full; only of UDP.
    pub drops: Option<u64>,
}

/// A program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Program {
    pub pid: u32,
    pub name: String,
}

/// `TCP_LISTEN` (tcp_states.h).
const LISTENS: &str = "0A";

impl Machine {
    /// Sockets that receive at exactly this address and port, or at all addresses and this port.
    pub fn sockets_at(&self, transport: Transport, at: SocketAddr) -> Vec<Socket> {
        let table = match (transport, at.is_ipv4()) {
            (Transport::Udp, true) => "proc/net/udp",
            (Transport::Udp, false) => "proc/net/udp6",
            (_, true) => "proc/net/tcp",
            (_, false) => "proc/net/tcp6",
        };
        let text = self.read(table).unwrap_or_default();
        let here = |of: &Socket| {
            of.local.port() == at.port()
                && (of.local.ip() == at.ip()
                    || of.local.ip().is_unspecified()
                    || at.ip().is_unspecified())
        };
        text.lines().skip(1).filter_map(|row| socket(row, transport)).filter(here).collect()
    }

    /// Who has a socket open, as far as we may know.
    pub fn holder(&self, inode: u64) -> Option<Program> {
        let wanted = format!("socket:[{inode}]");
        let holds = |pid: u32| {
            let open = std::fs::read_dir(self.path(&format!("proc/{pid}/fd"))).ok()?;
            let mut links = open.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
            links.any(|link| link.as_os_str() == wanted.as_str()).then_some(pid)
        };
        let all = std::fs::read_dir(self.path("proc")).ok()?;
        let mut pids = all.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        let pid = pids.find_map(holds)?;
        let name = self.read(format!("proc/{pid}/comm")).unwrap_or_default();
        Some(Program { pid, name: name.trim().to_owned() })
    }
}

/// One row: `sl local remote st tx:rx tr:when retrnsmt uid timeout inode ref pointer drops`.
fn socket(row: &str, transport: Transport) -> Option<Socket> {
    let fields: Vec<&str> = row.split_ascii_whitespace().collect();
    let udp = transport == Transport::Udp;
    if !udp && fields.get(3) != Some(&LISTENS) {
        return None;
    }
    let drops = if udp { fields.get(12)?.parse().ok() } else { None };
    Some(Socket { local: address(fields.get(1)?)?, inode: fields.get(9)?.parse().ok()?, drops })
}

/// `0100007F:13C4`: words of four bytes in the machine's own order, then the port.
fn address(text: &str) -> Option<SocketAddr> {
    let (ip, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let mut bytes = Vec::with_capacity(16);
    let mut rest = ip;
    while let Some((word, after)) = rest.split_at_checked(8) {
        bytes.extend(u32::from_str_radix(word, 16).ok()?.to_ne_bytes());
        rest = after;
    }
    let ip: IpAddr = match <[u8; 4]>::try_from(bytes.as_slice()) {
        Ok(four) => Ipv4Addr::from(four).into(),
        Err(_) => Ipv6Addr::from(<[u8; 16]>::try_from(bytes.as_slice()).ok()?).into(),
    };
    rest.is_empty().then_some(SocketAddr::new(ip, port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, UdpSocket};

    /// Rows as a little-endian Linux 6.1 shows them.
    #[test]
    fn rows_of_the_kernel_are_read() {
        let udp = "  363: 0100007F:13C4 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 88123 2 ffff9c00 17";
        let found = socket(udp, Transport::Udp).unwrap();
        if cfg!(target_endian = "little") {
            assert_eq!(found.local, "127.0.0.1:5060".parse().unwrap());
        }
        assert_eq!((found.inode, found.drops), (88_123, Some(17)));
        let tcp = "   0: 00000000000000000000000000000000:13C5 0:0 0A 0:0 0:0 0 0 0 42 1 f 100";
        let found = socket(tcp, Transport::Tls).unwrap();
        assert_eq!(found.local, "[::]:5061".parse().unwrap());
        assert_eq!(socket(&tcp.replace("0A", "01"), Transport::Tcp), None);
        for broken in ["", "a b c", "0: 0100007:13C4 x 0A", "0: zz:zz x 0A 0 0 0 0 0 1"] {
            assert_eq!(socket(broken, Transport::Tcp), None, "{broken}");
        }
    }

    #[test]
    fn our_own_sockets_are_found_and_are_ours() {
        let machine = Machine::this();
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let found = machine.sockets_at(Transport::Udp, udp.local_addr().unwrap());
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].drops, Some(0));
        let tcp = TcpListener::bind("[::1]:0").unwrap();
        let found = machine.sockets_at(Transport::Tcp, tcp.local_addr().unwrap());
        let holder = machine.holder(found[0].inode).unwrap();
        assert_eq!(holder.pid, std::process::id());
    }
}
