//! Where trunks are, kept fresh in the background.
//!
//! Each trunk has a task that looks its targets up, tells every shard when something changed, and looks again when the
//! answer ages. What was once known holds until something better is known: a name server that is down takes no
//! carrier with it.

mod expected;
mod rfc3263;

pub use expected::Expected;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use rfc3263::{Answer, literal};
pub use rfc3263::{Search, Ways};
use ringfence_call::{Directory, Hop, Target, Trunk};
use ringfence_gate::Input;
use ringfence_model::TrunkId;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::order::Order;
use crate::settings::NameSettings;

/// Keeps the addresses of all trunks.
pub struct Names {
    runtime: Handle,
    shared: Arc<Shared>,
    tasks: Mutex<HashMap<TrunkId, Task>>,
}

struct Task {
    job: Job,
    running: JoinHandle<()>,
}

/// What a task looks up; as long as it stays the same, the task goes on.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Job {
    trunk: TrunkId,
    targets: Vec<Target>,
    certificate: Option<String>,
    ways: Ways,
}

struct Shared {
    dns: TokioResolver,
    settings: NameSettings,
    shards: Vec<mpsc::Sender<Order>>,
    expected: Arc<Expected>,
    known: Mutex<HashMap<TrunkId, Known>>,
}

struct Known {
    hops: Vec<Hop>,
    /// Names to be proven at TLS hops.
    names: Vec<(SocketAddr, String)>,
}

impl Names {
    /// Asks these servers, or those of the system.
    pub fn new(
        runtime: &Handle,
        settings: NameSettings,
        shards: Vec<mpsc::Sender<Order>>,
        expected: Arc<Expected>,
    ) -> Result<Self, NetError> {
        let mut builder = match settings.servers.as_slice() {
            [] => TokioResolver::builder_tokio()?,
            own => {
                TokioResolver::builder_with_config(servers(own), TokioRuntimeProvider::default())
            }
        };
        // Answers are kept here for as long as they hold; what is asked for again must be asked for anew.
        let options: &mut ResolverOpts = builder.options_mut();
        options.cache_size = 0;
        let dns = builder.build()?;
        let shared = Arc::new(Shared { dns, settings, shards, expected, known: Mutex::default() });
        Ok(Self { runtime: runtime.clone(), shared, tasks: Mutex::default() })
    }

    /// Looks up the trunks of this directory from now on.
    pub fn adopt(&self, directory: &Directory) {
        let jobs = jobs(directory);
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.retain(|_, task| {
            let stays = jobs.contains(&task.job);
            if !stays {
                task.running.abort();
            }
            stays
        });
        let trunks = jobs.iter().map(|job| &job.trunk).collect::<Vec<_>>();
        self.shared.forget_all_but(&trunks);
        for job in jobs {
            if let Some(task) = tasks.get(&job.trunk) {
                // A shard that took a new directory may have forgotten.
                self.runtime.spawn(Arc::clone(&self.shared).say(task.job.trunk.clone()));
            } else {
                self.know(&job);
                let running = self.runtime.spawn(keep(Arc::clone(&self.shared), job.clone()));
                tasks.insert(job.trunk.clone(), Task { job, running });
            }
        }
    }

    /// Addresses that were given need no look-up: the shards know them before anything else is asked of them.
    fn know(&self, job: &Job) {
        let answers: Vec<_> = job.targets.iter().map(|of| literal(of, &job.ways)).collect();
        // Of a trunk that moves, what was known holds until all is known.
        let enough = match self.shared.lock().contains_key(&job.trunk) {
            true => answers.iter().all(Option::is_some),
            false => answers.iter().any(Option::is_some),
        };
        if enough && self.shared.keep(job, &answers) {
            let told = |shard: &mpsc::Sender<Order>| {
                let order = self.shared.order(&job.trunk);
                order.is_none_or(|order| shard.try_send(order).is_ok())
            };
            if !self.shared.shards.iter().all(told) {
                self.runtime.spawn(Arc::clone(&self.shared).say(job.trunk.clone()));
            }
        }
    }
}

impl Drop for Names {
    fn drop(&mut self) {
        let tasks = self.tasks.get_mut().unwrap_or_else(PoisonError::into_inner);
        for task in tasks.values() {
            task.running.abort();
        }
    }
}

