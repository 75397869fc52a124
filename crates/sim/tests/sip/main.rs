//! Worlds of SIP messages, each held to everything that must always hold. A world that breaks something prints the
//! command that shows it.

#![allow(clippy::unwrap_used, clippy::panic)]

mod campaigns;
mod checkers;
mod worlds;
