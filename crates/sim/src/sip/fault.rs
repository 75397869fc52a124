//! What goes wrong in a world of messages.

use ringfence_model::{Level, TenantId};
use std::time::Duration;

/// Something that goes wrong, or an order of an operator.
#[derive(Clone, Debug)]
pub enum Fault {
    /// A node's address translator forgets it.
    Rebind(usize),
    /// Nothing passes to or from a node.
    Cut(usize),
    /// Things pass again.
    Mend(usize),
    /// A node is switched off and forgets everything.
    Crash(usize),
    /// It is switched on.
    Boot(usize),
    /// The node's connection breaks.
    Break(usize),
    /// The wall clock is set, by so many seconds.
    ClockStep(i64),
    /// An operator blocks a tenant.
    Block(TenantId, Level),
    /// An operator ends the call of a plan, in whatever state it is.
    End(usize),
    /// New inputs waited this long; so many wait.
    Load(Duration, usize),
    /// No new calls.
    Drain,
    /// Nothing reaches the disk for so long.
    Stall(Duration),
    /// The program is stopped, and started again with what it stored.
    Restart,
}
