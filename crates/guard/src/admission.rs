//! The answers of the door.

use serde::{Deserialize, Serialize};

/// Who is asking.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Standing {
    /// One of the operator's own networks.
    Trusted,
    /// A source from which a password was proven lately.
    Known,
    /// Anybody else.
    Stranger,
}

/// Why a message is not heard.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Longer than the limit of its transport.
    TooLong,
    /// The first bytes are no SIP.
    NotSip,
    /// An address or port that cannot be answered.
    Unanswerable,
    /// On the list of the denied.
    Denied,
    /// Not on the list of the allowed.
    NotAllowed,
    /// Banned, by order or by evidence.
    Banned,
    /// Over the limit of its source.
    SourceRate,
    /// Over the limit of its network.
    NetworkRate,
    /// Over the limit of all strangers together.
    StrangersRate,
    /// An attack tool by its own name.
    Scanner,
}

/// What to do with a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Admission {
    /// Parse it.
    Pass(Standing),
    /// Nothing to parse: a NAT binding kept open. A stream expects a single CRLF back (RFC 5626 §4.4.1).
    KeepAlive,
    /// Drop it without an answer. Close the stream it came on: nothing is repeated there, so the sender must notice.
    Drop(Why),
}

impl Why {
    /// Every reason.
    pub const ALL: [Self; 10] = [
        Self::TooLong,
        Self::NotSip,
        Self::Unanswerable,
        Self::Denied,
        Self::NotAllowed,
        Self::Banned,
        Self::SourceRate,
        Self::NetworkRate,
        Self::StrangersRate,
        Self::Scanner,
    ];

    /// The name for metrics and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::NotSip => "not_sip",
            Self::Unanswerable => "unanswerable",
            Self::Denied => "denied",
            Self::NotAllowed => "not_allowed",
            Self::Banned => "banned",
            Self::SourceRate => "source_rate",
            Self::NetworkRate => "network_rate",
            Self::StrangersRate => "strangers_rate",
            Self::Scanner => "scanner",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_listed_in_its_place_with_its_serde_name() {
        for (i, why) in Why::ALL.into_iter().enumerate() {
            assert_eq!(why as usize, i);
            assert_eq!(serde_json::to_string(&why).unwrap(), format!("{:?}", why.name()));
        }
    }
}
