//! The running program against real peers. Each test starts what it needs in a place of its own and stops it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first wrong thing"
)]

mod flows;
mod kamailio;
mod peers;
mod phones;
mod scanners;
mod trunk_guard;
mod world;
