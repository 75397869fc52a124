//! Looking for call records: month by month from the newest, a page at a time.

use super::Outcome;
use super::table::{COLUMNS, HELD, Month, call_hash, months};
use crate::link::Link;
use crate::sql::{Query, after_prefix};
use crate::value::Row;
use crate::{Result, Store, StoreError};
use ringfence_model::{Direction, ExtensionId, Money, TenantId, TrunkId, WallTime};
use serde_json::Value as Json;

/// Beginnings of numbers that fewer records of a month have are looked for by number, others by time: the more there
/// are, the sooner a page is full. Of one tenant there may be few although there are many, so the line is higher.
const RARE: i64 = 2_000;
const RARE_OF_TENANT: i64 = 20_000;

/// Where a record is in the order of time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct CdrRef {
    /// When the attempt began.
    pub started: WallTime,
    /// Its number.
    pub id: i64,
}

/// A call record.
#[derive(Clone, PartialEq, Debug)]
#[allow(missing_docs)] // as in `ringfence_model::Cdr`
pub struct CdrRow {
    /// Where it is.
    pub at: CdrRef,
    pub tenant: Option<TenantId>,
    pub extension: Option<ExtensionId>,
    pub trunk: Option<TrunkId>,
    pub direction: Direction,
    pub a_number: String,
    /// The called number in full, when the digits make one.
    pub b_number: Option<String>,
    pub dialled: String,
    /// What sort of line was called.
    pub kind: Option<String>,
    /// Its country.
    pub country: Option<String>,
    /// What was done about the call.
    pub outcome: Outcome,
    pub code: u16,
    pub answered: Option<WallTime>,
    pub ended: WallTime,
    pub billable_ms: u64,
    /// By the tenant's tariff.
    pub cost: Money,
    /// What the first minute of a refused call would have cost.
    pub prevented: Money,
    /// The caller's Call-ID.
    pub call_id: Option<String>,
    pub native_id: String,
    /// The rest: `via`, `c_number`, `source`, `reasons`, `pass`.
    pub more: Option<Json>,
}

/// Which records are wanted. Everything that is left open matches.
#[derive(Clone, Default, Debug)]
pub struct CdrFilter {
    /// Of this tenant.
    pub tenant: Option<TenantId>,
    /// Of this extension.
    pub extension: Option<ExtensionId>,
    /// Over this trunk.
    pub trunk: Option<TrunkId>,
    /// In this direction.
    pub direction: Option<Direction>,
    /// From a number that begins so.
    pub a_number: Option<String>,
    /// To a number that begins so, `+` first.
    pub b_number: Option<String>,
    /// To this country.
    pub country: Option<String>,
    /// To this sort of line.
    pub kind: Option<String>,
    /// With this Call-ID.
    pub call_id: Option<String>,
    /// About which this was done.
    pub outcome: Option<Outcome>,
    /// About which something was done.
    pub stopped: bool,
    /// Not before.
    pub from: Option<WallTime>,
    /// Before.
    pub until: Option<WallTime>,
    /// Older than this one: the last of the page before.
    pub after: Option<CdrRef>,
}

impl Store {
    /// Records, newest first.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn cdrs(&self, filter: &CdrFilter, limit: u32) -> Result<Vec<CdrRow>> {
        self.look_still(|link| {
            let mut found = Vec::new();
            for month in months(link)? {
                if filter.misses(month) {
                    continue;
                }
                let left = i64::from(limit).saturating_sub_unsigned(found.len() as u64);
                if left <= 0 {
                    break;
                }
                page(link, &month.table(), filter, left, &mut found)?;
            }
            // What is kept for a case lies between them.
            page(link, HELD, filter, limit.into(), &mut found)?;
            found.sort_by_key(|row| std::cmp::Reverse(row.at));
            found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
            Ok(found)
        })
    }

    /// A record.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn cdr(&self, at: CdrRef) -> Result<CdrRow> {
        let none = || StoreError::NotFound(format!("call record {}", at.id));
        let month = Month::of(at.started).ok_or_else(none)?;
        self.look_still(|link| {
            let there = months(link)?.contains(&month);
            for table in there.then(|| month.table()).into_iter().chain([HELD.to_owned()]) {
                let sql = format!("SELECT {COLUMNS} FROM {table} WHERE id = $1 AND started = $2");
                if let Some(row) = link.first(&sql, &[at.id.into(), at.started.into()])? {
                    return cdr(row);
                }
            }
            Err(none())
        })
    }
}

impl CdrFilter {
    fn misses(&self, month: Month) -> bool {
        self.from.is_some_and(|from| month.end() <= from)
            || self.until.is_some_and(|until| until <= month.start())
            || self.after.is_some_and(|after| after.started < month.start())
    }
}

/// What leads to the records.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Way {
    Time,
    Called,
    Calling,
    Call,
}

fn page(
    link: &mut Link,
    table: &str,
    filter: &CdrFilter,
    limit: i64,
    found: &mut Vec<CdrRow>,
) -> Result<()> {
    let way = way(link, table, filter)?;
    let query = query(table, filter, way, limit);
    link.each(&query.sql, &query.args, |row| {
        found.push(cdr(row)?);
        Ok(())
    })
}

