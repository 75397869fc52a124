//! A line protocol for judging calls over a pipe: one JSON object per line in, exactly one line out.
//!
//! The asking side sends the next line only after the answer, so each verdict uses nothing later than its own
//! event. Times are integer milliseconds since the epoch, UTC. [`Parser::parse`] reads a line,
//! [`Reply::write_line`] writes the answer; `{}` means "nothing to say".

mod fields;
mod line;
mod reply;

pub use line::{Hello, Line, LineError, Parser};
pub use reply::{BlockLevel, Reply, ReplyAction};
