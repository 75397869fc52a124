//! Transactions in virtual time: every state with every event, every timer, and what attackers send.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests may fail as tests do"
)]

mod bench;
mod client;
mod matching;
mod random;
mod server;
mod stateless;
