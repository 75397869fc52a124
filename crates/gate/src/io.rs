//! What a gate is told and what it says.

use crate::advised::Name;
use bytes::Bytes;
use ipnet::IpNet;
use ringfence_call::{End, Hop};
use ringfence_fraud::approved::Approved;
use ringfence_model::{
    Alert, Block, BlockId, CallEvent, CallId, Cdr, Level, Moment, Money, Reason, Scope, TenantId,
    TrunkId, Verdict, WallTime,
};
use ringfence_sip::Flow;
use std::sync::Arc;
use std::time::Duration;

use crate::snapshot::Snapshot;

/// What a gate can be told.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// A datagram, or one message of a stream (without keep-alives), as it came.
    Message {
        /// From where.
        flow: Flow,
        /// The bytes.
        bytes: Bytes,
    },
    /// The same, given here by another shard ([`Output::Hand`]): its source was heard there.
    Handed {
        /// From where.
        flow: Flow,
        /// The bytes.
        bytes: Bytes,
    },
    /// A TLS connection stands and its other end showed a certificate.
    Connected {
        /// The connection.
        flow: Flow,
        /// The names in the certificate.
        names: Vec<String>,
    },
    /// The connection of a flow closed, or could not be opened.
    Closed {
        /// The connection.
        flow: Flow,
        /// Which of the two.
        end: End,
    },
    /// Where the targets of a trunk are now, best first (RFC 3263); empty when nothing was found.
    Resolved {
        /// The trunk.
        trunk: TrunkId,
        /// Addresses to try in order.
        hops: Vec<Hop>,
    },
    /// How far behind the shard is: how long the oldest waiting input waited, and how many wait.
    Load {
        /// The oldest one's wait.
        waiting: Duration,
        /// How many.
        backlog: usize,
    },
    /// A fact about calls from another system.
    Event(&'a CallEvent),
    /// Time went by: timers are due, or running calls are to be looked at. Wanted when [`Output::Sleep`] said so.
    Tick,
    /// Other policies, plans, tariffs or peers hold from now on.
    Snapshot(Arc<Snapshot>),
    /// An operator's order.
    Command(Command),
}

/// An operator's order.
#[derive(Clone, PartialEq, Debug)]
pub enum Command {
    /// Set a block.
    Block {
        /// Whom.
        scope: Scope,
        /// How far.
        level: Level,
        /// Until when.
        until: Option<WallTime>,
        /// By whom.
        by: Arc<str>,
    },
    /// Lift a block.
    Unblock {
        /// Which.
        id: BlockId,
        /// By whom.
        by: Arc<str>,
    },
    /// Let calls to a place pass for a while, for so much money.
    Approve {
        /// Whose.
        tenant: TenantId,
        /// Where to, until when, for how much and by whom.
        approved: Approved,
    },
    /// End a call.
    Cut {
        /// The call.
        call: CallId,
        /// By whom.
        by: Arc<str>,
    },
    /// Hear nobody from these addresses.
    Ban {
        /// Which.
        net: IpNet,
        /// Until when; for good without.
        until: Option<WallTime>,
        /// By whom.
        by: Arc<str>,
    },
    /// Hear them again.
    Unban(IpNet),
    /// Take no new calls but emergency ones; those that run go on.
    Drain,
}

/// What a gate says.
#[derive(Clone, PartialEq, Debug)]
pub enum Output {
    /// Send these bytes.
    Transmit {
        /// On this flow; without a connection, one is to be found or opened to `flow.remote`.
        flow: Flow,
        /// One message.
        bytes: Bytes,
        /// The call it belongs to.
        call: Option<CallId>,
    },
    /// This message belongs to another shard.
    Hand {
        /// Which.
        shard: u8,
        /// From where it came.
        flow: Flow,
        /// The bytes.
        bytes: Bytes,
    },
    /// Close this connection: its other end misbehaves.
    Close(Flow),
    /// Keep these bytes under this key until they are replaced or gone (`None`).
    Checkpoint {
        /// What identifies the thing.
        key: [u8; 16],
        /// Its state.
        state: Option<Bytes>,
    },
    /// A fact the shard itself observed, just before what it leads to. Those since a stored state, given to the gate
    /// that is restored from it in the same order, bring it to where this one is.
    Event(CallEvent),
    /// An attempt is over.
    Finished(Box<Cdr>),
    /// The answer about an outbound attempt.
    Verdict(Verdict),
    /// End this running call; where its signalling runs through here, that is done.
    Cut {
        /// The call.
        call: CallId,
        /// Why.
        reasons: Vec<Reason>,
        /// What it has cost so far.
        cost: Money,
    },
    /// A person had this running call ended.
    Ended {
        /// The call.
        call: CallId,
        /// By whom.
        by: Arc<str>,
    },
    /// Have its PBX end this call, whose signalling runs there; said again until it tells that the call is over.
    HangUp {
        /// The call.
        call: CallId,
        /// What its PBX calls it.
        name: Name,
        /// What the PBX wants to hear for it, where it told.
        handle: Option<Arc<str>>,
        /// Why, in English.
        why: Arc<str>,
    },
    /// A block came into force.
    Blocked {
        /// The block.
        block: Block,
        /// Why.
        reasons: Vec<Reason>,
        /// The call that tipped the scale.
        call: CallId,
    },
    /// A block ended.
    Lifted {
        /// The block.
        block: Block,
        /// The person who lifted it, when one did.
        by: Option<Arc<str>>,
        /// The block that took its place.
        replaced_by: Option<BlockId>,
    },
    /// People should know.
    Alerted(Alert),
    /// Nothing more to say; a tick is wanted at this moment, if any.
    Sleep(Option<Moment>),
}
