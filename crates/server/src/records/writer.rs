//! The one thread that writes: call records, events, the journal. Shards never wait for it.

use super::attempts::Attempts;
use super::daily::Daily;
use super::line::{Acts, CdrLine, prevented};
use super::tally::Tally;
use super::tell::{EventLine, finished, stamp, tell};
use crate::adviser::Order;
use crate::journal::{Journal, Known, encode};
use crate::shards::Shards;
use crate::spans::Spans;
use crate::troubles::Troubles;
use bytes::Bytes;
use ringfence_edge::{Batch, Record, RecordReader};
use ringfence_fraud::explain::Voice;
use ringfence_gate::{Gate, Output, Snapshot};
use ringfence_model::{Action, Attempt, CallEvent, Now};
use std::collections::{HashMap, HashSet};
use std::io;
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::Sender;
use tokio::sync::oneshot;
use tracing::{error, info};

const LOOK: Duration = Duration::from_millis(200);
/// Records, and states, after which a shard that wants the same core gets it: Linux lets a thread that works run on for
/// some milliseconds, and a call would wait for them.
const AT_ONCE: usize = 64;
/// Records in one batch from which on the writer works through: who gives way sixty-four records at a time on a core that
/// is never idle does less than it is entitled to, and falls behind until records are lost.
const BEHIND: usize = 16_384;
const SYNC: Duration = Duration::from_secs(1);
/// How often a shard's knowledge is written when it changed.
const SNAPSHOT: Duration = Duration::from_secs(5);
/// And when nobody told that it did: bans come and go without a record.
const SNAPSHOT_QUIET: Duration = Duration::from_secs(60);
/// A snapshot stops its shard for a moment: at most this part of the time.
const PAUSE_SHARE: u32 = 200;

/// How nice who stands behind the shards is: a tenth of their weight (sched(7)). Nicer, a busy machine starves them, and
/// the store seems to take nothing.
const BEHIND_SHARDS: i32 = 10;

/// The settings in force: records tell prices.
pub type InForce = Arc<Mutex<Arc<Snapshot>>>;

/// The one thread that writes.
pub struct Writer {
    reader: RecordReader,
    hurries: Receiver<Hurry>,
    orders: Sender<Order>,
    keepers: Vec<Keeper>,
    cdrs: Daily,
    events: Daily,
    attempts: Attempts,
    acts: Acts,
    in_force: InForce,
    voice: Voice,
    spans: Option<Spans>,
    tally: Arc<Tally>,
    troubles: Arc<Troubles>,
    synced: Instant,
    /// What went wrong since then.
    failed: HashSet<&'static str>,
}

/// An order that must be on the disk before it is acknowledged: the shard it was given to, and who waits.
pub struct Hurry {
    /// The shard.
    pub shard: u8,
    /// Hears when it is written, or why it is not.
    pub done: oneshot::Sender<Result<(), String>>,
}

/// One shard's journal and what it still must write.
struct Keeper {
    journal: Journal,
    waiting: HashMap<[u8; 16], Option<Bytes>>,
    changed: bool,
    due: Instant,
    quiet_until: Instant,
    asked: Option<Receiver<(Known, Duration)>>,
    /// Who waits for the snapshot that is asked for now, and for the next one.
    waiters: Vec<oneshot::Sender<Result<(), String>>>,
    next_waiters: Vec<oneshot::Sender<Result<(), String>>>,
}

impl Writer {
    /// Takes records from `reader`; `attempts` are those of calls that were taken up again.
    pub fn new(
        (reader, hurries, orders): (RecordReader, Receiver<Hurry>, Sender<Order>),
        journals: Vec<Journal>,
        [cdrs, events]: [Daily; 2],
        attempts: impl Iterator<Item = Attempt>,
        (tally, troubles, in_force): (Arc<Tally>, Arc<Troubles>, InForce),
    ) -> Self {
        let now = Instant::now();
        let keeper = |journal| Keeper {
            journal,
            waiting: HashMap::new(),
            changed: true,
            due: now,
            quiet_until: now,
            asked: None,
            waiters: Vec::new(),
            next_waiters: Vec::new(),
        };
        let mut known = Attempts::default();
        attempts.for_each(|attempt| known.begin(&attempt));
        Self {
            reader,
            hurries,
            orders,
            keepers: journals.into_iter().map(keeper).collect(),
            cdrs,
            events,
            attempts: known,
            acts: Acts::default(),
            in_force,
            voice: Voice::english(),
            spans: None,
            tally,
            troubles,
            synced: now,
            failed: HashSet::new(),
        }
    }

    /// Puts a span of each call down there.
    pub fn trace(&mut self, spans: Option<Spans>) {
        self.spans = spans;
    }

    /// Writes until every shard has ended. What happened since the last snapshot is in the tail.
    pub fn run(mut self, shards: &Weak<Shards>) {
        stand_behind_shards();
        while let Some(batch) = self.reader.take(LOOK) {
            self.tally.writer.begin();
            self.write(batch);
            if let Some(shards) = shards.upgrade() {
                self.snapshots(&shards);
            }
            self.tally.writer.end();
        }
        self.flush(true);
    }

