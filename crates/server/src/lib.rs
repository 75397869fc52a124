//! From the boot file to a running firewall.
//!
//! [`serve`] is the whole life: settings, data folder, sockets, what was left by the last run, then the shards on
//! their threads, one thread that writes, and one for operators, metrics and signals. Calls never wait for any of it.

mod adviser;
mod ami;
mod busy;
pub mod config;
pub mod control;
pub mod copies;
pub mod doctor;
mod door;
mod error;
mod faces;
mod feed;
mod folder;
mod follow;
mod http;
mod inquire;
pub mod journal;
mod logging;
mod lookout;
mod metrics;
mod node;
mod notify;
mod orders;
mod outside;
mod overheard;
pub mod past;
mod peers;
pub mod plan;
mod records;
mod restart;
mod run;
mod running;
mod settling;
mod shards;
mod spans;
mod telling;
pub mod trace;
mod troubles;
mod views;
mod web;

pub use error::ServeError;
pub use folder::FolderError;
pub use run::{serve, serve_with};
pub use settling::line as row_line;
pub use web::WebError;

use ringfence_model::WallTime;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The civil time.
fn wall() -> WallTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    WallTime(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// The system's own count of time, as systemd wants it (`CLOCK_MONOTONIC`).
fn monotonic() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let nanos = u32::try_from(time.tv_nsec).unwrap_or(0);
    Duration::new(time.tv_sec.unsigned_abs(), nanos)
}

/// Bytes as lower-case hex.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
