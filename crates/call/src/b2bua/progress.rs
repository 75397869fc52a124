//! Answers to our INVITEs.

use super::branch::BranchState;
use super::pair::{FORKS_MAX, Settled, Stray};
use super::relay::{Purpose, Relay};
use super::reliable::{Invited, knows};
use super::setup::Best;
use super::tell::Telling;
use super::{Call, LATE, Party, Stage, redirect, session};
use crate::Output;
use crate::core::{Core, Reply, begin, crossing};
use crate::rewrite::Trust;
use ringfence_model::{CallEvent, Now, ReleasedBy};
use ringfence_sip::{Message, Name, NameAddr};

impl Call {
    pub(super) fn branch_heard(&mut self, core: &mut Core, now: Now, at: usize, message: &Message) {
        let Some(to) = message.address(Name::To) else { return };
        match message.code().unwrap_or_default() {
            100 => self.is_sought(now),
            101..=199 => self.progress(core, now, at, message, &to),
            200..=299 => self.answer(core, now, at, message, &to),
            code => {
                let again = self.challenged(core, now, at, code, message);
                let again = again.or_else(|| self.demanded(core, now, at, code, message));
                if again.is_none() {
                    self.branch_failed(core, now, at, code, Some(message));
                }
            }
        }
    }

    /// What a branch demands and we can give without asking the caller: a longer session timer than we asked for, or
    /// reliable provisional responses. Once each.
    fn demanded(
        &mut self,
        core: &mut Core,
        now: Now,
        at: usize,
        code: u16,
        message: &Message,
    ) -> Option<()> {
        let setup = self.setup.as_ref()?;
        let branch = self.branches.get_mut(at).filter(|b| b.state == BranchState::Open)?;
        match code {
            421 if message.lists(Name::Require, "100rel") && !knows(&setup.invite) => {
                (!std::mem::replace(&mut branch.demands_100rel, true)).then_some(())?;
            }
            422 if branch.session.is_none() => {
                branch.session = Some(session::least(&setup.invite, message)?);
            }
            _ => return None,
        }
        self.branch_again(core, now, at)
    }

    /// A provisional answer.
    fn progress(
        &mut self,
        core: &mut Core,
        now: Now,
        at: usize,
        message: &Message,
        to: &NameAddr<'_>,
    ) {
        let open = self.branches.get(at).is_some_and(|b| b.state == BranchState::Open);
        if self.stage != Stage::Trying || !open {
            return;
        }
        let code = message.code().unwrap_or(183);
        self.is_alive(now);
        self.rang |= matches!(code, 180 | 183);
        if self.rang && !std::mem::replace(&mut self.said_ringing, true) {
            core.out.push_back(Output::Event(CallEvent::Ringing { call: self.id }));
        }
        let Some(pair) = self.pair_of(core, at, message, to) else { return };
        self.tell_caller(core, now, (pair, at), message);
    }

    /// Passes a response to the INVITE on to the caller.
    fn tell_caller(
        &mut self,
        core: &mut Core,
        now: Now,
        (pair_at, branch_at): (usize, usize),
        message: &Message,
    ) {
        let (Some(setup), Some(branch)) = (self.setup.as_ref(), self.branches.get(branch_at))
        else {
            return;
        };
        let cseq = (setup.caller.remote_cseq.unwrap_or_default(), branch.cseq);
        let (server, answering) = (setup.server, Party::Callee);
        let invited = Invited { relay: branch.id, server, answering, cseq };
        let known = knows(&setup.invite);
        let reliability = self.reliability(core, now, (pair_at, invited), known, message);
        let (Some(setup), Some(pair)) = (self.setup.as_ref(), self.pairs.get(pair_at)) else {
            return;
        };
        let is_answer = message.code().is_some_and(|code| code >= 200);
        let (session, fields) = match is_answer {
            true => session::given(&setup.invite, message),
            false => (None, Vec::new()),
        };
        let telling = Telling {
            server,
            request: &setup.invite,
            flow: &pair.caller.flow,
            from: &pair.callee,
            to: &pair.caller,
            first: true,
            fields,
            reliability,
        };
        telling.send(core, now, message);
        if is_answer {
            self.watch(now, session);
        }
    }

