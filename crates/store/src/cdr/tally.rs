//! What only the records themselves can tell: the longest calls, the numbers called most, sums of less than an hour.
//! Always of one tenant and of a bounded time, so that its index of time leads there.

use super::search::{CdrRow, cdr};
use super::table::{COLUMNS, HELD, months};
use crate::link::Link;
use crate::sql::Query;
use crate::value::Row;
use crate::{Result, Store};
use ringfence_model::{Money, TenantId, WallTime};
use std::cmp::Reverse;

/// What records are counted apart by.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum TallyBy {
    /// The extension.
    Extension,
    /// The called number: in full, or the digits as they came.
    Number,
    /// The direction.
    Direction,
    /// The sort of line called.
    Kind,
    /// The country called.
    Country,
}

impl TallyBy {
    const fn column(self) -> &'static str {
        match self {
            Self::Extension => "COALESCE(extension, '')",
            Self::Number => "COALESCE(b_number, dialled)",
            Self::Direction => "direction",
            Self::Kind => "COALESCE(kind, '')",
            Self::Country => "COALESCE(country, '')",
        }
    }
}

/// Which records are counted.
#[derive(Clone, Debug)]
pub struct TallyFilter {
    /// Whose.
    pub tenant: TenantId,
    /// Only this extension's.
    pub extension: Option<String>,
    /// Only those in this direction.
    pub direction: Option<String>,
    /// Only those to this sort of line.
    pub kind: Option<String>,
    /// Only those that were answered and charged for no longer.
    pub billable_ms_max: Option<u64>,
    /// Not before.
    pub from: WallTime,
    /// Before.
    pub until: WallTime,
}

/// Records that have something in common. What was not told apart is `None`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[allow(missing_docs)] // each name says it; as in `Usage`
pub struct Tally {
    pub extension: Option<String>,
    pub number: Option<String>,
    pub direction: Option<String>,
    pub kind: Option<String>,
    pub country: Option<String>,
    pub attempts: u64,
    pub answered: u64,
    pub refused: u64,
    pub cut: u64,
    pub billable_ms: u64,
    pub cost: Money,
    pub prevented: Money,
    /// When the first of them began.
    pub first: WallTime,
    /// When the last of them began.
    pub last: WallTime,
}

impl Store {
    /// Records counted apart by `by`, the most first; those of which there are at least `attempts_min`.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn tally(
        &self,
        filter: &TallyFilter,
        by: &[TallyBy],
        attempts_min: u32,
        limit: u32,
    ) -> Result<Vec<Tally>> {
        let names: Vec<String> = (0..by.len()).map(|n| format!("k{n}")).collect();
        let keys: Vec<String> =
            by.iter().zip(&names).map(|(by, name)| format!("{} AS {name},", by.column())).collect();
        let rows = self.look_still(|link| {
            let mut query = Query::new("SELECT");
            for name in &names {
                query.add(&format!("{name},"), []);
            }
            query.add(SUMS, []).add("FROM (", []);
            for (n, table) in tables(link, filter)?.iter().enumerate() {
                query.add(if n == 0 { "SELECT" } else { "UNION ALL SELECT" }, []);
                query.add(&keys.concat(), []).add(SUMMED, []);
                wanted(&mut query, table, filter);
            }
            query.add(") AS part", []);
            if !names.is_empty() {
                query.add(&format!("GROUP BY {}", names.join(", ")), []);
            }
            query.add("HAVING count(*) >= ?", [attempts_min.max(1).into()]);
            let order = names
                .iter()
                .fold("ORDER BY count(*) DESC".to_owned(), |order, name| order + ", " + name);
            query.add(&order, []).add("LIMIT ?", [limit.into()]);
            link.query(&query.sql, &query.args)
        })?;
        rows.into_iter().map(|row| tally(row, by)).collect()
    }

    /// The calls that were charged for longest, the longest first.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn longest(&self, filter: &TallyFilter, limit: u32) -> Result<Vec<CdrRow>> {
        self.look_still(|link| {
            let mut found = Vec::new();
            for table in tables(link, filter)? {
                let mut query = Query::new("SELECT");
                query.add(COLUMNS, []);
                wanted(&mut query, &table, filter);
                query.add("AND billable_ms > 0", []);
                query.add(
                    "ORDER BY billable_ms DESC, started DESC, id DESC LIMIT ?",
                    [limit.into()],
                );
                link.each(&query.sql, &query.args, |row| {
                    found.push(cdr(row)?);
                    Ok(())
                })?;
            }
            found.sort_by_key(|row| Reverse((row.billable_ms, row.at)));
            found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
            Ok(found)
        })
    }
}

const SUMMED: &str = "started, answered, outcome, billable_ms, cost, prevented";
const SUMS: &str = "count(*),
    CAST(COALESCE(sum(CASE WHEN answered IS NULL THEN 0 ELSE 1 END), 0) AS BIGINT),
    CAST(COALESCE(sum(CASE WHEN outcome IN ('refused', 'would_refuse') THEN 1 ELSE 0 END), 0) AS BIGINT),
    CAST(COALESCE(sum(CASE WHEN outcome = 'cut' THEN 1 ELSE 0 END), 0) AS BIGINT),
    CAST(COALESCE(sum(billable_ms), 0) AS BIGINT),
    CAST(COALESCE(sum(cost), 0) AS BIGINT),
    CAST(COALESCE(sum(prevented), 0) AS BIGINT),
    min(started), max(started)";

/// The tables the time falls into, and that of held records.
fn tables(link: &mut Link, filter: &TallyFilter) -> Result<Vec<String>> {
    let months = months(link)?;
    let hit = months.into_iter().filter(|m| filter.from < m.end() && m.start() < filter.until);
    Ok(hit.map(super::Month::table).chain([HELD.to_owned()]).collect())
}

fn wanted(query: &mut Query, table: &str, filter: &TallyFilter) {
    query.add("FROM", []).add(table, []).add("WHERE tenant = ?", [(&filter.tenant).into()]);
    query.add("AND started >= ? AND started < ?", [filter.from.into(), filter.until.into()]);
    query.add_some("AND extension = ?", filter.extension.as_ref());
    query.add_some("AND direction = ?", filter.direction.as_ref());
    query.add_some("AND kind = ?", filter.kind.as_ref());
    if let Some(most) = filter.billable_ms_max {
        query.add("AND answered IS NOT NULL AND billable_ms <= ?", [most.into()]);
    }
}

fn tally(row: Row, by: &[TallyBy]) -> Result<Tally> {
    let mut cells = row.cells();
    let mut tally = Tally::default();
    for by in by {
        let key = Some(cells.take()?);
        match by {
            TallyBy::Extension => tally.extension = key,
            TallyBy::Number => tally.number = key,
            TallyBy::Direction => tally.direction = key,
            TallyBy::Kind => tally.kind = key,
            TallyBy::Country => tally.country = key,
        }
    }
    tally.attempts = cells.take()?;
    tally.answered = cells.take()?;
    tally.refused = cells.take()?;
    tally.cut = cells.take()?;
    tally.billable_ms = cells.take()?;
    tally.cost = cells.take()?;
    tally.prevented = cells.take()?;
    tally.first = cells.take()?;
    tally.last = cells.take()?;
    Ok(tally)
}
