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
}

/// The connections a shard holds.
#[derive(Default)]
pub struct Connections {
    held: HashMap<ConnectionId, Held>,
    by_peer: HashMap<Peer, ConnectionId>,
    dialled: usize,
}

impl Connections {
    /// Adds one that was accepted, or that is being opened.
    pub fn add(&mut self, flow: Flow, outlet: Outlet, dialled: bool) {
        let Some(id) = flow.connection else { return };
        // Who came to us over TLS showed no certificate, or one for another purpose: requests to a peer whose name
        // matters go over a connection that was opened to that name.
        if dialled || flow.transport == Transport::Tcp {
            self.by_peer.insert(peer(&flow), id);
        }
        self.dialled += usize::from(dialled);
        self.held.insert(id, Held { flow, outlet, dialled });
    }

    /// Takes one away; says whether it was there.
    pub fn remove(&mut self, id: ConnectionId) -> Option<Flow> {
        let Held { flow, dialled, .. } = self.held.remove(&id)?;
        self.dialled -= usize::from(dialled);
        if self.by_peer.get(&peer(&flow)) == Some(&id) {
            self.by_peer.remove(&peer(&flow));
        }
        Some(flow)
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
