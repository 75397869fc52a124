//! A call until its caller has a final answer: the ruling, the routes one after the other, and how all ends when none
//! of them answers.

use super::branch::BranchState;
use super::redirect::Redirections;
use super::release::Reason;
use super::{Call, LATE, Stage, Way};
use crate::core::{Core, Place, Reply};
use crate::dialog::Dialog;
use crate::rewrite::Trust;
use crate::stateless::phrase;
use crate::transaction::ServerKey;
use ringfence_model::{Attempt, CallId, Moment, Now, ReleasedBy, TrunkId};
use ringfence_sip::{Flow, Message, Name};
use std::collections::VecDeque;
use std::time::Duration;

/// What is needed until the caller has a final answer.
#[derive(Debug)]
pub struct Setup {
    pub server: ServerKey,
    pub invite: Message,
    /// The dialog with the caller as it will be.
    pub caller: Dialog,
    /// What is left of its Max-Forwards.
    pub hops_left: u32,
    /// What shows that it came back.
    pub mark: u32,
    /// Its refusals come with this code.
    pub reject_code: u16,
    /// Routes that were not tried.
    pub routes: VecDeque<Vec<Way>>,
    /// The best answer of those that were.
    pub best: Option<Best>,
    pub ruling: Allowed,
    pub redirections: Redirections,
    /// Whether the tag of `caller` is that of an early dialog.
    pub tag_used: bool,
}

/// An answer that ended a branch.
#[derive(Debug)]
pub struct Best {
    pub code: u16,
    /// What it said, when it was a message.
    pub message: Option<Message>,
    /// Its dialog, for what of it may cross.
    pub dialog: Dialog,
}

/// What was ruled.
#[derive(Clone, Copy, Debug, Default)]
pub struct Allowed {
    /// An emergency number or helpline: every route is tried.
    pub protected: bool,
    /// Cut after this long.
    pub max_duration: Option<Duration>,
    /// How long one route may ring.
    pub ring: Duration,
}

/// Who called, and how its request came.
#[derive(Debug)]
pub struct Caller {
    pub server: ServerKey,
    pub flow: Flow,
    pub trust: Trust,
    pub trunk: Option<TrunkId>,
    pub reject_code: u16,
    pub invite: Message,
}

impl Setup {
    /// Whether there is anything else to try.
    fn has_more(&self) -> bool {
        !self.routes.is_empty() || self.redirections.wait()
    }
}

/// A route that has said nothing for this long is given up for the next one, if there is a next one: the caller hears
/// silence until then. Four transmissions have been sent by then (RFC 3261 §17.1.1.2).
const SILENCE: Duration = Duration::from_secs(6);
/// One that said 100 looks for the called end. Abroad that takes 11 seconds in one call of twenty (ITU-T E.721), and a
/// second route would ring it twice. Not so for protected numbers: they are tried everywhere at once if need be.
const SEEKING: Duration = Duration::from_secs(20);
/// The last route of a protected call rings at least this long (Timer C, RFC 3261 §16.6): emergency desks have queues.
const LAST_HOPE: Duration = Duration::from_secs(180);

impl Call {
    /// A call that is to be judged. `None` when its INVITE cannot be read.
    pub fn new(
        core: &mut Core,
        now: Now,
        place: Place,
        attempt: Box<Attempt>,
        caller: Caller,
    ) -> Option<Self> {
        let Caller { server, flow, trust, trunk, reject_code, invite } = caller;
        let head = invite.essentials().ok()?;
        let hops_left = head.max_forwards.unwrap_or(70).checked_sub(1)?;
        let known_as = head.call_id.into();
        let mark = core.mark(&invite, trunk.as_ref());
        let tag = core.mint.tag();
        let dialog = Dialog::called(&invite, &head, flow, (trust, trunk), tag);
        let id = attempt.call;
        let setup = Setup {
            server,
            caller: dialog,
            hops_left,
            mark,
            reject_code,
            routes: VecDeque::new(),
            best: None,
            ruling: Allowed::default(),
            redirections: Redirections::default(),
            tag_used: false,
            invite,
        };
        let call =
            Self { known_as, setup: Some(Box::new(setup)), ..Self::blank(id, place, attempt, now) };
        core.transactions.set_owner(server, call.owner(0));
        Some(call)
    }

    /// A call of which nothing is known but who tried it.
    pub(super) fn blank(id: CallId, place: Place, attempt: Box<Attempt>, now: Now) -> Self {
        Self {
            id,
            place,
            attempt,
            known_as: Box::default(),
            began: now,
            answered: None,
            stage: Stage::Judged,
            setup: None,
            branches: Vec::new(),
            pairs: Vec::new(),
            strays: Vec::new(),
            relays: Vec::new(),
            settled: Vec::new(),
            last: 0,
            rang: false,
            said_ringing: false,
            unacked: false,
            assumed: false,
            silent: false,
            owed_bye: None,
            ring_until: None,
            cut_at: None,
            session: None,
            look_at: None,
            up_before: Duration::ZERO,
            kept_at: None,
            tidy_at: None,
            timer: None,
        }
    }

