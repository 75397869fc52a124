//! The API as its callers meet it: requests against the router, a store in memory, a node that is a double, a clock that
//! stands still until it is moved.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod access;
mod authenticator;
mod frame;
mod login;
mod passkeys;
mod people;
mod proposals;
mod reference;
mod resources;
mod rights;
mod stream;
mod world;
