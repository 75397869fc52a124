//! What the signalling of a shard says, and what it is told about calls.

use bytes::Bytes;
use ringfence_model::{Attempt, CallEvent, CallId, Cdr, E164};
use ringfence_sip::Flow;
use std::sync::Arc;
use std::time::Duration;

/// What the signalling says.
#[derive(Clone, PartialEq, Debug)]
pub enum Output {
    /// Send these bytes.
    Transmit {
        /// On this flow; without a connection, one is to be opened to `flow.remote`.
        flow: Flow,
        /// One message.
        bytes: Bytes,
        /// The call it belongs to: for traces.
        call: Option<CallId>,
    },
    /// May this call go on? Answer with [`crate::Calls::rule`] before anything else.
    Judge(Box<Attempt>),
    /// A fact for the engine: ringing, answered, released, registered, registrations failed.
    Event(CallEvent),
    /// An attempt is over: its record.
    Finished(Box<Cdr>),
    /// Keep these bytes under this key until they are replaced or dropped (`None`): they bring a call or a
    /// registration back after a restart.
    Checkpoint {
        /// Kind in the first byte, then what identifies the thing.
        key: [u8; 16],
        /// Its state, versioned; `None` when it is gone.
        state: Option<Bytes>,
    },
}

/// The answer to [`Output::Judge`].
#[derive(Clone, PartialEq, Debug)]
pub enum Ruling {
    /// Put it through.
    Allow {
        /// Cut it after this long.
        max_duration: Option<Duration>,
        /// An emergency number or helpline: every route is tried, nothing may delay it.
        protected: bool,
        /// The called number when it is an outside one; trunks that want E.164 get this.
        b_number: Option<E164>,
        /// Digits that go out instead of what was dialled: an emergency number without what stood before it.
        dial: Option<Arc<str>>,
    },
    /// Refuse it.
    Refuse {
        /// In words, for the `Reason` header (RFC 3326); carries no personal data.
        text: Arc<str>,
    },
}

/// Why a call is ended from here.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cause {
    /// The call.
    pub call: CallId,
    /// In words, for the `Reason` header.
    pub text: Arc<str>,
}
