//! Telling people and programs what happened: a thread that takes what is in the store's outbox, works out who hears of
//! it, and delivers. Nothing waits for it; what cannot be delivered waits in the store.

mod deliver;
mod digest;
mod limits;
mod spread;

pub(crate) use spread::plan;

use crate::config::Telling;
use crate::running::Running;
use deliver::Delivered;
use ringfence_model::WallTime;
use ringfence_notify::{Courier, Next, next};
use ringfence_store::{Batch, StoreError};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::{JoinSet, block_in_place};
use tracing::{error, info, warn};

/// How often is looked for what is to be told.
const LOOK: Duration = Duration::from_secs(1);
/// How often limits, overviews and what waits are looked at.
const SURVEY: Duration = Duration::from_secs(60);
/// How long a message that is being delivered is nobody else's. Longer than any delivery may take.
const LEASE: Duration = Duration::from_secs(180);
/// Messages that are being delivered at once.
const UNDER_WAY_MAX: usize = 32;
/// What is taken from the outbox at once.
const OUTBOX_MAX: u32 = 100;
/// How long messages under way may take at the end.
const LAST: Duration = Duration::from_secs(5);
/// What waits longer is said to be in trouble.
const LATE: Duration = Duration::from_secs(600);
/// Receivers that wait, of which the trouble is looked at.
const BACKLOG_MAX: u32 = 10_000;
/// Names of overviews and warnings that are remembered.
const MADE_MAX: usize = 100_000;
/// What its trouble is about.
const NOTICES: &str = "notices";

/// Figures of it.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Messages that arrived.
    pub sent: AtomicU64,
    /// Tries that failed.
    pub failed: AtomicU64,
    /// Messages that never will arrive.
    pub given_up: AtomicU64,
    /// What waits now.
    pub waiting: AtomicU64,
    /// Since how many seconds the oldest does.
    pub oldest_secs: AtomicU64,
}

/// The thread, to be ended.
pub(crate) struct Teller {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Teller {
    /// Tells what `running` has to tell, until it is told to end.
    pub fn start(running: Arc<Running>) -> std::io::Result<Self> {
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("courier")
            .enable_all()
            .build()?;
        let thread = std::thread::Builder::new().name("teller".into());
        let thread = thread.spawn(move || {
            let telling = Arc::clone(&running.config().telling);
            runtime.block_on(Work::new(running, telling).run(stopped));
            runtime.shutdown_timeout(LAST);
        })?;
        Ok(Self { stop, thread })
    }

    /// Ends it.
    pub fn end(self) {
        // It may have ended by itself.
        let _ = self.stop.send(());
        if self.thread.join().is_err() {
            error!(
                "who tells people what happened failed; what is not told yet is told after the next start"
            );
        }
    }
}

/// What the thread has.
struct Work {
    running: Arc<Running>,
    telling: Arc<Telling>,
    courier: Option<Arc<Courier>>,
    under_way: JoinSet<(Batch, Delivered)>,
    /// Overviews that were made, and limits that were told of, so that the store is not asked again and again.
    made: HashSet<String>,
}

impl Work {
    fn new(running: Arc<Running>, telling: Arc<Telling>) -> Self {
        let courier = courier(&telling);
        Self { running, telling, courier, under_way: JoinSet::new(), made: HashSet::new() }
    }

    async fn run(mut self, mut stopped: oneshot::Receiver<()>) {
        let mut looks = tokio::time::interval(LOOK);
        let mut surveys = tokio::time::interval(SURVEY);
        loop {
            let turn = tokio::select! {
                _ = &mut stopped => break,
                // The store waits, and the client of PostgreSQL has an event queue of its own, which cannot run within ours.
                _ = looks.tick() => block_in_place(|| self.turn()),
                _ = surveys.tick() => self.survey().await,
                Some(done) = self.under_way.join_next() => done.map_or(Ok(()), |done| block_in_place(|| self.settle(done))),
            };
            if let Err(error) = turn {
                self.trouble(&error.to_string());
            }
        }
        let last = tokio::time::timeout(LAST, async {
            while let Some(done) = self.under_way.join_next().await {
                if let Ok(done) = done {
                    // What cannot be noted is tried again, as it was.
                    let _ = block_in_place(|| self.settle(done));
                }
            }
        });
        let _ = last.await;
    }

    /// Takes up new settings, what is in the outbox, and what is due.
    fn turn(&mut self) -> Result<(), StoreError> {
        let telling = Arc::clone(&self.running.config().telling);
        if !Arc::ptr_eq(&telling, &self.telling) {
            self.courier = courier(&telling);
            self.telling = telling;
        }
        let (store, now) = (&self.running.store, crate::wall());
        for outgoing in store.take_due(now, now + LEASE, OUTBOX_MAX)? {
            let notices = spread::spread(&self.running, &outgoing, now)?;
            store.spread(&outgoing.id, &notices)?;
        }
        let Some(courier) = &self.courier else { return Ok(()) };
        let room = UNDER_WAY_MAX.saturating_sub(self.under_way.len());
        let room = u32::try_from(room).unwrap_or(0);
        if room == 0 {
            return Ok(());
        }
        for batch in store.take_notices(now, now + LEASE, room)? {
            let (courier, running) = (Arc::clone(courier), Arc::clone(&self.running));
            let telling = Arc::clone(&self.telling);
            self.under_way.spawn(async move {
                let delivered = deliver::deliver(&courier, &running, &telling, &batch, now).await;
                (batch, delivered)
            });
        }
        Ok(())
    }

