//! Passing a response on: from the party that answers to the one that asked.

use super::Fields;
use crate::core::{Core, Reply, begin, crossing, record_route};
use crate::dialog::{self, Dialog};
use crate::rewrite::identity;
use crate::transaction::ServerKey;
use ringfence_model::Now;
use ringfence_sip::{Flow, Message, Name};

/// Where a response goes.
pub struct Telling<'a> {
    /// The request it answers.
    pub server: ServerKey,
    pub request: &'a Message,
    pub flow: &'a Flow,
    /// The dialog with the party that answers.
    pub from: &'a Dialog,
    /// The dialog with the party that asked.
    pub to: &'a Dialog,
    /// Whether it answers the first INVITE.
    pub first: bool,
    /// Fields besides those that cross.
    pub fields: Fields,
    pub reliability: Reliability,
}

/// How a provisional response goes on (RFC 3262).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reliability {
    /// As any other.
    Plain,
    /// Until it is acknowledged, under this number.
    Numbered(u32),
    /// It came so, but who asked does not know of it: we acknowledge it.
    Ours,
}

impl Telling<'_> {
    /// Sends it.
    pub fn send(&self, core: &mut Core, now: Now, message: &Message) {
        let code = message.code().unwrap_or_default();
        let reply = Reply {
            server: self.server,
            request: self.request,
            flow: self.flow,
            code,
            reason: message.reason(),
            tag: &self.to.local_tag,
        };
        let Some(mut builder) = begin(&reply) else { return };
        let ours = core.ours(&self.to.flow);
        if self.first && code < 300 {
            record_route(&mut builder, self.request);
        }
        if code < 300 && (self.first || message.has(Name::Contact)) {
            dialog::contact(&mut builder, &self.to.flow, &ours, &self.to.local_tag);
        }
        let hidden = self.from.hidden();
        let mut crossing = crossing((self.from.trust, self.to.trust), &hidden, &ours);
        if self.reliability == Reliability::Ours {
            crossing.without = Some(b"100rel");
        }
        crossing.copy(message, &mut builder);
        identity(&crossing, message, None, &mut builder);
        for (name, value) in &self.fields {
            builder.field(*name, &[value]);
        }
        if let Reliability::Numbered(rseq) = self.reliability {
            builder.number(Name::RSeq, rseq);
        }
        let Ok(bytes) = builder.finish(message.body()) else { return };
        match self.reliability {
            Reliability::Numbered(rseq) => {
                let Core { transactions, out, .. } = core;
                transactions.respond_reliably(now.moment, self.server, rseq, bytes, out);
            }
            Reliability::Plain | Reliability::Ours => core.respond(now, self.server, code, bytes),
        }
    }
}
