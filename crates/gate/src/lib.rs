//! The meeting point: numbering says what a call is and costs, fraud judges it, the snapshot says by which policy.
//!
//! One gate is one shard: one thread, some tenants, no locks. Feed it with [`Gate::handle`], then take what it says
//! with [`Gate::poll`] until it sleeps. Same inputs, same outputs.

pub mod advised;
mod gate;
mod io;
pub mod replay;
mod signalling;
mod snapshot;

pub use gate::{Gate, Shard};
pub use io::{Command, Input, Output};
pub use signalling::Heard;
pub use snapshot::{Setup, Snapshot};
