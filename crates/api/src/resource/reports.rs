//! Reports that only the records themselves can give: the longest calls, and the numbers that are called again and again.

use super::calls::{CallView, DirectionName};
use crate::http::ask::{Ask, Nothing};
use crate::http::page::{Page, limit};
use crate::http::reply::{Outcome, Reply};
use crate::refusal::Refusal;
use crate::rights::Permission;
use crate::time::{Amount, Time};
use ringfence_model::{TenantId, WallTime};
use ringfence_store::{Store, Tally, TallyBy, TallyFilter};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};

/// Most days a report reads: about what one month's table holds.
pub const DAYS_MAX: u32 = 31;
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Whose records, and which.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct LongestQuery {
    /// Whose.
    #[param(value_type = String, min_length = 1)]
    pub tenant: TenantId,
    /// Only this extension's.
    pub extension: Option<String>,
    /// Only to this kind of line, such as `premium`.
    pub kind: Option<String>,
    /// Not before.
    #[param(value_type = String, format = DateTime)]
    pub from: Time,
    /// Before; at most 31 days later.
    #[param(value_type = String, format = DateTime)]
    pub until: Time,
    /// So many, 1 to 1000.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
}

/// GET /v1/reports/longest-calls
pub async fn longest(ask: Ask<Nothing, LongestQuery>) -> Outcome<Page<CallView>> {
    let LongestQuery { tenant, extension, kind, from, until, .. } = &ask.query;
    let filter = TallyFilter {
        tenant: tenant.clone(),
        extension: extension.clone(),
        direction: None,
        kind: kind.clone(),
        billable_ms_max: None,
        from: from.0,
        until: until.0,
    };
    let limit = some(ask.query.limit)?;
    let rows = read(ask, filter, move |store, filter| Ok(store.longest(filter, limit)?)).await?;
    Ok(Reply::new(Page::whole(rows.into_iter().map(CallView::from).collect())))
}

/// Which numbers are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct RepeatedQuery {
    /// Whose.
    #[param(value_type = String, min_length = 1)]
    pub tenant: TenantId,
    /// Only this extension's calls.
    pub extension: Option<String>,
    /// Only calls in this direction; `outbound` unless said otherwise.
    #[param(inline)]
    pub direction: Option<DirectionName>,
    /// Only to this kind of line. With `premium` and `secs_max` the report shows short calls to numbers that are paid
    /// per call.
    pub kind: Option<String>,
    /// Only answered calls that were charged for no longer.
    pub secs_max: Option<u32>,
    /// Only numbers an extension called so often; 2 unless said otherwise.
    pub attempts_min: Option<u32>,
    /// Not before.
    #[param(value_type = String, format = DateTime)]
    pub from: Time,
    /// Before; at most 31 days later.
    #[param(value_type = String, format = DateTime)]
    pub until: Time,
    /// So many, 1 to 1000.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
}

/// A number an extension called several times.
#[derive(Serialize, ToSchema)]
pub struct RepeatedView {
    /// Whose phone; empty when the records name none.
    pub extension: String,
    /// The number in full, or the digits as they came.
    pub number: String,
    /// Kind of line.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub kind: String,
    /// Country.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(required = false)]
    pub country: String,
    /// Calls.
    pub attempts: u64,
    /// Those that were answered.
    pub answered: u64,
    /// Those that were refused, or would have been.
    pub refused: u64,
    /// Those that were ended while they ran.
    pub cut: u64,
    /// Charged time, milliseconds.
    pub billable_ms: u64,
    /// What they cost.
    pub cost: Amount,
    /// When the first began.
    pub first: Time,
    /// When the last began.
    pub last: Time,
}

impl From<Tally> for RepeatedView {
    fn from(tally: Tally) -> Self {
        Self {
            extension: tally.extension.unwrap_or_default(),
            number: tally.number.unwrap_or_default(),
            kind: tally.kind.unwrap_or_default(),
            country: tally.country.unwrap_or_default(),
            attempts: tally.attempts,
            answered: tally.answered,
            refused: tally.refused,
            cut: tally.cut,
            billable_ms: tally.billable_ms,
            cost: tally.cost.into(),
            first: tally.first.into(),
            last: tally.last.into(),
        }
    }
}

/// GET /v1/reports/repeated-calls
pub async fn repeated(ask: Ask<Nothing, RepeatedQuery>) -> Outcome<Page<RepeatedView>> {
    let query = &ask.query;
    let direction = query.direction.unwrap_or(DirectionName::Outbound);
    let filter = TallyFilter {
        tenant: query.tenant.clone(),
        extension: query.extension.clone(),
        direction: Some(direction.as_str().to_owned()),
        kind: query.kind.clone(),
        billable_ms_max: query.secs_max.map(|secs| u64::from(secs) * 1000),
        from: query.from.0,
        until: query.until.0,
    };
    let (least, limit) = (query.attempts_min.unwrap_or(2), some(query.limit)?);
    let by = [TallyBy::Extension, TallyBy::Number, TallyBy::Kind, TallyBy::Country];
    let rows =
        read(ask, filter, move |store, filter| Ok(store.tally(filter, &by, least, limit)?)).await?;
    Ok(Reply::new(Page::whole(rows.into_iter().map(RepeatedView::from).collect())))
}

fn some(asked: Option<u32>) -> Result<u32, Refusal> {
    Ok(u32::try_from(limit(asked)?).unwrap_or(1000))
}

/// Checks time and right, then reads. Numbers are shown: reports alone are not enough of a right.
async fn read<Q, T: Send + 'static>(
    ask: Ask<Nothing, Q>,
    filter: TallyFilter,
    find: impl FnOnce(&Store, &TallyFilter) -> Result<Vec<T>, Refusal> + Send + 'static,
) -> Result<Vec<T>, Refusal> {
    span(filter.from, filter.until)?;
    let app = Arc::clone(&ask.app);
    let caller = ask.caller;
    app.work(move |store| {
        caller.may(store, Permission::ReadCalls, &filter.tenant)?;
        find(store, &filter)
    })
    .await
}

/// Refuses a time that is none, or too long for one report.
pub fn span(from: WallTime, until: WallTime) -> Result<(), Refusal> {
    if until <= from {
        return Err(Refusal::Invalid("until is not after from".into()));
    }
    if until - from > DAY * DAYS_MAX {
        return Err(Refusal::Invalid(format!("a report is for at most {DAYS_MAX} days at once")));
    }
    Ok(())
}
