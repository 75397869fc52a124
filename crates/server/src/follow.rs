//! Settings that another node of the same database changed, or that are stored and not in force yet: taken up by
//! themselves.

use crate::running::Running;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tracing::{error, info};

/// A change on one node is in force on the others within about this time.
const LOOK: Duration = Duration::from_secs(2);
/// Settings that were refused are tried again after so long: what was in their way may be gone.
const AGAIN: Duration = Duration::from_secs(30);
/// What its trouble is about.
const SETTINGS: &str = "settings";

/// Looks for changes until it is dropped.
pub(crate) async fn watch(running: Arc<Running>) {
    let mut looks = tokio::time::interval(LOOK);
    let mut refused: Option<(i64, Instant)> = None;
    loop {
        looks.tick().await;
        // Who is changing settings here goes first.
        let turn = running.settling.lock().await;
        let Some(mine) = running.config().revision else { continue };
        let store = running.store.clone();
        // That the store does not answer is told by who feeds it.
        let Ok(Ok(there)) = tokio::task::spawn_blocking(move || store.settings_revision()).await
        else {
            continue;
        };
        let was_refused =
            refused.is_some_and(|(revision, at)| revision == there && at.elapsed() < AGAIN);
        if there == mine || was_refused {
            continue;
        }
        match running.read_again(&turn).await {
            Ok(_) => refused = None,
            Err(fault) => {
                refused = Some((there, Instant::now()));
                let what = format!("what was changed elsewhere is not in force here: {fault}");
                if running.troubles.begin(SETTINGS, what.clone()) {
                    error!("{what}");
                }
                continue;
            }
        }
        if running.troubles.end(SETTINGS) {
            info!("what was changed elsewhere is in force here too");
        }
    }
}