fn way(link: &mut Link, table: &str, filter: &CdrFilter) -> Result<Way> {
    if filter.call_id.is_some() {
        return Ok(Way::Call);
    }
    let rare = if filter.tenant.is_some() { RARE_OF_TENANT } else { RARE };
    let numbers =
        [(Way::Called, "b_number", &filter.b_number), (Way::Calling, "a_number", &filter.a_number)];
    for (way, column, prefix) in numbers {
        let Some(prefix) = prefix else { continue };
        let mut query = Query::new("SELECT count(*) FROM (SELECT 1 FROM");
        query.add(table, []).add("WHERE", []);
        begins(&mut query, column, prefix);
        query.add("LIMIT ?) AS few", [rare.into()]);
        let count: i64 = link.first(&query.sql, &query.args)?.map_or(Ok(0), Row::only)?;
        if count < rare {
            return Ok(way);
        }
    }
    Ok(Way::Time)
}

/// Whichever way is chosen is the only one left open: an expression hides a column from the index it is in. Neither
/// database knows how common a beginning is as well as [`way`] does.
fn query(table: &str, filter: &CdrFilter, way: Way, limit: i64) -> Query {
    let by_time = way == Way::Time;
    let started = if by_time { "started" } else { "(started + 0)" };
    let text = |column: &str, open: bool| match open {
        true => column.to_owned(),
        false => format!("({column} || '')"),
    };
    let mut query = Query::new("SELECT");
    query.add(COLUMNS, []).add("FROM", []).add(table, []).add("WHERE 1 = 1", []);
    if let Some(call) = &filter.call_id {
        query.add("AND call_hash = ? AND call_id = ?", [call_hash(call).into(), call.into()]);
    }
    if let Some(prefix) = &filter.b_number {
        query.add("AND", []);
        begins(&mut query, &text("b_number", way == Way::Called), prefix);
    }
    if let Some(prefix) = &filter.a_number {
        query.add("AND", []);
        begins(&mut query, &text("a_number", way == Way::Calling), prefix);
    }
    let equal = |query: &mut Query, column: &str, open: bool, value: Option<&str>| {
        query.add_some(&format!("AND {} = ?", text(column, open)), value);
    };
    let tenant = filter.tenant.as_ref().map(TenantId::as_str);
    // Of stopped calls there is an index of their own, in which the tenant is such an expression.
    let stopped = filter.stopped || filter.outcome.is_some_and(|outcome| outcome != Outcome::Ok);
    equal(&mut query, "tenant", by_time && !stopped, tenant);
    let extension = filter.extension.as_ref().map(ExtensionId::as_str);
    equal(&mut query, "extension", by_time && tenant.is_some(), extension);
    equal(&mut query, "trunk", true, filter.trunk.as_ref().map(TrunkId::as_str));
    equal(&mut query, "direction", true, filter.direction.map(word));
    equal(&mut query, "country", true, filter.country.as_deref());
    equal(&mut query, "kind", true, filter.kind.as_deref());
    if stopped {
        query.add("AND outcome <> 'ok'", []);
    }
    equal(&mut query, "outcome", true, filter.outcome.map(Outcome::as_str));
    query.add_some(&format!("AND {started} >= ?"), filter.from);
    query.add_some(&format!("AND {started} < ?"), filter.until);
    if let Some(CdrRef { started: at, id }) = filter.after {
        query.add(&format!("AND ({started}, id) < (?, ?)"), [at.into(), id.into()]);
    }
    query.add(&format!("ORDER BY {started} DESC, id DESC LIMIT ?"), [limit.into()]);
    query
}

fn begins(query: &mut Query, column: &str, prefix: &str) {
    query.add(&format!("{column} >= ?"), [prefix.into()]);
    query.add_some(&format!("AND {column} < ?"), after_prefix(prefix));
}

const fn word(direction: Direction) -> &'static str {
    match direction {
        Direction::Outbound => "outbound",
        Direction::Inbound => "inbound",
        Direction::Internal => "internal",
    }
}

pub(super) fn cdr(row: Row) -> Result<CdrRow> {
    let mut cells = row.cells();
    let (id, started) = (cells.take()?, cells.take()?);
    let tenant: String = cells.take()?;
    let (extension, trunk): (Option<String>, Option<String>) = (cells.take()?, cells.take()?);
    let direction = cells.parse(|text| {
        let all = [Direction::Outbound, Direction::Inbound, Direction::Internal];
        all.into_iter().find(|direction| word(*direction) == text)
    })?;
    Ok(CdrRow {
        at: CdrRef { started, id },
        tenant: (!tenant.is_empty()).then(|| TenantId::new(&tenant)),
        extension: extension.map(|text| ExtensionId::new(&text)),
        trunk: trunk.map(|text| TrunkId::new(&text)),
        direction,
        a_number: cells.take()?,
        b_number: cells.take()?,
        dialled: cells.take()?,
        kind: cells.take()?,
        country: cells.take()?,
        outcome: cells.parse(Outcome::of)?,
        code: cells.take()?,
        answered: cells.take()?,
        ended: cells.take()?,
        billable_ms: cells.take()?,
        cost: cells.take()?,
        prevented: cells.take()?,
        call_id: cells.take()?,
        native_id: {
            // The hash of the call's name is for searching only.
            let _: Option<i64> = cells.take()?;
            cells.take()?
        },
        more: cells
            .take::<Option<String>>()?
            .map(|text| serde_json::from_str(&text))
            .transpose()?,
    })
}
