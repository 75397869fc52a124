//! The running program, as operators and metrics see it.

use crate::adviser::Counters;
use crate::config::{self, Config, Problems};
use crate::control::serve::{Desk, Said};
use crate::control::trace::Trace;
use crate::control::{Answer, Ask, BanLine, CallLine, Fault, RegistrationLine, Status, TrunkLine};
use crate::faces::Shown;
use crate::feed::Lag;
use crate::logging::Logging;
use crate::orders::Hurries;
use crate::overheard;
use crate::records::{InForce, Tally};
use crate::shards::Shards;
use crate::spans::Spans;
use crate::telling::Told;
use crate::troubles::Troubles;
use crate::views;
use ringfence_api::{BlockOrder, Links};
use ringfence_call::Listener;
use ringfence_gate::Snapshot;
use ringfence_model::WallTime;
use ringfence_store::{Act, Store};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{MutexGuard, Notify};
use tracing::{error, info, warn};

/// The running program.
pub(crate) struct Running {
    pub shards: Arc<Shards>,
    pub tally: Arc<Tally>,
    pub troubles: Arc<Troubles>,
    /// What people set and see. It waits: ask it on a thread that may.
    pub store: Store,
    pub lag: Arc<Lag>,
    /// How telling people goes.
    pub told: Told,
    /// Makes links for contacts, where there is an API they lead to.
    pub links: Option<Links>,
    /// What the adviser counts.
    pub advice: Counters,
    /// What feeds count, and how they are.
    pub overheard: overheard::Counters,
    pub standing: overheard::Standing,
    /// Where spans of requests are put down, where they are sent.
    pub spans: Option<Spans>,
    /// What people and PBXs are shown who come in over TLS.
    pub shown: Shown,
    pub file: PathBuf,
    pub logging: Logging,
    pub since: WallTime,
    pub hurries: Hurries,
    /// Whose turn it is to change settings.
    pub settling: tokio::sync::Mutex<()>,
    in_force: InForce,
    settings: Mutex<(Arc<Config>, WallTime)>,
    draining: AtomicBool,
    drain: Notify,
}

impl Running {
    pub fn new(
        (shards, hurries): (Shards, Hurries),
        (tally, troubles, in_force): (Arc<Tally>, Arc<Troubles>, InForce),
        (store, lag, shown, links): (Store, Arc<Lag>, Shown, Option<Links>),
        spans: Option<Spans>,
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
            told: Told::default(),
            links,
            advice: Counters::default(),
            overheard: overheard::Counters::default(),
            standing: overheard::Standing::default(),
            spans,
            shown,
            file,
            logging,
            since,
            hurries,
            settling: tokio::sync::Mutex::new(()),
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
        self.read_again(&self.settling.lock().await).await
    }

    /// The same for who has the turn already.
    pub async fn read_again(&self, _turn: &MutexGuard<'_, ()>) -> Result<Vec<String>, Fault> {
        let (file, store) = (self.file.clone(), self.store.clone());
        let imported = self.config().imported.clone();
        // Tariffs may be large.
        let read = tokio::task::spawn_blocking(move || {
            crate::plan::with_stored(&file, config::load_again(&file, imported)?, &store)
        });
        let read = read.await.map_err(|error| Fault::new(error.to_string(), "report it"))?;
        let new = read.map_err(|problems| self.refused(&problems))?;
        self.put_in_force(new)
    }

    /// The snapshot of new settings for the listeners that are open.
    pub fn fitted(&self, new: &Config) -> Result<Arc<Snapshot>, Fault> {
        let listeners = self.config().snapshot.directory.parts().listeners.clone();
        new.snapshot_of(self.shards.count(), Some(listeners)).map_err(|error| {
            Fault::new(
                format!("the new settings do not fit the running listeners: {error}"),
                "restart Ringfence; the old settings hold until then",
            )
        })
    }

