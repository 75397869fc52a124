//! The usage report: sums of call records, told apart as asked.

use crate::caller::Whose;
use crate::http::ask::{Ask, Nothing};
use crate::http::page::Page;
use crate::http::reply::{Outcome, Reply};
use crate::refusal::Refusal;
use crate::rights::Permission;
use crate::time::{Amount, Time};
use ringfence_model::{TenantId, WallTime};
use ringfence_store::{By, Grain, Usage, UsageFilter};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use utoipa::{IntoParams, ToSchema};

/// Most rows of a report.
const ROWS_MAX: usize = 20_000;
const DAY: Duration = Duration::from_secs(24 * 3600);

/// How finely sums are kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GrainName {
    /// Per hour and extension; at most 31 days.
    Hour,
    /// Per day of UTC, without extensions; at most two years.
    Day,
    /// Per month of UTC and extension; at most ten years.
    Month,
}

impl GrainName {
    const fn store(self) -> Grain {
        match self {
            Self::Hour => Grain::Hour,
            Self::Day => Grain::Day,
            Self::Month => Grain::Month,
        }
    }

    const fn days_max(self) -> u32 {
        match self {
            Self::Hour => 31,
            Self::Day => 731,
            Self::Month => 3660,
        }
    }
}

/// Which sums are wanted.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct UsageQuery {
    /// Of this tenant; absent: of the own one, or of all together.
    #[param(value_type = Option<String>)]
    pub tenant: Option<TenantId>,
    /// Only this extension's; not by day.
    pub extension: Option<String>,
    /// How fine; `day` unless said otherwise.
    #[param(inline)]
    pub grain: Option<GrainName>,
    /// What sums are told apart by, with commas: `tenant`, `start`, `extension`, `direction`, `kind`, `country`.
    pub by: Option<String>,
    /// Not before.
    #[param(value_type = String, format = DateTime)]
    pub from: Time,
    /// Before.
    #[param(value_type = String, format = DateTime)]
    pub until: Time,
}

/// A sum of call records. What was not asked to be told apart is absent.
#[derive(Serialize, ToSchema)]
pub struct UsageView {
    /// Whose.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub tenant: Option<TenantId>,
    /// When the hour, day or month begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<Time>,
    /// Whose phone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extension: Option<String>,
    /// `outbound`, `inbound` or `internal`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<String>,
    /// Kind of line that was called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Country that was called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Attempts.
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
    /// What refused ones would have been reserved for.
    pub prevented: Amount,
}

impl From<Usage> for UsageView {
    fn from(usage: Usage) -> Self {
        Self {
            tenant: usage.tenant,
            start: usage.start.map(Time::from),
            extension: usage.extension,
            direction: usage.direction,
            kind: usage.kind,
            country: usage.country,
            attempts: usage.attempts,
            answered: usage.answered,
            refused: usage.refused,
            cut: usage.cut,
            billable_ms: usage.billable_ms,
            cost: usage.cost.into(),
            prevented: usage.prevented.into(),
        }
    }
}

fn by(text: Option<&str>) -> Result<Vec<By>, Refusal> {
    let words = text.into_iter().flat_map(|text| text.split(',')).filter(|word| !word.is_empty());
    let mut by = Vec::new();
    for word in words {
        let one = match word {
            "tenant" => By::Tenant,
            "start" => By::Start,
            "extension" => By::Extension,
            "direction" => By::Direction,
            "kind" => By::Kind,
            "country" => By::Country,
            _ => {
                let what = "by is made of tenant, start, extension, direction, kind and country";
                return Err(Refusal::Malformed(what.into()));
            }
        };
        if !by.contains(&one) {
            by.push(one);
        }
    }
    Ok(by)
}

/// GET /v1/usage
pub async fn report(ask: Ask<Nothing, UsageQuery>) -> Outcome<Page<UsageView>> {
    let by = by(ask.query.by.as_deref())?;
    let grain = ask.query.grain.unwrap_or(GrainName::Day);
    let (from, until) = (ask.query.from.0, ask.query.until.0);
    span(grain, from, until)?;
    if grain == GrainName::Day && (by.contains(&By::Extension) || ask.query.extension.is_some()) {
        return Err(Refusal::Invalid(
            "days are kept without extensions: take hour or month".into(),
        ));
    }
    let app = Arc::clone(&ask.app);
    let rows = app
        .work(move |store| {
            let query = ask.query;
            let whose = ask.caller.whose(store, Permission::ReadReports, query.tenant.as_ref())?;
            let tenant = match whose {
                Whose::All => None,
                Whose::These(tenants) => match <[TenantId; 1]>::try_from(tenants) {
                    Ok([tenant]) => Some(tenant),
                    Err(tenants) => {
                        let what = format!("{} tenants are yours: say which", tenants.len());
                        return Err(Refusal::Invalid(what));
                    }
                },
            };
            let filter = UsageFilter {
                grain: grain.store(),
                tenant,
                by,
                extension: query.extension,
                from,
                until,
            };
            Ok(store.usage(&filter)?)
        })
        .await?;
    if rows.len() > ROWS_MAX {
        let what = format!("{} sums are more than {ROWS_MAX}: ask for less at once", rows.len());
        return Err(Refusal::Invalid(what));
    }
    Ok(Reply::new(Page::whole(rows.into_iter().map(UsageView::from).collect())))
}

fn span(grain: GrainName, from: WallTime, until: WallTime) -> Result<(), Refusal> {
    if until <= from {
        return Err(Refusal::Invalid("until is not after from".into()));
    }
    if until - from > DAY * grain.days_max() {
        let most = grain.days_max();
        return Err(Refusal::Invalid(format!("this grain is for at most {most} days at once")));
    }
    Ok(())
}