    /// Writes what came together, a little at a time.
    pub fn write(&mut self, batch: Batch) {
        self.tally.records_dropped.add(batch.dropped);
        let in_force = Arc::clone(&self.in_force.lock().unwrap_or_else(PoisonError::into_inner));
        let gives_way = batch.records.len() < BEHIND;
        let mut takes = true;
        let mut waiting = batch.records.into_iter();
        while waiting.len() > 0 {
            let records: Vec<Record> = waiting.by_ref().take(AT_ONCE).collect();
            self.journal(&records);
            for record in &records {
                self.record(record, &in_force);
            }
            // A disk that fails is not asked again for each piece: all that waits is made ready for it each time.
            takes = takes && self.lines();
            // To free them is a good part of the work.
            drop(records);
            give_way(gives_way);
        }
        for checkpoint in batch.checkpoints {
            if let Some(keeper) = self.keepers.get_mut(usize::from(checkpoint.shard)) {
                keeper.waiting.insert(checkpoint.key, checkpoint.state);
            }
        }
        let written = self.keepers.iter_mut().try_for_each(|keeper| keeper.write(gives_way));
        self.note("journal", written);
        self.flush(false);
    }

    /// Keeps at once what a shard that is at hand knows.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep(&mut self, shard: u8, gate: &Gate, now: Now) -> io::Result<()> {
        self.flush(true);
        let Some(keeper) = self.keepers.get_mut(usize::from(shard)) else { return Ok(()) };
        keeper.journal.turn_tail()?;
        keeper.journal.snapshot(&encode(&known(gate, now)).map_err(io::Error::other)?)
    }

    /// Events that are not written are in the next snapshot all the same.
    fn journal(&mut self, records: &[Record]) {
        let mut outcome = Ok(());
        for (of, keeper) in (0u8..).zip(&mut self.keepers) {
            let events = records.iter().filter(|record| record.shard == of);
            let events = events.filter_map(|record| match &record.what {
                Output::Event(event) => Some((record.at, event)),
                _ => None,
            });
            let mut events = events.peekable();
            keeper.changed |= events.peek().is_some();
            outcome = keeper.journal.events(events).and(outcome);
        }
        self.note("journal", outcome);
    }

    fn record(&mut self, record: &Record, in_force: &Snapshot) {
        let Record { shard, at, what } = record;
        if let Output::Event(CallEvent::Attempt(attempt)) = what {
            self.attempts.begin(attempt);
        }
        if let Some(said) = tell(what, *shard, &self.attempts, &self.tally, &self.voice) {
            let prevented = match what {
                Output::Verdict(verdict) if verdict.action == Action::Reject => {
                    let attempt = self.attempts.get(verdict.call);
                    attempt.map(|attempt| prevented(attempt, *at, in_force))
                }
                _ => None,
            };
            let line = EventLine { at: stamp(*at), shard: *shard, prevented, what: &said };
            // Values of our own have a JSON form.
            self.events.add(*at, serde_json::to_vec(&line).unwrap_or_default());
        }
        match what {
            Output::Verdict(verdict) => self.acts.judged(verdict),
            Output::Cut { call, reasons, .. } => self.acts.cut(*call, reasons),
            Output::Ended { call, .. } => self.acts.cut(*call, &[]),
            Output::HangUp { call, name, handle, .. } => {
                let (name, handle) = (name.clone(), handle.clone());
                // One that finds no room is said again.
                let _ = self.orders.try_send(Order { call: *call, name, handle });
            }
            Output::Finished(cdr) => {
                let answered = cdr.answered.is_some();
                if answered { &self.tally.cdrs_answered } else { &self.tally.cdrs_unanswered }.up();
                let line = CdrLine::new(cdr, self.acts.take(cdr), in_force);
                self.cdrs.add(*at, serde_json::to_vec(&line).unwrap_or_default());
                if let Some((spans, span)) = self.spans.as_ref().zip(line.span()) {
                    spans.put(span);
                }
            }
            Output::Event(event) => finished(event).map_or((), |call| self.attempts.end(call)),
            _ => {}
        }
    }

    /// Writes the lines that wait; whether the disk took them.
    fn lines(&mut self) -> bool {
        let written = self.cdrs.flush().and(self.events.flush());
        let takes = written.is_ok();
        self.note("records", written);
        self.tally.lines_lost.set(self.cdrs.lost() + self.events.lost());
        takes
    }

    /// Writes what still waits; everything to the disk each second, or `now`.
    fn flush(&mut self, now: bool) {
        self.lines();
        if now || self.synced.elapsed() >= SYNC {
            self.synced = Instant::now();
            let synced = self.cdrs.sync().and(self.events.sync());
            self.note("records", synced);
            let synced = self.keepers.iter_mut().try_for_each(|keeper| keeper.journal.sync());
            self.note("journal", synced);
            let bytes = self.keepers.iter().map(|keeper| keeper.journal.log_bytes().0).sum();
            self.tally.journal_bytes.set(bytes);
            self.recovered();
        }
    }

    /// Asks shards whose knowledge is due, writes that of those that answered.
    fn snapshots(&mut self, shards: &Arc<Shards>) {
        while let Ok(Hurry { shard, done }) = self.hurries.try_recv() {
            if let Some(keeper) = self.keepers.get_mut(usize::from(shard)) {
                keeper.next_waiters.push(done);
            }
        }
        let now = Instant::now();
        let mut outcome = Ok(());
        for (shard, keeper) in (0u8..).zip(&mut self.keepers) {
            outcome = outcome.and(keeper.take_answer(&self.tally));
            let due = now >= keeper.due && (keeper.changed || now >= keeper.quiet_until);
            if keeper.asked.is_none() && (due || !keeper.next_waiters.is_empty()) {
                outcome = outcome.and(keeper.ask(shard, shards));
            }
        }
        self.note("journal", outcome);
    }

    /// Tells of trouble once.
    fn note(&mut self, about: &'static str, outcome: io::Result<()>) {
        let Err(error) = outcome else { return };
        self.tally.write_errors.up();
        self.failed.insert(about);
        fails(&self.troubles, about, &error.to_string());
    }

    /// Tells of the end of what did not go wrong for a second.
    fn recovered(&mut self) {
        for about in ["journal", "records"] {
            if !self.failed.contains(about) && self.troubles.end(about) {
                info!("the {about} can be written again");
            }
        }
        self.failed.clear();
    }
}

