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
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::time::Duration;

/// The first byte of a call's key.
pub const KIND: u8 = b'C';
/// Another number for another layout: a record of an older one is dropped, never misread.
const VERSION: u8 = 1;
/// A call is written again at most this often, unless its parties moved.
const AT_MOST_EVERY: Duration = Duration::from_secs(60);
/// Requests are not counted in records; after a restart we begin this much later. A gap is no fault (RFC 3261
/// §12.2.2).
const CSEQ_GAP: u32 = 1_000;

#[derive(Serialize, Deserialize)]
struct Record {
    version: u8,
    attempt: Attempt,
    known_as: Vec<u8>,
    began: WallTime,
    answered: WallTime,
    cut_at: Option<WallTime>,
    look_at: Option<WallTime>,
    session: Option<Session>,
    assumed: bool,
    sides: Option<[Side; 2]>,
}

#[derive(Serialize, Deserialize)]
struct Side {
    transport: u8,
    local: SocketAddr,
    remote: SocketAddr,
    trust: Trust,
    trunk: Option<TrunkId>,
    call_id: Vec<u8>,
    local_name: Vec<u8>,
    local_tag: Vec<u8>,
    remote_name: Vec<u8>,
    remote_tag: Vec<u8>,
    target: Vec<u8>,
    routes: Vec<u8>,
    local_cseq: u32,
    remote_cseq: Option<u32>,
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
        let side = |dialog: &Dialog| Side {
            transport: number(dialog.flow.transport),
            local: dialog.flow.local,
            remote: dialog.flow.remote,
            trust: dialog.trust,
            trunk: dialog.trunk.clone(),
            call_id: dialog.call_id.to_vec(),
            local_name: dialog.local.to_vec(),
            local_tag: dialog.local_tag.to_vec(),
            remote_name: dialog.remote.to_vec(),
            remote_tag: dialog.remote_tag.to_vec(),
            target: dialog.target.to_vec(),
            routes: dialog.routes.to_vec(),
            local_cseq: dialog.local_cseq,
            remote_cseq: dialog.remote_cseq,
        };
        let record = Record {
            version: VERSION,
            attempt: (*self.attempt).clone(),
            known_as: self.known_as.to_vec(),
            began: self.began.wall,
            answered: self.answered?.wall,
            cut_at: self.cut_at.map(wall),
            look_at: self.look_at.map(wall),
            session: self.session,
            assumed: self.assumed,
            sides: self.pairs.first().map(|pair| [side(&pair.caller), side(&pair.callee)]),
        };
        postcard::to_allocvec(&record).ok().map(Bytes::from)
    }

    /// Takes up a call where its record says it was. `None` when the record is of no use.
    pub fn restore(core: &mut Core, now: Now, place: Place, state: &[u8]) -> Option<Self> {
        let record = postcard::from_bytes::<Record>(state).ok()?;
        if record.version != VERSION {
            return None;
        }
        // The monotonic clock starts anew; what went before is counted by the wall.
        let past = |at: WallTime| Now { moment: now.moment, wall: at };
        let soon = |at: WallTime| now.moment + (at - now.wall);
        let id = record.attempt.call;
        core.ids.taken(id);
        let mut call = Self {
            known_as: record.known_as.into(),
            began: past(record.began),
            answered: Some(past(record.answered)),
            stage: Stage::Up,
            cut_at: record.cut_at.map(soon),
            look_at: record.look_at.map(soon),
            session: record.session,
            assumed: record.assumed,
            up_before: now.wall - record.answered,
            kept_at: Some(now.moment),
            ..Self::blank(id, place, Box::new(record.attempt), now)
        };
        if let Some([caller, callee]) = record.sides {
            let (caller, callee) = (dialog(caller)?, dialog(callee)?);
            let pair = call.next_id();
            let seat = |party| Seat { place, pair, party };
            core.dialogs.insert(caller.local_tag, seat(Party::Caller));
            core.dialogs.insert(callee.local_tag, seat(Party::Callee));
            call.pairs.push(Pair { id: pair, branch: 0, caller, callee, reliable: Vec::new() });
        }
        Some(call)
    }
}

fn dialog(side: Side) -> Option<Dialog> {
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
        call_id: side.call_id.into(),
        local: side.local_name.into(),
        local_tag: Token::read(&side.local_tag)?,
        remote: side.remote_name.into(),
        remote_tag: side.remote_tag.into(),
        target: side.target.into(),
        routes: side.routes.into(),
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
