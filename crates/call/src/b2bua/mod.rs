//! One call: the caller on one side, whoever is tried on the other, and after the answer two dialogs that belong
//! together. The table of states is in `docs/reference/call-states.md`.

mod adviser;
mod asked;
mod branch;
mod checkpoint;
mod credentials;
mod pair;
mod passage;
mod progress;
mod redirect;
mod relay;
mod release;
mod reliable;
mod session;
mod setup;
mod tell;
mod view;

pub use asked::Asked;
pub use branch::Way;
pub use checkpoint::KIND;
pub use progress::speaks_of_the_called;
pub use redirect::Contact;
pub use release::Reason;
pub use setup::{Allowed, Caller};

use crate::core::{Core, Place, Seat};
use crate::dialog::Dialog;
use crate::timers::TimerId;
use crate::transaction::Owner;
use branch::Branch;
use pair::{Pair, Settled, Stray};
use relay::Relay;
use ringfence_model::{Attempt, CallId, Moment, Now};
use ringfence_sip::{Message, Name};
use serde::{Deserialize, Serialize};
use session::Session;
use setup::Setup;
use std::time::Duration;

/// One of the two sides of a call.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum Party {
    /// Who sent the INVITE.
    Caller,
    /// Who was called.
    Callee,
}

impl Party {
    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Caller => Self::Callee,
            Self::Callee => Self::Caller,
        }
    }
}

/// How far a call has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// Nothing is decided: [`crate::Output::Judge`] was said.
    Judged,
    /// Routes are being tried; the caller has no final answer.
    Trying,
    /// The caller has its 2xx.
    Up,
    /// Both parties know that it is over; what is under way is waited for.
    Over,
}

/// Fields that are written besides those that cross.
pub type Fields = Vec<(Name, Box<[u8]>)>;

/// A call.
#[derive(Debug)]
pub struct Call {
    pub id: CallId,
    pub place: Place,
    pub attempt: Box<Attempt>,
    /// The caller's Call-ID, by which its own records know the call.
    pub known_as: Box<[u8]>,
    pub began: Now,
    pub answered: Option<Now>,
    pub stage: Stage,
    /// Until the caller has its final answer.
    setup: Option<Box<Setup>>,
    branches: Vec<Branch>,
    pairs: Vec<Pair>,
    strays: Vec<Stray>,
    relays: Vec<Relay>,
    settled: Vec<Settled>,
    /// Ids of branches, pairs and relays; 0 is the caller's INVITE.
    last: u32,
    /// The route under way rings or plays something.
    rang: bool,
    /// That somebody rings was said.
    said_ringing: bool,
    /// The caller has not acknowledged its 2xx yet.
    unacked: bool,
    /// It was only asked about; its length is assumed.
    assumed: bool,
    /// No call: requests that pass, of which no record is kept.
    silent: bool,
    /// What a BYE for the caller says that has to wait for its ACK (RFC 3261 §15).
    owed_bye: Option<Box<[u8]>>,
    /// When the ringing of the routes under way has been long enough.
    pub(crate) ring_until: Option<Moment>,
    /// When the call is cut.
    cut_at: Option<Moment>,
    session: Option<Session>,
    /// When the session timer is over, or the parties are asked whether they are there.
    look_at: Option<Moment>,
    /// How long it had been up when it was taken up after a restart.
    up_before: Duration,
    /// When it was written down last.
    kept_at: Option<Moment>,
    /// When what is kept for late answers can go.
    tidy_at: Option<Moment>,
    pub(crate) timer: Option<(Moment, TimerId)>,
}

/// Who uses a transaction of a call.
fn owner_of(call: CallId, place: Place, relay: u32) -> Owner {
    Owner::Call { call, slot: place.place, generation: place.generation, relay }
}

/// How long late answers of finished transactions are met (64*T1, RFC 3261 §17.1.1.2, and some).
const LATE: Duration = Duration::from_secs(33);
/// A call that is over and still waits for something after this is dropped: every transaction has ended by then.
const LINGER: Duration = Duration::from_secs(70);

impl Call {
    fn owner(&self, relay: u32) -> Owner {
        owner_of(self.id, self.place, relay)
    }

    const fn next_id(&mut self) -> u32 {
        self.last += 1;
        self.last
    }

