//! The program is stopped without a word, and started again with what it stored.

use super::schedule::Event;
use super::{World, shard};
use anyhow::Result;
use bytes::Bytes;
use ringfence_gate::{Gate, Input, Output};
use ringfence_model::{CallEvent, Moment, Now, WallTime};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// So long after it was said, a thing is on the disk.
const DELAY: Duration = Duration::from_secs(1);
/// How long it takes to start again.
const DOWN: Duration = Duration::from_secs(2);

/// What was stored, each with when it is on the disk.
#[derive(Default)]
pub struct Store {
    engine: String,
    events: Vec<(Moment, WallTime, CallEvent)>,
    checkpoints: Vec<(Moment, [u8; 16], Option<Bytes>)>,
    /// Since when, and until when, nothing reaches the disk.
    stalled: Option<(Moment, Moment)>,
}

impl Store {
    /// Keeps what is to be kept of what the gate said.
    pub fn keep(&mut self, now: (Moment, WallTime), output: &Output) {
        let (at, wall) = now;
        let written = self.stalled.map_or(at, |(_, until)| until.max(at)) + DELAY;
        match output {
            Output::Event(event) => self.events.push((written, wall, event.clone())),
            Output::Checkpoint { key, state } => {
                self.checkpoints.push((written, *key, state.clone()));
            }
            _ => {}
        }
    }

    /// Nothing reaches the disk from now on until then.
    pub const fn stall(&mut self, at: Moment, until: Moment) {
        self.stalled = Some((at, until));
    }

    /// From when on a stop at `at` loses what was said.
    pub fn lost_since(&self, at: Moment) -> Moment {
        let running = self.stalled.filter(|(_, until)| at < *until + DELAY);
        running.map_or(at, |(since, _)| since)
    }

    /// What survives a stop at `at`.
    fn checkpoints(&self, at: Moment) -> BTreeMap<[u8; 16], Bytes> {
        let mut left = BTreeMap::new();
        for (_, key, state) in self.checkpoints.iter().filter(|(written, ..)| *written <= at) {
            match state {
                Some(state) => left.insert(*key, state.clone()),
                None => left.remove(key),
            };
        }
        left
    }

    fn events(&self, at: Moment) -> impl Iterator<Item = (WallTime, &CallEvent)> {
        let left = self.events.iter().filter(move |(written, ..)| *written <= at);
        left.map(|(_, wall, event)| (*wall, event))
    }
}

impl World<'_> {
    /// Stores the engine's state; facts are stored as they come.
    pub(super) fn keep_engine(&mut self) -> Result<()> {
        if self.store.lost_since(self.at) < self.at {
            return Ok(());
        }
        self.store.engine = serde_json::to_string(&self.gate.state())?;
        self.store.events.clear();
        Ok(())
    }

    pub(super) fn restart(&mut self) -> Result<()> {
        let stopped = self.at;
        self.disturbed.restart = Some((self.store.lost_since(stopped), stopped));
        self.at = stopped + DOWN;
        // What arrived meanwhile found nobody.
        for event in self.schedule.take_before(self.at) {
            if !matches!(event, Event::ToGate { .. } | Event::Closed(..)) {
                self.put(self.at, event);
            }
        }
        self.take_up(stopped)?;
        self.listen()?;
        self.resolve()?;
        for node in 0..self.ways.len() {
            let Some(way) = self.ways.get_mut(node) else { continue };
            if way.connection.take().is_some() {
                self.disturbed.nodes.push(node);
                self.happen(Event::Register(node))?;
            }
        }
        Ok(())
    }

    fn take_up(&mut self, stopped: Moment) -> Result<()> {
        let state = serde_json::from_str(&self.store.engine)?;
        let shard = shard(self.scenario.seed);
        self.gate = Gate::restore(&shard, Arc::clone(&self.snapshot), state)?;
        self.epoch_us = self.at.0 - 1_000_000;
        for (wall, event) in self.store.events(stopped) {
            self.gate.handle(Now::from_wall(wall), Input::Event(event));
            while !matches!(self.gate.poll(), Output::Sleep(_)) {}
        }
        let now = self.now();
        self.gate.take_up(now, self.store.checkpoints(stopped).into_iter());
        let running = self.gate.calls().running().map(|view| view.call).collect();
        self.watch.restarted(&running);
        Ok(())
    }
}
