//! The end of a call: valid in every state, told to both parties, reported once.

use super::asked::answer;
use super::relay::{Purpose, Relay};
use super::{Call, LINGER, Party, Stage};
use crate::Output;
use crate::core::Core;
use crate::record;
use ringfence_model::{CallEvent, Now, Release, ReleasedBy};
use ringfence_sip::{Message, Name};

/// Why a call ends, as the value of a `Reason` field (RFC 3326).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reason(Box<[u8]>);

impl Reason {
    /// In our own words.
    #[must_use]
    pub fn of(code: u16, text: &str) -> Self {
        let plain = |c: char| if c.is_control() { ' ' } else { c };
        let mut quoted = String::with_capacity(text.len());
        for c in text.chars().map(plain) {
            if matches!(c, '"' | '\\') {
                quoted.push('\\');
            }
            quoted.push(c);
        }
        Self(format!("SIP;cause={code};text=\"{quoted}\"").into_bytes().into())
    }

    /// As a party said it.
    #[must_use]
    pub fn from(message: &Message) -> Option<Self> {
        let said: Vec<&[u8]> = message.lines(Name::Reason).collect();
        (!said.is_empty()).then(|| Self(said.join(&b", "[..]).into()))
    }

    /// The field's value.
    #[must_use]
    pub fn value(&self) -> Box<[u8]> {
        self.0.clone()
    }
}

impl Call {
    /// Ends it from here.
    pub fn cut(&mut self, core: &mut Core, now: Now, text: &str) {
        // A running call is declined after the fact.
        let code = if self.answered.is_some() { 603 } else { self.reject_code() };
        self.end(core, now, ReleasedBy::Policy, code, None, Some(Reason::of(code, text)));
    }

    /// Ends it. `code` is the caller's final answer when it has none; `said` is who ended it and needs no BYE.
    pub(super) fn end(
        &mut self,
        core: &mut Core,
        now: Now,
        by: ReleasedBy,
        code: u16,
        said: Option<Party>,
        reason: Option<Reason>,
    ) {
        let was = std::mem::replace(&mut self.stage, Stage::Over);
        if self.silent {
            self.release_relays(core, now);
            self.tidy_at = Some(now.moment + LINGER);
            return;
        }
        match was {
            Stage::Over => return,
            Stage::Judged | Stage::Trying => {
                self.cancel_branches(core, now, reason.as_ref());
                self.answer_refusal(core, now, code, reason.as_ref());
                self.forget(core);
            }
            Stage::Up => {
                self.release_relays(core, now);
                for party in [Party::Callee, Party::Caller] {
                    if said != Some(party) {
                        self.bye(core, now, party, reason.as_ref());
                    }
                }
            }
        }
        self.tidy_at = Some(now.moment + LINGER);
        let code = if was == Stage::Up { 200 } else { code };
        self.report(core, now, by, code);
    }

    /// Ends the dialog with a party. The called one gets its ACK first, the caller its BYE after its ACK came
    /// (RFC 3261 §15).
    pub(super) fn bye(&mut self, core: &mut Core, now: Now, party: Party, reason: Option<&Reason>) {
        self.ack_ourselves(core, party);
        if party == Party::Caller && self.unacked {
            self.owed_bye = Some(reason.map(Reason::value).unwrap_or_default());
            return;
        }
        let id = self.next_id();
        let owner = self.owner(id);
        let Some(pair) = self.pairs.first_mut() else { return };
        let reason = reason.filter(|reason| !reason.0.is_empty());
        let fields = reason.map(|reason| (Name::Reason, reason.value())).into_iter().collect();
        let purpose = Purpose::Own { of: party, fields };
        let mut relay = Relay::new(id, pair.id, b"BYE", purpose);
        if relay.send(core, now, pair, owner).is_some() {
            self.relays.push(relay);
        }
    }

    /// It is over, and a party may not know yet.
    fn owes_bye(&self) -> bool {
        self.owed_bye.is_some() || self.relays.iter().any(|relay| &*relay.method == b"BYE")
    }

    /// Tells both parties of a call that was over before a restart: the BYE of then may be lost. One who knows answers
    /// 481 (RFC 3261 §15.1.2).
    pub(super) fn tell_again(&mut self, core: &mut Core, now: Now) {
        self.stage = Stage::Over;
        self.tidy_at = Some(now.moment + LINGER);
        for party in [Party::Callee, Party::Caller] {
            self.bye(core, now, party, None);
        }
        if !self.owes_bye() {
            self.drop_record(core);
        }
    }

    /// The ACK that never came from the other side, so that a BYE may follow.
    fn ack_ourselves(&mut self, core: &mut Core, party: Party) {
        let id = self.id;
        let Some(pair) = self.pairs.first() else { return };
        for settled in &mut self.settled {
            if settled.by != party && settled.ack.is_none() && settled.pair == pair.id {
                settled.ack = core.ack(id, pair.side(party), settled.cseq_out, |_| {}, b"");
            }
        }
    }

    /// Sends the caller the BYE that waited for its ACK.
    pub(super) fn owed(&mut self, core: &mut Core, now: Now) {
        self.unacked = false;
        if let Some(reason) = self.owed_bye.take() {
            self.bye(core, now, Party::Caller, Some(&Reason(reason)));
        }
    }

    /// Requests that were being passed on end with the call.
    fn release_relays(&mut self, core: &mut Core, now: Now) {
        for relay in self.relays.iter_mut() {
            let of = relay.purpose.of();
            if let Purpose::Passed { asked, .. } = &relay.purpose {
                // RFC 3261 §15.1.2
                answer(core, now, asked, 487);
                relay.purpose = Purpose::Forgotten { of };
            }
            if let Some(client) = relay.client.filter(|_| &*relay.method == b"INVITE") {
                core.transactions.cancel(now.moment, client, b"", &mut core.out);
            }
        }
    }

    /// The one record and the one fact of the end.
    pub(super) fn report(&mut self, core: &mut Core, now: Now, by: ReleasedBy, code: u16) {
        if self.owes_bye() {
            self.keep_ending(core, now)
        } else {
            self.drop_record(core)
        }
        let billable_ms = self.answered.map_or(0, |answered| {
            let up = self.up_before + (now.moment - answered.moment);
            u64::try_from(up.as_millis()).unwrap_or(u64::MAX)
        });
        let release = Release { call: self.id, code, billable_ms, by };
        core.out.push_back(Output::Event(CallEvent::Released(release)));
        let times = (self.began.wall, self.answered.map(|answered| answered.wall), now.wall);
        let record = record::cdr(&self.attempt, &self.known_as, times, (billable_ms, code));
        core.out.push_back(Output::Finished(Box::new(record)));
    }
}