    /// The call was allowed: it goes along these ways.
    pub fn allow(&mut self, core: &mut Core, now: Now, routes: Vec<Vec<Way>>, ruling: Allowed) {
        let Some(setup) = self.setup.as_mut() else { return };
        setup.routes = routes.into();
        setup.ruling = ruling;
        // What comes round and fails is not tried another way: each round would double it.
        if setup.routes.len() > 1 && !ruling.protected && core.came_round(&setup.invite) {
            setup.routes.truncate(1);
        }
        self.stage = Stage::Trying;
        self.next_route(core, now);
    }

    /// Refuses the call with our own words.
    pub fn refuse(&mut self, core: &mut Core, now: Now, code: u16, reason: Option<Reason>) {
        let by = if reason.is_some() { ReleasedBy::Policy } else { ReleasedBy::Parties };
        self.end(core, now, by, code, None, reason);
    }

    /// A reliable provisional response stayed without PRACK (RFC 3262 §3).
    pub fn not_pracked(&mut self, core: &mut Core, now: Now) {
        self.refuse(core, now, 504, None);
    }

    /// The INVITE, until the caller has its final answer.
    pub fn invite(&self) -> Option<&Message> {
        self.setup.as_ref().map(|setup| &setup.invite)
    }

    /// Its code for refusals.
    pub fn reject_code(&self) -> u16 {
        self.setup.as_ref().map_or(603, |setup| setup.reject_code)
    }

    /// Tries the next route; when there is none, the caller gets the best answer of those that were tried.
    pub(super) fn next_route(&mut self, core: &mut Core, now: Now) {
        match self.setup.as_ref() {
            Some(setup) if setup.redirections.wait() => core.redirected.push(self.place),
            _ => self.try_route(core, now),
        }
    }

    /// The same, whatever other places the last one named.
    pub(super) fn try_route(&mut self, core: &mut Core, now: Now) {
        loop {
            let Some(setup) = self.setup.as_mut() else { return };
            let Some(ways) = setup.routes.pop_front() else { return self.fail(core, now) };
            let (ruling, more) = (setup.ruling, setup.has_more());
            self.rang = false;
            let mut sent = false;
            for way in ways {
                sent |= self.branch_out(core, now, way).is_some();
            }
            if sent {
                let patience = match more {
                    true => ruling.ring.min(SILENCE),
                    false if ruling.protected => ruling.ring.max(LAST_HOPE),
                    false => ruling.ring,
                };
                self.ring_until = Some(now.moment + patience);
                return;
            }
        }
    }

    /// A route took the call up, and nobody rings yet.
    pub(super) fn is_sought(&mut self, now: Now) {
        let ruling = self.setup.as_ref().map(|setup| &setup.ruling);
        if let Some(ruling) = ruling.filter(|ruling| !ruling.protected && !self.rang) {
            let until = now.moment + ruling.ring.min(SEEKING);
            self.ring_until = self.ring_until.map(|set| set.max(until));
        }
    }

    /// Somebody rings or plays: the route gets all its time.
    pub(super) fn is_alive(&mut self, now: Now) {
        if let Some(setup) = self.setup.as_ref() {
            let until: Moment = now.moment + setup.ruling.ring;
            if !self.rang {
                self.ring_until = self.ring_until.map(|set| set.max(until));
            }
        }
    }

    /// The routes under way have had their time.
    pub(super) fn rang_out(&mut self, core: &mut Core, now: Now) {
        self.ring_until = None;
        let rang = self.rang;
        let Some(setup) = self.setup.as_ref() else { return };
        let (more, protected) = (setup.has_more(), setup.ruling.protected);
        self.cancel_branches(core, now, None);
        if more && (protected || !rang) {
            return self.next_route(core, now);
        }
        if rang {
            // RFC 3261 §21.4.18: reached, and did not answer.
            return self.refuse(core, now, 480, None);
        }
        self.fail(core, now);
    }

    /// No route answered.
    fn fail(&mut self, core: &mut Core, now: Now) {
        self.ring_until = None;
        let best = self.setup.as_mut().and_then(|setup| setup.best.take());
        match best {
            Some(best) => self.end_with(core, now, best),
            None => self.refuse(core, now, 408, None),
        }
    }

    /// Cancels every branch that has no final answer.
    pub(super) fn cancel_branches(&mut self, core: &mut Core, now: Now, reason: Option<&Reason>) {
        let reason = reason.map(|reason| reason.value()).unwrap_or_default();
        for branch in self.branches.iter_mut().filter(|b| b.state == BranchState::Open) {
            branch.state = BranchState::Cancelled;
            core.transactions.cancel(now.moment, branch.client, &reason, &mut core.out);
        }
    }

    /// The caller took its INVITE back.
    pub fn cancelled(&mut self, core: &mut Core, now: Now, reason: Option<Reason>) {
        self.end(core, now, ReleasedBy::Parties, 487, None, reason);
    }

    /// Gives the caller its refusal.
    pub(super) fn answer_refusal(
        &mut self,
        core: &mut Core,
        now: Now,
        code: u16,
        reason: Option<&Reason>,
    ) {
        let Some(setup) = self.setup.take() else { return };
        let reply = Reply {
            server: setup.server,
            request: &setup.invite,
            flow: &setup.caller.flow,
            code,
            reason: phrase(code).as_bytes(),
            tag: &setup.caller.local_tag,
        };
        core.refuse(now, reply, |builder| {
            if let Some(reason) = reason {
                builder.field(Name::Reason, &[&reason.value()]);
            }
        });
        self.tidy_at = Some(now.moment + LATE);
    }
}
