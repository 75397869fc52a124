//! What the last run left behind, brought back to life.

use crate::folder::Folder;
use crate::journal::{Journal, Left};
use crate::records::Daily;
use crate::views;
use ringfence_edge::{Batch, Checkpoint, Record};
use ringfence_gate::{Gate, Input, Output, Shard, Snapshot};
use ringfence_model::{Attempt, Now};
use std::io;
use std::sync::Arc;
use tracing::{info, warn};

/// The shards as they were left, brought back to life.
pub(crate) struct TakenUp {
    /// One per shard.
    pub gates: Vec<Gate>,
    /// Where each goes on writing.
    pub journals: Vec<Journal>,
    /// Calls that ran, for records about them.
    pub attempts: Vec<Attempt>,
    /// Keys of the checkpoints that are there, with their shards.
    pub known: Vec<(u8, [u8; 16])>,
    /// Call records and events.
    pub daily: [Daily; 2],
    /// What the shards said about it.
    pub said: Batch,
}

impl TakenUp {
    /// From the data folder.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub fn from(folder: &Folder, snapshot: &Arc<Snapshot>, keep_days: u16) -> io::Result<Self> {
        let path = folder.path();
        let daily = |what| Daily::new(path, what, keep_days);
        let mut all = Self {
            gates: Vec::new(),
            journals: Vec::new(),
            attempts: Vec::new(),
            known: Vec::new(),
            daily: [daily("cdr"), daily("events")],
            said: Batch::default(),
        };
        for shard in 0..folder.shards {
            let (journal, left) = Journal::open(path, shard)?;
            all.known.extend(left.checkpoints.iter().map(|(key, _)| (shard, *key)));
            let gate = gate(folder, shard, snapshot, left, &mut all.said);
            all.attempts.extend(gate.running().map(views::attempt));
            all.gates.push(gate);
            all.journals.push(journal);
        }
        Ok(all)
    }
}

/// A shard as it was left: what it knew, then what happened since, then its calls and registrations.
fn gate(
    folder: &Folder,
    number: u8,
    snapshot: &Arc<Snapshot>,
    left: Left,
    said: &mut Batch,
) -> Gate {
    left.complaints.iter().for_each(|complaint| warn!("{complaint}"));
    let shard = Shard { number, secret: folder.secret };
    // Moments count from 1970, so that those of the last run mean the same.
    let now = Now::from_wall(crate::wall());
    let mut guard = None;
    let restored = left.known.and_then(|known| {
        guard = Some(known.guard);
        Gate::restore(&shard, Arc::clone(snapshot), known.engine)
            .inspect_err(|error| warn!("what shard {number} knew cannot be used: {error}"))
            .ok()
    });
    let mut gate = restored.unwrap_or_else(|| Gate::of_shard(&shard, Arc::clone(snapshot)));
    if let Some(state) = guard {
        gate.guard_mut().restore(now, state);
    }
    for (at, event) in &left.events {
        gate.handle(Now::from_wall(*at), Input::Event(event));
        // What was decided then was done then.
        while !matches!(gate.poll(), Output::Sleep(_)) {}
    }
    let count = left.checkpoints.len();
    gate.take_up(now, left.checkpoints.into_iter());
    loop {
        match gate.poll() {
            Output::Sleep(_) => break,
            Output::Checkpoint { key, state } => {
                said.checkpoints.push(Checkpoint { shard: number, key, state });
            }
            // No socket is open yet; what matters is sent again by its timer.
            Output::Transmit { .. } | Output::Hand { .. } | Output::Close(_) => {}
            what => said.records.push(Record { shard: number, at: now.wall, what }),
        }
    }
    if count > 0 {
        let calls = gate.running().count();
        let contacts = gate.calls().counts().contacts;
        info!(shard = number, calls, contacts, "calls and registrations are taken up again");
    }
    gate
}
