//! A trace while it runs: bounded in time and size.

use super::ask::{Answer, Fault, Watch};
use crate::shards::Shards;
use crate::trace::{Follow, Packet, Wanted};
use ringfence_edge::{Traced, Way};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

const SECS_MAX: u64 = 3_600;
const BYTES_MAX: u64 = 1 << 30;
/// Copies that may wait between the shards and us.
const QUEUE: usize = 8_192;
/// Messages that may wait for the operator.
const SHOWN_QUEUE: usize = 1_024;

/// A trace while it runs.
pub(crate) struct Trace {
    packets: mpsc::Receiver<Packet>,
    shards: Arc<Shards>,
    missed_before: u64,
    until: Instant,
    bytes_left: u64,
    end: &'static str,
}

impl Trace {
    /// Begins to watch. Another trace that runs is ended by it.
    pub fn begin(
        shards: &Arc<Shards>,
        watch: Watch,
        secs: u64,
        bytes_max: u64,
    ) -> Result<Self, Fault> {
        let wanted = match watch {
            Watch::Call(call) => Wanted::Call(call),
            Watch::All => Wanted::All,
            Watch::Number(number) if number.bytes().filter(u8::is_ascii_digit).count() >= 2 => {
                Wanted::Number(number)
            }
            Watch::Number(_) => {
                return Err(Fault::new("that is no number", "give its digits, two at least"));
            }
        };
        let until = Instant::now() + Duration::from_secs(secs.clamp(1, SECS_MAX));
        let copies = shards.edge().watch(QUEUE);
        let (show, packets) = mpsc::channel(SHOWN_QUEUE);
        let thread = std::thread::Builder::new().name("trace".into());
        let started = thread.spawn(move || pick(&copies, Follow::new(wanted), &show, until));
        started
            .map_err(|error| Fault::new(format!("no thread for a trace: {error}"), "try again"))?;
        Ok(Self {
            packets,
            missed_before: shards.edge().missed_by_watchers(),
            shards: Arc::clone(shards),
            until,
            bytes_left: bytes_max.clamp(1, BYTES_MAX),
            end: "the operator ended it",
        })
    }

    /// The next message; `None` when it is over.
    pub async fn next(&mut self) -> Option<Answer> {
        if self.bytes_left == 0 {
            self.end = "as many bytes as were asked for";
            return None;
        }
        let packet = match tokio::time::timeout_at(self.until.into(), self.packets.recv()).await {
            Ok(Some(packet)) => packet,
            Ok(None) if Instant::now() < self.until => {
                self.end = "another trace was begun";
                return None;
            }
            Ok(None) | Err(_) => {
                self.end = "as long as was asked for";
                return None;
            }
        };
        self.bytes_left = self.bytes_left.saturating_sub(packet.bytes.len() as u64);
        Some(Answer::Message(packet))
    }

    /// Why it is over.
    pub fn end(&self) -> Answer {
        let missed = self.shards.edge().missed_by_watchers() - self.missed_before;
        Answer::Traced { end: self.end.to_owned(), missed }
    }
}

/// Picks what is wanted from all copies; a thread, since reading each message is work that nobody must wait for.
fn pick(
    copies: &Receiver<Traced>,
    mut follow: Follow,
    show: &mpsc::Sender<Packet>,
    until: Instant,
) {
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() || show.is_closed() {
            return;
        }
        let traced = match copies.recv_timeout(left.min(Duration::from_millis(200))) {
            Ok(traced) => traced,
            Err(RecvTimeoutError::Timeout) => continue,
            Err(RecvTimeoutError::Disconnected) => return,
        };
        let mut found: VecDeque<Packet> = follow.take(traced).into_iter().map(packet).collect();
        while let Some(packet) = found.pop_front() {
            if show.blocking_send(packet).is_err() {
                return;
            }
        }
    }
}

fn packet(traced: Traced) -> Packet {
    let Traced { way, flow, at, bytes, .. } = traced;
    let (from, to) = match way {
        Way::In => (flow.remote, flow.local),
        Way::Out => (flow.local, flow.remote),
    };
    Packet { at, from, to, transport: flow.transport.as_str().to_owned(), bytes: bytes.to_vec() }
}
