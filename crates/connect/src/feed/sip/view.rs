//! A message, where it was seen, and what it says of a call.

use super::super::logins::Request;
use super::super::{Call, Parties, Seen, Step, taken_over};
use crate::hep::Captured;
use ringfence_model::Moment;
use ringfence_sip::digest::Challenge;
use ringfence_sip::{CSeq, Message, Name, NameAddr};
use std::sync::Arc;

/// A message and where it was seen.
pub(super) struct View<'a> {
    pub now: Moment,
    pub captured: &'a Captured<'a>,
    pub message: &'a Message,
    pub call_id: Arc<str>,
    /// Which of several requests of the call: its topmost Via.
    pub branch: u64,
    pub cseq: CSeq<'a>,
    pub to_carrier: bool,
    pub from_carrier: bool,
}

impl View<'_> {
    pub fn request(&self) -> Request {
        (Arc::clone(&self.call_id), self.cseq.number, self.cseq.method)
    }

    /// Who calls whom; where the phone is, is known from its own leg.
    pub fn parties(&self, inside: Option<&Parties>) -> Parties {
        let message = self.message;
        let user = |name| {
            let value = message.values(name).next()?;
            let user = NameAddr::read(value)?.uri()?.user_text()?;
            Some(taken_over(user.as_bytes()))
        };
        let called = message.uri().and_then(|uri| uri.user_text());
        let is_inside = !self.to_carrier && !self.from_carrier;
        let agent = || message.field(Name::UserAgent).map(taken_over);
        Parties {
            inbound: self.from_carrier,
            from: user(Name::PAssertedIdentity)
                .or_else(|| user(Name::PPreferredIdentity))
                .or_else(|| user(Name::From)),
            to: called
                .map_or_else(|| taken_over(message.uri_text()), |to| taken_over(to.as_bytes())),
            diversion: user(Name::Diversion),
            phone: None,
            at: if is_inside { Some(self.captured.from) } else { inside.and_then(|of| of.at) },
            user_agent: if is_inside {
                agent()
            } else {
                inside.and_then(|of| of.user_agent.clone())
            },
        }
    }

    pub fn call(&self, step: Step, parties: &Parties) -> Seen {
        let known_as = Arc::clone(&self.call_id);
        Seen::Call(Call { known_as, step, parties: parties.clone(), handle: None })
    }

    pub fn is_stale(&self) -> bool {
        let message = self.message;
        message
            .lines(Name::WwwAuthenticate)
            .chain(message.lines(Name::ProxyAuthenticate))
            .filter_map(|value| Challenge::parse(value).ok())
            .any(|challenge| challenge.stale)
    }
}
