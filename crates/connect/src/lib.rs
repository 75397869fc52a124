//! Adapters to other systems: what they write becomes the vocabulary of Ringfence.
//!
//! - [`judge_line`] speaks a line protocol over pipes: events in, verdicts out, in lock-step.

mod intern;
pub mod judge_line;
