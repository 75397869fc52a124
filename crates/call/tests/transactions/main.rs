//! Transactions in virtual time: every state with every event, every timer, and what attackers send.

mod bench;
mod client;
mod matching;
mod random;
mod server;
mod stateless;
