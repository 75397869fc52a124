//! The control socket: operators on this machine ask a running Ringfence, and tell it what to do.
//!
//! A Unix socket that only its owner may open. Each line is a JSON object: an [`Ask`] in, a [`Reply`] out, in order;
//! a trace answers with one line per message until it ends. `v` is the version of this protocol.

mod ask;
mod client;
mod peer;
pub(crate) mod serve;
pub(crate) mod trace;

pub use ask::{
    Answer, Ask, AskLine, AuditLine, BanLine, BlockLine, BlockRef, CallLine, Fault,
    RegistrationLine, Reply, ReplyResult, RowLine, Status, TrunkLine, VERSION, Watch, network,
};
pub use client::{Client, ClientError};
