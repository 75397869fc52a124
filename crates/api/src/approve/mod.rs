//! Refused calls that somebody is asked to approve: by a signed link, without a login, or by who is logged in.

pub mod answer;
pub mod links;
pub mod page;
mod words;
