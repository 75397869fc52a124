//! From the boot file to a running firewall.

pub mod config;
pub mod control;
pub mod journal;
mod logging;
mod notify;
mod records;
pub mod trace;
