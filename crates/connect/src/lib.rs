//! Adapters to other systems: what they write becomes the vocabulary of Ringfence.
//!
//! - [`cdr`] imports call records of other systems, whole files or files that still grow.
//! - [`control`] ends calls at PBXs.
//! - [`judge_line`] speaks a line protocol over pipes: events in, verdicts out, in lock-step.

pub mod cdr;
pub mod control;
mod intern;
pub mod judge_line;
