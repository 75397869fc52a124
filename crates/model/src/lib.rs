//! The vocabulary of Ringfence: ids, numbers, money, time, calls, verdicts and policy.
//!
//! Types, their parsing and their text form; nothing here decides anything, and no function works on
//! two nouns of the domain at once. What a number *is* lives in `numbering`, whether a call is fraud in
//! `fraud`.

mod block;
mod call;
mod country;
mod destination;
mod ids;
mod mask;
mod money;
mod number;
mod policy;
mod reason;
mod time;
mod verdict;

pub use block::{Block, Level, Origin, Scope};
pub use call::{
    Attempt, CallEvent, Cdr, ConfigChange, Direction, Registration, RegistrationFailure, Release,
    ReleasedBy, Review, Source, TenantStart, Via,
};
pub use country::{Country, ParseCountryError};
pub use destination::{Destination, Kind, Protected, RiskTier, Target, TrafficClass};
pub use ids::{BlockId, CallId, ExtensionId, TenantId, TrunkId};
pub use mask::Masked;
pub use money::{Currency, Money, ParseMoneyError};
pub use number::{E164, ParseNumberError};
pub use policy::{
    ClassRule, ExtensionPolicy, Hours, Limits, ListEntry, Mode, Policy, Steering, TimeRange,
    Weekday, When,
};
pub use reason::{Language, LimitKind, Pass, Reason, Signal, SignalKind, Window};
pub use time::{Moment, Now, WallTime};
pub use verdict::{Action, Alert, Verdict};
