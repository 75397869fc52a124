//! The wire, from outside: what is read of messages that were made to hurt.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::format_push_string,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests: they read their corpus from files and fail loudly"
)]

mod bombs;
mod corpus;
mod facts;
mod mutants;
mod oracle;
mod oracle_stream;
mod properties;
