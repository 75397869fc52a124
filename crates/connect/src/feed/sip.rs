//! Copies of signalling: which calls go over the carrier, and which logins fail.
//!
//! A call counts when it is seen at the carrier: what a PBX refuses by itself costs nothing. A proxy keeps the Call-ID
//! of the phone's leg, so where the phone is is known too; a PBX with legs of its own shows its own address there.

mod view;

use super::logins::Logins;
use super::recent::Recent;
use super::{Call, FailedLogin, Parties, Seen, Step, taken_over};
use crate::hep::Captured;
use bytes::Bytes;
use foldhash::quality::RandomState;
use ringfence_model::Moment;
use ringfence_sip::digest::Authorization;
use ringfence_sip::{CSeq, Limits, Message, Method, Name};
use std::collections::VecDeque;
use std::hash::BuildHasher;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use view::View;

/// Calls followed at once at the carrier.
const CALLS_MAX: usize = 100_000;
/// Calls remembered on their way to the PBX; strangers make as many as they like, and push out only those.
const INSIDE_MAX: usize = 20_000;
/// A proxy that was refused by one carrier may try the next under the same Call-ID.
const ANOTHER_WAY: Duration = Duration::from_secs(4);
/// Carriers that one call is tried at side by side.
const BRANCHES_MAX: usize = 8;
/// The longest Call-ID that is kept as it is.
const CALL_ID_BYTES_MAX: usize = 256;

/// It is no SIP message.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("this is no SIP message")]
pub struct NotSip;

/// Follows calls and logins in copies of signalling.
#[derive(Debug)]
pub struct Watcher {
    calls: Recent<Arc<str>, Followed>,
    /// By whom calls are made that were not seen at the carrier yet.
    inside: Recent<Arc<str>, Parties>,
    refused: VecDeque<(Moment, Arc<str>)>,
    logins: Logins,
    hasher: RandomState,
}

#[derive(Debug)]
struct Followed {
    parties: Parties,
    phase: Phase,
    /// Requests that wait for their answer: a proxy may try several carriers at once.
    branches: Vec<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    /// On its way.
    Tried,
    /// The carrier refused it; over at that time, unless it is tried another way.
    Refused { code: u16, due: Moment },
    /// Answered.
    Up,
}

impl Default for Watcher {
    fn default() -> Self {
        Self {
            calls: Recent::new(CALLS_MAX),
            inside: Recent::new(INSIDE_MAX),
            refused: VecDeque::new(),
            logins: Logins::new(),
            hasher: RandomState::default(),
        }
    }
}

impl Watcher {
    /// Takes in one message; what it shows goes to `seen`.
    ///
    /// # Errors
    /// When it is no SIP message.
    pub fn observe(
        &mut self,
        now: Moment,
        captured: &Captured<'_>,
        is_carrier: &dyn Fn(IpAddr) -> bool,
        seen: &mut Vec<Seen>,
    ) -> Result<(), NotSip> {
        let bytes = Bytes::copy_from_slice(captured.payload);
        let message = Message::parse(bytes, &Limits::default()).map_err(|_| NotSip)?;
        let field = |name| message.field(name).ok_or(NotSip);
        let cseq = CSeq::read(field(Name::CSeq)?).ok_or(NotSip)?;
        let view = View {
            now,
            captured,
            call_id: self.name(field(Name::CallId)?),
            cseq,
            to_carrier: is_carrier(captured.to.ip().to_canonical()),
            from_carrier: is_carrier(captured.from.ip().to_canonical()),
            branch: self.hasher.hash_one(message.values(Name::Via).next()),
            message: &message,
        };
        match message.code() {
            None => self.request(&view, seen),
            Some(code) => self.response(&view, code, seen),
        }
        Ok(())
    }

    /// What time brings: call it when [`Watcher::next`] says.
    pub fn tick(&mut self, now: Moment, seen: &mut Vec<Seen>) {
        while let Some((due, call_id)) = self.refused.pop_front_if(|(due, _)| *due <= now) {
            self.give_up(&call_id, due, seen);
        }
        self.logins.tell(now, seen);
    }

    /// When there is something to do though nothing came.
    #[must_use]
    pub fn next(&self) -> Option<Moment> {
        let refused = self.refused.front().map(|(due, _)| *due);
        refused.into_iter().chain(self.logins.next()).min()
    }

    /// The Call-ID as a name. Callers choose it: one that cannot be a name must hide no call.
    fn name(&self, call_id: &[u8]) -> Arc<str> {
        match std::str::from_utf8(call_id) {
            Ok(text)
                if text.len() <= CALL_ID_BYTES_MAX
                    && text.bytes().all(|byte| byte.is_ascii_graphic()) =>
            {
                text.into()
            }
            _ => format!("odd-{:016x}", self.hasher.hash_one(call_id)).into(),
        }
    }

    fn request(&mut self, view: &View<'_>, seen: &mut Vec<Seen>) {
        let begins = view.message.address(Name::To).is_none_or(|to| to.tag().is_none());
        match view.cseq.method {
            Method::Invite if begins => {
                self.login(view);
                self.invite(view, seen);
            }
            Method::Register => self.login(view),
            _ => {}
        }
    }

