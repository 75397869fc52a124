//! The API as its callers meet it: requests against the router, a store in memory, a node that is a double, a clock that
//! stands still until it is moved.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod access;
mod approvals;
mod authenticator;
mod evidence;
mod frame;
mod hostile;
mod inquire;
mod login;
mod oidc;
mod passkeys;
mod people;
mod plans;
mod postgresql;
mod proposals;
mod reference;
mod replays;
mod reports;
mod resources;
mod rights;
mod samples;
mod schema;
mod settings;
mod shared;
mod stakes;
mod stream;
mod watch;
mod world;