    /// Puts new settings in force, or nothing of them. Gives what to say about it.
    pub fn put_in_force(&self, new: Config) -> Result<Vec<String>, Fault> {
        let snapshot = self.fitted(&new)?;
        let old = self.config();
        let listeners = old.snapshot.directory.parts().listeners.clone();
        let mut said: Vec<String> = new.warnings.iter().map(ToString::to_string).collect();
        said.extend(self.needs_restart(&old, &new, &listeners));
        let edge = self.shards.edge();
        edge.reload_keys(&new.tls).map_err(|error| {
            Fault::new(error.to_string(), "correct it; the old settings and keys hold")
        })?;
        self.shown.reload(&new).map_err(|error| {
            Fault::new(error.to_string(), "correct it; the old settings and keys hold")
        })?;
        let told = edge.adopt(&snapshot);
        told.map_err(|refused| Fault::new(refused.to_string(), "try again"))?;
        // What is open stays what it is.
        let (storage, api, adviser) = (old.storage.clone(), old.api.clone(), old.adviser.clone());
        let (traces, feeds) = (old.traces.clone(), old.feeds.clone());
        *self.in_force.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&snapshot);
        *self.settings.lock().unwrap_or_else(PoisonError::into_inner) = (
            Arc::new(Config { snapshot, storage, api, adviser, feeds, traces, ..new }),
            crate::wall(),
        );
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
            ("api", old.api == new.api),
            ("adviser", old.adviser == new.adviser),
            ("feed", old.feeds == new.feeds),
            ("store", old.storage == new.storage),
            ("telemetry", old.traces == new.traces),
        ]
        .into_iter()
        .filter(|(_, same)| !same)
        .map(|(what, _)| format!("{what} was changed and needs a restart"))
        .collect()
    }

    /// How it is.
    pub async fn status(&self) -> Result<Status, Fault> {
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
            feeds: self.standing.all(),
            troubles: self.troubles.all(),
        })
    }

    /// Sources that are not heard.
    pub async fn bans(&self) -> Result<Vec<BanLine>, Fault> {
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

    /// Where phones are.
    pub async fn registrations(&self) -> Result<Vec<RegistrationLine>, Fault> {
        let each = self.shards.each(|gate, now| views::registrations(gate, now)).await?;
        let mut all: Vec<_> = each.into_iter().flatten().collect();
        all.sort_by(|a, b| (&a.tenant, &a.extension).cmp(&(&b.tenant, &b.extension)));
        Ok(all)
    }

    async fn running_calls(&self, full: bool) -> Result<Vec<CallLine>, Fault> {
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
    async fn answer(&self, ask: Ask, who: &str) -> Result<Said, Fault> {
        let act = |what: &str, why: String| Act {
            who: who.to_owned(),
            what: what.to_owned(),
            why,
            address: None,
            at: crate::wall(),
        };
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
            Ask::Cut { call, by } => done(self.ordered_cut(call, by).await?),
            Ask::Registrations => Answer::Registrations(self.registrations().await?),
            Ask::Trunks => Answer::Trunks(self.trunks().await?),
            Ask::Blocks => {
                let each = self.shards.each(|gate, now| views::blocks(gate, now)).await?;
                Answer::Blocks(each.into_iter().flatten().collect())
            }
            Ask::Block { tenant, extension, level, secs, by } => {
                let until = secs.map(|secs| crate::wall() + Duration::from_secs(secs));
                let order = BlockOrder { tenant, extension, level, until, by };
                done(self.ordered_block(order).await?)
            }
            Ask::Unblock { block, by } => done(self.ordered_lift(block, by).await?),
            Ask::Bans => Answer::Bans(self.bans().await?),
            Ask::Ban { net, secs, by } => {
                let until = secs.map(|secs| crate::wall() + Duration::from_secs(secs));
                done(self.ordered_ban(net, until, by).await?)
            }
            Ask::Unban { net } => done(self.ordered_unban(net, who.to_owned()).await?),
            Ask::Nftables => {
                let each = self.shards.each(|gate, now| gate.guard().bans(now)).await?;
                let bans: Vec<_> = each.into_iter().flatten().collect();
                Answer::Nftables(ringfence_guard::nftables(&bans, crate::wall()))
            }
            Ask::Trace { watch, secs, bytes_max } => {
                info!(secs, "a trace begins");
                return Trace::begin(&self.shards, watch, secs, bytes_max).map(Said::Stream);
            }
            Ask::Apply { rows, prune, dry_run, revision, why } => {
                let act = act("settings.apply", why);
                self.apply(rows, (prune, dry_run, revision), act).await?
            }
            Ask::Export { secrets } => {
                let plan = self.export_plan(None, secrets).await;
                Answer::Plan(plan.map_err(crate::settling::told)?)
            }
            Ask::Audit { limit, below } => self.audit(limit, below).await?,
            Ask::VerifyAudit => self.verify().await?,
            Ask::Revert { seq, dry_run, why } => {
                self.revert(seq, dry_run, act("settings.revert", why)).await?
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