    /// Notes what became of a message.
    fn settle(&mut self, (batch, delivered): (Batch, Delivered)) -> Result<(), StoreError> {
        let (store, told, now) = (&self.running.store, &self.running.told, crate::wall());
        let Some(first) = batch.notices.first() else { return Ok(()) };
        let channel = first.channel.as_str();
        let owner = first.tenant.as_ref().map(ringfence_model::TenantId::as_str);
        let why = delivered.as_ref().err().map(ToString::to_string).unwrap_or_default();
        match next(&delivered, (first.tries, self.telling.retry), now - first.made, chance()) {
            Next::Done => {
                told.sent.fetch_add(1, Ordering::Relaxed);
                store.noticed(&batch, now)
            }
            Next::Again { after, may_have_arrived } => {
                told.failed.fetch_add(1, Ordering::Relaxed);
                info!(owner, channel, why, tries = first.tries, "a message is tried again");
                store.notice_later(&batch, now + after, (&why, may_have_arrived))
            }
            Next::GiveUp => {
                told.given_up.fetch_add(1, Ordering::Relaxed);
                warn!(owner, channel, why, "a message is given up");
                store.give_up(&batch, now, &why)
            }
        }
    }

    /// Looks at limits, overviews and what waits.
    async fn survey(&mut self) -> Result<(), StoreError> {
        let now = crate::wall();
        if self.made.len() > MADE_MAX {
            // The store knows them too.
            self.made.clear();
        }
        limits::look(&self.running, &mut self.made, now).await?;
        let backlog = block_in_place(|| {
            digest::look(&self.running, &mut self.made, now)?;
            self.running.store.backlog(BACKLOG_MAX)
        })?;
        let count: u64 = backlog.iter().map(|of| of.count).sum();
        let oldest = backlog.first().map_or(now, |of| of.oldest);
        let told = &self.running.told;
        told.waiting.store(count, Ordering::Relaxed);
        told.oldest_secs.store((now - oldest).as_secs(), Ordering::Relaxed);
        let late = |of: &&ringfence_store::Backlog| of.trouble.is_some() && now - of.oldest > LATE;
        match backlog.iter().find(late) {
            Some(of) => {
                let why = of.trouble.as_deref().unwrap_or_default();
                self.trouble(&format!("{count} messages wait; {}: {why}", of.channel));
            }
            None if self.running.troubles.end(NOTICES) => info!("messages go out again"),
            None => {}
        }
        Ok(())
    }

    fn trouble(&self, why: &str) {
        if self.running.troubles.begin(NOTICES, why.to_owned()) {
            error!("people are not told: {why}; what is to be told waits in the store");
        }
    }
}

/// What was read with the settings can be made: it was made then too.
fn courier(telling: &Telling) -> Option<Arc<Courier>> {
    match Courier::new(telling.mail.as_ref(), &telling.inside, &telling.authorities) {
        Ok(courier) => Some(Arc::new(courier)),
        Err(error) => {
            error!("nobody can be told: {error}");
            None
        }
    }
}

/// Any number, so that many do not try again at the same moment.
fn chance() -> u32 {
    getrandom::u32().unwrap_or(0)
}

/// When a day of a tenant begins or ends is the tenant's own affair; this is the zone it says.
fn zone(running: &Running, tenant: Option<&ringfence_model::TenantId>) -> jiff::tz::TimeZone {
    let setup = running.setup_or_default(tenant);
    let name = &setup.settings.policy().time_zone;
    jiff::tz::TimeZone::get(name).unwrap_or(jiff::tz::TimeZone::UTC)
}

/// When a tenant's day ends; what is given late in the evening is good for an hour.
pub(crate) fn end_of_day(
    running: &Running,
    tenant: &ringfence_model::TenantId,
    now: WallTime,
) -> WallTime {
    let here = local(now, &zone(running, Some(tenant)));
    let soon = now + Duration::from_secs(3_600);
    let midnight = here.tomorrow().and_then(|day| day.start_of_day());
    midnight.map_or(soon, |at| WallTime(at.timestamp().as_microsecond()).max(soon))
}

/// A civil date and hour.
fn local(at: WallTime, zone: &jiff::tz::TimeZone) -> jiff::Zoned {
    jiff::Timestamp::from_microsecond(at.0).unwrap_or_default().to_zoned(zone.clone())
}
