//! What a data folder would hold, had the firewall run before: settings, what the engine learned, records and events.
//! Made by the code that makes them while calls run; only the calls are told instead of heard.

use crate::config::{self, Config, Source};
use crate::control::Fault;
use crate::error::ServeError;
use crate::folder::Folder;
use crate::journal::Journal;
use crate::plan;
use crate::records::{Daily, Tally, Writer};
use crate::run::open_store;
use crate::settling::told;
use crate::troubles::Troubles;
use ringfence_api::plan::{Plan, Wanted};
use ringfence_edge::{Batch, Record};
use ringfence_gate::{Gate, Input, Output, Shard, Snapshot};
use ringfence_model::{Action, Attempt, CallEvent, CallId, Now, Release, WallTime};
use ringfence_store::{Act, Store, StoreError};
use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// Records that are written at once.
const AT_ONCE: usize = 1_000;

/// The past of a data folder that has none, while it is told.
pub struct Past {
    folder: Folder,
    gate: Gate,
    writer: Writer,
    records: Vec<Record>,
    calls: HashMap<CallId, Known>,
    /// What was last told.
    last: WallTime,
}

/// A call that is not over.
struct Known {
    attempt: Attempt,
    began: WallTime,
    answered: Option<WallTime>,
}

impl Past {
    /// Of the data folder that the boot file names, with the settings of the plan in `plan`, which may name files beside
    /// it. The folder is of one shard. `first` is done with the store before anything is in it.
    ///
    /// # Errors
    /// When the settings or the folder cannot be used.
    pub fn begin(
        (file, plan): (&Path, &Path),
        act: &Act,
        first: impl FnOnce(&Store) -> ringfence_store::Result<()>,
    ) -> Result<Self, ServeError> {
        let config = config::load(file)?;
        let folder = Folder::open(&config.data, Some(1))?;
        let store = open_store(&config.storage)?;
        first(&store).map_err(failed)?;
        adopt(&store, file, plan, act)?;
        let config = plan::with_stored(file, config, &store)?;
        let snapshot = config.snapshot_of(1, None)?;
        let unusable = |source| ServeError::Journal { path: folder.path().to_owned(), source };
        let writer = writer(&folder, &config, &snapshot).map_err(unusable)?;
        let shard = Shard { number: 0, secret: folder.secret };
        let gate = Gate::of_shard(&shard, snapshot);
        let (records, calls) = (Vec::new(), HashMap::new());
        Ok(Self { folder, gate, writer, records, calls, last: WallTime(0) })
    }

    /// When running calls are to be looked at next, while there are any.
    #[must_use]
    pub fn asked(&self) -> Option<WallTime> {
        let grid = i64::try_from(Gate::TICK.as_micros()).unwrap_or(i64::MAX);
        let next = WallTime((self.last.0.div_euclid(grid) + 1).saturating_mul(grid));
        self.gate.engine().is_busy().then_some(next)
    }

    /// Looks at running calls; what is said of them.
    pub fn tick(&mut self, at: WallTime) -> Vec<Output> {
        self.handle(at, Input::Tick)
    }

    /// Something happens to a call; what is said of it.
    pub fn happens(&mut self, at: WallTime, event: &CallEvent) -> Vec<Output> {
        self.put(at, Output::Event(event.clone()));
        let said = self.handle(at, Input::Event(event));
        self.keep(at, event, &said);
        said
    }

