//! Starting the rim, and what others may ask of it.

use ringfence_gate::{Command, Gate, Input};
use ringfence_model::Now;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::thread::JoinHandle;
use thiserror::Error;
use tokio::sync::{mpsc, watch};

use ringfence_call::Listener;
use ringfence_sip::Transport;

use crate::clock::Clock;
use crate::counters::{Lag, ShardCounters};
use crate::error::StartError;
use crate::order::{Handed, Order};
use crate::records::Records;
use crate::settings::Settings;
use crate::shard::{Inbox, Shard, Surroundings};
use crate::socket::{LocalAddress, Opened};
use crate::tap::{Tap, Traced};
use crate::udp::Port;

/// Open sockets that nobody reads yet. Between opening and starting, the directory can be made with the addresses
/// they really have, and privileges can be dropped.
pub struct Sockets {
    settings: Settings,
    shards: usize,
    opened: Vec<Opened>,
}

/// Opens every listener for so many shards.
///
/// # Errors
/// When a socket cannot be opened: with what, where and how to mend it.
pub fn open(
    settings: Settings,
    listeners: &[Listener],
    shards: usize,
) -> Result<Sockets, StartError> {
    let opened = listeners
        .iter()
        .map(|listener| Opened::open(listener, shards, &settings))
        .collect::<Result<_, _>>()?;
    Ok(Sockets { settings, shards, opened })
}

/// Opens every listener, one set of sockets per gate, and starts.
///
/// # Errors
/// When a socket, thread or certificate does not work: with what, where and how to mend it.
pub fn start(
    settings: Settings,
    listeners: &[Listener],
    gates: Vec<Gate>,
    records: Records,
) -> Result<Edge, StartError> {
    open(settings, listeners, gates.len())?.start(gates, records)
}

impl Sockets {
    /// Where each listener is bound, and what buffers it got.
    #[must_use]
    pub fn local_addresses(&self) -> Vec<LocalAddress> {
        self.opened.iter().map(Opened::address).collect()
    }

    /// Starts one thread per gate.
    ///
    /// # Errors
    /// When a thread or runtime cannot be started, or there is not one gate per shard.
    pub fn start(self, gates: Vec<Gate>, records: Records) -> Result<Edge, StartError> {
        if gates.len() != self.shards || u8::try_from(gates.len()).map_or(true, |n| n == 0) {
            return Err(StartError::Shards { gates: gates.len(), shards: self.shards });
        }
        let addresses = self.local_addresses();
        let clock = Clock::start();
        let tap = Arc::new(Tap::default());
        let (stop, stopping) = watch::channel(false);
        let (neighbours, handed): (Vec<_>, Vec<_>) =
            gates.iter().map(|_| mpsc::channel::<Handed>(self.settings.inbox_messages)).unzip();
        let mut sockets = self.sockets_by_shard()?;
        let mut shards = Vec::with_capacity(gates.len());
        for ((index, gate), handed) in (0u8..).zip(gates).zip(handed) {
            let (orders, orders_in) = mpsc::channel(self.settings.orders);
            let around = Surroundings {
                clock,
                counters: Arc::default(),
                lag: Arc::default(),
                tap: Arc::clone(&tap),
                neighbours: neighbours.clone(),
            };
            let handle = Handle {
                orders,
                counters: Arc::clone(&around.counters),
                lag: Arc::clone(&around.lag),
                thread: None,
            };
            let inbox = Inbox { orders: orders_in, handed, stop: stopping.clone() };
            let ports = sockets.get_mut(usize::from(index)).map(std::mem::take).unwrap_or_default();
            let thread = spawn(index, gate, ports, inbox, around, records.clone())?;
            shards.push(Handle { thread: Some(thread), ..handle });
        }
        Ok(Edge { addresses, tap, stop, shards })
    }

    /// Each shard's UDP sockets.
    fn sockets_by_shard(&self) -> Result<Vec<Vec<UdpSocket>>, StartError> {
        let mut by_shard: Vec<Vec<UdpSocket>> = (0..self.shards).map(|_| Vec::new()).collect();
        for opened in self.opened.iter().filter(|of| of.listener.transport == Transport::Udp) {
            for (shard, socket) in by_shard.iter_mut().zip(&opened.sockets) {
                let socket = socket.try_clone().map_err(|source| StartError::Thread {
                    what: format!("listener \"{}\"", opened.listener.name),
                    source,
                })?;
                shard.push((opened.local, socket.into()));
            }
        }
        Ok(by_shard)
    }
}

