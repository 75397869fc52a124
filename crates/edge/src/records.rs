//! What shards say that is not a message, on its way to those who keep it.
//!
//! A shard never waits for the writer. Facts wait in a bounded queue; when the writer is so far behind that it is
//! full, they are dropped and counted. Checkpoints are states, not facts: the last one of a key is all that matters,
//! so they wait in a map, which holds no more than what is alive in the shards.

use bytes::Bytes;
use ringfence_gate::Output;
use ringfence_model::WallTime;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A fact or an act, for the record.
#[derive(Clone, PartialEq, Debug)]
pub struct Record {
    /// The shard that says it.
    pub shard: u8,
    /// When.
    pub at: WallTime,
    /// What: neither a message nor a checkpoint.
    pub what: Output,
}

/// The last state of something that must survive a restart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checkpoint {
    /// The shard that holds it.
    pub shard: u8,
    /// What identifies it there.
    pub key: [u8; 16],
    /// Its state; `None` when it is gone.
    pub state: Option<Bytes>,
}

/// What came together since the last look.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Batch {
    /// In the order each shard said them.
    pub records: Vec<Record>,
    /// At most one per key.
    pub checkpoints: Vec<Checkpoint>,
    /// Records lost since the last look, because the queue was full.
    pub dropped: u64,
}

type Key = (u8, [u8; 16]);

#[derive(Default)]
struct Waiting {
    records: VecDeque<Record>,
    checkpoints: HashMap<Key, Option<Bytes>>,
    /// Keys whose state the reader has.
    given: HashSet<Key>,
    dropped: u64,
}

struct Shelf {
    capacity: usize,
    waiting: Mutex<Waiting>,
    more: Condvar,
}

impl Shelf {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // Nothing in here can be half done: a panic elsewhere leaves it whole.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What comes within this time of the first record shares its way to the disk: the most that a killed process loses.
const GATHER: Duration = Duration::from_millis(10);

/// Where shards put what they say.
#[derive(Clone)]
pub struct Records {
    shelf: Arc<Shelf>,
}

/// Where it is taken from.
pub struct RecordReader {
    shelf: Arc<Shelf>,
}

/// A queue for at most `capacity` records. `known` are the checkpoints the reader has from before the start, as shard
/// and key: the end of one of those is always passed on.
#[must_use]
pub fn records(
    capacity: usize,
    known: impl IntoIterator<Item = (u8, [u8; 16])>,
) -> (Records, RecordReader) {
    let waiting = Waiting { given: known.into_iter().collect(), ..Waiting::default() };
    let shelf = Arc::new(Shelf { capacity, waiting: waiting.into(), more: Condvar::new() });
    (Records { shelf: Arc::clone(&shelf) }, RecordReader { shelf })
}

impl Records {
    /// Puts down what a shard said during one batch.
    pub(crate) fn put(&self, shard: u8, at: WallTime, said: impl Iterator<Item = Output>) -> u64 {
        let mut waiting = self.shelf.lock();
        let before = waiting.dropped;
        let slept = waiting.is_empty();
        for what in said {
            match what {
                Output::Checkpoint { key, state } => waiting.keep((shard, key), state),
                what if waiting.records.len() < self.shelf.capacity => {
                    waiting.records.push_back(Record { shard, at, what });
                }
                _ => waiting.dropped += 1,
            }
        }
        // A reader that gathers sleeps on: waking it for each message would cost a shard as much as the message.
        if slept || waiting.records.len() > self.shelf.capacity / 2 {
            self.shelf.more.notify_one();
        }
        waiting.dropped - before
    }
}

impl Drop for Records {
    fn drop(&mut self) {
        self.shelf.more.notify_one();
    }
}

impl Waiting {
    fn keep(&mut self, key: Key, state: Option<Bytes>) {
        let never_given =
            state.is_none() && self.checkpoints.contains_key(&key) && !self.given.contains(&key);
        if never_given {
            // Born and gone between two looks: the reader need not hear of it.
            self.checkpoints.remove(&key);
        } else {
            self.checkpoints.insert(key, state);
        }
    }

    fn take(&mut self) -> Batch {
        let mut checkpoints = Vec::with_capacity(self.checkpoints.len());
        for (key, state) in std::mem::take(&mut self.checkpoints) {
            match state {
                Some(_) => self.given.insert(key),
                None => self.given.remove(&key),
            };
            checkpoints.push(Checkpoint { shard: key.0, key: key.1, state });
        }
        Batch {
            records: std::mem::take(&mut self.records).into(),
            checkpoints,
            dropped: std::mem::take(&mut self.dropped),
        }
    }

