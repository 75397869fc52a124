//! Session timers (RFC 4028) pass from end to end; we watch them, and ask for one where nobody did. Parties without one
//! are asked now and then whether they are still there.

use super::relay::{Purpose, Relay};
use super::{Call, Fields, Party, Stage};
use crate::core::Core;
use ringfence_model::{Moment, Now, ReleasedBy};
use ringfence_sip::{Message, Name};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What we ask for where nobody did (RFC 4028 §4 recommends it).
pub const ASKED: u32 = 1_800;
/// The longest we ask for when a party refuses shorter ones.
const ASKED_MAX: u32 = 86_400;
/// Shorter ones are not watched: RFC 4028 §4 allows none below 90 s.
const SHORTEST: u32 = 90;
/// After this long without a refresh that was due the call is over; the refresher gets some grace for its
/// retransmissions (64*T1).
const GRACE: Duration = Duration::from_secs(32);
/// How often a party without session timer is asked whether it is there.
const ASK: Duration = Duration::from_secs(15 * 60);

/// The timer of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Session {
    /// How long one refresh lasts, in seconds.
    pub expires_secs: u32,
}

impl Call {
    /// A request inside the call was answered: a 2xx to INVITE or UPDATE is a refresh (RFC 4028 §7.2).
    pub(super) fn refreshed(&mut self, now: Now, method: &[u8], code: u16, message: &Message) {
        if (200..300).contains(&code) && [&b"INVITE"[..], b"UPDATE"].contains(&method) {
            let expires = message.number(Name::SessionExpires).filter(|secs| *secs >= SHORTEST);
            self.watch(now, expires.map(|expires_secs| Session { expires_secs }));
        }
    }

    /// Watches this timer from now on, or asks the parties ourselves.
    pub(super) fn watch(&mut self, now: Now, session: Option<Session>) {
        self.session = session;
        let patience = match session {
            Some(Session { expires_secs }) => Duration::from_secs(expires_secs.into()) + GRACE,
            None => ASK,
        };
        self.look_at = Some(now.moment + patience);
    }

    /// When the call is looked at next.
    pub(super) fn look_due(&self) -> Option<Moment> {
        self.look_at.filter(|_| self.stage == Stage::Up && !self.pairs.is_empty())
    }

    /// Nothing was refreshed in time: the call is over. Without a timer: are you there?
    pub(super) fn look(&mut self, core: &mut Core, now: Now) {
        if self.silent {
            self.stage = Stage::Over;
            return;
        }
        if self.session.is_some() {
            let reason = super::Reason::of(408, "session timer expired");
            return self.end(core, now, ReleasedBy::Parties, 200, None, Some(reason));
        }
        self.look_at = Some(now.moment + ASK);
        for of in [Party::Caller, Party::Callee] {
            let id = self.next_id();
            let owner = self.owner(id);
            let Some(pair) = self.pairs.first_mut() else { return };
            let mut relay =
                Relay::new(id, pair.id, b"OPTIONS", Purpose::Own { of, fields: Vec::new() });
            if relay.send(core, now, pair, owner).is_some() {
                self.relays.push(relay);
            }
        }
    }
}

/// What the INVITE sent on asks for, when the caller asks for nothing (RFC 4028 §8.1).
pub fn asked(invite: &Message, least: Option<u32>) -> Option<u32> {
    (!invite.has(Name::SessionExpires)).then(|| least.unwrap_or(ASKED).max(ASKED))
}

/// The shortest timer a party would accept, from its 422 to a timer that was ours.
pub fn least(invite: &Message, refusal: &Message) -> Option<u32> {
    let least = refusal.number(Name::MinSe)?;
    (!invite.has(Name::SessionExpires) && (ASKED + 1..=ASKED_MAX).contains(&least)).then_some(least)
}

/// What is added to the caller's 2xx: when the called party has no timer the caller keeps one, if it can
/// (RFC 4028 §8.2).
pub fn given(invite: &Message, answer: &Message) -> (Option<Session>, Fields) {
    if let Some(expires_secs) = answer.number(Name::SessionExpires) {
        return (Some(Session { expires_secs: expires_secs.max(SHORTEST) }), Vec::new());
    }
    if !invite.lists(Name::Supported, "timer") {
        return (None, Vec::new());
    }
    let said = invite.number(Name::SessionExpires).unwrap_or(ASKED);
    let expires_secs = said.clamp(SHORTEST, ASKED_MAX);
    let expires = format!("{expires_secs};refresher=uac").into_bytes();
    let fields = vec![(Name::Require, b"timer"[..].into()), (Name::SessionExpires, expires.into())];
    (Some(Session { expires_secs }), fields)
}
