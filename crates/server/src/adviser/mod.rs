//! PBXs that ask over HTTP whether a call may be made, tell what becomes of it, and are told to end calls. On a thread
//! of its own: neither the portal nor a slow PBX delays an answer.

mod counters;
mod fields;
mod keys;
mod order;
mod party;
mod records;
mod reply;
mod serve;

pub(crate) use counters::Counters;
pub(crate) use fields::Fields;
pub(crate) use order::{ORDERS_MAX, Order, Orders};
pub(crate) use party::Asker;

use crate::config;
use crate::door::{Caps, Door};
use crate::running::Running;
use keys::Keys;
use ringfence_edge::Keys as Certificates;
use ringfence_model::TenantId;
use std::collections::HashMap;
use std::net::TcpListener;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, oneshot};
use tracing::error;

/// A PBX opens a connection a call, or keeps some.
const CAPS: Caps = Caps { all: 4_096, of_one: 1_024, head: Duration::from_secs(75) };
/// Questions that wait for a shard at once: more would only wait longer than any PBX does.
const WAITING_MAX: usize = 512;
/// A PBX waits 300 ms to a second; what is not answered by then is answered without a shard.
const PATIENCE: Duration = Duration::from_millis(250);
/// How long what is under way may take at the end.
const LAST: Duration = Duration::from_secs(1);

/// What answers PBXs.
pub(crate) struct Adviser {
    running: Arc<Running>,
    keys: Keys,
    waiting: Semaphore,
    paces: Mutex<Paces>,
    questions_per_sec_max: u32,
}

/// Questions of each tenant in the current second.
struct Paces {
    since: Instant,
    counts: HashMap<TenantId, u32>,
}

impl Adviser {
    /// Whether one more question of this tenant is judged now.
    fn has_room(&self, tenant: &TenantId) -> bool {
        let mut paces = self.paces.lock().unwrap_or_else(PoisonError::into_inner);
        if paces.since.elapsed() >= Duration::from_secs(1) {
            paces.since = Instant::now();
            paces.counts.clear();
        }
        let count = paces.counts.entry(tenant.clone()).or_default();
        *count += 1;
        *count <= self.questions_per_sec_max
    }
}

/// Where PBXs come in.
pub(crate) struct Entrance {
    /// Bound.
    pub listener: TcpListener,
    /// What the boot file says of it.
    pub settings: config::Adviser,
    /// What is shown there; nothing where it is not encrypted.
    pub certificates: Option<Arc<Certificates>>,
}

/// The thread, to be ended.
pub(crate) struct Advising {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Advising {
    /// Answers PBXs, where they can come in, and ends calls at theirs as ordered.
    pub fn start(
        entrance: Option<Entrance>,
        orders: Orders,
        running: Arc<Running>,
    ) -> std::io::Result<Self> {
        let (stop, stopped) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        if let Some(entrance) = &entrance {
            entrance.listener.set_nonblocking(true)?;
        }
        let thread = std::thread::Builder::new().name("adviser".into());
        let thread = thread.spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = answer(entrance, Arc::clone(&running)) => {}
                    () = order::carry_out(orders, running) => {}
                    _ = stopped => {}
                }
            });
            runtime.shutdown_timeout(LAST);
        })?;
        Ok(Self { stop, thread })
    }

    /// Ends it.
    pub fn end(self) {
        // It may have ended by itself.
        let _ = self.stop.send(());
        if self.thread.join().is_err() {
            error!("the adviser failed");
        }
    }
}

async fn answer(entrance: Option<Entrance>, running: Arc<Running>) {
    let Some(Entrance { listener, settings, certificates }) = entrance else {
        return std::future::pending().await;
    };
    let adviser = Arc::new(Adviser {
        keys: Keys::new(running.store.clone()),
        running,
        waiting: Semaphore::new(WAITING_MAX),
        paces: Mutex::new(Paces { since: Instant::now(), counts: HashMap::new() }),
        questions_per_sec_max: settings.questions_per_sec_max,
    });
    let door = Door::new("the adviser", serve::router(adviser), CAPS);
    door.allow(settings.allow).keys(certificates).take(listener).await;
}
