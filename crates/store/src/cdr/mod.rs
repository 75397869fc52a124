//! Call records: one table per month, so that old ones are dropped whole and recent ones stay together.

mod line;
mod search;
mod sums;
mod table;
mod tally;
mod usage;

pub use search::{CdrFilter, CdrRef, CdrRow};
pub use tally::{Tally, TallyBy, TallyFilter};
pub use usage::{By, Grain, Usage, UsageFilter};

pub(crate) use line::{Line, clean};
pub(crate) use sums::Sums;
pub(crate) use table::{COLUMNS, Month, WHOLE, lay};

/// What this firewall did about a call.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, Debug, Default, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Let it pass; how it went is in its code.
    #[default]
    Ok,
    /// Refused it.
    Refused,
    /// Would have refused it, and only watched.
    WouldRefuse,
    /// Ended it while it ran.
    Cut,
}

impl Outcome {
    const ALL: [Self; 4] = [Self::Ok, Self::Refused, Self::WouldRefuse, Self::Cut];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
            Self::WouldRefuse => "would_refuse",
            Self::Cut => "cut",
        }
    }

    /// The outcome of that name.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text)
    }
}
