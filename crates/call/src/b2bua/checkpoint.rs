//! What brings an answered call back after a restart, and how.

use super::pair::Pair;
use super::session::Session;
use super::{Call, Party, Stage};
use crate::Output;
use crate::core::{Core, Place, Seat};
use crate::dialog::Dialog;
use crate::rewrite::Trust;
use crate::token::Token;
use bytes::Bytes;
use ringfence_model::{Attempt, CallId, Moment, Now, TrunkId, WallTime};
use ringfence_sip::{Flow, Transport};
use serde::{Deserialize, Serialize, Serializer};
use std::borrow::Cow;
use std::net::SocketAddr;
use std::time::Duration;

/// The first byte of a call's key.
pub const KIND: u8 = b'C';
/// Another number for another layout: a record of an older one is dropped, never misread.
const VERSION: u8 = 1;
/// What follows the record of a call that is over, while a party may not know.
const ENDING: u8 = 1;
/// A call is written again at most this often, unless its parties moved.
const AT_MOST_EVERY: Duration = Duration::from_secs(60);
/// Requests are not counted in records; after a restart we begin this much later. A gap is no fault (RFC 3261
/// §12.2.2).
const CSEQ_GAP: u32 = 1_000;

#[derive(Serialize, Deserialize)]
struct Record<'a> {
    version: u8,
    attempt: Cow<'a, Attempt>,
    #[serde(borrow)]
    known_as: Text<'a>,
    began: WallTime,
    answered: WallTime,
    cut_at: Option<WallTime>,
    look_at: Option<WallTime>,
    session: Option<Session>,
    assumed: bool,
    sides: Option<[Side<'a>; 2]>,
}

#[derive(Serialize, Deserialize)]
struct Side<'a> {
    transport: u8,
    local: SocketAddr,
    remote: SocketAddr,
    trust: Trust,
    trunk: Option<TrunkId>,
    #[serde(borrow)]
    call_id: Text<'a>,
    local_name: Text<'a>,
    local_tag: Text<'a>,
    remote_name: Text<'a>,
    remote_tag: Text<'a>,
    target: Text<'a>,
    routes: Text<'a>,
    local_cseq: u32,
    remote_cseq: Option<u32>,
}

/// Bytes that are written in one go; serde alone would write a list of them one by one, to the same effect.
#[derive(Deserialize)]
struct Text<'a>(&'a [u8]);

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(self.0)
    }
}

/// The key of a call's record.
pub fn key(call: CallId) -> [u8; 16] {
    let mut key = [0; 16];
    let id = call.0.to_be_bytes();
    for (to, from) in key.iter_mut().zip([KIND].iter().chain([0; 7].iter()).chain(&id)) {
        *to = *from;
    }
    key
}

impl Call {
    /// Writes the call down, when it was answered and something changed that matters.
    pub(super) fn keep(&mut self, core: &mut Core, now: Now, moved: bool) {
        let recent = self.kept_at.is_some_and(|at| now.moment < at + AT_MOST_EVERY);
        if self.stage != Stage::Up || (recent && !moved) {
            return;
        }
        self.write_down(core, now);
    }

    /// Writes down that the call is over and a BYE is on its way, when it was written down before.
    pub(super) fn keep_ending(&mut self, core: &mut Core, now: Now) {
        if self.kept_at.is_some() {
            self.write_down(core, now);
        }
    }

    fn write_down(&mut self, core: &mut Core, now: Now) {
        let Some(state) = self.record(now) else { return };
        self.kept_at = Some(now.moment);
        core.out.push_back(Output::Checkpoint { key: key(self.id), state: Some(state) });
    }

    /// Its record is not needed any more.
    pub(super) fn drop_record(&mut self, core: &mut Core) {
        if self.kept_at.take().is_some() {
            core.out.push_back(Output::Checkpoint { key: key(self.id), state: None });
        }
    }

