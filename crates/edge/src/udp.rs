//! One UDP socket of a shard.

use bytes::Bytes;
use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use tokio::net::UdpSocket;

use crate::counters::ShardCounters;

/// Datagrams that wait when the kernel's send buffer is full; beyond it they are dropped and sent again by the
/// transaction that wants them to arrive.
const UNSENT_MAX: usize = 4_096;

/// The longest datagram there is (RFC 768: a 16-bit length).
pub const DATAGRAM_BYTES_MAX: usize = 65_535;

/// One UDP socket of a shard.
pub struct Port {
    /// The listener's address.
    pub local: SocketAddr,
    socket: UdpSocket,
    unsent: VecDeque<(SocketAddr, Bytes)>,
}

impl Port {
    /// Takes a bound, non-blocking socket. Must be called in the runtime that will use it.
    pub fn new(local: SocketAddr, socket: std::net::UdpSocket) -> io::Result<Self> {
        Ok(Self { local, socket: UdpSocket::from_std(socket)?, unsent: VecDeque::new() })
    }

    /// Waits until there is something to read, or until what waits can be sent.
    pub fn poll_ready(&self, context: &mut std::task::Context<'_>) -> std::task::Poll<()> {
        let readable = self.socket.poll_recv_ready(context).is_ready();
        let writable = !self.unsent.is_empty() && self.socket.poll_send_ready(context).is_ready();
        if readable || writable { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    }

    /// The next datagram that waits.
    pub fn receive<'b>(&self, buffer: &'b mut [u8]) -> Option<(SocketAddr, &'b [u8])> {
        // Any error: an ICMP message about something sent before, or nothing there. The caller comes back when there is.
        let (length, from) = self.socket.try_recv_from(buffer).ok()?;
        Some((from, buffer.get(..length)?))
    }

    /// Sends a datagram, or keeps it for [`Port::flush`]. `Err` when it can never arrive.
    pub fn send(
        &mut self,
        to: SocketAddr,
        bytes: Bytes,
        counters: &ShardCounters,
    ) -> Result<(), ()> {
        if !self.unsent.is_empty() {
            self.keep(to, bytes, counters);
            return Ok(());
        }
        match self.socket.try_send_to(&bytes, to) {
            Ok(_) => counters.datagrams_sent.up(),
            Err(error) if error.kind() == ErrorKind::WouldBlock => self.keep(to, bytes, counters),
            Err(_) => {
                counters.dropped_unsendable.up();
                return Err(());
            }
        }
        Ok(())
    }

    /// Sends what waits.
    pub fn flush(&mut self, counters: &ShardCounters) {
        while let Some((to, bytes)) = self.unsent.front() {
            match self.socket.try_send_to(bytes, *to) {
                Ok(_) => counters.datagrams_sent.up(),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(_) => counters.dropped_unsendable.up(),
            }
            self.unsent.pop_front();
        }
    }

    fn keep(&mut self, to: SocketAddr, bytes: Bytes, counters: &ShardCounters) {
        if self.unsent.len() < UNSENT_MAX {
            self.unsent.push_back((to, bytes));
        } else {
            counters.dropped_send_queue_full.up();
        }
    }
}
