//! People: how they log in, what they log in with, and what they may do.

pub mod access;
pub mod factors;
pub mod grave;
pub mod invite;
pub mod keys;
pub mod login;
pub mod me;
pub mod oidc;
pub mod pace;
pub mod passkey;
pub mod password;
pub mod person;
pub mod proposals;
pub mod recovery;
pub mod setup;
pub mod totp;
pub mod users;
pub mod within;