    fn record(&self, now: Now) -> Option<Bytes> {
        let wall = |at: Moment| now.wall + (at - now.moment);
        let record = Record {
            version: VERSION,
            attempt: Cow::Borrowed(&self.attempt),
            known_as: Text(&self.known_as),
            began: self.began.wall,
            answered: self.answered?.wall,
            cut_at: self.cut_at.map(wall),
            look_at: self.look_at.map(wall),
            session: self.session,
            assumed: self.assumed,
            sides: self.pairs.first().map(|pair| [side(&pair.caller), side(&pair.callee)]),
        };
        let mut state = postcard::to_extend(&record, Vec::with_capacity(1_024)).ok()?;
        state.extend((self.stage == Stage::Over).then_some(ENDING));
        Some(state.into())
    }

    /// Takes up a call where its record says it was. `None` when the record is of no use.
    pub fn restore(core: &mut Core, now: Now, place: Place, state: &[u8]) -> Option<Self> {
        let (record, ending) = postcard::take_from_bytes::<Record<'_>>(state).ok()?;
        if record.version != VERSION {
            return None;
        }
        // The monotonic clock starts anew; what went before is counted by the wall.
        let past = |at: WallTime| Now { moment: now.moment, wall: at };
        let soon = |at: WallTime| now.moment + (at - now.wall);
        let id = record.attempt.call;
        core.ids.taken(id);
        let mut call = Self {
            known_as: record.known_as.0.into(),
            began: past(record.began),
            answered: Some(past(record.answered)),
            stage: Stage::Up,
            cut_at: record.cut_at.map(soon),
            look_at: record.look_at.map(soon),
            session: record.session,
            assumed: record.assumed,
            up_before: now.wall - record.answered,
            kept_at: Some(now.moment),
            ..Self::blank(id, place, Box::new(record.attempt.into_owned()), now)
        };
        if let Some([caller, callee]) = record.sides {
            let (caller, callee) = (dialog(caller)?, dialog(callee)?);
            let pair = call.next_id();
            let seat = |party| Seat { place, pair, party };
            core.dialogs.insert(caller.local_tag, seat(Party::Caller));
            core.dialogs.insert(callee.local_tag, seat(Party::Callee));
            call.pairs.push(Pair { id: pair, branch: 0, caller, callee, reliable: Vec::new() });
        }
        if !ending.is_empty() {
            call.tell_again(core, now);
        }
        Some(call)
    }
}

fn side(dialog: &Dialog) -> Side<'_> {
    Side {
        transport: number(dialog.flow.transport),
        local: dialog.flow.local,
        remote: dialog.flow.remote,
        trust: dialog.trust,
        trunk: dialog.trunk.clone(),
        call_id: Text(&dialog.call_id),
        local_name: Text(&dialog.local),
        local_tag: Text(&dialog.local_tag),
        remote_name: Text(&dialog.remote),
        remote_tag: Text(&dialog.remote_tag),
        target: Text(&dialog.target),
        routes: Text(&dialog.routes),
        local_cseq: dialog.local_cseq,
        remote_cseq: dialog.remote_cseq,
    }
}

fn dialog(side: Side<'_>) -> Option<Dialog> {
    Some(Dialog {
        flow: Flow {
            transport: transport(side.transport)?,
            local: side.local,
            remote: side.remote,
            // Connections did not survive.
            connection: None,
        },
        trust: side.trust,
        trunk: side.trunk,
        call_id: side.call_id.0.into(),
        local: side.local_name.0.into(),
        local_tag: Token::read(side.local_tag.0)?,
        remote: side.remote_name.0.into(),
        remote_tag: side.remote_tag.0.into(),
        target: side.target.0.into(),
        routes: side.routes.0.into(),
        local_cseq: side.local_cseq.saturating_add(CSEQ_GAP),
        remote_cseq: side.remote_cseq,
    })
}

const fn number(transport: Transport) -> u8 {
    match transport {
        Transport::Udp => 0,
        Transport::Tcp => 1,
        Transport::Tls => 2,
    }
}

const fn transport(number: u8) -> Option<Transport> {
    match number {
        0 => Some(Transport::Udp),
        1 => Some(Transport::Tcp),
        2 => Some(Transport::Tls),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_written_as_lists_of_bytes_are() {
        for text in [&b""[..], b"sip:a@h", &[0xff; 300]] {
            let written = postcard::to_allocvec(&Text(text)).unwrap();
            assert_eq!(written, postcard::to_allocvec(&text.to_vec()).unwrap());
            assert_eq!(postcard::from_bytes::<Text<'_>>(&written).unwrap().0, text);
        }
    }
}