    /// A 2xx: the first one is the caller's answer, every other one is a call nobody wants.
    fn answer(
        &mut self,
        core: &mut Core,
        now: Now,
        at: usize,
        message: &Message,
        to: &NameAddr<'_>,
    ) {
        let Some(branch) = self.branches.get_mut(at) else { return };
        let cancelled = branch.state == BranchState::Cancelled;
        branch.state = BranchState::Done;
        let (relay, cseq_out) = (branch.id, branch.cseq);
        if self.stage != Stage::Trying || cancelled {
            return self.stray(core, now, at, message, to);
        }
        let Some(pair_at) = self.pair_of(core, at, message, to) else { return };
        self.tell_caller(core, now, (pair_at, at), message);
        let Some(setup) = self.setup.take() else { return };
        let Some(pair) = self.pairs.get(pair_at) else { return };
        let pair_id = pair.id;
        let cseq_in = pair.caller.remote_cseq.unwrap_or_default();
        self.stage = Stage::Up;
        self.answered = Some(now);
        self.unacked = true;
        self.ring_until = None;
        self.cut_at = setup.ruling.max_duration.map(|max| now.moment + max);
        self.settled.push(Settled {
            relay,
            pair: pair_id,
            by: Party::Caller,
            cseq_in,
            cseq_out,
            ack: None,
        });
        self.keep_only(core, pair_id);
        self.cancel_branches(core, now, None);
        self.tidy_at = Some(now.moment + LATE);
        core.out.push_back(Output::Event(CallEvent::Answered { call: self.id }));
    }

    /// Ends a dialog nobody wants.
    fn stray(
        &mut self,
        core: &mut Core,
        now: Now,
        at: usize,
        message: &Message,
        to: &NameAddr<'_>,
    ) {
        if self.strays.len() >= FORKS_MAX {
            return;
        }
        let id = self.next_id();
        let owner = self.owner(id);
        let Some(branch) = self.branches.get(at) else { return };
        let (branch_id, cseq) = (branch.id, branch.cseq);
        let mut dialog = branch.dialog.clone();
        dialog.hear(message, to);
        core.reach(&mut dialog);
        let ack = core.ack(self.id, &dialog, cseq, |_| {}, b"");
        let purpose = Purpose::Own { of: Party::Callee, fields: Vec::new() };
        let mut relay = Relay::new(id, 0, b"BYE", purpose);
        if relay.send_own(core, now, &mut dialog, owner).is_some() {
            self.relays.push(relay);
            self.strays.push(Stray { branch: branch_id, dialog, ack, bye: id });
        }
    }

    /// A 2xx that was heard before, or one of another fork.
    pub fn again(&mut self, core: &mut Core, now: Now, relay: u32, message: &Message) {
        let Some(to) = message.address(Name::To) else { return };
        let tag = to.tag().unwrap_or_default();
        let settled = self.settled.iter().find(|settled| settled.relay == relay);
        if let Some(settled) = settled
            && let Some(pair) = self.pair(settled.pair)
            && let side = pair.side(settled.by.other())
            && *side.remote_tag == *tag
        {
            if let Some(ack) = &settled.ack {
                core.send(self.id, side.flow, ack.clone());
            }
            return;
        }
        let known = self.strays.iter().find(|s| s.branch == relay && *s.dialog.remote_tag == *tag);
        if let Some(stray) = known {
            if let Some(ack) = &stray.ack {
                core.send(self.id, stray.dialog.flow, ack.clone());
            }
            return;
        }
        if let Some(at) = self.branches.iter().position(|branch| branch.id == relay) {
            self.stray(core, now, at, message, &to);
        }
    }

