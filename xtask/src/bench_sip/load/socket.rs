//! Sockets of a load: never waiting, with room for bursts.

use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use socket2::{Domain, Socket, Type};

use crate::bench_sip::process::pause;

/// The most Linux grants is asked for, on both sides of a bench: what is to be measured is not the queue.
const QUEUE: usize = 8 << 20;

/// A socket at `address`; waits for one that another run is just leaving.
pub fn bound(address: SocketAddr) -> Result<UdpSocket> {
    let begin = Instant::now();
    loop {
        match bind(address) {
            Ok(socket) => return Ok(socket),
            Err(error)
                if error.kind() == ErrorKind::AddrInUse
                    && begin.elapsed() < Duration::from_secs(5) =>
            {
                pause(Duration::from_millis(100));
            }
            Err(error) => {
                return Err(error)
                    .with_context(|| format!("binding {address}; is another bench running?"));
            }
        }
    }
}

/// A socket of no account, with the queues that Linux gives.
pub fn stranger(address: SocketAddr) -> Result<UdpSocket> {
    let socket = UdpSocket::bind(address).with_context(|| format!("binding {address}"))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

fn bind(address: SocketAddr) -> std::io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, None)?;
    socket.set_recv_buffer_size(QUEUE)?;
    socket.set_send_buffer_size(QUEUE)?;
    socket.bind(&address.into())?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// Sends one message; one the kernel has no room for is lost, as in a network.
pub fn send(socket: &UdpSocket, bytes: &[u8], to: SocketAddr) -> Result<()> {
    match socket.send_to(bytes, to) {
        Ok(_) => Ok(()),
        Err(error) if passing(&error) => Ok(()),
        Err(error) => Err(error).with_context(|| format!("sending to {to}")),
    }
}

/// The next message, if one is there.
pub fn receive<'b>(
    socket: &UdpSocket,
    buffer: &'b mut [u8],
) -> Result<Option<(&'b [u8], SocketAddr)>> {
    match socket.recv_from(buffer) {
        Ok((length, from)) => Ok(buffer.get(..length).map(|bytes| (bytes, from))),
        Err(error) if passing(&error) => Ok(None),
        Err(error) => Err(error).context("receiving"),
    }
}

/// No room, nothing there, or the other side was gone for a moment (ICMP port unreachable).
fn passing(error: &std::io::Error) -> bool {
    use ErrorKind::{ConnectionRefused, Interrupted, WouldBlock};
    matches!(error.kind(), ConnectionRefused | Interrupted | WouldBlock)
        || error.raw_os_error() == Some(ENOBUFS)
}

const ENOBUFS: i32 = 105;
