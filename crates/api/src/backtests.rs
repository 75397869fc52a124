//! Drafts of policies that are tried on history: one at a time, a few that wait, and what the last ones found.
//!
//! They live as long as the program: who restarts it asks again.

use crate::app::App;
use crate::inquire::{Backtest, BacktestFound, Progress};
use crate::refusal::Refusal;
use crate::resource::calls::id_of;
use ringfence_model::{Cdr, Source, TenantId, Via, WallTime};
use ringfence_store::{CdrFilter, CdrRef, CdrRow, Store};
use serde_json::Value as Json;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

/// Most records of one replay: about 120 MB while it runs.
pub const RECORDS_MAX: usize = 300_000;
/// Replays that may wait for the one that runs.
const WAITING_MAX: usize = 8;
/// Replays that are remembered.
const KEPT_MAX: usize = 50;
const READ_AT_ONCE: u32 = 5_000;

/// What was asked for.
#[derive(Clone, PartialEq, Debug)]
pub struct Order {
    /// Names it.
    pub id: String,
    /// Whose records, and whose policy.
    pub tenant: TenantId,
    /// Records not older.
    pub from: WallTime,
    /// Records older.
    pub until: WallTime,
    /// Who asked.
    pub made_by: String,
    /// When.
    pub made: WallTime,
}

/// How far it is.
#[derive(Clone, PartialEq, Debug)]
pub enum State {
    /// For another one to end.
    Waiting,
    /// It runs.
    Running,
    /// It is done.
    Done(Box<BacktestFound>),
    /// It cannot be done; what happened and what to do.
    Failed(String),
    /// Somebody called it off.
    Cancelled,
}

impl State {
    const fn is_over(&self) -> bool {
        !matches!(self, Self::Waiting | Self::Running)
    }
}

/// A replay.
pub struct Job {
    /// What was asked for.
    pub order: Order,
    /// How much of it is done.
    pub progress: Progress,
    state: Mutex<State>,
}

impl Job {
    /// How far it is.
    pub fn state(&self) -> State {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn is_over(&self) -> bool {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).is_over()
    }

    fn set(&self, state: State) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    /// Calls it off; false when it is over already.
    pub fn cancel(&self) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.is_over() {
            return false;
        }
        self.progress.call_off();
        if *state == State::Waiting {
            *state = State::Cancelled;
        }
        true
    }
}

/// All of them, oldest first.
pub struct Backtests {
    jobs: Mutex<VecDeque<Arc<Job>>>,
    seat: Arc<Semaphore>,
}

impl Default for Backtests {
    fn default() -> Self {
        Self { jobs: Mutex::default(), seat: Arc::new(Semaphore::new(1)) }
    }
}

impl Backtests {
    /// All of them, newest first.
    pub fn all(&self) -> Vec<Arc<Job>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).iter().rev().cloned().collect()
    }

    /// The one of that name.
    pub fn one(&self, id: &str) -> Option<Arc<Job>> {
        self.all().into_iter().find(|job| job.order.id == id)
    }

    /// Takes an order, unless too many wait.
    pub fn take(&self, order: Order) -> Result<Arc<Job>, Refusal> {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        if jobs.iter().filter(|job| !job.is_over()).count() > WAITING_MAX {
            return Err(Refusal::Busy);
        }
        while jobs.len() >= KEPT_MAX {
            let Some(over) = jobs.iter().position(|job| job.is_over()) else { break };
            jobs.remove(over);
        }
        let (progress, state) = (Progress::default(), Mutex::new(State::Waiting));
        let job = Arc::new(Job { order, progress, state });
        jobs.push_back(Arc::clone(&job));
        Ok(job)
    }
}

/// Carries it out when it is its turn.
pub async fn run(app: Arc<App>, job: Arc<Job>, backtest: Backtest) {
    let seat = Arc::clone(&app.backtests.seat).acquire_owned().await;
    if job.is_over() {
        return;
    }
    job.set(State::Running);
    let state = match records(&app, &job).await {
        Err(refusal) => State::Failed(refusal.to_string()),
        Ok(None) => State::Cancelled,
        Ok(Some(cdrs)) => {
            let running = Arc::clone(&job);
            let ran = tokio::task::spawn_blocking(move || backtest(&cdrs, &running.progress));
            match ran.await {
                Ok(Ok(Some(found))) => State::Done(Box::new(found)),
                Ok(Ok(None)) => State::Cancelled,
                Ok(Err(fault)) => State::Failed(fault.to_string()),
                Err(died) => {
                    tracing::error!("a replay died: {died}");
                    State::Failed("something went wrong here; see the log".into())
                }
            }
        }
    };
    job.set(state);
    drop(seat);
}

/// The records, oldest first; `None` when it was called off meanwhile.
async fn records(app: &Arc<App>, job: &Arc<Job>) -> Result<Option<Vec<Cdr>>, Refusal> {
    let mut cdrs = Vec::new();
    let mut after = None;
    loop {
        if !job.progress.goes_on() {
            return Ok(None);
        }
        let order = job.order.clone();
        // A page at a time: others ask the store too.
        let page = app.work(move |store| page(store, &order, after)).await?;
        let Some(last) = page.last().map(|row| row.at) else { break };
        after = Some(last);
        cdrs.extend(page.into_iter().map(record));
        if cdrs.len() > RECORDS_MAX {
            let what = format!("there are more than {RECORDS_MAX} records: take a shorter time");
            return Err(Refusal::Invalid(what));
        }
    }
    cdrs.reverse();
    Ok(Some(cdrs))
}

fn page(store: &Store, order: &Order, after: Option<CdrRef>) -> Result<Vec<CdrRow>, Refusal> {
    let filter = CdrFilter {
        tenant: Some(order.tenant.clone()),
        from: Some(order.from),
        until: Some(order.until),
        after,
        ..CdrFilter::default()
    };
    Ok(store.cdrs(&filter, READ_AT_ONCE)?)
}

/// The record as engines read it; its id is that of the API.
fn record(row: CdrRow) -> Cdr {
    let mut more = row.more.unwrap_or_default();
    let mut rest = |name: &str| more.get_mut(name).map(Json::take).unwrap_or_default();
    let via: Option<Via> = serde_json::from_value(rest("via")).ok();
    let source: Option<Source> = serde_json::from_value(rest("source")).unwrap_or_default();
    let c_number: Option<String> = serde_json::from_value(rest("c_number")).unwrap_or_default();
    Cdr {
        native_id: id_of(row.at).into(),
        correlation_id: row.call_id.map(Into::into),
        tenant: row.tenant,
        trunk: row.trunk,
        extension: row.extension,
        direction: row.direction,
        a_number: row.a_number.into(),
        dialled: row.dialled.into(),
        c_number: c_number.map(Into::into),
        via: via.unwrap_or(Via::Unknown),
        source,
        started: row.at.started,
        answered: row.answered,
        ended: row.ended,
        billable_ms: row.billable_ms,
        code: row.code,
    }
}
