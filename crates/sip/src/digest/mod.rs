//! Digest authentication for SIP: RFC 3261 §22, RFC 7616, RFC 8760.
//!
//! The server side ([`Challenger`]) keeps nothing per challenge: a nonce carries its own time and proof.
//! Only requests whose digest was right leave a trace, in the bounded [`Replays`]. The client side
//! ([`answer`]) answers an upstream's challenges.
//!
//! Not spoken, because SIP deployments do not: `auth-int`, the `-sess` algorithms, `userhash` and
//! `username*`. None of them is ever offered.

mod algorithm;
mod answer;
mod authorization;
mod challenge;
mod challenger;
mod ha1;
mod nonce;
mod params;
mod replays;
mod response;

pub use algorithm::Algorithm;
pub use answer::{Secret, Unanswerable, answer, strongest};
pub use authorization::{Authorization, NonceCount};
pub use challenge::{Challenge, QopOffer};
pub use challenger::{Accepted, BadRealm, Challenged, Challenger, Refused};
pub use ha1::Ha1;
pub use nonce::NonceId;
pub use params::{ParseError, Text, VALUE_BYTES_MAX};
pub use replays::{Replayed, Replays};
