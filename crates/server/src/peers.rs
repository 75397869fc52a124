//! Trunks that begin or cease to answer, registrations that come and go: told once each, in the log.

use crate::control::TrunkLine;
use crate::running::Running;
use ringfence_model::TrunkId;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tracing::{info, warn};

const LOOK: Duration = Duration::from_secs(2);

type State = (Option<bool>, Option<bool>, Option<String>);

/// Looks at the trunks now and then, and tells what changed.
pub(crate) async fn watch(running: Arc<Running>) {
    let mut known: HashMap<TrunkId, State> = HashMap::new();
    let mut looks = tokio::time::interval(LOOK);
    loop {
        looks.tick().await;
        // A shard that does not answer is told of by the watchdog.
        let Ok(trunks) = running.trunks().await else { continue };
        known.retain(|id, _| trunks.iter().any(|trunk| trunk.trunk == *id));
        for trunk in trunks {
            let now = (trunk.alive, trunk.registered, trunk.trouble.clone());
            let before = known.insert(trunk.trunk.clone(), now.clone());
            if before.as_ref() != Some(&now) {
                tell(&trunk, before.is_none());
            }
        }
    }
}

fn tell(trunk: &TrunkLine, first: bool) {
    let id = trunk.trunk.as_str();
    let ill = trunk.alive == Some(false) || trunk.registered == Some(false);
    match &trunk.trouble {
        Some(trouble) => warn!(trunk = id, trouble, "trunk in trouble"),
        None if ill => {
            warn!(
                trunk = id,
                answers = trunk.alive,
                registered = trunk.registered,
                "trunk is down"
            );
        }
        // A trunk that never was ill is no news.
        None if first => {}
        None => {
            info!(trunk = id, answers = trunk.alive, registered = trunk.registered, "trunk is up")
        }
    }
}
