//! Adapters to other systems: what they write becomes the vocabulary of Ringfence.
//!
//! - [`cdr`] imports call records of other systems, whole files or files that still grow.
//! - [`control`] ends calls at PBXs.
//! - [`feed`] reads what PBXs let others see: copies of their signalling, events of their managers, their security log.
//! - [`hep`] is the form in which signalling is copied to capture servers.
//! - [`judge_line`] speaks a line protocol over pipes: events in, verdicts out, in lock-step.

pub mod cdr;
pub mod control;
pub mod feed;
pub mod hep;
mod intern;
pub mod judge_line;