fn servers(addresses: &[SocketAddr]) -> ResolverConfig {
    let server = |at: &SocketAddr| {
        let mut connections = vec![ConnectionConfig::udp(), ConnectionConfig::tcp()];
        connections.iter_mut().for_each(|connection| connection.port = at.port());
        NameServerConfig::new(at.ip(), true, connections)
    };
    ResolverConfig::from_parts(None, Vec::new(), addresses.iter().map(server).collect())
}

/// From where we can reach a trunk.
pub fn ways(directory: &Directory, trunk: &Trunk) -> Ways {
    let all = directory.parts().listeners.iter();
    all.filter(|listener| trunk.listener.as_ref().is_none_or(|name| *name == listener.name))
        .map(|of| (of.transport, of.local.is_ipv4()))
        .collect()
}

fn jobs(directory: &Directory) -> Vec<Job> {
    let job = |trunk: &Trunk| Job {
        trunk: trunk.id.clone(),
        targets: trunk.targets.clone(),
        certificate: trunk.certificate.clone(),
        ways: ways(directory, trunk),
    };
    directory.parts().trunks.iter().filter(|trunk| !trunk.targets.is_empty()).map(job).collect()
}

/// Looks a trunk's targets up, again and again.
async fn keep(shared: Arc<Shared>, job: Job) {
    let mut answers: Vec<Option<Answer>> = vec![None; job.targets.len()];
    let NameSettings { fresh_min, fresh_max, pause_min, pause_max, .. } = shared.settings;
    let mut pause = pause_min;
    loop {
        let mut failed = false;
        for (target, answer) in job.targets.iter().zip(&mut answers) {
            match Search::new(&shared.dns, &job.ways).find(target).await {
                Ok(found) => *answer = Some(found),
                Err(_) => failed = true,
            }
        }
        Arc::clone(&shared).learn(&job, &answers).await;
        let until = answers.iter().flatten().filter_map(|answer| answer.until).min();
        let fresh = until
            .map(|at| at.saturating_duration_since(Instant::now()).max(fresh_min).min(fresh_max));
        let rest = match (failed, fresh) {
            (true, _) => pause,
            (false, Some(fresh)) => fresh,
            // Addresses were given, not names: they stay.
            (false, None) => return,
        };
        pause = if failed { (pause * 2).min(pause_max) } else { pause_min };
        tokio::time::sleep_until(tokio::time::Instant::now() + rest).await;
    }
}

impl Shared {
    /// Keeps what was found, and says it when it is new.
    async fn learn(self: Arc<Self>, job: &Job, answers: &[Option<Answer>]) {
        if self.keep(job, answers) {
            self.say(job.trunk.clone()).await;
        }
    }

    /// Keeps what was found; whether it is new.
    fn keep(&self, job: &Job, answers: &[Option<Answer>]) -> bool {
        let mut new = Known { hops: Vec::new(), names: Vec::new() };
        for (target, answer) in job.targets.iter().zip(answers) {
            for hop in answer.iter().flat_map(|answer| &answer.hops) {
                let name = job.certificate.as_ref().unwrap_or(&target.host);
                new.names.push((hop.remote, name.clone()));
                if !new.hops.contains(hop) {
                    new.hops.push(*hop);
                }
            }
        }
        let mut known = self.lock();
        let before = known.get(&job.trunk).map(|known| &known.hops);
        let changed = before != Some(&new.hops);
        known.insert(job.trunk.clone(), new);
        self.expect(&known);
        changed
    }

    /// Tells every shard what is known of a trunk; nothing while it was not looked up yet.
    async fn say(self: Arc<Self>, trunk: TrunkId) {
        for shard in &self.shards {
            let Some(order) = self.order(&trunk) else { return };
            // A shard that has ended needs no addresses.
            let _ = shard.send(order).await;
        }
    }

    /// What a shard is told of a trunk.
    fn order(&self, trunk: &TrunkId) -> Option<Order> {
        let hops = self.lock().get(trunk)?.hops.clone();
        Some(Order::Tell(Box::new(Input::Resolved { trunk: trunk.clone(), hops })))
    }

    fn forget_all_but(&self, trunks: &[&TrunkId]) {
        let mut known = self.lock();
        known.retain(|trunk, _| trunks.contains(&trunk));
        self.expect(&known);
    }

    fn expect(&self, known: &HashMap<TrunkId, Known>) {
        let all = known.values().flat_map(|known| &known.names);
        self.expected.replace(all.map(|(at, name)| (*at, name.as_str())));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<TrunkId, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
