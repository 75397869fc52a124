//! What PBXs let others see of their calls and logins, without asking anything: copies of their signalling ([`sip`]),
//! events of Asterisk's manager ([`events`]), Asterisk's security log ([`security`], [`tail`]).
//!
//! Each reader gives [`Seen`]: facts about calls over the carrier, and logins that failed. Tables are bounded: what was
//! put in longest ago makes room.

pub mod events;
mod logins;
mod recent;
pub mod security;
pub mod sip;
pub mod tail;

use std::net::SocketAddr;
use std::sync::Arc;

/// Something that was seen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Seen {
    /// A step of a call over the carrier.
    Call(Call),
    /// A login that failed.
    Failed(FailedLogin),
}

/// A step of a call over the carrier.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Call {
    /// What the PBX calls it, the same at each step.
    pub known_as: Arc<str>,
    /// What happened.
    pub step: Step,
    /// Who calls whom.
    pub parties: Parties,
    /// What the PBX wants to hear when it is to end it, where that is another name.
    pub handle: Option<Arc<str>>,
}

/// Who calls whom, as the PBX writes it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Parties {
    /// It comes from the carrier.
    pub inbound: bool,
    /// The calling number.
    pub from: Option<String>,
    /// The called one.
    pub to: String,
    /// Who diverted it.
    pub diversion: Option<String>,
    /// What the PBX calls the phone.
    pub phone: Option<String>,
    /// Where the phone is.
    pub at: Option<SocketAddr>,
    /// What the phone says it is.
    pub user_agent: Option<String>,
}

/// What happened to a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// It is tried.
    Began,
    /// It was answered.
    Answered,
    /// It is over.
    Ended {
        /// Charged time in milliseconds, where the PBX says.
        billable_ms: Option<u64>,
        /// The final SIP response code, where it can be told.
        code: Option<u16>,
    },
}

/// A login that failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FailedLogin {
    /// As whom.
    pub account: String,
    /// From where.
    pub from: SocketAddr,
    /// Over TCP or TLS, so that the address is no pretence.
    pub stream: bool,
    /// What the phone says it is.
    pub user_agent: Option<String>,
}

/// The longest text that is taken over from strangers, in characters.
const TEXT_MAX: usize = 128;

/// What is written there, cut to what anybody may want to read.
fn taken_over(text: &[u8]) -> String {
    let readable = String::from_utf8_lossy(text);
    readable.chars().filter(|c| !c.is_control()).take(TEXT_MAX).collect()
}
