//! What a replay found.

use ringfence_model::{
    Block, Country, E164, ExtensionId, Kind, Limits, Money, Pass, Reason, Target, TenantId,
    TrafficClass, Verdict, WallTime, Window,
};
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// What became of a recorded call. Each record has exactly one fate.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It went as recorded.
    #[default]
    Passed,
    /// It was refused.
    Refused,
    /// It was ended while it ran.
    Cut,
}

/// One record as the replay judged it.
#[derive(Clone, Debug, Default)]
pub struct Judged {
    /// What became of it.
    pub fate: Fate,
    /// What it cost as recorded, by the tariff of the replay.
    pub recorded: Money,
    /// What it would have cost.
    pub spent: Money,
    /// Where it went; `None` for calls that cost nothing by their nature: inbound, internal, emergency.
    pub to: Option<Place>,
    /// The called number, for calls somebody may earn from.
    pub number: Option<E164>,
    /// Local day, in days since 1970-01-01.
    pub day: i32,
    /// Hour of the week, 0 to 167 from Monday 0:00, holidays as they fall.
    pub hour: u8,
    /// Position in [`Findings::tenants`].
    pub tenant: u32,
    /// Position in [`Findings::cases`], when it belongs to one.
    pub case: Option<u32>,
    /// Whether it was refused only because a block stood.
    pub by_block: bool,
}

/// A destination as reports count it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize)]
pub struct Place {
    /// The country.
    pub country: Country,
    /// The sort of line.
    pub kind: Kind,
    /// The traffic class.
    pub class: TrafficClass,
}

/// Everything a replay found.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// The tenants of the records.
    pub tenants: Vec<TenantId>,
    /// Each record, in the order they were given.
    pub calls: Vec<Judged>,
    /// Start of the first record.
    pub begin: WallTime,
    /// End of the last record.
    pub end: WallTime,
    /// From then on calls would have been stopped.
    pub learn_until: WallTime,
    /// Sums over everything.
    pub totals: Totals,
    /// Per local day, without gaps.
    pub days: Vec<DayMoney>,
    /// Per destination, dearest first.
    pub destinations: Vec<DestinationMoney>,
    /// Per extension, dearest first.
    pub extensions: Vec<ExtensionMoney>,
    /// Paid calls per hour of the week, from Monday 0:00: all, and those that were stopped and are not in doubt.
    pub hours: BTreeMap<u8, (u32, u32)>,
    /// What would have been stopped or asked, in the order of time.
    pub cases: Vec<Case>,
    /// Stopped calls to where the customer often calls.
    pub doubts: Vec<Doubt>,
    /// Whether some price is of the shipped default tariff.
    pub default_tariff: bool,
    /// Limits that were raised to what was normal while learning, where that was asked for.
    pub raised_limits: Vec<(TenantId, Limits)>,
    /// The watched call.
    pub watched: Option<Watched>,
}

/// Sums. Money: `recorded = spent + prevented`. Calls: `records = passed + refused + cut`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Totals {
    /// All records.
    pub records: u64,
    /// Calls somebody may earn from.
    pub paid: u64,
    /// Calls to emergency numbers and helplines: never judged.
    pub protected: u64,
    /// Calls that went as recorded.
    pub passed: u64,
    /// Refused calls.
    pub refused: u64,
    /// Calls ended while they ran.
    pub cut: u64,
    /// Recorded cost.
    pub recorded: Money,
    /// What it would have been.
    pub spent: Money,
    /// The difference.
    pub prevented: Money,
}

/// One local day.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct DayMoney {
    /// Days since 1970-01-01.
    pub day: i32,
    /// Cost that would have been made.
    pub spent: Money,
    /// Cost that would not.
    pub prevented: Money,
    /// Paid calls.
    pub paid: u32,
    /// Stopped calls.
    pub stopped: u32,
    /// What such a weekday normally costs here: the median of the other ones, by what would have been spent.
    pub normal: Money,
}

/// One destination.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct DestinationMoney {
    /// Where.
    pub to: Place,
    /// Calls.
    pub calls: u32,
    /// Stopped calls.
    pub stopped: u32,
    /// Cost that would have been made.
    pub spent: Money,
    /// Cost that would not.
    pub prevented: Money,
    /// Days on which a call passed.
    pub days: u32,
}

impl DestinationMoney {
    /// Whether calls there passed on several days: a place the customer knows.
    #[must_use]
    pub const fn is_known(&self) -> bool {
        self.days >= super::doubt::KNOWN_DAYS
    }
}

