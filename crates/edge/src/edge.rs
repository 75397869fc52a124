//! What others may ask of the running rim.

use ringfence_gate::{Command, Gate, Input, Snapshot};
use ringfence_model::{Now, WallTime};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::thread::JoinHandle;
use thiserror::Error;
use tokio::sync::{mpsc, watch};

use crate::counters::{Lag, ShardCounters, StreamCounters};
use crate::order::Order;
use crate::resolve::Names;
use crate::socket::LocalAddress;
use crate::stream::{Streams, Threads};
use crate::tap::{Tap, Traced};
use crate::tls::{Tls, TlsError};

/// The running rim.
pub struct Edge {
    pub(crate) addresses: Vec<LocalAddress>,
    pub(crate) tap: Arc<Tap>,
    pub(crate) stop: watch::Sender<bool>,
    pub(crate) shards: Vec<Handle>,
    pub(crate) streams: Arc<Streams>,
    pub(crate) names: Names,
    pub(crate) threads: Option<Threads>,
}

/// One shard, from outside.
pub struct Handle {
    pub(crate) orders: mpsc::Sender<Order>,
    pub(crate) counters: Arc<ShardCounters>,
    pub(crate) lag: Arc<Lag>,
    pub(crate) thread: Option<JoinHandle<Gate>>,
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

    /// Other policies, plans, tariffs or peers hold from now on, and other trunks are looked up. Listeners stay as
    /// they are.
    ///
    /// # Errors
    /// The first shard that did not take the snapshot; all are told.
    pub fn adopt(&self, snapshot: &Arc<Snapshot>) -> Result<(), Refused> {
        let told = self.tell_all(|| Input::Snapshot(Arc::clone(snapshot)));
        self.names.adopt(&snapshot.directory);
        told
    }

    /// Reads certificates, keys and authorities again: connections that stand go on with the old ones.
    ///
    /// # Errors
    /// When they do not work; the old ones stay in force.
    pub fn reload_keys(&self, tls: &Tls) -> Result<(), TlsError> {
        self.streams.keys.as_ref().map_or(Ok(()), |keys| keys.reload(tls))
    }

    /// When the certificate we show ends.
    #[must_use]
    pub fn certificate_expires(&self) -> Option<WallTime> {
        self.streams.keys.as_ref()?.expires()
    }

    /// No new calls but emergency ones from now on; those that run go on.
    ///
    /// # Errors
    /// The first shard that did not take the order; all are told.
    pub fn drain(&self) -> Result<(), Refused> {
        self.tell_all(|| Input::Command(Command::Drain))
    }

    fn tell_all(&self, input: impl Fn() -> Input<'static>) -> Result<(), Refused> {
        let shards = (0u8..).take(self.shards.len());
        let told: Vec<_> = shards.map(|shard| self.input(shard, input())).collect();
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

    /// What was counted of connections.
    #[must_use]
    pub fn stream_counters(&self) -> &StreamCounters {
        &self.streams.counters
    }

    /// How far behind a shard was.
    #[must_use]
    pub fn lag(&self, shard: u8) -> Option<&Lag> {
        self.shards.get(usize::from(shard)).map(|of| &*of.lag)
    }

    /// Ends connections and shards and gives back what the shards know, in order; none for one that failed.
    #[must_use]
    pub fn stop(mut self) -> Vec<Option<Gate>> {
        self.stop.send_replace(true);
        let gates = self.shards.iter_mut().map(|of| of.thread.take()?.join().ok()).collect();
        if let Some(threads) = self.threads.take() {
            threads.stop();
        }
        gates
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
        if let Some(threads) = self.threads.take() {
            threads.leave();
        }
    }
}
