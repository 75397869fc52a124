//! Reliable provisional responses (RFC 3262) end to end: each side has its own numbers.

use super::relay::{Purpose, Relay};
use super::tell::Reliability;
use super::{Call, Party};
use crate::core::Core;
use crate::transaction::ServerKey;
use ringfence_model::Now;
use ringfence_sip::{Message, Name, RAck};

/// An INVITE with reliable provisional responses.
#[derive(Debug)]
pub struct Reliable {
    /// The branch or relay that carries it.
    relay: u32,
    server: ServerKey,
    answering: Party,
    /// Their first RSeq, and ours.
    first: (u32, u32),
    /// CSeq of the INVITE as it came, and as it was sent on.
    pub cseq: (u32, u32),
}

/// INVITEs of a pair whose reliable responses may still be acknowledged.
const RELIABLE_MAX: usize = 8;

/// An INVITE that was sent on.
#[derive(Clone, Copy)]
pub struct Invited {
    pub relay: u32,
    pub server: ServerKey,
    pub answering: Party,
    /// Its CSeq as it came, and as it was sent on.
    pub cseq: (u32, u32),
}

impl Call {
    /// How a provisional response goes on to who sent the INVITE.
    pub(super) fn reliability(
        &mut self,
        core: &mut Core,
        now: Now,
        (pair_at, invited): (usize, Invited),
        known: bool,
        message: &Message,
    ) -> Reliability {
        let provisional = message.code().is_some_and(|code| (101..200).contains(&code));
        let rseq = message.number(Name::RSeq).filter(|_| message.lists(Name::Require, "100rel"));
        let Some(theirs) = rseq.filter(|_| provisional) else { return Reliability::Plain };
        if !known {
            self.prack_ourselves(core, now, pair_at, (theirs, invited));
            return Reliability::Ours;
        }
        // Forks share a transaction towards the caller, and each counts on from a number of its own.
        let first = ((self.next_id() & 0x7fff) << 16) | 1;
        let Some(pair) = self.pairs.get_mut(pair_at) else { return Reliability::Plain };
        let old = pair.reliable.iter().find(|old| old.relay == invited.relay);
        let (their_first, our_first) = match old {
            Some(old) => old.first,
            None => {
                let Invited { relay, server, answering, cseq } = invited;
                let first = (theirs, first);
                if pair.reliable.len() >= RELIABLE_MAX {
                    pair.reliable.remove(0);
                }
                pair.reliable.push(Reliable { relay, server, answering, first, cseq });
                first
            }
        };
        Reliability::Numbered(our_first.wrapping_add(theirs.wrapping_sub(their_first)))
    }

    /// The RAck under which a PRACK goes on; `None` when nothing waits for it.
    pub(super) fn pracked(
        &mut self,
        core: &mut Core,
        pair_at: usize,
        from: Party,
        message: &Message,
    ) -> Option<Box<[u8]>> {
        let rack = RAck::read(message.field(Name::RAck)?)?;
        let pair = self.pairs.get(pair_at)?;
        let of = pair
            .reliable
            .iter()
            .find(|reliable| reliable.answering != from && reliable.cseq.0 == rack.cseq.number)?;
        if !core.transactions.pracked(of.server, rack.rseq) {
            return None;
        }
        let theirs = of.first.0.wrapping_add(rack.rseq.wrapping_sub(of.first.1));
        Some(format!("{theirs} {} INVITE", of.cseq.1).into_bytes().into())
    }

    fn prack_ourselves(
        &mut self,
        core: &mut Core,
        now: Now,
        pair_at: usize,
        (rseq, invited): (u32, Invited),
    ) {
        let id = self.next_id();
        let owner = self.owner(id);
        let Some(pair) = self.pairs.get_mut(pair_at) else { return };
        let rack = format!("{rseq} {} INVITE", invited.cseq.1).into_bytes().into();
        let fields = vec![(Name::RAck, rack)];
        let purpose = Purpose::Own { of: invited.answering, fields };
        let mut relay = Relay::new(id, pair.id, b"PRACK", purpose);
        if relay.send(core, now, pair, owner).is_some() {
            self.relays.push(relay);
        }
    }
}

/// Whether who sent this INVITE knows of reliable provisional responses.
pub fn knows(invite: &Message) -> bool {
    invite.lists(Name::Supported, "100rel") || invite.lists(Name::Require, "100rel")
}
