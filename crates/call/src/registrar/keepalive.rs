//! Address translators are kept open towards phones behind them.
//!
//! A phone is asked OPTIONS, since only what the phone itself sends surely keeps a mapping alive (RFC 4787 REQ-6). What
//! it answers, and whether, is nobody's business: the answer did its work on the way.

use super::{Binding, Party, Registrar};
use crate::Output;
use crate::wire::Wire;
use bytes::Bytes;
use ringfence_model::{Moment, Now};
use ringfence_sip::{Builder, Method, Name, Transport};
use std::time::Duration;

/// Common translators forget a silent UDP mapping after 30 s, though RFC 4787 REQ-5 asks for two minutes.
const EVERY: Duration = Duration::from_secs(25);

impl Binding {
    /// Whether its translator must be kept open from here. A device that keeps its flow as in RFC 5626 does so itself,
    /// and behind a proxy it is the proxy's business.
    fn wants_keepalive(&self) -> bool {
        self.flow.transport == Transport::Udp
            && self.reg_id.is_none()
            && self.path.is_none()
            && self.is_translated()
    }
}

impl Registrar {
    /// Begins or ends keeping somebody's translators open. The rhythm is that of the first registration, which spreads
    /// it; a refresh does not move it.
    pub(super) fn plan_keepalive(&mut self, now: Moment, party: &Party) {
        let Some(person) = self.people.get_mut(party) else { return };
        let mut wants = person.bindings.iter().filter(|b| b.wants_keepalive()).peekable();
        if person.keepalive.is_some() == wants.peek().is_some() {
            return;
        }
        let since = wants.map(|binding| now - binding.refreshed).min();
        let next = since.map(|since| now + (EVERY - remainder(since)));
        if let Some(old) = std::mem::replace(&mut person.keepalive, next) {
            self.keepalives.remove(&(old, party.clone()));
        }
        if let Some(next) = next {
            self.keepalives.insert((next, party.clone()));
        }
    }

    /// Asks those whose time has come.
    pub(super) fn keep_alive(&mut self, now: Now, wire: &mut Wire<'_>) {
        while let Some((at, _)) = self.keepalives.first() {
            if *at > now.moment {
                return;
            }
            let Some((_, party)) = self.keepalives.pop_first() else { return };
            let bindings = self.people.get(&party).map(|person| person.bindings.as_slice());
            let wants = bindings.unwrap_or_default().iter().filter(|b| b.wants_keepalive());
            for binding in wants {
                if let Some(bytes) = options(binding, wire) {
                    let flow = binding.flow;
                    wire.out.push_back(Output::Transmit { flow, bytes, call: None });
                }
            }
            if let Some(person) = self.people.get_mut(&party) {
                let next = now.moment + EVERY;
                person.keepalive = Some(next);
                self.keepalives.insert((next, party));
            }
        }
    }
}

fn remainder(since: Duration) -> Duration {
    Duration::from_micros(u64::try_from(since.as_micros() % EVERY.as_micros()).unwrap_or(0))
}

/// Without a transaction: it is not repeated when it is lost, the next one comes soon.
fn options(binding: &Binding, wire: &mut Wire<'_>) -> Option<Bytes> {
    let ours = wire.directory.listener(&binding.flow)?.advertised.as_bytes();
    let (branch, tag, call_id) = (wire.mint.branch(), wire.mint.tag(), wire.mint.call_id());
    let mut builder = Builder::request(Method::Options, &binding.contact);
    builder
        .field(Name::Via, &[b"SIP/2.0/UDP ", ours, b";rport;branch=", &branch])
        .number(Name::MaxForwards, 1)
        .field(Name::From, &[b"<sip:", ours, b">;tag=", &tag])
        .field(Name::To, &[b"<", &binding.contact, b">"])
        .field(Name::CallId, &[&call_id])
        .cseq(1, b"OPTIONS");
    builder.finish(b"").ok()
}
