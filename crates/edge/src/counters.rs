//! What the rim counts. Written by one thread each, read from anywhere.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A figure that only its owner changes.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, by: u64) {
        self.0.fetch_add(by, Ordering::Relaxed);
    }

    pub(crate) fn up(&self) {
        self.add(1);
    }

    pub(crate) fn down(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn set(&self, to: u64) {
        self.0.store(to, Ordering::Relaxed);
    }

    /// The figure now.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

macro_rules! counters {
    ($(#[$of:meta])* $name:ident { $($(#[$doc:meta])* $field:ident,)+ }) => {
        $(#[$of])*
        #[derive(Debug, Default)]
        pub struct $name {
            $($(#[$doc])* pub $field: Counter,)+
        }

        impl $name {
            /// Name and figure of each, for metrics.
            pub fn each(&self) -> impl Iterator<Item = (&'static str, u64)> {
                [$((stringify!($field), self.$field.get()),)+].into_iter()
            }
        }
    };
}

counters! {
    /// What one shard counts.
    ShardCounters {
        /// Datagrams heard.
        datagrams_received,
        /// Datagrams the system took.
        datagrams_sent,
        /// Messages heard on connections.
        stream_messages_received,
        /// Messages given to connections.
        stream_messages_sent,
        /// Datagrams of line breaks only: keep-alives of phones behind NAT.
        keep_alives,
        /// Datagrams the kernel dropped because the shard did not read fast enough.
        dropped_by_kernel,
        /// Datagrams that could not be sent: no route, refused by a packet filter, too long.
        dropped_unsendable,
        /// Datagrams that found the queue for a full send buffer full.
        dropped_send_queue_full,
        /// Messages for a listener, connection or shard that is not there.
        dropped_nowhere,
        /// Messages another shard had no room for.
        dropped_shard_busy,
        /// Messages given to other shards.
        handed_over,
        /// Messages taken from other shards.
        taken_over,
        /// Connections this shard holds now.
        connections,
        /// Connections closed because the peer did not read what was sent.
        closed_slow_readers,
        /// Connections closed because the gate said so.
        closed_by_gate,
        /// Records lost because their queue was full.
        records_dropped,
        /// Inputs at which the gate failed; what they were about is lost, the rest goes on.
        faults,
    }
}

counters! {
    /// What is counted of connections, all shards together.
    StreamCounters {
        /// Accepted connections now, with those in handshake.
        open,
        /// Accepted ones that came to speak.
        accepted,
        /// Refused: too many at once.
        refused_total,
        /// Refused: too many from their address.
        refused_source,
        /// Refused: too many in a short time from their address.
        refused_rate,
        /// Refused: the guard does not hear their address, or had no time to say.
        refused_guard,
        /// The system could not accept, mostly for want of file descriptors.
        accept_errors,
        /// TLS handshakes that failed, by peers or by time.
        handshakes_failed,
        /// Connections opened from here.
        dialled,
        /// Connections that could not be opened.
        dials_failed,
        /// Closed: the bytes were no SIP, or no end of a message could be told.
        closed_framing,
        /// Closed: no first message, or an unfinished one for too long.
        closed_stalled,
        /// Closed: silent for too long.
        closed_idle,
        /// Closed: what was sent was not read in time.
        closed_unread,
    }
}

/// How far behind a shard was at each batch, by powers of two.
#[derive(Debug, Default)]
pub struct Lag {
    buckets: [Counter; Lag::BUCKETS],
    sum_us: Counter,
}

impl Lag {
    /// The last one holds everything above.
    pub const BUCKETS: usize = 22;

    pub(crate) fn observe(&self, waited: Duration) {
        let us = u64::try_from(waited.as_micros()).unwrap_or(u64::MAX);
        let bucket = us.checked_ilog2().map_or(0, |log| log as usize + 1);
        if let Some(counter) = self.buckets.get(bucket).or(self.buckets.last()) {
            counter.up();
        }
        self.sum_us.add(us);
    }

    /// Each bucket: its upper bound in microseconds (exclusive), and how many batches fell into it.
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64)> {
        self.buckets.iter().enumerate().map(|(at, counter)| {
            let last = at + 1 == Self::BUCKETS;
            (if last { u64::MAX } else { 1 << at }, counter.get())
        })
    }

    /// All waits together, in microseconds.
    #[must_use]
    pub fn sum_us(&self) -> u64 {
        self.sum_us.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_falls_below_its_bound() {
        let lag = Lag::default();
        for us in [0, 1, 2, 3, 1_000, u64::MAX] {
            lag.observe(Duration::from_micros(us));
        }
        let filled: Vec<_> = lag.buckets().filter(|(_, count)| *count > 0).collect();
        assert_eq!(filled, [(1, 1), (2, 1), (4, 2), (1_024, 1), (u64::MAX, 1)]);
    }
}
