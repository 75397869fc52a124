//! What there is to tell.

use crate::Digest;
use ringfence_model::{
    Country, ExtensionId, Kind, Level, Money, Reason, TenantId, WallTime, Window,
};
use serde::{Deserialize, Serialize};

/// Something to be told of.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct News {
    /// Names it, whoever is told: a program knows by it what it has seen before.
    pub id: String,
    /// Whose; `None`: the platform's.
    pub tenant: Option<TenantId>,
    /// When it happened.
    pub at: WallTime,
    /// The case it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What happened.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum What {
    /// The engine suspects fraud and asks.
    Alert {
        /// The extension that stands out.
        extension: Option<ExtensionId>,
        /// Unexplained money spent and running.
        at_stake: Money,
        /// Why.
        reasons: Vec<Reason>,
    },
    /// A block came into force.
    Blocked {
        /// Only this extension's.
        extension: Option<ExtensionId>,
        /// What still works.
        level: Level,
        /// When it ends by itself.
        until: Option<WallTime>,
        /// Whether it only says what would have been blocked.
        shadow: bool,
        /// Who set it; `None`: the engine.
        by: Option<String>,
        /// Why.
        reasons: Vec<Reason>,
    },
    /// A block ended.
    Lifted {
        /// It was only this extension's.
        extension: Option<ExtensionId>,
        /// What worked.
        level: Level,
    },
    /// A refused call waits for somebody's approval.
    Held {
        /// Names what is to be answered.
        approval: String,
        /// Who called.
        extension: Option<ExtensionId>,
        /// Whom, in E.164.
        number: String,
        /// Where that is.
        country: Country,
        /// What sort of line it is.
        line: Kind,
        /// What a minute costs.
        per_minute: Money,
        /// Until when it can be answered.
        expires: WallTime,
        /// Why it was refused.
        reasons: Vec<Reason>,
    },
    /// Much of a limit is used.
    Nearly {
        /// Over which time.
        window: Window,
        /// Spent and reserved.
        used: Money,
        /// The limit.
        limit: Money,
    },
    /// What happened in a day or a week.
    Digest(Box<Digest>),
    /// A grave act waits for a second person, or for its time.
    Proposed {
        /// Which.
        act: String,
        /// By whom.
        by: String,
        /// Not before.
        not_before: WallTime,
    },
    /// Somebody wants to see whether it arrives.
    Trial,
}

/// What a contact or a program wants to hear of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// Alerts, blocks and their end.
    Fraud,
    /// Calls that wait for an approval.
    Approvals,
    /// Limits that are nearly used up.
    Limits,
    /// The daily or weekly overview.
    Digest,
    /// Acts that wait for a second person.
    Proposals,
}

impl Topic {
    /// Each of them.
    pub const ALL: [Self; 5] =
        [Self::Fraud, Self::Approvals, Self::Limits, Self::Digest, Self::Proposals];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fraud => "fraud",
            Self::Approvals => "approvals",
            Self::Limits => "limits",
            Self::Digest => "digest",
            Self::Proposals => "proposals",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.as_str() == text)
    }
}

impl News {
    /// Who wants to hear of it; `None`: whoever asked for it.
    #[must_use]
    pub const fn topic(&self) -> Option<Topic> {
        match self.what {
            What::Alert { .. } | What::Blocked { .. } | What::Lifted { .. } => Some(Topic::Fraud),
            What::Held { .. } => Some(Topic::Approvals),
            What::Nearly { .. } => Some(Topic::Limits),
            What::Digest(_) => Some(Topic::Digest),
            What::Proposed { .. } => Some(Topic::Proposals),
            What::Trial => None,
        }
    }

    /// Whether it is told at night too: money runs away, or a caller waits.
    #[must_use]
    pub const fn is_urgent(&self) -> bool {
        match self.what {
            What::Alert { .. } | What::Held { .. } | What::Trial => true,
            What::Blocked { shadow, .. } => !shadow,
            What::Lifted { .. } | What::Nearly { .. } | What::Digest(_) | What::Proposed { .. } => {
                false
            }
        }
    }

    /// The word for what happened, as in JSON.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self.what {
            What::Alert { .. } => "alert",
            What::Blocked { .. } => "blocked",
            What::Lifted { .. } => "lifted",
            What::Held { .. } => "held",
            What::Nearly { .. } => "nearly",
            What::Digest(_) => "digest",
            What::Proposed { .. } => "proposed",
            What::Trial => "trial",
        }
    }

    /// The extension it is about.
    #[must_use]
    pub const fn extension(&self) -> Option<&ExtensionId> {
        match &self.what {
            What::Alert { extension, .. }
            | What::Blocked { extension, .. }
            | What::Lifted { extension, .. }
            | What::Held { extension, .. } => extension.as_ref(),
            _ => None,
        }
    }

    /// Why it happened.
    #[must_use]
    pub fn reasons(&self) -> &[Reason] {
        match &self.what {
            What::Alert { reasons, .. }
            | What::Blocked { reasons, .. }
            | What::Held { reasons, .. } => reasons,
            _ => &[],
        }
    }
}
