//! Doing what the gate says: sending, handing over, closing.

use bytes::Bytes;
use ringfence_call::End;
use ringfence_gate::Output;
use ringfence_model::{CallId, Now};
use ringfence_sip::{Flow, Transport};
use std::sync::Arc;

use super::Shard;
use crate::order::Handed;
use crate::stream::{Streams, outlet};
use crate::tap::{Traced, Way};

impl Shard {
    /// Does all the gate says.
    pub(super) fn obey(&mut self, now: Now) {
        loop {
            match self.gate.poll() {
                Output::Transmit { flow, bytes, call } => self.transmit(now, flow, bytes, call),
                Output::Hand { shard, flow, bytes } => self.hand_message(shard, flow, bytes),
                Output::Close(flow) => self.close(&flow),
                Output::Sleep(until) => {
                    self.tick_at = until;
                    return;
                }
                said => self.said.push(said),
            }
        }
    }

    /// Sends a message, or sees to it that it is sent. What cannot be sent is in `broken` afterwards.
    pub(super) fn transmit(&mut self, now: Now, flow: Flow, bytes: Bytes, call: Option<CallId>) {
        match flow.transport {
            Transport::Udp => self.transmit_datagram(now, flow, bytes, call),
            Transport::Tcp | Transport::Tls => self.transmit_on_stream(now, flow, bytes, call),
        }
    }

    fn transmit_datagram(&mut self, now: Now, flow: Flow, bytes: Bytes, call: Option<CallId>) {
        self.copy(now, Way::Out, flow, &bytes, call);
        match self.ports.iter_mut().find(|port| port.local == flow.local) {
            Some(port) => port.send(flow.remote, bytes, &self.around.counters),
            None => {
                self.around.counters.dropped_nowhere.up();
                self.broken.push(flow);
            }
        }
    }

    fn transmit_on_stream(&mut self, now: Now, flow: Flow, bytes: Bytes, call: Option<CallId>) {
        let holder = flow.connection.map(Streams::holder);
        if let Some(shard) = holder.filter(|shard| *shard != self.index) {
            return self.hand(shard, Handed::Transmit { flow, bytes, call });
        }
        let Some((real, outlet)) = self.connections.find(&flow) else {
            // A connection that is gone is not opened again from here: its other end was a port for this one time.
            return match flow.connection {
                None => self.dial(now, flow, bytes, call),
                Some(_) => {
                    self.around.counters.dropped_nowhere.up();
                    self.broken.push(flow);
                }
            };
        };
        let pushed = outlet.push(bytes.clone());
        if pushed.is_err() {
            outlet.end();
        }
        match pushed {
            Ok(()) => {
                self.around.counters.stream_messages_sent.up();
                self.copy(now, Way::Out, real, &bytes, call);
            }
            Err(_) => {
                self.around.counters.closed_slow_readers.up();
                self.forget(&real, End::Unopened);
                self.broken.push(real);
            }
        }
    }

    fn dial(&mut self, now: Now, flow: Flow, bytes: Bytes, call: Option<CallId>) {
        let settings = &self.around.streams.settings;
        let (outlet, queue) = outlet(settings.queue_bytes_max);
        let room = self.connections.dialled() < settings.dialled_max;
        if !room || outlet.push(bytes.clone()).is_err() {
            self.around.counters.dropped_nowhere.up();
            return self.broken.push(flow);
        }
        let flow = Flow { connection: Some(self.around.streams.mint(self.index)), ..flow };
        self.connections.dial(flow, outlet.clone());
        self.count_connections();
        self.around.counters.stream_messages_sent.up();
        self.copy(now, Way::Out, flow, &bytes, call);
        Arc::clone(&self.around.streams).dial(flow, outlet, queue);
    }

    fn close(&mut self, flow: &Flow) {
        if let Some((real, outlet)) = flow.connection.and_then(|_| self.connections.find(flow)) {
            outlet.end();
            self.around.counters.closed_by_gate.up();
            self.forget(&real, End::Unopened);
            self.broken.push(real);
        }
    }

    /// A connection is no more; says whether it was there. Other shards that know of it are told: a phone that is
    /// registered over it must not be rung on it any more.
    pub(super) fn forget(&mut self, flow: &Flow, end: End) -> bool {
        let Some(gone) = flow.connection.and_then(|id| self.connections.remove(id)) else {
            return false;
        };
        self.count_connections();
        for shard in gone.known_to() {
            self.hand(shard, Handed::Closed(gone.flow, end));
        }
        true
    }

    /// With its connection, whose names and whose end matter there as well.
    fn hand_message(&mut self, shard: u8, flow: Flow, bytes: Bytes) {
        let names = flow.connection.and_then(|id| self.connections.introduce(id, shard));
        if let Some(names) = names.filter(|names| !names.is_empty()) {
            self.hand(shard, Handed::Connected { flow, names });
        }
        self.hand(shard, Handed::Message { flow, bytes });
    }

    fn hand(&mut self, shard: u8, handed: Handed) {
        let counters = &self.around.counters;
        match self.around.neighbours.get(usize::from(shard)) {
            Some(neighbour) if shard != self.index => match neighbour.try_send(handed) {
                Ok(()) => counters.handed_over.up(),
                Err(_) => counters.dropped_shard_busy.up(),
            },
            _ => counters.dropped_nowhere.up(),
        }
    }

    /// Sends what waits on the sockets.
    pub(super) fn flush(&mut self, now: Now) {
        for port in &mut self.ports {
            let local = port.local;
            port.flush(&mut self.tray, &self.around.counters, |remote| {
                let transport = Transport::Udp;
                self.broken.push(Flow { transport, local, remote, connection: None });
            });
        }
        self.tell_broken(now);
    }

    /// Copies a message for whoever watches.
    pub(super) fn copy(&self, at: Now, way: Way, flow: Flow, bytes: &Bytes, call: Option<CallId>) {
        self.around.tap.copy(|| Traced {
            shard: self.index,
            way,
            flow,
            at: at.wall,
            bytes: bytes.clone(),
            call,
        });
    }
}