    fn is_empty(&self) -> bool {
        self.records.is_empty() && self.checkpoints.is_empty() && self.dropped == 0
    }
}

impl RecordReader {
    /// What came since the last look; waits up to `wait` for something. Empty when nothing came; `None` when nothing
    /// will: every shard has ended.
    #[must_use]
    pub fn take(&self, wait: Duration) -> Option<Batch> {
        let until = Instant::now() + wait;
        let mut waiting = self.shelf.lock();
        while waiting.is_empty() {
            let left = until.saturating_duration_since(Instant::now());
            if Arc::strong_count(&self.shelf) == 1 {
                return None;
            }
            if left.is_zero() {
                break;
            }
            // Woken by a notice or the clock. The last writer's notice comes before its count goes down, so the end
            // is looked for now and then as well.
            let nap = left.min(Duration::from_millis(100));
            waiting = match self.shelf.more.wait_timeout(waiting, nap) {
                Ok((waiting, _)) => waiting,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
        let half = self.shelf.capacity / 2;
        let gathers = |waiting: &mut Waiting| waiting.records.len() <= half;
        waiting = match self.shelf.more.wait_timeout_while(waiting, GATHER.min(wait), gathers) {
            Ok((waiting, _)) => waiting,
            Err(poisoned) => poisoned.into_inner().0,
        };
        Some(waiting.take())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO_WAIT: Duration = Duration::ZERO;

    fn checkpoint(key: u8, state: Option<&'static str>) -> Output {
        Output::Checkpoint { key: [key; 16], state: state.map(Bytes::from) }
    }

    fn fact() -> Output {
        Output::Sleep(None)
    }

    #[test]
    fn the_last_state_of_a_key_wins_however_far_behind_the_reader_is() {
        let (records, reader) = records(2, []);
        let states = ["a", "b", "c"].map(|state| checkpoint(1, Some(state)));
        assert_eq!(records.put(0, WallTime(0), states.into_iter()), 0);
        let batch = reader.take(NO_WAIT).unwrap();
        let [only] = batch.checkpoints.as_slice() else { panic!("{batch:?}") };
        assert_eq!(only.state.as_deref(), Some(&b"c"[..]));
    }

    #[test]
    fn what_was_born_and_gone_between_two_looks_leaves_nothing_and_what_was_seen_is_taken_back() {
        let (records, reader) = records(2, []);
        let _ = records.put(
            0,
            WallTime(0),
            [checkpoint(1, Some("a")), checkpoint(1, None)].into_iter(),
        );
        assert!(reader.take(NO_WAIT).unwrap().checkpoints.is_empty());

        let _ = records.put(0, WallTime(0), [checkpoint(2, Some("a"))].into_iter());
        assert_eq!(reader.take(NO_WAIT).unwrap().checkpoints.len(), 1);
        let _ = records.put(
            0,
            WallTime(0),
            [checkpoint(2, Some("b")), checkpoint(2, None)].into_iter(),
        );
        let gone = reader.take(NO_WAIT).unwrap().checkpoints;
        assert_eq!(gone, [Checkpoint { shard: 0, key: [2; 16], state: None }]);
    }

    #[test]
    fn a_state_from_before_the_start_is_taken_back() {
        let (records, reader) = records(2, [(3, [1; 16])]);
        let said = [checkpoint(1, Some("changed")), checkpoint(1, None)];
        let _ = records.put(3, WallTime(0), said.into_iter());
        let gone = reader.take(NO_WAIT).unwrap().checkpoints;
        assert_eq!(gone, [Checkpoint { shard: 3, key: [1; 16], state: None }]);
    }

    #[test]
    fn a_full_queue_drops_facts_and_says_so_but_keeps_states() {
        let (records, reader) = records(1, []);
        let said = [fact(), fact(), fact(), checkpoint(1, Some("a"))];
        assert_eq!(records.put(0, WallTime(7), said.into_iter()), 2);
        let batch = reader.take(NO_WAIT).unwrap();
        assert_eq!((batch.records.len(), batch.checkpoints.len(), batch.dropped), (1, 1, 2));
        assert_eq!(batch.records[0].at, WallTime(7));
        assert_eq!(reader.take(NO_WAIT).unwrap(), Batch::default());
    }

    #[test]
    fn the_reader_hears_the_end_after_everything_else() {
        let (records, reader) = records(1, []);
        let _ = records.put(0, WallTime(0), [fact()].into_iter());
        drop(records);
        assert_eq!(reader.take(Duration::from_secs(9)).unwrap().records.len(), 1);
        assert!(reader.take(Duration::from_secs(9)).is_none());
    }
}
