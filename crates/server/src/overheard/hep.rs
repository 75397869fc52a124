//! Copies of signalling come in as HEP version 3.

use super::Out;
use crate::config::{Config, Hep};
use ipnet::IpNet;
use ringfence_call::Side;
use ringfence_connect::feed::sip::Watcher;
use ringfence_connect::hep::{decode, length};
use ringfence_model::{Moment, TrunkId};
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::net::{IpAddr, TcpListener, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tracing::warn;

/// The longest packet: its length has 16 bits.
const PACKET_BYTES_MAX: usize = 65_535;
/// Connections at once.
const CONNECTIONS_MAX: usize = 64;
/// How often is looked at what is due.
const TICK: Duration = Duration::from_secs(1);

/// What is the same for every copy. All of it runs on one thread.
struct Hearing<'a> {
    settings: &'a Hep,
    key: Option<[u8; 32]>,
    out: &'a Out,
    begin: Instant,
    watcher: RefCell<Watcher>,
    carriers: RefCell<Carriers>,
}

/// Where the carrier is, under the settings in force.
struct Carriers {
    of: Arc<Config>,
    nets: Vec<IpNet>,
}

/// Hears, for good.
pub(super) async fn hear(
    settings: &Hep,
    udp: Option<UdpSocket>,
    tcp: Option<TcpListener>,
    out: &Out,
) {
    let config = out.running.config();
    let nets = carriers(settings, &config, &out.feed.trunk);
    let hearing = Hearing {
        settings,
        key: settings.key.as_deref().map(hash),
        out,
        begin: Instant::now(),
        watcher: RefCell::default(),
        carriers: RefCell::new(Carriers { of: config, nets }),
    };
    tokio::join!(hearing.datagrams(udp), hearing.connections(tcp), hearing.ticks());
}

fn hash(key: impl AsRef<[u8]>) -> [u8; 32] {
    Sha256::digest(key.as_ref()).into()
}

/// The networks that are written, or those of the tenant's carriers.
fn carriers(settings: &Hep, config: &Config, trunk: &TrunkId) -> Vec<IpNet> {
    if !settings.carrier.is_empty() {
        return settings.carrier.clone();
    }
    let directory = &config.snapshot.directory;
    let tenant = directory.trunk(trunk).and_then(|trunk| trunk.tenant.as_ref());
    let mine = directory.parts().trunks.iter().filter(|of| {
        of.side == Side::Carrier && of.tenant.as_ref().is_none_or(|of| Some(of) == tenant)
    });
    mine.flat_map(|trunk| trunk.networks.iter().copied()).collect()
}

impl Hearing<'_> {
    fn may(&self, from: IpAddr) -> bool {
        let from = from.to_canonical();
        self.settings.from.iter().any(|net| net.contains(&from))
    }

    fn now(&self) -> Moment {
        Moment(0) + self.begin.elapsed()
    }

    async fn datagrams(&self, socket: Option<UdpSocket>) {
        let Some(socket) = socket else { return std::future::pending().await };
        let socket = match tokio::net::UdpSocket::from_std(socket) {
            Ok(socket) => socket,
            Err(error) => return self.out.fails(&error.to_string()),
        };
        self.out.well();
        let mut packet = vec![0; PACKET_BYTES_MAX];
        loop {
            match socket.recv_from(&mut packet).await {
                Ok((count, from)) => {
                    if self.may(from.ip()) {
                        self.packet(packet.get(..count).unwrap_or_default());
                    } else {
                        self.out.running.overheard.refused.up();
                    }
                }
                Err(error) => {
                    warn!(feed = self.out.feed.id, "a datagram could not be read: {error}");
                    super::pause(TICK).await;
                }
            }
        }
    }

    async fn connections(&self, listener: Option<TcpListener>) {
        let Some(listener) = listener else { return std::future::pending().await };
        let listener = match tokio::net::TcpListener::from_std(listener) {
            Ok(listener) => listener,
            Err(error) => return self.out.fails(&error.to_string()),
        };
        self.out.well();
        let (came, mut packets) = tokio::sync::mpsc::channel::<Vec<u8>>(CONNECTIONS_MAX);
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                Ok((stream, from)) = listener.accept() => {
                    if !self.may(from.ip()) || connections.len() >= CONNECTIONS_MAX {
                        self.out.running.overheard.refused.up();
                    } else {
                        connections.spawn(cut(stream, came.clone()));
                    }
                }
                Some(packet) = packets.recv() => self.packet(&packet),
                Some(_) = connections.join_next() => {}
                // Accepting failed: nothing else is there to do.
                else => super::pause(TICK).await,
            }
        }
    }

    async fn ticks(&self) {
        let mut ticks = tokio::time::interval(TICK);
        let mut seen = Vec::new();
        loop {
            ticks.tick().await;
            self.watcher.borrow_mut().tick(self.now(), &mut seen);
            self.out.put(&mut seen);
        }
    }

    fn packet(&self, packet: &[u8]) {
        let counters = &self.out.running.overheard;
        let Ok(captured) = decode(packet) else { return counters.unreadable.up() };
        // What is compared is a hash, so how long that takes tells nothing.
        if self.key.is_some_and(|key| captured.key.map(hash) != Some(key)) {
            return counters.refused.up();
        }
        let mut seen = Vec::new();
        let mut carriers = self.carriers.borrow_mut();
        let config = self.out.running.config();
        if !Arc::ptr_eq(&carriers.of, &config) {
            carriers.nets = self::carriers(self.settings, &config, &self.out.feed.trunk);
            carriers.of = config;
        }
        let is_carrier = |ip| carriers.nets.iter().any(|net| net.contains(&ip));
        let mut watcher = self.watcher.borrow_mut();
        match watcher.observe(self.now(), &captured, &is_carrier, &mut seen) {
            Ok(()) => counters.read.up(),
            Err(_) => counters.unreadable.up(),
        }
        self.out.put(&mut seen);
    }
}

/// Cuts a stream into packets. It ends with the connection, or with what is no packet.
async fn cut(mut stream: TcpStream, packets: tokio::sync::mpsc::Sender<Vec<u8>>) {
    let mut came = Vec::new();
    let mut part = vec![0; 16 << 10];
    loop {
        match stream.read(&mut part).await {
            Ok(count) if count > 0 => came.extend_from_slice(part.get(..count).unwrap_or_default()),
            _ => return,
        }
        loop {
            match length(&came) {
                Ok(Some(length)) if came.len() >= length => {
                    let rest = came.split_off(length);
                    let packet = std::mem::replace(&mut came, rest);
                    if packets.send(packet).await.is_err() {
                        return;
                    }
                }
                Ok(_) => break,
                Err(_) => return,
            }
        }
    }
}
