//! The answer about one call, and the message to people.

use crate::{CallId, ExtensionId, Money, Pass, Reason, TenantId};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What is done with a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Put it through.
    #[default]
    Allow,
    /// Refuse it.
    Reject,
}

/// The answer about one attempt, with everything that led to it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Verdict {
    /// The call.
    pub call: CallId,
    /// What is done. In `observe` this is what *would* be done; `acted` tells.
    pub action: Action,
    /// Whether the action binds: `enforce`, and not a protected number.
    pub acted: bool,
    /// Why, strongest first; for an allowed paid call what was found and weighed. Empty when nothing was asked.
    pub reasons: Vec<Reason>,
    /// What would have made it pass; empty when it passes.
    pub pass: Vec<Pass>,
    /// Evidence for fraud, in nats; 0 when nothing was weighed.
    pub evidence: f32,
    /// Money reserved for this call.
    pub exposure: Money,
    /// When the call is cut at the latest.
    pub max_duration: Option<Duration>,
}

impl Verdict {
    /// Lets `call` pass without a word.
    #[must_use]
    pub const fn allowed(call: CallId, acted: bool) -> Self {
        Self {
            call,
            action: Action::Allow,
            acted,
            reasons: Vec::new(),
            pass: Vec::new(),
            evidence: 0.0,
            exposure: Money::ZERO,
            max_duration: None,
        }
    }
}

/// A message to people.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Alert {
    /// Whose calls.
    pub tenant: TenantId,
    /// The extension, when one stands out.
    pub extension: Option<ExtensionId>,
    /// The call that raised it.
    pub call: Option<CallId>,
    /// Why, strongest first.
    pub reasons: Vec<Reason>,
    /// Evidence, in nats.
    pub evidence: f32,
    /// Unexplained money spent, and what calls that run will have cost a while ahead.
    pub at_stake: Money,
    /// The part of it that is spent.
    #[serde(default)]
    pub spent: Money,
}
