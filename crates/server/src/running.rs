//! The running program, as operators and metrics see it.

use crate::config::{self, Config, Problems};
use crate::control::serve::{Desk, Said};
use crate::control::trace::Trace;
use crate::control::{Answer, Ask, BlockRef, Fault, Status, TrunkLine};
use crate::feed::Lag;
use crate::logging::Logging;
use crate::records::{Hurry, InForce, Tally};
use crate::shards::Shards;
use crate::troubles::Troubles;
use crate::views;
use ringfence_call::Listener;
use ringfence_gate::{Command, Input};
use ringfence_model::{BlockId, CallId, ExtensionId, Level, Scope, TenantId, WallTime};
use ringfence_store::Store;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, oneshot};
use tracing::{error, info, warn};

/// A disk that takes longer is in trouble.
const KEEP_PATIENCE: Duration = Duration::from_secs(10);

/// The running program.
pub(crate) struct Running {
    pub shards: Arc<Shards>,
    pub tally: Arc<Tally>,
    pub troubles: Arc<Troubles>,
    /// What people set and see. It waits: ask it on a thread that may.
    pub store: Store,
    pub lag: Arc<Lag>,
    pub file: PathBuf,
    pub logging: Logging,
    pub since: WallTime,
    hurry: Sender<Hurry>,
    in_force: InForce,
    settings: Mutex<(Arc<Config>, WallTime)>,
    draining: AtomicBool,
    drain: Notify,
}

impl Running {
    pub fn new(
        (shards, hurry): (Shards, Sender<Hurry>),
        (tally, troubles, in_force): (Arc<Tally>, Arc<Troubles>, InForce),
        (store, lag): (Store, Arc<Lag>),
        file: PathBuf,
        config: Config,
        logging: Logging,
    ) -> Self {
        let since = crate::wall();
        Self {
            shards: Arc::new(shards),
            tally,
            troubles,
            store,
            lag,
            file,
            logging,
            since,
            hurry,
            in_force,
            settings: Mutex::new((Arc::new(config), since)),
            draining: AtomicBool::new(false),
            drain: Notify::new(),
        }
    }

    /// The settings in force.
    pub fn config(&self) -> Arc<Config> {
        Arc::clone(&self.settings.lock().unwrap_or_else(PoisonError::into_inner).0)
    }

    /// Since when it runs, and since when these settings are in force.
    pub fn times(&self) -> (WallTime, WallTime) {
        (self.since, self.settings.lock().unwrap_or_else(PoisonError::into_inner).1)
    }

    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// No new calls but emergency ones from now on.
    pub fn begin_drain(&self) -> Result<(), Fault> {
        self.draining.store(true, Ordering::Relaxed);
        self.drain.notify_one();
        self.shards.edge().drain().map_err(|refused| Fault::new(refused.to_string(), "try again"))
    }

    /// Ends when somebody wants a drain.
    pub async fn wants_drain(&self) {
        self.drain.notified().await;
    }

    /// Calls that run or ring.
    pub async fn calls(&self) -> Result<usize, Fault> {
        Ok(self.shards.each(|gate, _| gate.calls().running().count()).await?.into_iter().sum())
    }

