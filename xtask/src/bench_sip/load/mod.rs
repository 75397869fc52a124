//! Our own load: caller and called side in one loop on one core, so that a load beyond what SIPp can make is possible
//! and the way of each INVITE is timed by one clock.
//!
//! Open loop: calls begin when they are due, whatever became of those before. Nothing waits: the loop turns all the time.

mod called;
mod caller;
mod calls;
pub mod heard;
pub mod junk;
pub mod register;
pub mod socket;
mod timers;
pub mod wording;

use std::collections::BTreeMap;
use std::net::UdpSocket;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::Result;

use calls::Calls;
use timers::{Timers, What};
use wording::Voice;

/// What a load does.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub voice: Voice,
    /// Calls begun a second.
    pub rate: f64,
    /// For how long calls begin.
    pub lasting: Duration,
    /// From ACK to BYE.
    pub talk: Duration,
    /// How long the last calls may take to end, after their talk.
    pub patience: Duration,
}

/// What was counted so far.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    pub begun: u64,
    /// INVITEs that the called side heard.
    pub arrived: u64,
    /// Calls whose 200 the caller heard.
    pub answered: u64,
    /// Calls whose BYE was answered with 200.
    pub completed: u64,
    /// Calls refused, by code.
    pub refused: BTreeMap<u16, u64>,
    /// BYEs that got another answer than 200.
    pub bye_refused: u64,
    /// Calls given up: no answer in the time of RFC 3261.
    pub given_up: u64,
    /// Calls that were answered and never properly ended: their BYE was refused, or nobody answered it.
    pub in_dialog_lost: u64,
    /// Calls that were not over when patience was.
    pub unfinished: u64,
    /// Messages of ours that were sent again.
    pub resent: u64,
    /// Of these the BYEs.
    pub bye_resent: u64,
    /// Messages that came a second time.
    pub heard_again: u64,
    /// The most a call began too late: when this is long, the load did not keep its rate.
    pub late: Duration,
    /// Calls whose caller was sent a BYE.
    pub cut: u64,
    /// BYEs the called side heard.
    pub hung_up: u64,
}

impl Tally {
    /// Nothing lost, nothing sent twice, nothing refused.
    pub fn clean(&self) -> bool {
        let bad =
            self.bye_refused + self.given_up + self.unfinished + self.resent + self.heard_again;
        bad == 0 && self.refused.is_empty() && self.completed == self.begun
    }
}

/// What came of a load.
#[derive(Debug)]
pub struct Outcome {
    pub tally: Tally,
    /// From sending each INVITE to hearing it at the called side, in nanoseconds, unsorted.
    pub delays: Vec<u32>,
    /// How long calls began.
    pub lasted: Duration,
}

/// What else happens in the loop.
pub trait Beside {
    /// Called on each turn; must be short.
    fn turn(&mut self, elapsed: Duration, tally: &Tally) -> Result<()>;
}

/// Nothing else.
impl Beside for () {
    fn turn(&mut self, _: Duration, _: &Tally) -> Result<()> {
        Ok(())
    }
}

impl<F: FnMut(Duration, &Tally) -> Result<()>> Beside for F {
    fn turn(&mut self, elapsed: Duration, tally: &Tally) -> Result<()> {
        self(elapsed, tally)
    }
}

/// At most this many messages of one socket, then it is the other's turn.
const BATCH: usize = 16;

pub struct Load {
    plan: Plan,
    caller: UdpSocket,
    called: UdpSocket,
    calls: Calls,
    timers: Timers,
    tally: Tally,
    delays: Vec<u32>,
    begin: Instant,
    out: Vec<u8>,
}

/// Runs a plan to its end.
pub fn run(plan: Plan, beside: &mut dyn Beside) -> Result<Outcome> {
    let mut load = Load {
        plan,
        caller: socket::bound(plan.voice.caller)?,
        called: socket::bound(plan.voice.called)?,
        calls: Calls::new(fresh_number()),
        timers: Timers::new(plan.talk),
        tally: Tally::default(),
        delays: Vec::with_capacity((plan.rate * plan.lasting.as_secs_f64()) as usize + 1),
        begin: Instant::now(),
        out: Vec::with_capacity(2_048),
    };
    load.run(beside)
}

/// A server remembers calls of the run before for half a minute: no number may come twice.
fn fresh_number() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    now.as_secs() % 100_000_000 * 1_000_000
}

impl Load {
    fn run(&mut self, beside: &mut dyn Beside) -> Result<Outcome> {
        let mut bytes = vec![0; 65_536];
        let end = self.plan.lasting + self.plan.talk + self.plan.patience;
        loop {
            let elapsed = self.begin.elapsed();
            self.begin_due(elapsed)?;
            self.hear_called(&mut bytes)?;
            self.hear_caller(&mut bytes)?;
            self.repeat_due()?;
            beside.turn(elapsed, &self.tally)?;
            let over = elapsed > self.plan.lasting && self.calls.unfinished() == 0;
            if over || elapsed > end {
                break;
            }
        }
        self.tally.unfinished = self.calls.unfinished();
        self.tally.in_dialog_lost += self.calls.up();
        Ok(Outcome {
            tally: std::mem::take(&mut self.tally),
            delays: std::mem::take(&mut self.delays),
            lasted: self.plan.lasting,
        })
    }

    /// Begins the calls that are due, a few at a time so that answers are heard in between.
    fn begin_due(&mut self, elapsed: Duration) -> Result<()> {
        for _ in 0..4 {
            let due = Duration::from_secs_f64(self.tally.begun as f64 / self.plan.rate);
            if due > elapsed || due >= self.plan.lasting {
                break;
            }
            self.tally.late = self.tally.late.max(elapsed.saturating_sub(due));
            self.tally.begun += 1;
            let number = self.calls.begin(0);
            self.plan.voice.invite(&mut self.out, number);
            let now = self.now();
            if let Some(call) = self.calls.get(number) {
                call.sent_at = now;
            }
            socket::send(&self.caller, &self.out, self.plan.voice.server)?;
            self.timers.set(now, number, What::Invite(0));
        }
        Ok(())
    }

    fn now(&self) -> u64 {
        u64::try_from(self.begin.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}