/// One extension.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ExtensionMoney {
    /// Whose.
    pub tenant: TenantId,
    /// Which; `None` for calls whose record names none.
    pub extension: Option<ExtensionId>,
    /// Paid calls.
    pub paid: u32,
    /// Stopped calls.
    pub stopped: u32,
    /// Cost that would have been made.
    pub spent: Money,
    /// Cost that would not.
    pub prevented: Money,
}

/// What belongs together: stops and questions of one tenant with no more than a day between them.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Case {
    /// Whose.
    pub tenant: TenantId,
    /// The first happening.
    pub begin: WallTime,
    /// The last one; the end of a block does not count.
    pub end: WallTime,
    /// Whether it came while everything was only learned from: nothing was stopped.
    pub learning: bool,
    /// Whose calls were stopped or asked about.
    pub extensions: Vec<ExtensionId>,
    /// Where they went, dearest first, with their recorded cost.
    pub destinations: Vec<(Place, Money)>,
    /// What happened, in order; the first [`Case::TIMELINE_MAX`].
    pub timeline: Vec<CaseEvent>,
    /// Happenings that found no room in the timeline.
    pub left_out: u32,
    /// Why: the reasons of the first block, else of the first thing that happened.
    pub evidence: Vec<Reason>,
    /// What would have made the first stopped call pass.
    pub pass: Vec<Pass>,
    /// Calls refused.
    pub refused: u32,
    /// Calls cut.
    pub cut: u32,
    /// Blocks set.
    pub blocks: u32,
    /// Questions to people.
    pub alerts: u32,
    /// What passed from a day before the case to its end, from its extensions to its destinations.
    pub let_through: Money,
    /// What the stopped calls would have cost beyond.
    pub prevented: Money,
}

impl Case {
    /// The most happenings a timeline lists.
    pub const TIMELINE_MAX: usize = 200;

    /// Whether behaviour led to a block: what a person would call an attack, as far as known.
    #[must_use]
    pub const fn is_attack(&self) -> bool {
        self.blocks > 0
    }

    /// Calls stopped.
    #[must_use]
    pub const fn stopped(&self) -> u32 {
        self.refused + self.cut
    }
}

/// One line of a case's timeline. Stops of one sort with no block or question between them are one line.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct CaseEvent {
    /// When, or when the first of them.
    pub at: WallTime,
    /// When the last of them.
    pub until: WallTime,
    /// How many calls.
    pub calls: u32,
    /// What would have been paid for these calls beyond.
    pub prevented: Money,
    /// What happened.
    pub what: Happening,
    /// Why, of the first of them.
    pub reasons: Vec<Reason>,
}

/// What can happen in a case.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Happening {
    /// Calls were refused by the findings on them.
    Refused,
    /// Calls were refused because a block stood.
    RefusedByBlock,
    /// Calls were refused by a declared rule or limit.
    RefusedByRule,
    /// Running calls were ended.
    Cut,
    /// A block came into force.
    Blocked(Block),
    /// A block ended.
    Lifted(Block),
    /// People were asked.
    Alerted,
}

impl Happening {
    /// Whether calls were stopped by it, as opposed to something that is said once.
    #[must_use]
    pub const fn is_stop(&self) -> bool {
        matches!(self, Self::Refused | Self::RefusedByBlock | Self::RefusedByRule | Self::Cut)
    }
}

/// A stopped call that may have been an honest one, as far as the records tell.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Doubt {
    /// Position of the record.
    pub call: u32,
    /// Why it may be honest.
    pub known: Known,
    /// On how many other days a call there passed.
    pub days: u32,
    /// Whether only a standing block stopped it: one that a person would have lifted.
    pub by_block: bool,
}

/// What the customer knows of a stopped call's destination.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Known {
    /// The very number.
    Number,
    /// The country and kind of line.
    Place,
}

/// The watched call in full.
#[derive(Clone, Debug)]
pub struct Watched {
    /// Where it went.
    pub target: Target,
    /// Price per minute, and whether that is of the default tariff; `None` when it is not priced.
    pub price: Option<(Money, bool)>,
    /// The answer; `None` for calls that are not judged (inbound).
    pub verdict: Option<Verdict>,
    /// When it was cut, after how long, and why.
    pub cut: Option<(WallTime, Duration, Vec<Reason>)>,
    /// Whether only learning went on.
    pub learning: bool,
    /// The tenant's spending in each window at that moment, this call's reservation included.
    pub exposure: Vec<(Window, Money)>,
}
