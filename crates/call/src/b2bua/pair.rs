//! Two dialogs that belong together: one towards the caller, one towards the called party. While routes are tried
//! there may be several (RFC 3261 §12.1, §13.2.2.4: forks); the answer leaves one.

use super::reliable::Reliable;
use super::{Call, Party};
use crate::core::{Core, Seat};
use crate::dialog::Dialog;
use bytes::Bytes;
use ringfence_sip::{Message, NameAddr};

/// Two dialogs that belong together.
#[derive(Debug)]
pub struct Pair {
    pub id: u32,
    /// The branch it grew on.
    pub branch: u32,
    pub caller: Dialog,
    pub callee: Dialog,
    /// INVITEs in it that have reliable provisional responses.
    pub reliable: Vec<Reliable>,
}

/// An INVITE that got its 2xx: its ACK is, or will be, passed on.
#[derive(Debug)]
pub struct Settled {
    /// Of the branch or relay that sent it on.
    pub relay: u32,
    pub pair: u32,
    /// Who sent the INVITE.
    pub by: Party,
    /// Its number as it came and as it was sent on.
    pub cseq_in: u32,
    pub cseq_out: u32,
    /// What was sent, for when the 2xx comes again.
    pub ack: Option<Bytes>,
}

/// A dialog nobody wants: a second fork that answered, or an answer that crossed a CANCEL.
#[derive(Debug)]
pub struct Stray {
    pub branch: u32,
    pub dialog: Dialog,
    pub ack: Option<Bytes>,
    /// The relay that carries its BYE.
    pub bye: u32,
}

/// Early dialogs of a call at once. A party that answers under ever new tags gets no more.
pub const FORKS_MAX: usize = 16;

impl Pair {
    /// The dialog with a party.
    pub const fn side(&self, party: Party) -> &Dialog {
        match party {
            Party::Caller => &self.caller,
            Party::Callee => &self.callee,
        }
    }

    /// The same, to be changed.
    pub const fn side_mut(&mut self, party: Party) -> &mut Dialog {
        match party {
            Party::Caller => &mut self.caller,
            Party::Callee => &mut self.callee,
        }
    }
}

impl Call {
    /// The pair that a response of a branch belongs to; made when it speaks for the first time.
    pub(super) fn pair_of(
        &mut self,
        core: &mut Core,
        branch_at: usize,
        message: &Message,
        to: &NameAddr<'_>,
    ) -> Option<usize> {
        let branch = self.branches.get(branch_at)?;
        let tag = to.tag().unwrap_or_default();
        let known = self.pairs.iter().position(|pair| {
            pair.branch == branch.id
                && (*pair.callee.remote_tag == *tag || pair.callee.remote_tag.is_empty())
        });
        if let Some(at) = known {
            let pair = self.pairs.get_mut(at)?;
            pair.callee.hear(message, to);
            core.reach(&mut pair.callee);
            return Some(at);
        }
        if self.pairs.len() >= FORKS_MAX {
            // An answer always finds room.
            message.code().filter(|code| *code >= 200)?;
            let gone = self.pairs.remove(0);
            core.dialogs.remove(&gone.caller.local_tag);
        }
        let (branch_id, mut callee) = (branch.id, branch.dialog.clone());
        callee.hear(message, to);
        core.reach(&mut callee);
        let setup = self.setup.as_mut()?;
        let mut caller = setup.caller.clone();
        // Each early dialog towards the caller has a tag of its own, the first one that of the call.
        if std::mem::replace(&mut setup.tag_used, true) {
            caller.local_tag = core.mint.tag();
        }
        let id = self.next_id();
        core.dialogs
            .insert(caller.local_tag, Seat { place: self.place, pair: id, party: Party::Caller });
        // All forks of a branch share our From tag: the pair is found by the party's tag.
        core.dialogs
            .insert(callee.local_tag, Seat { place: self.place, pair: id, party: Party::Callee });
        self.pairs.push(Pair { id, branch: branch_id, caller, callee, reliable: Vec::new() });
        Some(self.pairs.len() - 1)
    }

    /// The pair and party a request in a dialog is of; its ids must be those of the dialog.
    pub fn seated(&self, seat: Seat, call_id: &[u8], from_tag: &[u8]) -> Option<(usize, Party)> {
        let owns = |pair: &Pair| pair.side(seat.party).owns(call_id, from_tag);
        let at = self.pairs.iter().position(|pair| pair.id == seat.pair)?;
        if self.pairs.get(at).is_some_and(owns) {
            return Some((at, seat.party));
        }
        // Forks of one branch share our tag.
        let tag = self.pairs.get(at)?.side(seat.party).local_tag;
        let at = self
            .pairs
            .iter()
            .position(|pair| pair.side(seat.party).local_tag == tag && owns(pair))?;
        Some((at, seat.party))
    }

    pub(super) fn pair(&self, id: u32) -> Option<&Pair> {
        self.pairs.iter().find(|pair| pair.id == id)
    }

    /// Leaves only this pair: the answer ends every other early dialog.
    pub(super) fn keep_only(&mut self, core: &mut Core, id: u32) {
        let place = self.place;
        let gone: Vec<Pair> = self.pairs.extract_if(.., |pair| pair.id != id).collect();
        for pair in gone {
            core.dialogs.remove(&pair.caller.local_tag);
            core.dialogs.remove(&pair.callee.local_tag);
        }
        if let Some(pair) = self.pairs.first() {
            // A fork of the same branch may have taken the tag we share along.
            let seat = |party| Seat { place, pair: id, party };
            core.dialogs.insert(pair.caller.local_tag, seat(Party::Caller));
            core.dialogs.insert(pair.callee.local_tag, seat(Party::Callee));
        }
        self.pairs.shrink_to_fit();
    }
}
