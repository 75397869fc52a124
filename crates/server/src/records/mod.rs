//! What is written down: call records and events for people and their tools, and the journal.

mod attempts;
mod daily;
mod line;
mod span;
mod tally;
mod tell;
mod writer;

pub use daily::Daily;
pub use tally::Count;
pub(crate) use tally::Tally;
pub use tell::by;
pub use writer::{Hurry, InForce, Writer};
pub(crate) use writer::{fails, stand_behind_shards};
