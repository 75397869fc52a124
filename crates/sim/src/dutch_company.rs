//! Five weeks of a made-up Dutch company as its Asterisk would have written them, with one weekend attack.

mod asterisk;
mod weeks;

pub use asterisk::master_csv;
pub use weeks::{Ended, Side, calls};

/// The seed of the committed example.
pub const SEED: u64 = 20_260_928;
