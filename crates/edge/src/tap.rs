//! Copies of messages, while somebody watches.

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use ringfence_model::{CallId, WallTime};
use ringfence_sip::Flow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

/// Which way a message went.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Way {
    /// To us.
    In,
    /// From us.
    Out,
}

/// A copy of a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Traced {
    /// The shard that handled it.
    pub shard: u8,
    /// Which way.
    pub way: Way,
    /// Between whom.
    pub flow: Flow,
    /// When.
    pub at: WallTime,
    /// The message.
    pub bytes: Bytes,
    /// The call it belongs to, where the shard said so: of messages from us.
    pub call: Option<CallId>,
}

/// Where copies go; nowhere most of the time, which costs one look at a pointer.
#[derive(Default)]
pub struct Tap {
    watcher: ArcSwapOption<SyncSender<Traced>>,
    missed: AtomicU64,
}

impl Tap {
    /// From now on copies go to the receiver, until it is dropped or somebody else watches. At most `capacity` wait
    /// there; more are missed, and counted.
    pub fn watch(&self, capacity: usize) -> Receiver<Traced> {
        let (sender, receiver) = sync_channel(capacity);
        self.watcher.store(Some(Arc::new(sender)));
        receiver
    }

    /// How many copies a watcher missed because it was slow.
    pub fn missed(&self) -> u64 {
        self.missed.load(Ordering::Relaxed)
    }

    /// Copies a message when somebody watches.
    pub fn copy(&self, traced: impl FnOnce() -> Traced) {
        let watcher = self.watcher.load();
        let Some(sender) = watcher.as_deref() else { return };
        match sender.try_send(traced()) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => {
                self.missed.fetch_add(1, Ordering::Relaxed);
            }
            // Only this watcher is taken away: a new one may have come meanwhile.
            Err(TrySendError::Disconnected(_)) => {
                self.watcher.compare_and_swap(&watcher, None);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_sip::Transport;
    use std::net::SocketAddr;

    fn traced() -> Traced {
        let nowhere = SocketAddr::from(([0, 0, 0, 0], 0));
        let flow =
            Flow { transport: Transport::Udp, local: nowhere, remote: nowhere, connection: None };
        Traced { shard: 0, way: Way::In, flow, at: WallTime(0), bytes: Bytes::new(), call: None }
    }

    #[test]
    fn copies_are_made_only_while_somebody_watches() {
        let tap = Tap::default();
        tap.copy(|| panic!("nobody watches"));
        let watcher = tap.watch(1);
        tap.copy(traced);
        tap.copy(traced);
        assert_eq!((watcher.try_iter().count(), tap.missed()), (1, 1));
        drop(watcher);
        tap.copy(traced);
        tap.copy(|| panic!("the watcher is gone"));
    }
}
