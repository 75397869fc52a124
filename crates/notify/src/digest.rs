//! What happened in a day or a week, in figures.

use ringfence_model::{Country, Money, WallTime};
use serde::{Deserialize, Serialize};

/// What happened at a tenant in a day or a week.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Digest {
    /// From.
    pub from: WallTime,
    /// Until.
    pub until: WallTime,
    /// Spent.
    pub spent: Money,
    /// The middle of what was spent in as long before; `None` while too little is known.
    pub normal: Option<Money>,
    /// Of what was spent, inside office hours.
    pub inside: Money,
    /// Outside.
    pub outside: Money,
    /// Answered calls.
    pub calls: u64,
    /// Refused and cut calls.
    pub refused: u64,
    /// What the first minute of each refused call would have cost.
    pub prevented: Money,
    /// Countries that were not called in the four weeks before, the dearest first.
    pub new: Vec<Called>,
    /// Settings that were changed, the latest first: who and what.
    pub changes: Vec<String>,
    /// Extensions that nobody used for four weeks.
    pub unused: Vec<String>,
    /// Cases nobody has decided about.
    pub open_cases: u64,
}

/// Calls to a country.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Called {
    /// Which.
    pub country: Country,
    /// Answered calls.
    pub calls: u64,
    /// What they cost.
    pub cost: Money,
}
