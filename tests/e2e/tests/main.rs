//! The running program against real peers. Each test starts what it needs in a place of its own and stops it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first wrong thing"
)]

mod adviser;
mod attack;
mod faults;
mod feeds;
mod flows;
mod ipv6;
mod kamailio;
mod mutual_tls;
mod names;
mod newcomer;
mod operate;
mod outage;
mod passed_on;
mod peers;
mod phones;
mod restart;
mod scanners;
mod sha256;
mod store;
mod trunk_guard;
mod web;
mod world;
