//! What time brings, and what follows each act of a call.

use super::Calls;
use crate::Output;
use crate::b2bua::Call;
use crate::core::{Core, Place};
use crate::directory::Hop;
use crate::transaction::{Due, Owner};
use ringfence_model::Now;
use std::sync::Arc;

impl Calls {
    /// Does everything that is due.
    pub(super) fn due(&mut self, now: Now) {
        let directory = Arc::clone(&self.core.directory);
        self.registrar.due(now, &mut self.core.wire(&directory));
        self.trunks.tick(now, &mut self.core.wire(&directory));
        loop {
            for (trunk, flow) in std::mem::take(&mut self.core.dead) {
                let hop = Hop { remote: flow.remote, transport: flow.transport };
                self.trunks.found_dead(&directory, &trunk, hop);
            }
            // One question at a time: the answer to it comes back here.
            let redirected = self.core.redirected.pop_if(|_| self.pending.is_none());
            if let Some(place) = redirected {
                self.elsewhere(now, place);
                continue;
            }
            let Core { transactions, out, wakes, .. } = &mut self.core;
            if let Some(due) = transactions.due(now.moment, out) {
                self.transaction_due(now, due);
            } else if let Some(place) = wakes.due(now.moment) {
                self.with(now, place, |call, core| {
                    call.timer = None;
                    call.woken(core, now);
                });
            } else if let Some(late) = self.tarpit.due(now.moment) {
                self.answer_and_forget(&late.asked, late.bytes);
            } else if let Some(event) = self.authority.due(now.moment) {
                self.core.out.push_back(Output::Event(event));
            } else {
                return;
            }
        }
    }

    fn transaction_due(&mut self, now: Now, due: Due) {
        let owner = match due {
            Due::Timeout { owner, .. }
            | Due::Unreachable { owner, .. }
            | Due::NoAck { owner, .. }
            | Due::NoPrack { owner, .. }
            | Due::Unanswered { owner, .. } => owner,
        };
        let directory = Arc::clone(&self.core.directory);
        let wire = &mut self.core.wire(&directory);
        let (place, relay) = match owner {
            Owner::Call { slot: place, generation, relay, .. } => {
                (Place { place, generation }, relay)
            }
            Owner::Upstream(_) | Owner::Probe(_) => return self.trunks.unanswered(now, wire, due),
            Owner::Passed(id) => return self.registrar.unanswered(now, wire, id),
        };
        self.with(now, place, |call, core| match due {
            Due::Timeout { .. } => call.unanswered(core, now, relay, 408),
            Due::Unreachable { .. } => call.unanswered(core, now, relay, 503),
            Due::NoAck { .. } => call.not_acked(core, now, relay),
            Due::NoPrack { .. } => call.not_pracked(core, now),
            Due::Unanswered { .. } => {}
        });
    }

    /// Lets a call do something, then looks after its timer and its end.
    pub(super) fn with(&mut self, now: Now, place: Place, act: impl FnOnce(&mut Call, &mut Core)) {
        let Some(call) = self.calls.get_mut(place) else { return };
        act(call, &mut self.core);
        if call.is_gone() {
            call.forget(&mut self.core);
            if let Some((_, timer)) = call.timer.take() {
                self.core.wakes.cancel(timer);
            }
            self.by_id.remove(&call.id);
            self.calls.remove(place);
            return;
        }
        call.arm(&mut self.core, now);
    }
}
