//! Starting the rim: sockets, then threads.

use ringfence_call::{Directory, Listener};
use ringfence_gate::Gate;
use ringfence_sip::Transport;
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::sync::{mpsc, watch};

use crate::clock::Clock;
use crate::edge::{Edge, Handle};
use crate::error::StartError;
use crate::order::{Handed, Order};
use crate::records::Records;
use crate::resolve::{Expected, Names};
use crate::settings::Settings;
use crate::shard::{Inbox, Shard, Surroundings};
use crate::socket::{LocalAddress, Opened};
use crate::stream::{Caps, Heard, Streams, Threads, listen};
use crate::tap::Tap;
use crate::tls::Keys;
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

/// Opens every listener of a directory, one set of sockets per gate, and starts.
///
/// # Errors
/// When a socket, thread or certificate does not work: with what, where and how to mend it.
pub fn start(
    settings: Settings,
    directory: &Directory,
    gates: Vec<Gate>,
    records: Records,
) -> Result<Edge, StartError> {
    open(settings, &directory.parts().listeners, gates.len())?.start(directory, gates, records)
}

impl Sockets {
    /// Where each listener is bound, and what buffers it got.
    #[must_use]
    pub fn local_addresses(&self) -> Vec<LocalAddress> {
        self.opened.iter().map(Opened::address).collect()
    }

    /// Starts one thread per gate, and those of connections and names. The gates know the directory already; here it
    /// says which trunks to look up.
    ///
    /// # Errors
    /// When a thread or runtime cannot be started, a certificate does not work, or there is not one gate per shard.
    pub fn start(
        self,
        directory: &Directory,
        gates: Vec<Gate>,
        records: Records,
    ) -> Result<Edge, StartError> {
        if gates.len() != self.shards || u8::try_from(gates.len()).map_or(true, |n| n == 0) {
            return Err(StartError::Shards { gates: gates.len(), shards: self.shards });
        }
        let threads = Threads::start()
            .map_err(|source| StartError::Thread { what: "connections".into(), source })?;
        match self.start_on(&threads, directory, gates, records) {
            Ok(mut edge) => {
                edge.threads = Some(threads);
                Ok(edge)
            }
            Err(error) => {
                // Dropping them waits for them, which nobody may who runs on an event queue.
                threads.leave();
                Err(error)
            }
        }
    }

    fn start_on(
        self,
        threads: &Threads,
        directory: &Directory,
        gates: Vec<Gate>,
        records: Records,
    ) -> Result<Edge, StartError> {
        let addresses = self.local_addresses();
        let keys = self.keys()?;
        let Channels { orders, streams, neighbours, inboxes, stop } = self.channels();
        let expected = Arc::new(Expected::default());
        let names = Names::new(
            threads.standing(),
            self.settings.names.clone(),
            orders.clone(),
            Arc::clone(&expected),
        )
        .map_err(|error| StartError::Names(error.to_string()))?;
        let Settings { streams: stream_settings, limits, .. } = self.settings;
        let streams =
            Arc::new(Streams::new(threads, stream_settings, limits, streams, keys, expected));
        let clock = Clock::start();
        let tap = Arc::new(Tap::default());
        let mut shards = Vec::with_capacity(gates.len());
        let mut sockets = Vec::new();
        self.sort_sockets(&streams, &mut sockets)?;
        let each = (0u8..).zip(gates).zip(inboxes).zip(orders).zip(sockets);
        for ((((index, gate), inbox), orders), sockets) in each {
            let around = Surroundings {
                clock,
                counters: Arc::default(),
                lag: Arc::default(),
                tap: Arc::clone(&tap),
                streams: Arc::clone(&streams),
                neighbours: neighbours.clone(),
            };
            let (counters, lag) = (Arc::clone(&around.counters), Arc::clone(&around.lag));
            let thread = spawn(index, gate, sockets, inbox, around, records.clone())?;
            shards.push(Handle { orders, counters, lag, thread: Some(thread) });
        }
        names.adopt(directory);
        Ok(Edge { addresses, tap, stop, shards, streams, names, threads: None })
    }

    fn keys(&self) -> Result<Option<Arc<Keys>>, StartError> {
        let identity = self.settings.tls.as_ref().and_then(|tls| tls.identity.as_ref());
        let tls_listener = self.opened.iter().find(|of| of.listener.transport == Transport::Tls);
        if let (None, Some(of)) = (identity, tls_listener) {
            return Err(StartError::NoCertificate { listener: of.listener.name.clone() });
        }
        Ok(self.settings.tls.as_ref().map(Keys::load).transpose()?.map(Arc::new))
    }

    fn channels(&self) -> Channels {
        let (stop, stopping) = watch::channel(false);
        let mut all = Channels {
            orders: Vec::new(),
            streams: Vec::new(),
            neighbours: Vec::new(),
            inboxes: Vec::new(),
            stop,
        };
        for _ in 0..self.shards {
            let (orders, orders_in) = mpsc::channel(self.settings.orders);
            let (streams, streams_in) = mpsc::channel(self.settings.inbox_messages);
            let (neighbour, handed) = mpsc::channel(self.settings.inbox_messages);
            all.orders.push(orders);
            all.streams.push(streams);
            all.neighbours.push(neighbour);
            all.inboxes.push(Inbox {
                orders: orders_in,
                handed,
                streams: streams_in,
                stop: stopping.clone(),
            });
        }
        all
    }

    /// Gives each shard its UDP sockets, and the others to those who accept.
    fn sort_sockets(
        self,
        streams: &Arc<Streams>,
        by_shard: &mut Vec<Vec<UdpSocket>>,
    ) -> Result<(), StartError> {
        by_shard.resize_with(self.shards, Vec::new);
        let caps = Caps::new(streams.settings, Arc::clone(&streams.counters));
        for Opened { listener, local, sockets } in self.opened {
            match listener.transport {
                Transport::Udp => {
                    for (shard, socket) in by_shard.iter_mut().zip(sockets) {
                        shard.push((local, socket.into()));
                    }
                }
                transport => {
                    for socket in sockets {
                        listen(streams, &caps, socket.into(), transport, local).map_err(
                            |source| StartError::Socket {
                                listener: listener.name.clone(),
                                transport,
                                address: local,
                                source,
                            },
                        )?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// Both ends of every queue.
struct Channels {
    orders: Vec<mpsc::Sender<Order>>,
    streams: Vec<mpsc::Sender<Heard>>,
    neighbours: Vec<mpsc::Sender<Handed>>,
    inboxes: Vec<Inbox>,
    stop: watch::Sender<bool>,
}

type UdpSocket = (std::net::SocketAddr, std::net::UdpSocket);

fn spawn(
    index: u8,
    mut gate: Gate,
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
        gate.make_room();
        let shard = Shard::new(index, gate, ports, inbox, around, records);
        runtime.block_on(shard.run())
    };
    std::thread::Builder::new().name(format!("shard-{index}")).spawn(run).map_err(failed)
}
