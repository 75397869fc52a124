//! Orders to end a call, carried out at the PBX that has it.

mod talk;

use crate::config::{Control, PbxKind};
use crate::running::Running;
use ringfence_connect::control::Ended;
use ringfence_gate::advised::Name;
use ringfence_model::CallId;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc};
use tracing::{info, warn};

/// Orders that wait. One that finds no room is said again ten seconds later.
pub(crate) const ORDERS_MAX: usize = 10_000;
/// Orders carried out at once.
const AT_ONCE: usize = 64;
/// How long a PBX may take for one: the next comes ten seconds after it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where orders come from.
pub(crate) type Orders = mpsc::Receiver<Order>;

/// Have this call ended.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    /// The call.
    pub call: CallId,
    /// What its PBX calls it.
    pub name: Name,
    /// What the PBX wants to hear for it.
    pub handle: Option<Arc<str>>,
}

/// Carries orders out, for good.
pub(super) async fn carry_out(mut orders: Orders, running: Arc<Running>) {
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let under_way = Arc::new(Mutex::new(HashSet::new()));
    while let Some(order) = orders.recv().await {
        let begun = |calls: &Mutex<HashSet<CallId>>| {
            calls.lock().unwrap_or_else(PoisonError::into_inner).insert(order.call)
        };
        if !begun(&under_way) {
            continue;
        }
        let Ok(turn) = Arc::clone(&turns).acquire_owned().await else { return };
        let (running, under_way) = (Arc::clone(&running), Arc::clone(&under_way));
        tokio::spawn(async move {
            one(&running, &order).await;
            under_way.lock().unwrap_or_else(PoisonError::into_inner).remove(&order.call);
            drop(turn);
        });
    }
    std::future::pending().await
}

async fn one(running: &Running, order: &Order) {
    let config = running.config();
    let trunk = order.name.trunk.as_ref();
    let pbx = trunk.and_then(|trunk| config.pbxs.iter().find(|pbx| pbx.trunk == *trunk));
    let (call, pbx_name) = (order.call.0, trunk.map_or("", |trunk| trunk.as_str()));
    let Some(control) = pbx.and_then(|pbx| pbx.control.as_ref()) else {
        running.advice.refused.up();
        return warn!(
            call,
            pbx = pbx_name,
            "a call should end and its PBX cannot be told: give its trunk a control = {{ ... }}"
        );
    };
    let ended = match tokio::time::timeout(PATIENCE, end(control, order)).await {
        Ok(ended) => ended,
        Err(_) => Err(format!("{}:{} does not answer", control.host, control.port)),
    };
    match ended {
        Ok(ended) => {
            let there = ended == Ended::Done;
            running.advice.ended.up();
            let what = if there { "call ended at its PBX" } else { "its PBX knows no such call" };
            info!(call, pbx = pbx_name, "{what}");
            let call = order.call;
            let shard = config.snapshot.directory.shard_of(&order.name.tenant);
            let told =
                running.shards.ask(shard, move |gate, now| gate.hung_up(now, call, there)).await;
            if let Err(fault) = told {
                warn!("{fault}");
            }
        }
        Err(why) => {
            running.advice.refused.up();
            warn!(call, pbx = pbx_name, "a call could not be ended at its PBX: {why}; tried again");
        }
    }
}

/// Ends a call as its PBX wants it.
async fn end(control: &Control, order: &Order) -> Result<Ended, String> {
    let (known_as, handle) = (&*order.name.known_as, order.handle.as_deref());
    match control.kind {
        PbxKind::Asterisk => talk::asterisk(control, handle, known_as).await,
        PbxKind::FreeSwitch => talk::free_switch(control, handle, known_as).await,
        PbxKind::Kamailio => talk::kamailio(control, known_as).await,
        PbxKind::OpenSips => talk::open_sips(control, known_as).await,
    }
}

#[cfg(test)]
mod tests;
