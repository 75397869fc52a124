//! Sums of call records per hour, day and month: reports never read the records themselves.

use super::Month;
use crate::sql::Query;
use crate::value::Row;
use crate::{Result, Store};
use ringfence_model::{Money, TenantId, WallTime};

const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;
/// The tenant that stands for all of them together.
pub(super) const ALL: &str = "*";

/// How finely sums are kept.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Grain {
    /// Per hour and extension. For some days.
    Hour,
    /// Per day of UTC, without extensions. For a year, and for all tenants together.
    Day,
    /// Per month of UTC and extension. For years.
    Month,
}

impl Grain {
    pub(super) fn start(self, at: WallTime) -> i64 {
        match self {
            Self::Hour => at.0 - at.0.rem_euclid(HOUR),
            Self::Day => at.0 - at.0.rem_euclid(DAY),
            Self::Month => Month::of(at).map_or(0, |month| month.start().0),
        }
    }
}

/// Where sums are kept.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(super) enum Table {
    Hour,
    Day,
    Month,
    /// Of [`Grain::Month`], without extensions: what reports over all tenants read.
    Tenant,
}

impl Table {
    pub const ALL: [Self; 4] = [Self::Hour, Self::Day, Self::Month, Self::Tenant];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Hour => "usage_hour",
            Self::Day => "usage_day",
            Self::Month => "usage_month",
            Self::Tenant => "usage_tenant",
        }
    }

    pub const fn grain(self) -> Grain {
        match self {
            Self::Hour => Grain::Hour,
            Self::Day => Grain::Day,
            Self::Month | Self::Tenant => Grain::Month,
        }
    }

    pub const fn has_extensions(self) -> bool {
        matches!(self, Self::Hour | Self::Month)
    }

    /// The one with the fewest rows that can answer.
    fn of(filter: &UsageFilter) -> Self {
        let extensions = filter.extension.is_some() || filter.by.contains(&By::Extension);
        let tenants = filter.tenant.is_none() && filter.by.contains(&By::Tenant);
        match filter.grain {
            Grain::Hour => Self::Hour,
            Grain::Day => Self::Day,
            Grain::Month if tenants && !extensions => Self::Tenant,
            Grain::Month => Self::Month,
        }
    }
}

/// What sums are told apart by.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum By {
    /// The tenant.
    Tenant,
    /// The hour, day or month.
    Start,
    /// The extension.
    Extension,
    /// The direction.
    Direction,
    /// The sort of line called.
    Kind,
    /// The country called.
    Country,
}

impl By {
    const fn column(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Start => "start",
            Self::Extension => "extension",
            Self::Direction => "direction",
            Self::Kind => "kind",
            Self::Country => "country",
        }
    }
}

/// Which sums are wanted.
#[derive(Clone, Debug)]
pub struct UsageFilter {
    /// How fine.
    pub grain: Grain,
    /// Of this tenant; `None`: of all together.
    pub tenant: Option<TenantId>,
    /// With [`By::Tenant`] and no tenant: of each.
    pub by: Vec<By>,
    /// Only this extension's.
    pub extension: Option<String>,
    /// Not before; it counts from the beginning of the hour, day or month it lies in.
    pub from: WallTime,
    /// Before.
    pub until: WallTime,
}

/// A sum of call records. Fields that were not told apart are `None`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[allow(missing_docs)] // each name says it
pub struct Usage {
    pub tenant: Option<TenantId>,
    pub start: Option<WallTime>,
    pub extension: Option<String>,
    pub direction: Option<String>,
    pub kind: Option<String>,
    pub country: Option<String>,
    pub attempts: u64,
    pub answered: u64,
    /// Refused by us, or only watched where they would have been.
    pub refused: u64,
    /// Ended by us.
    pub cut: u64,
    pub billable_ms: u64,
    pub cost: Money,
    pub prevented: Money,
}

impl Store {
    /// Sums, in the order of what they are told apart by.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn usage(&self, filter: &UsageFilter) -> Result<Vec<Usage>> {
        let columns: Vec<&str> = filter.by.iter().map(|by| by.column()).collect();
        let mut query = Query::new("SELECT");
        for column in &columns {
            query.add(&format!("{column},"), []);
        }
        let sums = SUMS.map(|column| format!("CAST(COALESCE(sum({column}), 0) AS BIGINT)"));
        query.add(&sums.join(", "), []).add("FROM", []).add(Table::of(filter).name(), []);
        query.add("WHERE start >= ?", [filter.grain.start(filter.from).into()]);
        query.add("AND start < ?", [filter.until.into()]);
        match &filter.tenant {
            Some(tenant) => query.add("AND tenant = ?", [tenant.into()]),
            None if filter.by.contains(&By::Tenant) => query.add("AND tenant <> ?", [ALL.into()]),
            None => query.add("AND tenant = ?", [ALL.into()]),
        };
        query.add_some("AND extension = ?", filter.extension.as_ref());
        if !columns.is_empty() {
            let columns = columns.join(", ");
            query.add(&format!("GROUP BY {columns} ORDER BY {columns}"), []);
        }
        let rows = self.look(|link| link.query(&query.sql, &query.args))?;
        rows.into_iter().map(|row| usage(row, &filter.by)).collect()
    }
}

pub(super) const SUMS: [&str; 7] =
    ["attempts", "answered", "refused", "cut", "billable_ms", "cost", "prevented"];

fn usage(row: Row, by: &[By]) -> Result<Usage> {
    let mut cells = row.cells();
    let mut usage = Usage::default();
    for by in by {
        match by {
            By::Tenant => usage.tenant = Some(cells.take()?),
            By::Start => usage.start = Some(cells.take()?),
            By::Extension => usage.extension = Some(cells.take()?),
            By::Direction => usage.direction = Some(cells.take()?),
            By::Kind => usage.kind = Some(cells.take()?),
            By::Country => usage.country = Some(cells.take()?),
        }
    }
    usage.attempts = cells.take()?;
    usage.answered = cells.take()?;
    usage.refused = cells.take()?;
    usage.cut = cells.take()?;
    usage.billable_ms = cells.take()?;
    usage.cost = cells.take()?;
    usage.prevented = cells.take()?;
    Ok(usage)
}
