//! Calls whose signalling runs elsewhere: a PBX asks whether one may be made, and tells what becomes of it.
//!
//! One table of such calls, by what their PBX calls them. Asking and telling may be repeated, come late, in the wrong
//! order or not at all: each call is judged once, and no call counts for ever.

mod ask;
mod table;
mod tell;

pub use table::Advised;

use ringfence_model::{Attempt, CallId, TenantId, TrunkId};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// What a PBX calls a call: unique at one PBX of one tenant.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Name {
    /// The protected customer.
    pub tenant: TenantId,
    /// Its PBX, where it says which.
    pub trunk: Option<TrunkId>,
    /// The Call-ID, or the PBX's own id of the call.
    pub known_as: Arc<str>,
}

/// May this call be made?
#[derive(Clone, PartialEq, Debug)]
pub struct Question {
    /// The call; its id is given here, its tenant and trunk are the name's.
    pub attempt: Attempt,
    /// What the PBX calls it.
    pub known_as: Arc<str>,
    /// What the PBX wants to hear when it is to end it: a channel, a uuid.
    pub handle: Option<Arc<str>>,
    /// The inbound call it continues, as the PBX calls that.
    pub continues: Option<Arc<str>>,
    /// How the PBX takes part.
    pub terms: Terms,
}

/// How a PBX takes part.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Terms {
    /// Whether it tells of answer and end. If not, a call counts as answered from the question on, for `assumed`.
    pub tells: bool,
    /// How long a call is taken to last whose PBX does not tell.
    pub assumed: Duration,
    /// How long after the last word about an answered call it is taken to be over.
    pub lease: Duration,
    /// The code of a refusal.
    pub reject_code: u16,
}

/// The answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Answer {
    /// The call, under its name here.
    pub call: CallId,
    /// Whether it must not be made.
    pub refused: bool,
    /// Whether it would have been refused, were the policy enforced.
    pub would_refuse: bool,
    /// Why, in English; empty when nothing speaks against it.
    pub why: Arc<str>,
    /// The code of a refusal.
    pub code: u16,
    /// How long it may last.
    pub max_duration: Option<Duration>,
    /// Whether it goes to an emergency service or a helpline.
    pub protected: bool,
}

/// What a PBX tells of a call.
#[derive(Clone, PartialEq, Debug)]
pub struct Told {
    /// Which.
    pub name: Name,
    /// What happened to it.
    pub what: Happened,
    /// What the PBX wants to hear when it is to end it.
    pub handle: Option<Arc<str>>,
    /// What is to be asked when nobody asked about it: the PBX could not ask, or only tells.
    pub question: Option<Box<Question>>,
}

/// What happened to a call. Clocks of others are not believed: only how long something lasted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Happened {
    /// It is being made, or rings.
    Began,
    /// The far end answered.
    Answered,
    /// It still runs.
    Runs,
    /// It is over.
    Ended {
        /// Charged time in milliseconds, where the PBX says; counted here otherwise.
        billable_ms: Option<u64>,
        /// The final SIP response code, where it says.
        code: Option<u16>,
    },
}

/// What telling led to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Heard {
    /// Noted.
    Noted(CallId),
    /// Nobody had asked about it: judged now. What must not be made is ordered to end.
    Judged(Answer),
    /// It was over before; nothing is noted.
    Over,
    /// There is no such call, and nothing to judge it by.
    Unknown,
}

/// No room for more calls of others.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("too many calls of {whose} are followed at once; tell of their ends")]
pub struct Full {
    /// Whose there are too many of.
    pub whose: Whose,
}

/// Whose calls are too many.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Whose {
    /// One tenant's.
    Tenant,
    /// All tenants' together.
    All,
}

impl std::fmt::Display for Whose {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Tenant => "the tenant",
            Self::All => "all tenants",
        })
    }
}
