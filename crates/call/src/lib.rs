//! The life of a call: transactions, dialogs, the two legs of a call, registrations.
//!
//! One [`Calls`] is the signalling of one shard as a value: messages, verdicts, orders and time go in; datagrams,
//! facts and records come out. It reads no clock and opens no socket. It knows nothing of money or fraud: before a
//! call goes on it says [`Output::Judge`] and waits for a [`Ruling`].

mod auth;
mod b2bua;
mod calls;
mod core;
mod dialog;
mod directory;
mod identify;
mod ids;
mod output;
mod record;
mod registrar;
mod replaces;
mod rewrite;
mod route;
mod stateless;
mod timers;
mod token;
mod transaction;
mod upstream;
mod view;
mod wire;

pub use auth::{Authority, Caller, Entry};
pub use b2bua::speaks_of_the_called;
pub use calls::{Calls, Counts};
pub use directory::{
    Account, Adviser, Dialling, Directory, DirectoryError, Extension, Hop, Inbound, Listener,
    Login, NumberForm, Parts, Referrals, Registering, Side, Target, Tenant, Trunk, Upstream,
};
pub use identify::{Origin, identify};
pub use output::{Cause, Output, Ruling};
pub use record::cdr;
pub use registrar::{Binding, Party, Registrar};
pub use route::{LegTarget, Net, Plan, Refusal, Way, plan, routes};
pub use stateless::{Responder, begin, phrase, reply_flow};
pub use timers::{TimerId, Timers};
pub use token::{Mint, Token, shard_of_branch, shard_of_call_id, shard_of_contact, shard_of_tag};
pub use transaction::{ClientKey, Due, End, Heard, Outbox, Owner, ServerKey, Transactions};
pub use upstream::{Health, Standing, Trunks};
pub use view::{CallView, Phase, RegistrationView, TrunkView};
pub use wire::Wire;
