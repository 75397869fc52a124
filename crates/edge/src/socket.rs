//! Opening the sockets of listeners.

use ringfence_call::Listener;
use ringfence_sip::Transport;
use rustix::net::sockopt::{
    Ipv4PathMtuDiscovery, Ipv6PathMtuDiscovery, set_ip_mtu_discover, set_ipv6_mtu_discover,
};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use std::io;
use std::net::SocketAddr;

use crate::error::StartError;
use crate::settings::Settings;

/// Connections that wait to be accepted, at most; `net.core.somaxconn` limits it further.
const ACCEPT_BACKLOG: i32 = 1_024;

/// An open listener.
pub struct Opened {
    /// What was asked for.
    pub listener: Listener,
    /// Where it is bound, which differs from what was asked for when that was port 0.
    pub local: SocketAddr,
    /// One per shard over UDP, else one.
    pub sockets: Vec<Socket>,
}

/// What became of a listener.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LocalAddress {
    /// What settings call the listener.
    pub listener: String,
    /// How it listens.
    pub transport: Transport,
    /// Where it is bound.
    pub local: SocketAddr,
    /// Bytes the kernel granted for what waits to be read, per socket; it counts its own overhead in them.
    pub receive_buffer_bytes: usize,
    /// Bytes the kernel granted for what waits to be sent.
    pub send_buffer_bytes: usize,
}

impl Opened {
    /// Opens a listener's sockets for so many shards.
    pub fn open(
        listener: &Listener,
        shards: usize,
        settings: &Settings,
    ) -> Result<Self, StartError> {
        let opened = match listener.transport {
            Transport::Udp => udp(listener.local, shards, settings),
            Transport::Tcp | Transport::Tls => tcp(listener.local).map(|socket| vec![socket]),
        };
        let opened = opened.and_then(|sockets| {
            let first = sockets.first().ok_or(io::ErrorKind::InvalidInput)?;
            let local = first.local_addr()?.as_socket().ok_or(io::ErrorKind::InvalidInput)?;
            Ok(Self { listener: listener.clone(), local, sockets })
        });
        opened.map_err(|source| StartError::Socket {
            listener: listener.name.clone(),
            transport: listener.transport,
            address: listener.local,
            source,
        })
    }

    /// What to tell people.
    pub fn address(&self) -> LocalAddress {
        let first = self.sockets.first();
        LocalAddress {
            listener: self.listener.name.clone(),
            transport: self.listener.transport,
            local: self.local,
            receive_buffer_bytes: first.and_then(|s| s.recv_buffer_size().ok()).unwrap_or(0),
            send_buffer_bytes: first.and_then(|s| s.send_buffer_size().ok()).unwrap_or(0),
        }
    }
}

fn udp(address: SocketAddr, shards: usize, settings: &Settings) -> io::Result<Vec<Socket>> {
    // Sockets that share a port also share it with a second program of the same user, which would then silently take
    // half the calls. So the port is taken alone first.
    let local = {
        let alone = new(address, Type::DGRAM, Protocol::UDP)?;
        alone.bind(&SockAddr::from(address))?;
        alone.local_addr()?
    };
    let mut sockets = Vec::with_capacity(shards);
    for _ in 0..shards {
        let socket = new(address, Type::DGRAM, Protocol::UDP)?;
        socket.set_reuse_port(true)?;
        grow(settings.receive_buffer_bytes, |bytes| socket.set_recv_buffer_size(bytes))?;
        grow(settings.send_buffer_bytes, |bytes| socket.set_send_buffer_size(bytes))?;
        may_fragment(&socket, address)?;
        socket.bind(&local)?;
        sockets.push(socket);
    }
    Ok(sockets)
}

fn tcp(address: SocketAddr) -> io::Result<Socket> {
    let socket = new(address, Type::STREAM, Protocol::TCP)?;
    // Connections of an earlier run that linger in TIME_WAIT do not hinder; a program that listens still does.
    socket.set_reuse_address(true)?;
    socket.bind(&SockAddr::from(address))?;
    socket.listen(ACCEPT_BACKLOG)?;
    Ok(socket)
}

fn new(address: SocketAddr, kind: Type, protocol: Protocol) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
    socket.set_nonblocking(true)?;
    if address.is_ipv6() {
        // Otherwise IPv4 peers show up under two addresses, and rules for one of them do not hold for the other.
        socket.set_only_v6(true)?;
    }
    Ok(socket)
}

/// Asks for less until it is granted. Linux cuts to its limit without an error, others refuse.
fn grow(wanted: usize, set: impl Fn(usize) -> io::Result<()>) -> io::Result<()> {
    let mut bytes = wanted;
    loop {
        match set(bytes) {
            Err(_) if bytes > 256 << 10 => bytes /= 2,
            Err(error) => return Err(error),
            Ok(()) => return Ok(()),
        }
    }
}

/// A large INVITE goes out in fragments; with path MTU discovery it would be lost wherever ICMP is filtered.
fn may_fragment(socket: &Socket, address: SocketAddr) -> io::Result<()> {
    match address {
        SocketAddr::V4(_) => set_ip_mtu_discover(socket, Ipv4PathMtuDiscovery::DONT)?,
        SocketAddr::V6(_) => set_ipv6_mtu_discover(socket, Ipv6PathMtuDiscovery::DONT)?,
    }
    Ok(())
}