    /// A response to a request of ours.
    pub fn heard(&mut self, core: &mut Core, now: Now, relay: u32, message: &Message, last: bool) {
        if let Some(at) = self.branches.iter().position(|branch| branch.id == relay) {
            self.branch_heard(core, now, at, message);
        } else if let Some(at) = self.relays.iter().position(|known| known.id == relay) {
            self.relay_heard(core, now, at, message, last);
        }
    }

    /// A request of ours was never answered, or could not be sent.
    pub fn unanswered(&mut self, core: &mut Core, now: Now, relay: u32, code: u16) {
        if let Some(at) = self.branches.iter().position(|branch| branch.id == relay) {
            self.branch_failed(core, now, at, code, None);
        } else if let Some(at) = self.relays.iter().position(|known| known.id == relay) {
            self.relay_unanswered(core, now, at, code);
        }
    }

    /// Whether nothing of it is left to do.
    pub fn is_gone(&self) -> bool {
        self.stage == Stage::Over
            && self.relays.is_empty()
            && self.strays.is_empty()
            && !self.unacked
            && self.branches.iter().all(|branch| branch.is_done())
    }

    /// The dialog of a seat.
    pub fn dialog(&self, seat: Seat) -> Option<&Dialog> {
        Some(self.pair(seat.pair)?.side(seat.party))
    }

    /// A request of the caller or of a party was taken back with CANCEL.
    pub fn taken_back(&mut self, core: &mut Core, now: Now, relay: u32, reason: Option<Reason>) {
        if relay == 0 {
            return self.cancelled(core, now, reason);
        }
        let client = self.relays.iter().find(|known| known.id == relay).and_then(|r| r.client);
        if let Some(client) = client {
            let reason = reason.map(|reason| reason.value()).unwrap_or_default();
            core.transactions.cancel(now.moment, client, &reason, &mut core.out);
        }
    }

    /// Sets its timer anew when it wants to be woken earlier than it will be.
    pub fn arm(&mut self, core: &mut Core, _now: Now) {
        let Some(at) = self.next_wake() else { return };
        match self.timer {
            Some((set, _)) if set <= at => {}
            Some((_, timer)) if core.wakes.reset(timer, at) => self.timer = Some((at, timer)),
            _ => self.timer = Some((at, core.wakes.set(at, self.place))),
        }
    }

    /// When it wants to be woken.
    pub fn next_wake(&self) -> Option<Moment> {
        let ring = self.ring_until.filter(|_| self.stage == Stage::Trying);
        let cut = self.cut_at.filter(|_| self.stage == Stage::Up);
        [ring, cut, self.look_due(), self.tidy_at].into_iter().flatten().min()
    }

    /// Does what is due.
    pub fn woken(&mut self, core: &mut Core, now: Now) {
        let due = |at: Option<Moment>| at.is_some_and(|at| at <= now.moment);
        if due(self.tidy_at) {
            self.tidy(core);
        }
        if self.stage == Stage::Trying && due(self.ring_until) {
            self.rang_out(core, now);
        }
        if due(self.look_due()) {
            self.look(core, now);
        }
        if self.stage == Stage::Up && due(self.cut_at) {
            match self.assumed {
                true => self.assumed_over(core, now),
                false => self.cut(core, now, "the agreed time is over"),
            }
        }
    }

    /// Drops what was kept for late answers.
    fn tidy(&mut self, core: &mut Core) {
        self.tidy_at = None;
        match self.stage {
            Stage::Over => {
                self.relays.clear();
                self.strays.clear();
                self.branches.clear();
                self.unacked = false;
                self.forget(core);
            }
            _ => {
                self.settled.retain(|settled| settled.ack.is_none());
                if self.stage == Stage::Up {
                    self.branches.clear();
                }
            }
        }
        self.settled.shrink_to_fit();
        self.branches.shrink_to_fit();
        self.relays.shrink_to_fit();
    }

    /// Takes its dialogs out of the index; nothing of it is to come back.
    pub fn forget(&mut self, core: &mut Core) {
        self.drop_record(core);
        for pair in self.pairs.drain(..) {
            core.dialogs.remove(&pair.caller.local_tag);
            core.dialogs.remove(&pair.callee.local_tag);
        }
    }
}
