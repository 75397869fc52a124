//! Whole calls through [`ringfence_call::Calls`], in virtual time.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may fail as tests do")]

mod basic;
mod cancel;
mod inside;
mod passage;
mod random;
mod redirect;
mod restart;
mod routes;
mod session;
mod strangers;
mod tarpit;
mod topology;
mod transfer;
mod world;
