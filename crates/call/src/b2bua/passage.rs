//! Requests outside of calls that pass: MESSAGE, SUBSCRIBE with its NOTIFYs and the like. Two dialogs and relays, as in
//! a call, of which nobody keeps a record.

use super::asked::Asked;
use super::pair::Pair;
use super::relay::{Purpose, Relay};
use super::{Call, Party, Stage, Way};
use crate::core::{Core, Place, Seat};
use crate::dialog::Dialog;
use crate::rewrite::Trust;
use ringfence_model::{Attempt, Now, TrunkId};
use ringfence_sip::{Message, Method, Name};
use std::time::Duration;

/// A subscription that is not refreshed is forgotten this long after its time (64*T1 twice: for the refresh and for
/// the last NOTIFY).
const GRACE: Duration = Duration::from_secs(64);
/// The longest time a subscription is kept without refresh, and what counts when nobody says.
const EXPIRES_MAX: u32 = 3_600;

impl Call {
    /// Sends a request on. `None` when it cannot be written.
    pub fn passing(
        core: &mut Core,
        now: Now,
        (place, attempt): (Place, Box<Attempt>),
        (trust, trunk): (Trust, Option<TrunkId>),
        asked: Asked,
        way: &Way,
    ) -> Option<Self> {
        let head = asked.message.essentials().ok()?;
        let (cseq_in, tag) = (head.cseq.number, core.mint.tag());
        let caller = Dialog::called(&asked.message, &head, asked.flow, (trust, trunk), tag);
        let method: Box<[u8]> = asked.message.method_text().into();
        let server = asked.server;
        let callee = way.dialog(core);
        let mut call = Self {
            stage: Stage::Up,
            silent: true,
            ..Self::blank(attempt.call, place, attempt, now)
        };
        let (pair_id, relay_id) = (call.next_id(), call.next_id());
        let mut pair = Pair { id: pair_id, branch: 0, caller, callee, reliable: Vec::new() };
        let purpose = Purpose::Passed {
            from: Party::Caller,
            asked: Box::new(asked),
            cseq_in,
            fields: Vec::new(),
        };
        let mut relay = Relay::new(relay_id, pair_id, &method, purpose);
        let owner = call.owner(relay_id);
        relay.send(core, now, &mut pair, owner)?;
        core.transactions.set_owner(server, owner);
        for party in [Party::Caller, Party::Callee] {
            let seat = Seat { place, pair: pair_id, party };
            core.dialogs.insert(pair.side(party).local_tag, seat);
        }
        call.pairs.push(pair);
        call.relays.push(relay);
        Some(call)
    }

    /// After an answer: how long a subscription lasts now.
    pub(super) fn subscribed(&mut self, now: Now, request: &Message, answer: &Message) {
        let is_subscribe = request.method() == Some(Method::Subscribe);
        if self.silent && is_subscribe && answer.code().is_some_and(|code| code < 300) {
            let said = answer.number(Name::Expires).or_else(|| request.number(Name::Expires));
            let expires = said.unwrap_or(EXPIRES_MAX).min(EXPIRES_MAX);
            self.look_at = Some(now.moment + Duration::from_secs(expires.into()) + GRACE);
        }
    }

    /// After a NOTIFY: whether it was the last one (RFC 6665 §4.1.3).
    pub(super) fn notified(&mut self, request: &Message) {
        let state = request.field(Name::SubscriptionState).unwrap_or_default();
        let word = state.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
        if self.silent && word.eq_ignore_ascii_case(b"terminated") {
            self.look_at = None;
        }
    }

    /// When nothing is under way and nothing is subscribed, it is over.
    pub(super) fn passed_by(&mut self) {
        if self.silent && self.relays.is_empty() && self.look_at.is_none() {
            self.stage = Stage::Over;
        }
    }
}
