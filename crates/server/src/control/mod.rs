//! The control socket: operators on this machine ask a running Ringfence, and tell it what to do.
//!
//! A Unix socket that only its owner may open. Each line is a JSON object: an [`Ask`] in, a [`Reply`] out, in order;
//! a trace answers with one line per message until it ends. `v` is the version of this protocol.

mod ask;
mod client;

pub use ask::{
    Ask, AskLine, Answer, BanLine, BlockLine, BlockRef, CallLine, Fault, RegistrationLine, Reply,
    Status, TrunkLine, VERSION, Watch,
};
pub use client::{Client, ClientError};