type UdpSocket = (std::net::SocketAddr, std::net::UdpSocket);

fn spawn(
    index: u8,
    gate: Gate,
    sockets: Vec<UdpSocket>,
    inbox: Inbox,
    around: Surroundings,
    records: Records,
) -> Result<JoinHandle<Gate>, StartError> {
    let failed = |source| StartError::Thread { what: format!("shard {index}"), source };
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let ports = {
        let _within = runtime.enter();
        let port = |(local, socket)| Port::new(local, socket);
        sockets.into_iter().map(port).collect::<Result<_, _>>().map_err(failed)?
    };
    let run = move || {
        let shard = Shard::new(index, gate, ports, inbox, around, records);
        runtime.block_on(shard.run())
    };
    std::thread::Builder::new().name(format!("shard-{index}")).spawn(run).map_err(failed)
}

/// The running rim.
pub struct Edge {
    addresses: Vec<LocalAddress>,
    tap: Arc<Tap>,
    stop: watch::Sender<bool>,
    shards: Vec<Handle>,
}

struct Handle {
    orders: mpsc::Sender<Order>,
    counters: Arc<ShardCounters>,
    lag: Arc<Lag>,
    thread: Option<JoinHandle<Gate>>,
}

/// Why an order was not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum Refused {
    /// Too many orders wait.
    #[error("shard {0} has too many orders waiting; try again")]
    Busy(u8),
    /// There is no such shard, or it has ended.
    #[error("shard {0} does not run")]
    Gone(u8),
}

impl Edge {
    /// Where each listener is bound, and what buffers it got.
    #[must_use]
    pub fn local_addresses(&self) -> &[LocalAddress] {
        &self.addresses
    }

    /// How many shards run.
    #[must_use]
    pub const fn shards(&self) -> usize {
        self.shards.len()
    }

    /// Runs `ask` on a shard's gate between two inputs, then does what the gate says.
    ///
    /// # Errors
    /// When the shard has no room for orders, or does not run.
    pub fn ask(
        &self,
        shard: u8,
        ask: impl FnOnce(&mut Gate, Now) + Send + 'static,
    ) -> Result<(), Refused> {
        self.order(shard, Order::Ask(Box::new(ask)))
    }

    /// Gives a shard an input.
    ///
    /// # Errors
    /// When the shard has no room for orders, or does not run.
    pub fn input(&self, shard: u8, input: Input<'static>) -> Result<(), Refused> {
        self.order(shard, Order::Tell(Box::new(input)))
    }

    /// No new calls but emergency ones from now on; those that run go on.
    ///
    /// # Errors
    /// The first shard that did not take the order; all are told.
    pub fn drain(&self) -> Result<(), Refused> {
        let tell = |shard| self.input(shard, Input::Command(Command::Drain));
        let told: Vec<_> = (0u8..).take(self.shards.len()).map(tell).collect();
        told.into_iter().collect()
    }

    /// Copies of all messages from now on, until the receiver is dropped or somebody else watches; at most
    /// `capacity` wait in it.
    #[must_use]
    pub fn watch(&self, capacity: usize) -> Receiver<Traced> {
        self.tap.watch(capacity)
    }

    /// How many copies watchers missed.
    #[must_use]
    pub fn missed_by_watchers(&self) -> u64 {
        self.tap.missed()
    }

    /// What a shard counted.
    #[must_use]
    pub fn counters(&self, shard: u8) -> Option<&ShardCounters> {
        self.shards.get(usize::from(shard)).map(|of| &*of.counters)
    }

    /// How far behind a shard was.
    #[must_use]
    pub fn lag(&self, shard: u8) -> Option<&Lag> {
        self.shards.get(usize::from(shard)).map(|of| &*of.lag)
    }

    /// Ends the shards and gives back what they know, in order; none for one that failed.
    #[must_use]
    pub fn stop(mut self) -> Vec<Option<Gate>> {
        self.stop.send_replace(true);
        self.shards.iter_mut().map(|of| of.thread.take()?.join().ok()).collect()
    }

    fn order(&self, shard: u8, order: Order) -> Result<(), Refused> {
        let handle = self.shards.get(usize::from(shard)).ok_or(Refused::Gone(shard))?;
        handle.orders.try_send(order).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Refused::Busy(shard),
            mpsc::error::TrySendError::Closed(_) => Refused::Gone(shard),
        })
    }
}

impl Drop for Edge {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}
