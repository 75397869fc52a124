//! What PBXs let others see: calls and logins in copies of signalling and in events.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test may

mod events;
mod sip;
