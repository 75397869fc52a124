//! What an import did.

use super::detect::Detection;
use super::time::Clock;
use ringfence_model::{Cdr, Direction, WallTime};
use std::fmt;
use std::sync::Arc;

/// Every row is accounted for: `rows = records + rejected + duplicates + dropped_legs + skipped`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ImportSummary {
    /// The files and what they were found to be.
    pub files: Vec<FileSummary>,
    /// Rows read, without headers and empty lines.
    pub rows: u64,
    /// Calls made of them.
    pub records: u64,
    /// Rows that could not be used; each was handed to the rejects.
    pub rejected: u64,
    /// Rows whose native id was there before.
    pub duplicates: u64,
    /// Rows that are part of another row's call: switch-internal, guard and second legs, BYE transactions.
    pub dropped_legs: u64,
    /// Rows of another sort: quality records, ACK and CANCEL transactions, lines of syslog about something else.
    pub skipped: u64,
    /// Rows repaired before use: NUL bytes taken out, ISO 8859-1 text read as such.
    pub repaired: u64,
    /// Rows with a time in the gap or fold of a daylight-saving change. In a fold the first of the two is taken.
    pub dst_ambiguous: u64,
    /// Calls from the tenant.
    pub outbound: u64,
    /// Calls to the tenant.
    pub inbound: u64,
    /// Calls inside the tenant.
    pub internal: u64,
    /// Start of the first call.
    pub first: Option<WallTime>,
    /// Start of the last call.
    pub last: Option<WallTime>,
    /// What a person should look at.
    pub warnings: Vec<Warning>,
}

/// One file of an import.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileSummary {
    /// Its path; `-` for standard input.
    pub file: Arc<str>,
    /// What it was found to be.
    pub detection: Detection,
    /// Rows read from it.
    pub rows: u64,
}

/// Something that is possible but suspicious.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Warning {
    /// Calls that have not happened yet: the time zone is wrong, or the clock.
    Future {
        /// How many.
        count: u64,
        /// The start of the last of them.
        latest: WallTime,
    },
    /// Most calls are made at night: the time zone may be wrong.
    Night {
        /// The hour of day at which the busiest nine hours begin.
        busy_from_hour: u8,
        /// The share of calls in them, per cent.
        percent: u8,
    },
    /// BYE transactions whose INVITE is not in these files.
    ByesAlone {
        /// How many.
        count: u64,
    },
    /// Answered calls whose BYE is not in these files: they count with no duration.
    CallsOpen {
        /// How many.
        count: u64,
    },
    /// No call goes out: the sides may be the wrong way round.
    NothingOutbound,
    /// Asterisk drops records of more than 1,024 bytes, and some here are close to it.
    LongRows {
        /// How many.
        count: u64,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Future { count, latest } => write!(
                f,
                "{count} calls begin in the future, the last at {} UTC: check the time zone",
                jiff::Timestamp::from_microsecond(latest.0).unwrap_or_default().strftime("%F %T")
            ),
            Self::Night { busy_from_hour, percent } => write!(
                f,
                "{percent} % of the calls begin in the nine hours from {busy_from_hour:02}:00: check the time zone"
            ),
            Self::ByesAlone { count } => {
                write!(f, "{count} BYE rows have no INVITE here: add the file before this one")
            }
            Self::CallsOpen { count } => {
                write!(
                    f,
                    "{count} answered calls have no BYE here and count with no duration: add the next file"
                )
            }
            Self::NothingOutbound => {
                f.write_str("no call goes out: name the carrier trunks, contexts or own numbers")
            }
            Self::LongRows { count } => write!(
                f,
                "{count} rows are close to 1,024 bytes: Asterisk drops longer ones, so calls may be missing"
            ),
        }
    }
}

/// Enough calls to judge hours of day by.
const NIGHT_CALLS_MIN: u64 = 200;
/// A share of calls in nine hours that people who sleep would not spread over the day.
const NIGHT_PERCENT_MIN: u64 = 60;

impl ImportSummary {
    /// Counts the calls and looks for what is odd about them. `cdrs` are in the order of time.
    pub(crate) fn look_at(&mut self, cdrs: &[Cdr], clock: &Clock, now: Option<WallTime>) {
        self.records += cdrs.len() as u64;
        for cdr in cdrs {
            match cdr.direction {
                Direction::Outbound => self.outbound += 1,
                Direction::Inbound => self.inbound += 1,
                Direction::Internal => self.internal += 1,
            }
        }
        self.first = cdrs.first().map(|cdr| cdr.started);
        self.last = cdrs.last().map(|cdr| cdr.started);
        self.warnings.extend(future(cdrs, now));
        self.warnings.extend(night(cdrs, clock));
        if self.outbound == 0 && self.records >= 20 {
            self.warnings.push(Warning::NothingOutbound);
        }
    }
}

fn future(cdrs: &[Cdr], now: Option<WallTime>) -> Option<Warning> {
    // Clocks differ a little.
    let limit = now? + std::time::Duration::from_secs(300);
    let late = cdrs.iter().rev().take_while(|cdr| cdr.started > limit).count() as u64;
    let latest = cdrs.last()?.started;
    (late > 0).then_some(Warning::Future { count: late, latest })
}

fn night(cdrs: &[Cdr], clock: &Clock) -> Option<Warning> {
    let mut by_hour = [0u64; 24];
    let (mut quarter, mut hour) = (i64::MIN, None);
    for cdr in cdrs {
        // Offsets change on quarters of an hour only, and calls come in order.
        let this = cdr.started.as_secs().div_euclid(900);
        if this != quarter {
            (quarter, hour) = (this, clock.hour_of_day(cdr.started));
        }
        if let Some(slot) = hour.and_then(|hour| by_hour.get_mut(usize::from(hour.unsigned_abs())))
        {
            *slot += 1;
        }
    }
    let all: u64 = by_hour.iter().sum();
    let window = |from: usize| by_hour.iter().cycle().skip(from).take(9).sum::<u64>();
    let (busiest, from) = (0..24).map(|from| (window(from), from)).max()?;
    let percent = busiest * 100 / all.max(1);
    // Offices are busiest from seven to ten; from eighteen to three nobody is.
    let odd = from >= 18 || from <= 3;
    (all >= NIGHT_CALLS_MIN && percent >= NIGHT_PERCENT_MIN && odd)
        .then_some(Warning::Night { busy_from_hour: from as u8, percent: percent as u8 })
}
