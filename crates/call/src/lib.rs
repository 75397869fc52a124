//! The life of a call: transactions, dialogs, the two legs of a call, registrations.
//!
//! One [`Calls`] is the signalling of one shard as a value: messages, verdicts, orders and time go in; datagrams,
//! facts and records come out. It reads no clock and opens no socket. It knows nothing of money or fraud: before a
//! call goes on it says [`Output::Judge`] and waits for a [`Ruling`].

mod directory;
mod output;

pub use directory::{
    Account, Adviser, Dialling, Directory, DirectoryError, Extension, Hop, Inbound, Listener,
    Login, NumberForm, Parts, Referrals, Registering, Side, Target, Tenant, Trunk, Upstream,
};
pub use output::{Cause, Output, Ruling};
