//! What people and attackers want to do, and what was seen of it.

use bytes::Bytes;
use ringfence_model::{Moment, TenantId};
use std::time::Duration;

/// A call somebody will make. Its number in the list of plans travels with it in a header field of its own, so that
/// both ends can be compared.
#[derive(Clone, Debug)]
pub struct Plan {
    /// When.
    pub at: Moment,
    /// Which node calls.
    pub caller: usize,
    /// Whose call it is.
    pub tenant: TenantId,
    /// The user part of From.
    pub identity: String,
    /// The user part of the request URI.
    pub dialled: String,
    /// Why it is made.
    pub purpose: Purpose,
    /// What the called end does.
    pub treatment: Treatment,
    /// The caller takes it back after this long, when nobody answered.
    pub patience: Duration,
    /// How long it lasts once answered.
    pub talk: Duration,
    /// Who hangs up.
    pub hangs_up: End,
    /// The caller puts it on hold and takes it back, this long after the answer.
    pub hold: Option<Duration>,
    /// The caller sends it to this number, this long after the answer.
    pub transfer: Option<(Duration, String)>,
    /// The offer comes in the 200 and the answer in the ACK.
    pub late_offer: bool,
    /// Hops the caller grants.
    pub hops: u32,
}

/// Why a call is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// People.
    Honest,
    /// An emergency number or helpline.
    Protected,
    /// Somebody earns from it.
    Fraud,
    /// To a number on the list of those never allowed.
    Denied,
    /// A call that goes round in circles.
    Loop,
}

/// What the called end does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Treatment {
    /// Rings, then answers.
    Answer {
        /// How long it rings.
        ring: Duration,
        /// So many ends of a fork answer at once; only one can have the call.
        forks: u8,
    },
    /// Rings, then refuses with this code.
    Refuse {
        /// How long it rings.
        ring: Duration,
        /// The code.
        code: u16,
    },
    /// Sends the caller elsewhere.
    Redirect(Elsewhere),
    /// Rings for ever.
    Ring,
    /// Says 100 and nothing more.
    Silent,
    /// Sends the call back to where it came from.
    Return,
}

/// Where somebody sends a caller.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Elsewhere {
    /// To a host that is no party to any of it.
    Host,
    /// To a number at its own host.
    Number(String),
}

/// One end of a call.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum End {
    /// The one that called.
    Caller,
    /// The one that was called.
    Called,
}

/// Something a node saw or did.
#[derive(Clone, PartialEq, Debug)]
pub enum Fact {
    /// The caller has a final answer.
    Final {
        /// The call.
        plan: usize,
        /// Its code.
        code: u16,
    },
    /// The caller stopped waiting without any.
    GaveUp {
        /// The call.
        plan: usize,
    },
    /// The called end was asked.
    Asked {
        /// The call.
        plan: usize,
        /// The user part of the request URI.
        dialled: String,
        /// The body.
        body: Bytes,
    },
    /// The called end said yes.
    Said200 {
        /// The call.
        plan: usize,
    },
    /// One end has the call.
    Up {
        /// The call.
        plan: usize,
        /// Which end.
        end: End,
        /// The other's session description.
        body: Bytes,
    },
    /// One end no longer has the call.
    Over {
        /// The call.
        plan: usize,
        /// Which end.
        end: End,
        /// Why.
        why: Why,
    },
    /// A registration was confirmed.
    Registered,
    /// A registration was refused or not answered.
    NotRegistered(u16),
    /// Something no peer may do.
    Wrong(String),
}

/// Why one end no longer has a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Why {
    /// It hung up.
    Own,
    /// BYE came.
    Bye,
    /// CANCEL came.
    Cancelled,
    /// Nobody acknowledged its 200.
    NoAck,
    /// Another end of a fork has it.
    Fork,
    /// It no longer exists for the other side (481, 408).
    Gone,
    /// The node was switched off.
    Crash,
}
