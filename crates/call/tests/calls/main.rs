//! Whole calls through [`ringfence_call::Calls`], in virtual time.

mod basic;
mod cancel;
mod inside;
mod routes;
mod session;
mod world;
