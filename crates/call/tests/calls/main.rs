//! Whole calls through [`ringfence_call::Calls`], in virtual time.

mod basic;
mod cancel;
mod inside;
mod passage;
mod random;
mod restart;
mod routes;
mod session;
mod topology;
mod transfer;
mod world;