    /// Reads the settings again and puts them in force, or none of them. Gives what to say about it.
    pub async fn reload(&self) -> Result<Vec<String>, Fault> {
        let file = self.file.clone();
        // Tariffs may be large.
        let read = tokio::task::spawn_blocking(move || config::load(&file)).await;
        let read = read.map_err(|error| Fault::new(error.to_string(), "report it"))?;
        let new = read.map_err(|problems| self.refused(&problems))?;
        let old = self.config();
        let listeners = old.snapshot.directory.parts().listeners.clone();
        let mut said: Vec<String> = new.warnings.iter().map(ToString::to_string).collect();
        said.extend(self.needs_restart(&old, &new, &listeners));
        let snapshot = new.snapshot_of(self.shards.count(), Some(listeners)).map_err(|error| {
            Fault::new(
                format!("the new settings do not fit the running listeners: {error}"),
                "restart Ringfence; the old settings hold until then",
            )
        })?;
        let edge = self.shards.edge();
        edge.reload_keys(&new.tls).map_err(|error| {
            Fault::new(error.to_string(), "correct it; the old settings and keys hold")
        })?;
        let told = edge.adopt(&snapshot);
        told.map_err(|refused| Fault::new(refused.to_string(), "try again"))?;
        *self.in_force.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&snapshot);
        *self.settings.lock().unwrap_or_else(PoisonError::into_inner) =
            (Arc::new(Config { snapshot, ..new }), crate::wall());
        for line in &said {
            warn!("{line}");
        }
        info!("new settings are in force");
        Ok(said)
    }

    fn refused(&self, problems: &Problems) -> Fault {
        for problem in &problems.0 {
            error!("{problem}");
        }
        error!("the new settings are refused, the old ones hold");
        Fault::new(problems.to_string(), "correct the file; the old settings hold")
    }

    /// What a running program cannot take up.
    fn needs_restart(&self, old: &Config, new: &Config, listeners: &[Listener]) -> Vec<String> {
        let parts = new.snapshot.directory.parts();
        let log = self.logging.adopt(new.log);
        [
            ("listen", parts.listeners == listeners),
            ("data", old.data == new.data),
            ("control", old.control == new.control),
            ("metrics", old.metrics == new.metrics),
            ("shards", new.shards.is_none_or(|shards| shards == self.shards.count())),
            ("log.format", log),
            ("keep_days", old.keep_days == new.keep_days),
            ("store", old.storage == new.storage),
        ]
        .into_iter()
        .filter(|(_, same)| !same)
        .map(|(what, _)| format!("{what} was changed and needs a restart"))
        .collect()
    }

    async fn status(&self) -> Result<Status, Fault> {
        let each = self
            .shards
            .each(|gate, now| {
                [
                    gate.calls().running().count(),
                    gate.calls().counts().contacts,
                    views::blocks(gate, now).len(),
                    gate.guard().bans(now).len(),
                ]
            })
            .await?;
        let sum = |at: usize| each.iter().filter_map(|of| of.get(at)).sum::<usize>() as u64;
        let (since, settings_since) = self.times();
        let listens = self.config();
        let listens = listens.snapshot.directory.parts().listeners.iter();
        Ok(Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            since,
            settings_since,
            shards: self.shards.count(),
            calls: sum(0),
            registrations: sum(1),
            blocks: sum(2),
            bans: sum(3),
            draining: self.is_draining(),
            listens: listens.map(|at| format!("{} {}", at.transport.as_str(), at.local)).collect(),
            troubles: self.troubles.all(),
        })
    }

    /// Waits until what a shard knows is on the disk: an order that was acknowledged holds after any crash.
    async fn keep(&self, shard: u8) -> Result<(), Fault> {
        let mend = "it holds now and may not after a restart: see the log";
        let (done, kept) = oneshot::channel();
        let asked = self.hurry.send(Hurry { shard, done });
        asked.map_err(|_| Fault::new("the order cannot be kept: the writer has ended", mend))?;
        match tokio::time::timeout(KEEP_PATIENCE, kept).await {
            Ok(Ok(Ok(()))) => Ok(()),
            Ok(Ok(Err(why))) => Err(Fault::new(format!("the order cannot be kept: {why}"), mend)),
            Ok(Err(_)) | Err(_) => {
                Err(Fault::new("the order is not kept yet: the disk is slow", mend))
            }
        }
    }

    async fn keep_all(&self) -> Result<(), Fault> {
        for shard in 0..self.shards.count() {
            self.keep(shard).await?;
        }
        Ok(())
    }

    async fn cut(&self, call: CallId, by: String) -> Result<Answer, Fault> {
        let by: Arc<str> = by.into();
        for shard in 0..self.shards.count() {
            let name = Arc::clone(&by);
            let found = self.shards.ask(shard, move |gate, now| {
                let found = gate.calls().running().any(|running| running.call == call);
                if found {
                    gate.handle(now, Input::Command(Command::Cut { call, by: name }));
                }
                found
            });
            if found.await? {
                info!(call = call.0, by = &*by, "call cut by order");
                return Ok(done(format!("call {call} is ended")));
            }
        }
        Err(Fault::new(format!("no call {call} runs"), "see `ringfence calls list`"))
    }

    async fn block(
        &self,
        tenant: TenantId,
        extension: Option<ExtensionId>,
        level: Level,
        secs: Option<u64>,
        by: String,
    ) -> Result<Answer, Fault> {
        let config = self.config();
        let directory = &config.snapshot.directory;
        if directory.tenant(&tenant).is_none() {
            return Err(Fault::new(format!("there is no tenant \"{tenant}\""), "see the settings"));
        }
        let until = secs.map(|secs| crate::wall() + Duration::from_secs(secs));
        let shard = directory.shard_of(&tenant);
        let scope = match extension {
            Some(extension) => Scope::Extension(tenant, extension),
            None => Scope::Tenant(tenant),
        };
        let by: Arc<str> = by.into();
        let command = Command::Block { scope: scope.clone(), level, until, by };
        let newest = self.shards.ask(shard, move |gate, now| {
            gate.handle(now, Input::Command(command));
            let mine = gate.engine().blocks().filter(|block| block.scope == scope);
            mine.map(|block| block.id.0).max()
        });
        match newest.await? {
            Some(number) => self
                .keep(shard)
                .await
                .map(|()| done(format!("block {} is set", BlockRef { shard, number }))),
            None => Err(Fault::new("the block was not set", "see the log")),
        }
    }

    async fn unblock(&self, block: BlockRef, by: String) -> Result<Answer, Fault> {
        let id = BlockId(block.number);
        let lifted = self.shards.ask(block.shard, move |gate, now| {
            let there = gate.engine().blocks().any(|of| of.id == id);
            if there {
                gate.handle(now, Input::Command(Command::Unblock(id)));
            }
            there
        });
        if !lifted.await? {
            return Err(Fault::new(
                format!("no block {block} is in force"),
                "see `ringfence blocks list`",
            ));
        }
        info!(block = %block, by, "block lifted by order");
        self.keep(block.shard).await?;
        Ok(done(format!("block {block} is lifted; limits are tight for a while")))
    }

    async fn bans(&self) -> Result<Vec<crate::control::BanLine>, Fault> {
        let mut bans: Vec<_> = self
            .shards
            .each(|gate, now| views::bans(gate, now))
            .await?
            .into_iter()
            .flatten()
            .collect();
        // An order is one on each shard.
        bans.sort_by(|a, b| (a.net, &a.why).cmp(&(b.net, &b.why)));
        bans.dedup_by(|a, b| a.net == b.net && a.why == b.why);
        Ok(bans)
    }

    async fn registrations(&self) -> Result<Answer, Fault> {
        let each = self.shards.each(|gate, now| views::registrations(gate, now)).await?;
        let mut all: Vec<_> = each.into_iter().flatten().collect();
        all.sort_by(|a, b| (&a.tenant, &a.extension).cmp(&(&b.tenant, &b.extension)));
        Ok(Answer::Registrations(all))
    }

    async fn running_calls(&self, full: bool) -> Result<Vec<crate::control::CallLine>, Fault> {
        let each = self.shards.each(move |gate, _| views::calls(gate, full)).await?;
        let mut all: Vec<_> = each.into_iter().flatten().collect();
        all.sort_by_key(|call| (call.started, call.call));
        Ok(all)
    }

    /// A trunk is looked after by one shard; what another one says of it is no news.
    pub async fn trunks(&self) -> Result<Vec<TrunkLine>, Fault> {
        let directory = Arc::clone(&self.config().snapshot.directory);
        let each = self.shards.each(move |gate, _| views::trunks(gate, &directory)).await?;
        let mut all: Vec<_> = each.into_iter().flatten().collect();
        all.sort_by(|a, b| {
            a.trunk.cmp(&b.trunk).then(b.registered.is_some().cmp(&a.registered.is_some()))
        });
        all.dedup_by(|a, b| a.trunk == b.trunk);
        Ok(all)
    }
}

