//! What the end-to-end tests stand on: a place of their own, programs that are always stopped, SIPp scenarios written
//! as ladders, and the peers. Everything stays on addresses of 127.0.0.0/8, inside a network namespace when run as root.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test stops at the first thing that is wrong"
)]

mod attempt;
mod baresip;
mod browser;
mod certificate;
#[path = "../../../crates/store/tests/contract/cluster.rs"]
mod cluster;
mod disk;
mod dnsmasq;
mod firewall;
mod kamailio;
mod ladder;
mod mail;
mod pjsua;
mod place;
mod postgres;
mod program;
mod scenario;
mod sipp;
mod tls;

pub use attempt::{eventually, within};
pub use baresip::Baresip;
pub use browser::Browser;
pub use certificate::{Authority, Certificate};
pub use disk::Disk;
pub use dnsmasq::Dnsmasq;
pub use firewall::Firewall;
pub use kamailio::Kamailio;
pub use ladder::{Direction, Ladder, Message};
pub use mail::{Letter, MailServer};
pub use pjsua::{pjsua, pjsua_python};
pub use place::{PORT, Place};
pub use postgres::Postgres;
pub use program::{Ended, Program};
pub use scenario::{Body, Scenario};
pub use sipp::{Party, Sipp, Transport};
pub use tls::{tls_into, tls_out_of};
