//! The tables of call records: their names, columns and indexes.

use crate::Result;
use crate::link::Link;
use crate::value::{Row, args};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use ringfence_model::WallTime;
use sha2::{Digest, Sha256};
use std::fmt;

/// A month of UTC, counted from year 0.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(crate) struct Month(i64);

/// The table of records that a legal hold keeps after their month was dropped.
pub(crate) const HELD: &str = "cdr_held";

/// Columns of a table of call records, in order.
pub(crate) const COLUMNS: &str =
    "id, started, tenant, extension, trunk, direction, a_number, b_number,
    dialled, kind, country, outcome, code, answered, ended, billable_ms, cost, prevented, call_id,
    call_hash, native_id, more";

impl Month {
    /// The month of a time; none for those before 2000 and after 2199, which are mistakes.
    pub fn of(at: WallTime) -> Option<Self> {
        let date = Timestamp::from_microsecond(at.0).ok()?.to_zoned(TimeZone::UTC).date();
        let sane = (2000..2200).contains(&date.year());
        sane.then(|| Self(i64::from(date.year()) * 12 + i64::from(date.month()) - 1))
    }

    pub const fn number(self) -> i64 {
        self.0
    }

    pub const fn from_number(number: i64) -> Self {
        Self(number)
    }

    fn first(self) -> Date {
        let year = i16::try_from(self.0 / 12).unwrap_or(2000);
        let month = i8::try_from(self.0 % 12 + 1).unwrap_or(1);
        Date::new(year, month, 1).unwrap_or_default()
    }

    /// Its first moment.
    pub fn start(self) -> WallTime {
        let start = self.first().to_zoned(TimeZone::UTC);
        WallTime(start.map_or(0, |start| start.timestamp().as_microsecond()))
    }

    /// The first moment after it.
    pub fn end(self) -> WallTime {
        let next = self.first().checked_add(1.month()).unwrap_or_default();
        WallTime(next.to_zoned(TimeZone::UTC).map_or(0, |at| at.timestamp().as_microsecond()))
    }

    /// The table of its records.
    pub fn table(self) -> String {
        format!("cdr_{self}")
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}_{:02}", self.0 / 12, self.0 % 12 + 1)
    }
}

/// Months that have a table, newest first.
pub(crate) fn months(link: &mut Link) -> Result<Vec<Month>> {
    let rows = link.query("SELECT month FROM cdr_month ORDER BY month DESC", &[])?;
    rows.into_iter().map(|row: Row| row.only().map(Month)).collect()
}

/// In `cdr_month.pseudonymous`: every row has pseudonyms. Else the last row that does.
pub(crate) const WHOLE: i64 = i64::MAX;

/// Makes the table of a month, if it has none, so that records can be added.
pub(crate) fn lay(link: &mut Link, month: Month) -> Result<()> {
    let mark = "SELECT pseudonymous FROM cdr_month WHERE month = $1";
    let mark: Option<i64> = link.first(mark, args![month.number()])?.map(Row::only).transpose()?;
    match mark {
        Some(WHOLE) => {
            // A very late record comes with whole numbers.
            let again = "UPDATE cdr_month SET pseudonymous = -1 WHERE month = $1";
            return link.execute(again, args![month.number()]).map(drop);
        }
        Some(_) => return Ok(()),
        None => {}
    }
    link.lock_schema()?;
    link.batch(&link.dialect(&definition(&month.table())))?;
    link.execute(
        "INSERT INTO cdr_month (month, pseudonymous) VALUES ($1, -1) ON CONFLICT (month) DO NOTHING",
        args![month.number()],
    )?;
    Ok(())
}

/// Beside time, what people search for: whose call, from or to which number, which call, and what was done about it.
fn definition(table: &str) -> String {
    format!(
        "CREATE TABLE IF NOT EXISTS {table} (
            id BIGINT PRIMARY KEY,
            started BIGINT NOT NULL,
            tenant TEXT NOT NULL,
            extension TEXT,
            trunk TEXT,
            direction TEXT NOT NULL,
            a_number TEXT NOT NULL,
            b_number TEXT,
            dialled TEXT NOT NULL,
            kind TEXT,
            country TEXT,
            outcome TEXT NOT NULL,
            code BIGINT NOT NULL,
            answered BIGINT,
            ended BIGINT NOT NULL,
            billable_ms BIGINT NOT NULL,
            cost BIGINT NOT NULL,
            prevented BIGINT NOT NULL,
            call_id TEXT,
            call_hash BIGINT,
            native_id TEXT NOT NULL,
            more TEXT
);
        CREATE INDEX IF NOT EXISTS {table}_started ON {table} (started, id);
        CREATE INDEX IF NOT EXISTS {table}_tenant ON {table} (tenant, started, id);
        CREATE INDEX IF NOT EXISTS {table}_extension ON {table} (tenant, extension, started, id);
        CREATE INDEX IF NOT EXISTS {table}_a ON {table} (a_number, tenant);
        CREATE INDEX IF NOT EXISTS {table}_b ON {table} (b_number, tenant);
        CREATE INDEX IF NOT EXISTS {table}_call ON {table} (call_hash);
        CREATE INDEX IF NOT EXISTS {table}_stopped ON {table} (started, id, outcome)
            WHERE outcome <> 'ok';
        CREATE INDEX IF NOT EXISTS {table}_stopped_tenant ON {table}
            ((tenant || ''), started, id, outcome) WHERE outcome <> 'ok';"
    )
}

/// A call's name as a number: an index of numbers is a quarter as large.
pub(crate) fn call_hash(call: &str) -> i64 {
    let digest = Sha256::digest(call.as_bytes());
    digest.iter().take(8).fold(0, |sum, byte| (sum << 8) | i64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_knows_its_bounds() {
        let at = |text: &str| WallTime(text.parse::<Timestamp>().unwrap().as_microsecond());
        let month = Month::of(at("2026-12-31T23:59:59Z")).unwrap();
        assert_eq!(month.table(), "cdr_2026_12");
        assert_eq!(month.start(), at("2026-12-01T00:00:00Z"));
        assert_eq!(month.end(), at("2027-01-01T00:00:00Z"));
        assert_eq!(Month::of(month.end()).unwrap().table(), "cdr_2027_01");
        assert_eq!(Month::of(at("1999-12-31T23:59:59Z")), None);
        assert_eq!(Month::of(WallTime(i64::MAX)), None);
    }
}