    /// A request with a password. The PBX's own logins at its carrier are its affair.
    fn login(&mut self, view: &View<'_>) {
        if view.to_carrier || view.from_carrier {
            return;
        }
        let message = view.message;
        let credentials = message
            .lines(Name::Authorization)
            .chain(message.lines(Name::ProxyAuthorization))
            .find_map(|value| Authorization::parse(value).ok());
        let Some(credentials) = credentials else { return };
        let login = FailedLogin {
            account: taken_over(&credentials.username.unescaped()),
            from: view.captured.from,
            stream: view.captured.stream,
            user_agent: message.field(Name::UserAgent).map(taken_over),
        };
        self.logins.tries(view.request(), login);
    }

    fn invite(&mut self, view: &View<'_>, seen: &mut Vec<Seen>) {
        let known = self.calls.get_mut(&view.call_id);
        if view.to_carrier == view.from_carrier {
            // On its way inside, or passing from carrier to carrier.
            if !view.to_carrier && known.is_none() && self.inside.get(&view.call_id).is_none() {
                self.inside.insert(Arc::clone(&view.call_id), view.parties(None));
            }
            return;
        }
        let parties = view.parties(self.inside.get(&view.call_id));
        let is_again = |of: &Followed| {
            !matches!(of.phase, Phase::Refused { .. }) && of.parties.to == parties.to
        };
        if let Some(known) = known.filter(|known| is_again(known)) {
            // Sent again, with a password, or to another carrier too.
            if !known.branches.contains(&view.branch) && known.branches.len() < BRANCHES_MAX {
                known.branches.push(view.branch);
            }
            return;
        }
        seen.push(view.call(Step::Began, &parties));
        self.calls.insert(
            Arc::clone(&view.call_id),
            Followed { parties, phase: Phase::Tried, branches: vec![view.branch] },
        );
    }

    fn response(&mut self, view: &View<'_>, code: u16, seen: &mut Vec<Seen>) {
        if code < 200 {
            return;
        }
        match view.cseq.method {
            Method::Register => self.answered_login(view, code, seen),
            Method::Invite => {
                self.answered_login(view, code, seen);
                self.answered_call(view, code, seen);
            }
            Method::Bye if code < 300 => self.ended(view, seen),
            _ => {}
        }
    }

    fn answered_login(&mut self, view: &View<'_>, code: u16, seen: &mut Vec<Seen>) {
        let registers = view.cseq.method == Method::Register;
        match code {
            200..=299 => self.logins.taken(&view.request()),
            401 | 407 if view.is_stale() => self.logins.too_old(&view.request()),
            401 | 407 => self.logins.refused(view.now, &view.request(), seen),
            // A call may be forbidden to whom the password is right.
            403 | 404 if registers => self.logins.refused(view.now, &view.request(), seen),
            _ => {}
        }
    }

    fn answered_call(&mut self, view: &View<'_>, code: u16, seen: &mut Vec<Seen>) {
        let Some(call) = self.calls.get_mut(&view.call_id) else { return };
        let at_carrier = if call.parties.inbound { view.to_carrier } else { view.from_carrier };
        if call.phase == Phase::Up || !at_carrier {
            return;
        }
        call.branches.retain(|branch| *branch != view.branch);
        match code {
            200..=299 => {
                call.phase = Phase::Up;
                let step = view.call(Step::Answered, &call.parties);
                seen.push(step);
            }
            // It is asked for a password, or another carrier may still take it, or this was said before.
            401 | 407 => {}
            _ if !call.branches.is_empty() || call.phase != Phase::Tried => {}
            _ => {
                let due = view.now + ANOTHER_WAY;
                call.phase = Phase::Refused { code, due };
                self.refused.push_back((due, Arc::clone(&view.call_id)));
                if self.refused.len() > CALLS_MAX {
                    self.tick(due, seen);
                }
            }
        }
    }

    fn ended(&mut self, view: &View<'_>, seen: &mut Vec<Seen>) {
        if self.calls.get(&view.call_id).is_some_and(|call| call.phase == Phase::Up)
            && let Some(call) = self.calls.remove(&view.call_id)
        {
            let step = Step::Ended { billable_ms: None, code: Some(200) };
            seen.push(view.call(step, &call.parties));
        }
    }

    /// No other way was tried.
    fn give_up(&mut self, call_id: &Arc<str>, due: Moment, seen: &mut Vec<Seen>) {
        let Some(call) = self.calls.get(call_id) else { return };
        let Phase::Refused { code, due: of } = call.phase else { return };
        if of == due
            && let Some(Followed { parties, .. }) = self.calls.remove(call_id)
        {
            let step = Step::Ended { billable_ms: Some(0), code: Some(code) };
            let known_as = Arc::clone(call_id);
            seen.push(Seen::Call(Call { known_as, step, parties, handle: None }));
        }
    }
}
