//! What the open internet sends to a SIP port, faster than it ever does.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use anyhow::Result;

use super::wording::mixed;
use super::{Beside, Tally, socket};

/// Packets from strangers.
pub struct Junk {
    sockets: Vec<UdpSocket>,
    rate: f64,
    packets: Vec<Vec<u8>>,
    target: SocketAddr,
    pub sent: u64,
}

impl Junk {
    /// `rate` packets a second, from as many addresses, each in turn.
    pub fn new(target: SocketAddr, rate: f64, sources: u32) -> Result<Self> {
        let sockets = (0..sources).map(|n| socket::stranger(address(n))).collect::<Result<_>>()?;
        Ok(Self { sockets, rate, packets: packets(target), target, sent: 0 })
    }

    /// How many answers the strangers got: each tells them that somebody is there.
    pub fn answers(&self) -> Result<u64> {
        let mut buffer = [0; 2_048];
        let mut count = 0;
        for socket in &self.sockets {
            while socket::receive(socket, &mut buffer)?.is_some() {
                count += 1;
            }
        }
        Ok(count)
    }
}

impl Beside for Junk {
    /// Sends what is due, a little at a time: real calls go on in between.
    fn turn(&mut self, elapsed: Duration, _: &Tally) -> Result<()> {
        let due = (self.rate * elapsed.as_secs_f64()) as u64;
        for _ in 0..due.saturating_sub(self.sent).min(16) {
            let pick =
                |count: usize, seed: u64| usize::try_from(seed % count.max(1) as u64).unwrap_or(0);
            let socket = self.sockets.get(pick(self.sockets.len(), self.sent));
            let packet = self.packets.get(pick(self.packets.len(), mixed(self.sent)));
            if let Some((socket, packet)) = socket.zip(packet) {
                socket::send(socket, packet, self.target)?;
            }
            self.sent += 1;
        }
        Ok(())
    }
}

/// Loopback holds sixteen million addresses; these are nobody's.
fn address(n: u32) -> SocketAddr {
    let base = u32::from(Ipv4Addr::new(127, 64, 0, 1));
    (Ipv4Addr::from(base + n), 0).into()
}

/// A scanner's probe, a stranger's call, a guess at a password, a broken message, plain noise.
fn packets(target: SocketAddr) -> Vec<Vec<u8>> {
    let stranger = |method: &str, agent: &str, more: &str| {
        format!(
            "{method} sip:900442012345678@{target} SIP/2.0\r\nVia: SIP/2.0/UDP 10.9.8.7:5060;branch=z9hG4bK-{method}-77;rport\r\n\
             Max-Forwards: 70\r\nFrom: \"100\" <sip:100@{target}>;tag=64313\r\nTo: <sip:900442012345678@{target}>\r\n\
             Call-ID: 845612\r\nCSeq: 1 {method}\r\nContact: <sip:100@10.9.8.7:5060>\r\nUser-Agent: {agent}\r\n{more}\
             Content-Length: 0\r\n\r\n"
        )
        .into_bytes()
    };
    let digest = "Authorization: Digest username=\"100\", realm=\"asterisk\", nonce=\"1\", uri=\"sip:x\", response=\"00\"\r\n";
    let noise = (0..400).map(|n| (mixed(n) & 0xff) as u8).collect();
    let mut broken = stranger("INVITE", "Cisco", "");
    broken.truncate(150);
    let mut odd = stranger("INVITE", "PolycomVVX", "");
    odd.splice(20..24, [0, 0xff, b'\r', b'\n']);
    vec![
        stranger("OPTIONS", "friendly-scanner", ""),
        stranger("INVITE", "Asterisk PBX", ""),
        stranger("REGISTER", "VaxSIPUserAgent/3.1", digest),
        broken,
        odd,
        noise,
        b"\r\n\r\n".to_vec(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_sends_at_the_rate() {
        let listener = UdpSocket::bind("127.0.0.1:0").unwrap();
        let mut junk = Junk::new(listener.local_addr().unwrap(), 1_000.0, 3).unwrap();
        let mut elapsed = Duration::ZERO;
        while elapsed < Duration::from_millis(30) {
            elapsed += Duration::from_millis(1);
            junk.turn(elapsed, &Tally::default()).unwrap();
        }
        assert_eq!(junk.sent, 30);
        let mut buffer = [0; 2_048];
        let sources: std::collections::HashSet<_> =
            (0..30).map(|_| listener.recv_from(&mut buffer).unwrap().1.ip()).collect();
        assert_eq!(sources.len(), 3);
        assert_eq!(junk.answers().unwrap(), 0);
    }
}
