//! The connections a shard holds.

use ringfence_sip::{ConnectionId, Flow, Transport};
use std::collections::HashMap;
use std::net::SocketAddr;

use crate::stream::Outlet;

/// What a connection is found by when a flow names none: how, from where, to where.
type Peer = (Transport, SocketAddr, SocketAddr);

struct Held {
    flow: Flow,
    outlet: Outlet,
    dialled: bool,
    /// The names its other end proved.
    names: Vec<String>,
    /// Other shards that know of it, a bit each.
    known_to: u64,
}

/// One that is no more.
pub struct Gone {
    /// The flow as it really was.
    pub flow: Flow,
    known_to: u64,
}

impl Gone {
    /// Other shards that know of it.
    pub fn known_to(&self) -> impl Iterator<Item = u8> + use<> {
        let known = self.known_to;
        (0..64).filter(move |shard| (known >> shard) & 1 == 1)
    }
}

/// The connections a shard holds.
#[derive(Default)]
pub struct Connections {
    held: HashMap<ConnectionId, Held>,
    by_peer: HashMap<Peer, ConnectionId>,
    dialled: usize,
}

impl Connections {
    /// Adds one that is being opened.
    pub fn dial(&mut self, flow: Flow, outlet: Outlet) {
        self.add(flow, outlet, true, Vec::new());
    }

    /// Adds one that was accepted.
    pub fn accept(&mut self, flow: Flow, outlet: Outlet, names: Vec<String>) {
        self.add(flow, outlet, false, names);
    }

    fn add(&mut self, flow: Flow, outlet: Outlet, dialled: bool, names: Vec<String>) {
        let Some(id) = flow.connection else { return };
        // Who came to us over TLS showed no certificate, or one for another purpose: requests to a peer whose name
        // matters go over a connection that was opened to that name.
        if dialled || flow.transport == Transport::Tcp {
            self.by_peer.insert(peer(&flow), id);
        }
        self.dialled += usize::from(dialled);
        self.held.insert(id, Held { flow, outlet, dialled, names, known_to: 0 });
    }

    /// Takes one away, if it is there.
    pub fn remove(&mut self, id: ConnectionId) -> Option<Gone> {
        let Held { flow, dialled, known_to, .. } = self.held.remove(&id)?;
        self.dialled -= usize::from(dialled);
        if self.by_peer.get(&peer(&flow)) == Some(&id) {
            self.by_peer.remove(&peer(&flow));
        }
        Some(Gone { flow, known_to })
    }

    /// Another shard is about to hear of it: the names to tell there when it is the first time.
    pub fn introduce(&mut self, id: ConnectionId, shard: u8) -> Option<Vec<String>> {
        let held = self.held.get_mut(&id)?;
        let bit = 1_u64.checked_shl(shard.into()).unwrap_or(0);
        let new = held.known_to & bit == 0;
        held.known_to |= bit;
        new.then(|| held.names.clone())
    }

    /// The one a flow goes over: the one it names, else any to the same place. With the flow as it really is.
    pub fn find(&self, flow: &Flow) -> Option<(Flow, &Outlet)> {
        let named = flow.connection.and_then(|id| self.held.get(&id));
        let held = match named {
            Some(held) => held,
            None => self.held.get(self.by_peer.get(&peer(flow))?)?,
        };
        Some((held.flow, &held.outlet))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// How many of them were opened from here.
    pub const fn dialled(&self) -> usize {
        self.dialled
    }
}

fn peer(flow: &Flow) -> Peer {
    (flow.transport, flow.local, flow.remote)
}
