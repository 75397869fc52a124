//! What passes between nodes and gate, and the connections it passes on.

use super::World;
use super::schedule::Event;
use crate::sip::house::{House, PBX};
use crate::sip::ladder::Line;
use crate::sip::network::Towards;
use bytes::Bytes;
use ringfence_call::End;
use ringfence_sip::{ConnectionId, Flow};
use std::time::Duration;

impl World<'_> {
    /// A node sends.
    pub(super) fn deliver(&mut self, node: usize, bytes: Bytes) {
        let Some(way) = self.ways.get_mut(node) else { return };
        if way.transport.is_reliable() && way.connection.is_none() {
            self.connections += 1;
            way.connection = Some(ConnectionId(self.connections));
        }
        let flow = way.flow(self.gate_at);
        let arrivals = way.travel(self.at, Towards::Gate);
        if arrivals.is_empty() {
            (self.show)(self.at, Line::Lost(Towards::Gate, flow.remote, &bytes));
        }
        for at in arrivals {
            self.put(at, Event::ToGate { flow, bytes: bytes.clone() });
        }
    }

    /// The gate sends.
    pub(super) fn transmit(&mut self, flow: Flow, bytes: Bytes) {
        let node = if flow.connection.is_some() {
            self.ways.iter().position(|way| way.connection == flow.connection)
        } else {
            self.ways
                .iter()
                .position(|way| way.outside == flow.remote && way.transport == flow.transport)
        };
        // Telephones cannot be connected to: they are behind an address translator.
        let opens = |node: usize| House::is_carrier(node) || node == PBX;
        let reachable = node.filter(|node| {
            let way = self.ways.get(*node);
            way.is_some_and(|way| {
                !flow.transport.is_reliable()
                    || way.connection.is_some()
                    || (opens(*node) && !way.cut && !self.off(*node))
            })
        });
        let Some(node) = reachable else {
            if flow.transport.is_reliable() {
                self.put(self.at + Duration::from_millis(200), Event::Closed(flow, End::Unopened));
            }
            return;
        };
        let Some(way) = self.ways.get_mut(node) else { return };
        if flow.transport.is_reliable() && way.connection.is_none() {
            self.connections += 1;
            way.connection = Some(ConnectionId(self.connections));
        }
        let arrivals = way.travel(self.at, Towards::Node);
        if arrivals.is_empty() {
            (self.show)(self.at, Line::Lost(Towards::Node, flow.remote, &bytes));
        }
        for at in arrivals {
            self.put(at, Event::ToNode(node, bytes.clone()));
        }
        self.overhear(&flow, &bytes);
    }

    /// The gate hears of it a little later.
    pub(super) fn break_connection(&mut self, node: usize) {
        let Some(way) = self.ways.get_mut(node) else { return };
        let flow = way.flow(self.gate_at);
        if way.connection.take().is_some() {
            self.put(self.at + Duration::from_millis(100), Event::Closed(flow, End::Broke));
        }
    }
}
