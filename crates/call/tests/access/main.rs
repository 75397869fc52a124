//! Who may, who is registered, where it goes: phones, attackers, PBXs and carriers in virtual time.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests may fail as tests do"
)]

mod guessing;
mod hostile;
mod identifying;
mod office;
mod passing;
mod peer;
mod registering;
mod restarting;
mod routing;
mod upstream;
mod world;
