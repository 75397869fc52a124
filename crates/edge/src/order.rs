//! What reaches a shard besides datagrams.

use bytes::Bytes;
use ringfence_call::End;
use ringfence_gate::{Gate, Input};
use ringfence_model::{CallId, Now};
use ringfence_sip::Flow;

/// What is run on a gate.
pub type Question = Box<dyn FnOnce(&mut Gate, Now) + Send>;

/// An order from outside the data plane.
pub enum Order {
    /// Take this in.
    Tell(Box<Input<'static>>),
    /// Run this on the gate, between two inputs.
    Ask(Question),
}

/// What one shard gives another.
pub enum Handed {
    /// A connection that messages come from, before the first of them.
    Connected {
        /// The connection.
        flow: Flow,
        /// The names its other end proved.
        names: Vec<String>,
    },
    /// A connection that messages came from is closed.
    Closed(Flow, End),
    /// A message that belongs there.
    Message {
        /// From where it came.
        flow: Flow,
        /// The message.
        bytes: Bytes,
    },
    /// A message for a connection that is held there.
    Transmit {
        /// The connection's.
        flow: Flow,
        /// The message.
        bytes: Bytes,
        /// The call it belongs to.
        call: Option<CallId>,
    },
}