/// Something is not written; told once.
pub(crate) fn fails(troubles: &Troubles, about: &'static str, why: &str) {
    if troubles.begin(about, why.to_owned()) {
        error!(
            "the {about} cannot be written: {why}; calls go on, and what waits is written when it works again"
        );
    }
}

/// Where a shard shares its processor with this thread, its calls go first; on Linux this is about the thread alone. Where
/// it is not allowed, calls are a little later.
pub(crate) fn stand_behind_shards() {
    let _ = rustix::process::setpriority_process(None, BEHIND_SHARDS);
}

fn give_way(gives_way: bool) {
    if gives_way {
        std::thread::yield_now();
    }
}

impl Keeper {
    /// Writes the states that wait; those that cannot be written wait on.
    fn write(&mut self, gives_way: bool) -> io::Result<()> {
        self.changed |= !self.waiting.is_empty();
        let mut waiting: Vec<_> = self.waiting.drain().collect();
        while !waiting.is_empty() {
            let some = waiting.split_off(waiting.len().saturating_sub(AT_ONCE));
            let states = some.iter().map(|(key, state)| (*key, state.as_deref()));
            if let Err(error) = self.journal.checkpoints(states) {
                self.waiting.extend(waiting.into_iter().chain(some));
                return Err(error);
            }
            give_way(gives_way);
        }
        Ok(())
    }

    fn ask(&mut self, shard: u8, shards: &Shards) -> io::Result<()> {
        self.journal.turn_tail()?;
        let (answer, asked) = sync_channel(1);
        let question = move |gate: &mut Gate, now: Now| {
            let began = Instant::now();
            let known = known(gate, now);
            // Nobody waits at the end of the program.
            let _ = answer.try_send((known, began.elapsed()));
        };
        // A busy shard is asked again.
        if shards.edge().ask(shard, question).is_ok() {
            self.asked = Some(asked);
            self.changed = false;
            self.waiters.append(&mut self.next_waiters);
        }
        Ok(())
    }

    fn take_answer(&mut self, tally: &Tally) -> io::Result<()> {
        let Some(asked) = &self.asked else { return Ok(()) };
        let (known, pause) = match asked.try_recv() {
            Ok(answer) => answer,
            Err(TryRecvError::Empty) => return Ok(()),
            Err(TryRecvError::Disconnected) => {
                self.asked = None;
                self.waiters.clear();
                return Ok(());
            }
        };
        self.asked = None;
        let now = Instant::now();
        self.due = now + SNAPSHOT.max(pause * PAUSE_SHARE);
        self.quiet_until = now + SNAPSHOT_QUIET;
        let longest = u64::try_from(pause.as_micros()).unwrap_or(u64::MAX);
        tally.snapshot_pause_us_max.set(longest.max(tally.snapshot_pause_us_max.get()));
        let encoded = encode(&known).map_err(io::Error::other);
        let written = encoded.and_then(|bytes| self.journal.snapshot(&bytes));
        self.changed |= written.is_err();
        for waiter in self.waiters.drain(..) {
            // Whoever waited may be gone.
            let _ = waiter.send(written.as_ref().copied().map_err(ToString::to_string));
        }
        if written.is_ok() {
            tally.snapshots.up();
        }
        written
    }
}

fn known(gate: &Gate, now: Now) -> Known {
    Known { engine: gate.state(), guard: gate.guard().state(now) }
}