    /// A branch ended without an answer.
    pub(super) fn branch_failed(
        &mut self,
        core: &mut Core,
        now: Now,
        at: usize,
        code: u16,
        message: Option<&Message>,
    ) {
        let Some(branch) = self.branches.get_mut(at) else { return };
        let cancelled = branch.state == BranchState::Cancelled;
        branch.state = BranchState::Done;
        if self.stage != Stage::Trying || cancelled {
            return;
        }
        let id = branch.id;
        let (dialog, failover) = (branch.dialog.clone(), branch.way.failover.clone());
        // A carrier that names another place without one we may go to has nothing: that is no answer to the call.
        let moved = (300..400).contains(&code) && redirect::is_carrier(core, dialog.trunk.as_ref());
        self.drop_pairs(core, id);
        let Some(setup) = self.setup.as_mut() else { return };
        let better = setup.best.as_ref().is_none_or(|best| rank(code) < rank(best.code));
        if better {
            setup.best = Some(Best { code, message: message.cloned(), dialog });
        }
        let protected = setup.ruling.protected;
        if code >= 600 && !protected {
            // RFC 3261 §16.7 step 5: nobody else is to be tried.
            setup.redirections.stop();
            self.cancel_branches(core, now, None);
            setup_routes_done(&mut self.setup);
        }
        let onward = protected
            || message.is_none()
            || moved
            || failover.contains(&code) && !speaks_of_the_called(code);
        if message.is_some_and(|message| self.sent_elsewhere(core, at, message)) {
            if !onward {
                setup_routes_done(&mut self.setup);
            }
            return core.redirected.push(self.place);
        }
        if self.branches.iter().any(|branch| branch.state == BranchState::Open) {
            return;
        }
        if !onward {
            setup_routes_done(&mut self.setup);
        }
        self.next_route(core, now);
    }

    fn drop_pairs(&mut self, core: &mut Core, branch: u32) {
        let gone: Vec<_> = self.pairs.extract_if(.., |pair| pair.branch == branch).collect();
        for pair in gone {
            core.dialogs.remove(&pair.caller.local_tag);
            core.dialogs.remove(&pair.callee.local_tag);
        }
    }

    /// Passes the best answer on, as far as it is the caller's business.
    pub(super) fn end_with(&mut self, core: &mut Core, now: Now, best: Best) {
        let asks_phone = self.setup.as_ref().is_some_and(|s| s.caller.trust == Trust::PassedPhone);
        let code = match best.code {
            code @ (401 | 407) if asks_phone => code,
            code => told(code, best.dialog.trunk.is_some()),
        };
        let same = best.message.as_ref().filter(|_| code == best.code);
        if let (Some(message), Some(setup)) = (same, self.setup.as_ref()) {
            let reply = Reply {
                server: setup.server,
                request: &setup.invite,
                flow: &setup.caller.flow,
                code,
                reason: message.reason(),
                tag: &setup.caller.local_tag,
            };
            let ours = core.ours(&setup.caller.flow);
            let hidden = best.dialog.hidden();
            if let Some(mut builder) = begin(&reply) {
                let crossing = crossing((best.dialog.trust, setup.caller.trust), &hidden, &ours);
                crossing.copy(message, &mut builder);
                if let Ok(bytes) = builder.finish(message.body()) {
                    core.respond(now, setup.server, code, bytes);
                    self.setup = None;
                }
            }
        }
        self.end(core, now, ReleasedBy::Parties, code, None, None);
    }
}

/// Whether an answer is about whoever was called, not about the way there: another carrier would say the same, or ring
/// again who has just declined. An emergency desk is called by every way all the same: one carrier's "busy" or "no such
/// number" may be the carrier's own fault.
#[must_use]
pub const fn speaks_of_the_called(code: u16) -> bool {
    matches!(code, 404 | 484 | 486 | 600..)
}

fn setup_routes_done(setup: &mut Option<Box<super::Setup>>) {
    if let Some(setup) = setup {
        setup.routes.clear();
    }
}

/// Which of several failures is told (RFC 3261 §16.7 step 6): lower is better.
const fn rank(code: u16) -> u16 {
    match code {
        600..=699 => 0,
        // What the caller can do something about comes before the rest of its class.
        415 | 420 | 484 | 488 | 422 => 410,
        401 | 407 => 499,
        408 => 498,
        300..=399 => 497,
        503 => 599,
        code => code,
    }
}

/// What the caller is told: redirections are not for it, passwords and overload are between us and the trunk.
const fn told(code: u16, from_trunk: bool) -> u16 {
    match code {
        300..=399 => 480,
        401 | 407 if from_trunk => 500,
        401 | 407 => 480,
        // RFC 3261 §16.7: a 503 would say that we are overloaded.
        503 => 500,
        code => code,
    }
}
