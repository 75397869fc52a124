//! What transactions are called, and what they say.

use super::slots::Slot;
use ringfence_model::CallId;

/// A server transaction. Once it is over the key means nothing, never another transaction.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ServerKey(pub(super) Slot);

/// A client transaction. Once it is over the key means nothing, never another transaction.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ClientKey(pub(super) Slot);

/// Who uses a transaction.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Owner {
    /// A call, or something relayed inside it.
    Call {
        /// Its name, said with each message that is sent for it.
        call: CallId,
        /// Where the call is.
        slot: u32,
        /// Which call there.
        generation: u32,
        /// What of it.
        relay: u32,
    },
    /// A registration of ours at a carrier.
    Upstream(u32),
    /// A question whether a trunk lives.
    Probe(u32),
    /// A REGISTER of a phone that goes on to the PBX.
    Passed(u32),
}

impl Owner {
    pub(super) const fn call(self) -> Option<CallId> {
        match self {
            Self::Call { call, .. } => Some(call),
            Self::Upstream(_) | Self::Probe(_) | Self::Passed(_) => None,
        }
    }
}

/// What a message was.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Heard {
    /// A retransmission (answered, when there is an answer), the ACK of a failure, a response that nobody needs.
    Absorbed,
    /// A new request, not ACK or CANCEL: answer it with [`crate::Transactions::respond`], or statelessly after
    /// [`crate::Transactions::abandon_server`].
    Request(ServerKey),
    /// A new INVITE that is a copy of one in progress, come another way: 482 (RFC 3261 §8.2.2.2), statelessly.
    Merged,
    /// A new request for which there is no room: 503, statelessly.
    Full,
    /// CANCEL came and was answered; the INVITE is still unanswered: 487 is expected.
    Cancelled(ServerKey),
    /// The ACK of a 2xx, for the first time. The INVITE it acknowledges, when that is still known: its 2xx is not sent
    /// again.
    Ack(Option<ServerKey>),
    /// A response to a request of ours, for the first time; provisional ones that are not reliable every time.
    Response {
        /// To this.
        client: ClientKey,
        /// For whom.
        owner: Owner,
        /// Whether it is final.
        last: bool,
    },
    /// Another 2xx to INVITE: the same again, then ACK it again; or from another fork, then ACK and BYE it.
    Again2xx {
        /// To this.
        client: ClientKey,
        /// For whom.
        owner: Owner,
    },
    /// A response or CANCEL of nothing that is known. A CANCEL may be answered with 481.
    Stray,
}

/// What time brought.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Due {
    /// No final response came (Timers B and F, or 32 s after CANCEL). The transaction is over.
    Timeout {
        /// To this.
        client: ClientKey,
        /// For whom.
        owner: Owner,
    },
    /// The connection broke before anything was heard, or could not be opened. The transaction is over.
    Unreachable {
        /// This.
        client: ClientKey,
        /// For whom.
        owner: Owner,
    },
    /// A 2xx was sent for 32 s and no ACK came: end the call (RFC 3261 §13.3.1.4). The transaction is over.
    NoAck {
        /// The INVITE.
        server: ServerKey,
        /// For whom.
        owner: Owner,
    },
    /// A reliable provisional response was sent for 32 s and no PRACK came: refuse the INVITE with a 5xx
    /// (RFC 3262 §3). The transaction goes on.
    NoPrack {
        /// The INVITE.
        server: ServerKey,
        /// For whom.
        owner: Owner,
        /// The response.
        rseq: u32,
    },
    /// A request other than INVITE was not answered for 32 s; nobody waits for the answer any longer (RFC 4320). The
    /// transaction is over.
    Unanswered {
        /// The request.
        server: ServerKey,
        /// For whom.
        owner: Owner,
    },
}

/// How a connection ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// It stood, and broke or was closed.
    Broke,
    /// It could not be opened, or nothing could be written to it.
    Unopened,
}
