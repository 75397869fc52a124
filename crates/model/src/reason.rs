//! Why a verdict is what it is: data with figures; `fraud::explain` makes the sentences.

use crate::{Country, E164, Kind, Level, Money, TrafficClass, WallTime};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::sync::Arc;

/// A language people are spoken to in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Dutch.
    Nl,
}

/// The window of a money limit.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// One call.
    Call,
    /// Any 60 minutes.
    Hour,
    /// Any 24 hours.
    Day,
    /// Any 7 days.
    Week,
    /// Any 30 days.
    Month,
}

/// Whose limit was reached.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitKind {
    /// The extension's.
    Extension,
    /// The trunk's.
    Trunk,
    /// The tenant's.
    Tenant,
    /// That of the destination country and kind.
    Destination,
    /// The source address's.
    Source,
    /// The tight one after a block was lifted.
    Probation,
}

/// The findings over behaviour and over several calls. Each has its own file in `fraud::signals`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignalKind {
    /// A destination this extension and tenant do not normally call.
    Destination,
    /// An hour of the week in which this tenant does not normally call.
    Hours,
    /// More paid calls than normal.
    Volume,
    /// More money than normal.
    Spend,
    /// A source address, country or device not known for this extension.
    Source,
    /// A new forward, extension or registration just before.
    NewAccess,
    /// Password guessing just before.
    Guessing,
    /// A short test call, then more to the same place.
    Probe,
    /// The same number under many prefixes.
    PrefixSpray,
    /// Many numbers of one range.
    RangeSweep,
    /// Short calls to numbers charged per call.
    PerCallCharge,
    /// A very long call.
    LongCall,
    /// Many calls at once.
    Parallel,
    /// Many extensions, or many countries, that are new.
    Spread,
    /// An inbound call dialling out again.
    DialThrough,
    /// Calling back missed calls from abroad.
    CallBack,
    /// A new, costly habit that keeps growing.
    Drift,
}

/// One finding with its weight and its figures.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Signal {
    /// Which.
    pub kind: SignalKind,
    /// Log-likelihood ratio fraud : honest, in nats. Negative speaks for the call.
    pub weight: f32,
    /// What was seen, in the unit of the signal's file.
    pub seen: f32,
    /// What is normal here, in the same unit.
    pub normal: f32,
}

/// One reason of a verdict.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Reason {
    /// A block is in force.
    Blocked {
        /// How far it goes.
        level: Level,
        /// When it ends by itself.
        until: Option<WallTime>,
        /// Whether it covers the whole tenant.
        whole_tenant: bool,
    },
    /// The source address is not on the list.
    SourceNotAllowed {
        /// The address.
        ip: IpAddr,
    },
    /// The policy closes this class now.
    ClassClosed {
        /// The class.
        class: TrafficClass,
        /// The country the rule names, if it names any.
        country: Option<Country>,
        /// Whether it is open at other hours.
        only_now: bool,
    },
    /// The number is on the deny list.
    Denied {
        /// The entry's note.
        note: Arc<str>,
    },
    /// A money limit would be passed.
    LimitReached {
        /// Whose.
        whose: LimitKind,
        /// Which window.
        window: Window,
        /// Spent and reserved in the window, this call included.
        used: Money,
        /// The limit.
        limit: Money,
    },
    /// Too many calls at once.
    TooManyActive {
        /// Whose limit.
        whose: LimitKind,
        /// Running now, this one included.
        active: u32,
        /// The limit.
        limit: u32,
    },
    /// Too many calls in a minute.
    TooManyPerMinute {
        /// Whose limit.
        whose: LimitKind,
        /// In the last 60 seconds, this one included.
        count: u32,
        /// The limit.
        limit: u32,
    },
    /// A finding.
    Signal(Signal),
    /// The weighing of all findings.
    Weighed {
        /// Evidence, in nats.
        evidence: f32,
        /// Unexplained money at stake.
        at_stake: Money,
        /// The evidence at which this much at stake is stopped, in nats.
        threshold: f32,
    },
    /// What the call would reach, for the reader.
    Going {
        /// The country.
        country: Country,
        /// The kind of line.
        kind: Kind,
        /// Price per minute.
        per_minute: Money,
        /// Whether the price is of the shipped default tariff.
        default_tariff: bool,
    },
}

/// What would have made the call pass.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(tag = "pass", rename_all = "snake_case")]
pub enum Pass {
    /// Lifting the block, or waiting until it ends.
    Unblock {
        /// When it ends by itself.
        until: Option<WallTime>,
    },
    /// A limit of at least this.
    RaiseLimit {
        /// Whose.
        whose: LimitKind,
        /// Which window.
        window: Window,
        /// The amount that would do.
        to: Money,
    },
    /// More calls at once or per minute.
    MoreCalls {
        /// Whose.
        whose: LimitKind,
        /// The count that would do.
        to: u32,
    },
    /// The approval of a contact, who is being asked.
    Approval {
        /// Of calls to this number.
        number: E164,
        /// Where that is.
        country: Country,
        /// What sort of line.
        kind: Kind,
        /// What a minute costs.
        per_minute: Money,
    },
    /// Putting the number on the permit list.
    Permit,
    /// Opening the class.
    OpenClass {
        /// The class.
        class: TrafficClass,
    },
    /// Adding the source address.
    AllowSource {
        /// The address.
        ip: IpAddr,
    },
    /// Evidence lower by this, such as without the strongest finding.
    Without {
        /// The finding.
        signal: SignalKind,
    },
}