    /// Ends the calls that still run, and keeps what was learned.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn end(mut self, at: WallTime) -> Result<(), ServeError> {
        let mut left: Vec<_> = self.calls.keys().copied().collect();
        left.sort_unstable();
        for call in left {
            let known = self.calls.get(&call);
            let billable = known.and_then(|of| Some(at - of.answered?)).unwrap_or_default();
            let billable_ms = u64::try_from(billable.as_millis()).unwrap_or(u64::MAX);
            let code = if billable_ms > 0 { 200 } else { 487 };
            let release = Release { call, code, billable_ms, by: Default::default() };
            self.happens(at, &CallEvent::Released(release));
        }
        self.write();
        let kept = self.writer.keep(0, &self.gate, Now::from_wall(at));
        kept.map_err(|source| ServeError::Journal { path: self.folder.path().to_owned(), source })
    }

    fn handle(&mut self, at: WallTime, input: Input<'_>) -> Vec<Output> {
        self.last = at;
        self.gate.handle(Now::from_wall(at), input);
        let mut said = Vec::new();
        loop {
            match self.gate.poll() {
                Output::Sleep(_) => return said,
                // Trunks and phones are spoken to when there are some.
                Output::Transmit { .. } | Output::Checkpoint { .. } => {}
                output => {
                    self.put(at, output.clone());
                    said.push(output);
                }
            }
        }
    }

    /// The record of a call, once it is over.
    fn keep(&mut self, at: WallTime, event: &CallEvent, said: &[Output]) {
        match event {
            CallEvent::Attempt(attempt) => {
                let known = Known { attempt: attempt.clone(), began: at, answered: None };
                self.calls.insert(attempt.call, known);
                let refused = said.iter().any(|output| {
                    matches!(output, Output::Verdict(verdict) if verdict.call == attempt.call && verdict.acted && verdict.action == Action::Reject)
                });
                if refused {
                    self.finish(at, attempt.call, (0, REFUSED));
                }
            }
            CallEvent::Answered { call } => {
                if let Some(known) = self.calls.get_mut(call) {
                    known.answered = Some(at);
                }
            }
            CallEvent::Released(release) => {
                self.finish(at, release.call, (release.billable_ms, release.code));
            }
            _ => {}
        }
    }

    fn finish(&mut self, at: WallTime, call: CallId, (billable_ms, code): (u64, u16)) {
        let Some(Known { attempt, began, answered }) = self.calls.remove(&call) else { return };
        let known_as = format!("{call}@past");
        let times = (began, answered, at);
        let cdr = ringfence_call::cdr(&attempt, known_as.as_bytes(), times, (billable_ms, code));
        self.put(at, Output::Finished(Box::new(cdr)));
    }

    fn put(&mut self, at: WallTime, what: Output) {
        self.records.push(Record { shard: 0, at, what });
        if self.records.len() >= AT_ONCE {
            self.write();
        }
    }

    fn write(&mut self) {
        let records = std::mem::take(&mut self.records);
        self.writer.write(Batch { records, ..Batch::default() });
    }
}

/// What a PBX hears when its call is refused.
const REFUSED: u16 = 486;

/// The settings of the plan become those of the store, as `ringfence apply` does it.
fn adopt(store: &Store, file: &Path, plan: &Path, act: &Act) -> Result<(), ServeError> {
    let source = |path: &Path| {
        let unreadable = |error| {
            let what = format!("{} cannot be read: {error}", path.display());
            ServeError::Plan(Fault::new(what, "let Ringfence read it"))
        };
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        Ok::<_, ServeError>(Source::new(path.to_owned(), text))
    };
    let unfit = |notes| ServeError::Plan(told(ringfence_api::Fault::Unfit(notes)));
    let rows = plan::read(&source(plan)?).map_err(unfit)?;
    let wanted = Plan { wanted: Wanted::Rows(rows), prune: false, revision: None };
    let ready = plan::check(store, &source(file)?, wanted);
    let ready = ready.map_err(|fault| ServeError::Plan(told(fault)))?;
    store.change_settings(act, ready.changes).map_err(failed)?;
    Ok(())
}

fn failed(source: StoreError) -> ServeError {
    ServeError::Store { place: "the data folder".to_owned(), source }
}

fn writer(folder: &Folder, config: &Config, snapshot: &Arc<Snapshot>) -> io::Result<Writer> {
    let (journal, _) = Journal::open(folder.path(), 0)?;
    let (_, reader) = ringfence_edge::records(0, []);
    let (_, hurries) = std::sync::mpsc::channel();
    let (order, _) = tokio::sync::mpsc::channel(1);
    let daily = |what| Daily::new(folder.path(), what, config.keep_days);
    let in_force = Arc::new(Mutex::new(Arc::clone(snapshot)));
    let notes = (Arc::<Tally>::default(), Arc::<Troubles>::default(), in_force);
    let days = [daily("cdr"), daily("events")];
    Ok(Writer::new((reader, hurries, order), vec![journal], days, std::iter::empty(), notes))
}
