//! From the boot file to a running firewall.

pub mod config;
pub mod journal;