impl Desk for Running {
    async fn answer(&self, ask: Ask) -> Result<Said, Fault> {
        let answer = match ask {
            Ask::Status => Answer::Status(self.status().await?),
            Ask::Calls { full } => Answer::Calls(self.running_calls(full).await?),
            Ask::Call { call, full } => {
                let mut all = self.running_calls(full).await?;
                all.retain(|of| of.call == call);
                if all.is_empty() {
                    return Err(Fault::new(
                        format!("no call {call} runs"),
                        "see `ringfence calls list`",
                    ));
                }
                Answer::Calls(all)
            }
            Ask::Cut { call, by } => self.cut(call, by).await?,
            Ask::Registrations => self.registrations().await?,
            Ask::Trunks => Answer::Trunks(self.trunks().await?),
            Ask::Blocks => {
                let each = self.shards.each(|gate, now| views::blocks(gate, now)).await?;
                Answer::Blocks(each.into_iter().flatten().collect())
            }
            Ask::Block { tenant, extension, level, secs, by } => {
                self.block(tenant, extension, level, secs, by).await?
            }
            Ask::Unblock { block, by } => self.unblock(block, by).await?,
            Ask::Bans => Answer::Bans(self.bans().await?),
            Ask::Ban { net, secs, by } => {
                let until = secs.map(|secs| crate::wall() + Duration::from_secs(secs));
                info!(%net, by, "ban by order");
                let command = Command::Ban { net, until, by: by.into() };
                self.shards.tell(Input::Command(command)).await?;
                self.keep_all().await?;
                done(format!("{net} is not heard"))
            }
            Ask::Unban { net } => {
                self.shards.tell(Input::Command(Command::Unban(net))).await?;
                self.keep_all().await?;
                done(format!("{net} is heard again"))
            }
            Ask::Nftables => {
                let each = self.shards.each(|gate, now| gate.guard().bans(now)).await?;
                let bans: Vec<_> = each.into_iter().flatten().collect();
                Answer::Nftables(ringfence_guard::nftables(&bans, crate::wall()))
            }
            Ask::Trace { watch, secs, bytes_max } => {
                info!(secs, "a trace begins");
                return Trace::begin(&self.shards, watch, secs, bytes_max).map(Said::Stream);
            }
            Ask::Reload => {
                let warnings = self.reload().await?;
                Answer::Done { what: "the new settings are in force".to_owned(), warnings }
            }
            Ask::Drain => {
                self.begin_drain()?;
                done("no new calls are taken; it ends when the last call does".to_owned())
            }
        };
        Ok(Said::Once(answer))
    }
}

const fn done(what: String) -> Answer {
    Answer::Done { what, warnings: Vec::new() }
}
