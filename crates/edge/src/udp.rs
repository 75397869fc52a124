//! One UDP socket of a shard, read and written in batches.
//!
//! `recvmmsg` and `sendmmsg` carry up to [`BATCH`] datagrams per system call, and a batch that is not full says without
//! a second call that nothing more waits: 5 to 15 % less CPU per datagram than one call each, measured in this loop.

use bytes::Bytes;
use nix::errno::Errno;
use nix::sys::socket::sockopt::{ReceiveTimestampns, RxqOvfl};
use nix::sys::socket::{
    ControlMessageOwned, MsgFlags, MultiHeaders, SockaddrStorage, recvmmsg, recvmsg, sendmmsg,
    setsockopt,
};
use nix::sys::time::{TimeSpec, TimeValLike};
use ringfence_model::WallTime;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice, IoSliceMut};
use std::net::{SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::AsRawFd;
use std::task::{Context, Poll};
use tokio::io::Interest;
use tokio::net::UdpSocket;

use crate::counters::ShardCounters;

/// Datagrams per system call.
pub const BATCH: usize = 32;

/// Datagrams in a batch after which the next are looked for at once, and how often: some microseconds in which who
/// waits for our answers can ask again. To sleep and be woken costs more.
const BUSY: usize = 8;
/// See [`BUSY`].
const BUSY_LOOKS: u32 = 16;

/// Datagrams that wait when the kernel's send buffer is full; beyond it they are dropped, and sent again by the
/// transaction that wants them to arrive.
const UNSENT_MAX: usize = 4_096;

/// The longest datagram there is (RFC 768: a 16-bit length).
const DATAGRAM_BYTES_MAX: usize = 65_535;

/// A datagram and who it is from or for.
pub type Datagram = (SocketAddr, Bytes);

/// One UDP socket of a shard.
pub struct Port {
    /// The listener's address.
    pub local: SocketAddr,
    socket: UdpSocket,
    unsent: VecDeque<Datagram>,
    /// The last batch was full: more waits, and it matters for how long already.
    behind: bool,
    /// The last batch was large: the next one comes soon.
    busy: bool,
    /// The kernel's count of what it dropped, as last seen.
    dropped: u32,
}

/// Room for one batch, used by all ports of a shard in turn.
pub struct Tray {
    /// The kernel touches no more of them than the datagrams are long.
    buffers: Vec<Box<[u8]>>,
    /// One set for each kind of address: the kernel leaves the length of the last one in it.
    v4: MultiHeaders<SockaddrStorage>,
    /// See `v4`.
    v6: MultiHeaders<SockaddrStorage>,
    /// For what is sent.
    out: MultiHeaders<SockaddrStorage>,
    control: Vec<u8>,
}

/// What a look at a port found.
pub struct Heard {
    /// More may wait.
    pub more: bool,
    /// When the oldest of them arrived, if that was asked for: only when the last look left something.
    pub since: Option<WallTime>,
}

impl Tray {
    /// Empty.
    pub fn new() -> Self {
        let buffer = || vec![0; DATAGRAM_BYTES_MAX].into_boxed_slice();
        Self {
            buffers: (0..BATCH).map(|_| buffer()).collect(),
            v4: MultiHeaders::preallocate(BATCH, None),
            v6: MultiHeaders::preallocate(BATCH, None),
            out: MultiHeaders::preallocate(BATCH, None),
            control: nix::cmsg_space!(TimeSpec, u32),
        }
    }
}

impl Port {
    /// Takes a bound, non-blocking socket. Must be called in the runtime that will use it.
    pub fn new(local: SocketAddr, socket: std::net::UdpSocket) -> io::Result<Self> {
        setsockopt(&socket, ReceiveTimestampns, &true)?;
        setsockopt(&socket, RxqOvfl, &1)?;
        Ok(Self {
            local,
            socket: UdpSocket::from_std(socket)?,
            unsent: VecDeque::new(),
            behind: false,
            busy: false,
            dropped: 0,
        })
    }

    /// Waits until there is something to read, or until what waits can be sent.
    pub fn poll_ready(&self, context: &mut Context<'_>) -> Poll<()> {
        let readable = self.socket.poll_recv_ready(context).is_ready();
        let writable = !self.unsent.is_empty() && self.socket.poll_send_ready(context).is_ready();
        if readable || writable { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Adds what waits to `heard`, up to one batch.
    pub fn receive(
        &mut self,
        tray: &mut Tray,
        heard: &mut Vec<Datagram>,
        counters: &ShardCounters,
    ) -> Heard {
        let since = if self.behind { self.read_oldest(tray, heard, counters) } else { None };
        let (mut full, mut busy) = (false, false);
        let looks = if self.busy { BUSY_LOOKS } else { 1 };
        let read = self.socket.try_io(Interest::READABLE, || {
            let count = self.read_within(looks, tray, heard)?;
            (full, busy) = (count == BATCH, count >= BUSY);
            // So that the runtime waits for the next datagram instead of having us ask in vain.
            if busy { Ok(()) } else { Err(ErrorKind::WouldBlock.into()) }
        });
        (self.behind, self.busy) = (full, busy);
        // Other errors are ICMP messages about something sent before: the next call reads on.
        let interrupted = read.is_err_and(|error| error.kind() != ErrorKind::WouldBlock);
        Heard { more: busy || interrupted, since }
    }

    /// A batch, or what comes while we look so many times.
    fn read_within(
        &self,
        looks: u32,
        tray: &mut Tray,
        heard: &mut Vec<Datagram>,
    ) -> io::Result<usize> {
        for _ in 1..looks {
            match self.read_batch(tray, heard) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => std::hint::spin_loop(),
                read => return read,
            }
        }
        self.read_batch(tray, heard)
    }

    /// Takes one datagram, with the time it arrived and the number of those the kernel dropped. That costs a call of
    /// its own, so it is done only where something was left.
    fn read_oldest(
        &mut self,
        tray: &mut Tray,
        heard: &mut Vec<Datagram>,
        counters: &ShardCounters,
    ) -> Option<WallTime> {
        let Tray { buffers, control, .. } = tray;
        let buffer = buffers.first_mut()?;
        let mut slices = [IoSliceMut::new(buffer)];
        let flags = MsgFlags::MSG_DONTWAIT;
        let fd = self.socket.as_raw_fd();
        let message = recvmsg::<SockaddrStorage>(fd, &mut slices, Some(control), flags).ok()?;
        let mut since = None;
        for control in message.cmsgs().ok()? {
            match control {
                ControlMessageOwned::ScmTimestampns(at) => {
                    since = Some(WallTime(at.num_microseconds()));
                }
                ControlMessageOwned::RxqOvfl(dropped) => {
                    let new = dropped.wrapping_sub(self.dropped);
                    counters.dropped_by_kernel.add(u64::from(new));
                    self.dropped = dropped;
                }
                _ => {}
            }
        }
        let from = message.address.as_ref().and_then(socket_address)?;
        let bytes = message.iovs().next().unwrap_or_default();
        heard.push((from, Bytes::copy_from_slice(bytes)));
        since
    }

    fn read_batch(&self, tray: &mut Tray, heard: &mut Vec<Datagram>) -> io::Result<usize> {
        let Tray { buffers, v4, v6, .. } = tray;
        let headers = if self.local.is_ipv4() { v4 } else { v6 };
        let mut buffers = buffers.iter_mut();
        let mut slices: [_; BATCH] = std::array::from_fn(|_| {
            [IoSliceMut::new(buffers.next().map_or(&mut [], |buffer| &mut **buffer))]
        });
        let flags = MsgFlags::MSG_DONTWAIT;
        let results = recvmmsg(self.socket.as_raw_fd(), headers, slices.iter_mut(), flags, None)?;
        let mut count = 0;
        for result in results {
            count += 1;
            if let Some(from) = result.address.as_ref().and_then(socket_address) {
                let bytes = result.iovs().next().unwrap_or_default();
                heard.push((from, Bytes::copy_from_slice(bytes)));
            }
        }
        Ok(count)
    }

    /// Puts a datagram down for [`Port::flush`].
    pub fn send(&mut self, to: SocketAddr, bytes: Bytes, counters: &ShardCounters) {
        if self.unsent.len() < UNSENT_MAX {
            self.unsent.push_back((to, bytes));
        } else {
            counters.dropped_send_queue_full.up();
        }
    }

    /// Sends what waits, as far as the kernel takes it; what can never arrive goes to `broken`.
    pub fn flush(
        &mut self,
        tray: &mut Tray,
        counters: &ShardCounters,
        mut broken: impl FnMut(SocketAddr),
    ) {
        while !self.unsent.is_empty() {
            match self.socket.try_io(Interest::WRITABLE, || self.write(tray)) {
                Ok(count) => {
                    counters.datagrams_sent.add(count as u64);
                    self.unsent.drain(..count.min(self.unsent.len()));
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                // The error is that of the first: the kernel stops before the one it cannot send.
                Err(_) => {
                    counters.dropped_unsendable.up();
                    if let Some((to, _)) = self.unsent.pop_front() {
                        broken(to);
                    }
                }
            }
        }
    }

    fn write(&self, tray: &mut Tray) -> io::Result<usize> {
        let batch = self.unsent.iter().take(BATCH);
        let slices: Vec<_> = batch.clone().map(|(_, bytes)| [IoSlice::new(bytes)]).collect();
        let to: Vec<_> = batch.map(|(to, _)| Some(SockaddrStorage::from(*to))).collect();
        let flags = MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT;
        let sent = sendmmsg(self.socket.as_raw_fd(), &mut tray.out, &slices, &to, [], flags)?;
        match sent.count() {
            0 => Err(Errno::EAGAIN.into()),
            count => Ok(count),
        }
    }
}

fn socket_address(storage: &SockaddrStorage) -> Option<SocketAddr> {
    let v4 = storage.as_sockaddr_in().map(|at| SocketAddrV4::from(*at).into());
    v4.or_else(|| storage.as_sockaddr_in6().map(|at| SocketAddrV6::from(*at).into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;
    use tokio::runtime::{Builder, Runtime};

    fn runtime() -> Runtime {
        Builder::new_current_thread().enable_all().build().unwrap()
    }

    /// A port with room for some dozens of datagrams, and a peer.
    fn port() -> (Port, std::net::UdpSocket) {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::DGRAM, None);
        let socket = socket.unwrap();
        socket.set_recv_buffer_size(64 << 10).unwrap();
        socket.set_nonblocking(true).unwrap();
        socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
        let socket = std::net::UdpSocket::from(socket);
        let local = socket.local_addr().unwrap();
        (Port::new(local, socket).unwrap(), std::net::UdpSocket::bind("127.0.0.1:0").unwrap())
    }

    async fn hear(port: &mut Port, tray: &mut Tray, counters: &ShardCounters) -> (usize, Heard) {
        std::future::poll_fn(|context| port.poll_ready(context)).await;
        let mut datagrams = Vec::new();
        let heard = port.receive(tray, &mut datagrams, counters);
        (datagrams.len(), heard)
    }

    #[test]
    fn what_was_left_is_known_by_its_age_and_what_was_dropped_by_its_number() {
        runtime().block_on(async {
            let ((mut port, peer), mut tray) = (port(), Tray::new());
            let counters = ShardCounters::default();
            let local = port.local;
            let send = |count| {
                for _ in 0..count {
                    peer.send_to(&[b'x'; 1_000], local).unwrap();
                }
            };
            let began = clock::wall();
            send(400);
            let (count, heard) = hear(&mut port, &mut tray, &counters).await;
            assert!(count == BATCH && heard.more && heard.since.is_none());
            send(400);
            let (mut taken, mut full) = (count as u64, true);
            loop {
                let (count, heard) = hear(&mut port, &mut tray, &counters).await;
                taken += count as u64;
                let known = heard.since.is_some_and(|at| at >= began && at <= clock::wall());
                assert_eq!(known, full, "{:?}", heard.since);
                full = count - usize::from(known) == BATCH;
                if !heard.more {
                    break;
                }
            }
            let dropped = counters.dropped_by_kernel.get();
            assert!(dropped > 0 && dropped + taken <= 800, "{dropped} dropped, {taken} taken");
        });
    }

    #[test]
    fn what_can_never_arrive_is_said_and_holds_up_nothing() {
        runtime().block_on(async {
            let (mut port, peer) = port();
            let counters = ShardCounters::default();
            let there = peer.local_addr().unwrap();
            // Broadcasts are not permitted on these sockets.
            let nowhere = SocketAddr::from(([255, 255, 255, 255], 9));
            for to in [there, nowhere, there] {
                port.send(to, Bytes::from_static(b"x"), &counters);
            }
            std::future::poll_fn(|context| port.poll_ready(context)).await;
            let mut broken = Vec::new();
            port.flush(&mut Tray::new(), &counters, |to| broken.push(to));
            assert_eq!(broken, [nowhere]);
            assert_eq!((counters.datagrams_sent.get(), counters.dropped_unsendable.get()), (2, 1));
        });
    }
}
