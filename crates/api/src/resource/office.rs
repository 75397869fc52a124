//! Calls inside and outside the hours in which a tenant's people work: fraud comes at night.
//!
//! Whole hours are taken from the sums. Of an hour in which work begins or ends the records are asked; where they are no
//! longer kept, it counts as outside.

use super::reports::span;
use crate::http::ask::{Ask, Nothing};
use crate::http::page::Page;
use crate::http::reply::{Outcome, Reply};
use crate::refusal::Refusal;
use crate::rights::Permission;
use crate::time::{Amount, Time};
use ringfence_model::{TenantId, WallTime};
use ringfence_store::{By, Grain, Store, Tally, TallyBy, TallyFilter, Usage, UsageFilter};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};

const HOUR: i64 = 3_600_000_000;

/// What sums are told apart by.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OfficeBy {
    /// The extension.
    Extension,
    /// The direction.
    Direction,
    /// The kind of line called.
    Kind,
    /// The country called.
    Country,
}

/// Whose calls, and when.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct OfficeQuery {
    /// Whose.
    #[param(value_type = String, min_length = 1)]
    pub tenant: TenantId,
    /// Only this extension's.
    pub extension: Option<String>,
    /// What sums are told apart by; absent: one sum.
    #[param(inline)]
    pub by: Option<OfficeBy>,
    /// From the beginning of the hour this lies in.
    #[param(value_type = String, format = DateTime)]
    pub from: Time,
    /// To the end of the hour this lies in; at most 31 days later.
    #[param(value_type = String, format = DateTime)]
    pub until: Time,
}

/// Calls inside and outside office hours.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, ToSchema)]
pub struct OfficeView {
    /// The extension, direction, kind or country they have in common; absent when all are one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// In office hours.
    pub inside: Sums,
    /// At all other times.
    pub outside: Sums,
}

/// Sums of calls.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, ToSchema)]
pub struct Sums {
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

impl Sums {
    fn add(&mut self, more: Self) {
        self.attempts += more.attempts;
        self.answered += more.answered;
        self.refused += more.refused;
        self.cut += more.cut;
        self.billable_ms += more.billable_ms;
        self.cost.0 += more.cost.0;
        self.prevented.0 += more.prevented.0;
    }

    fn without(self, part: Self) -> Self {
        Self {
            attempts: self.attempts.saturating_sub(part.attempts),
            answered: self.answered.saturating_sub(part.answered),
            refused: self.refused.saturating_sub(part.refused),
            cut: self.cut.saturating_sub(part.cut),
            billable_ms: self.billable_ms.saturating_sub(part.billable_ms),
            cost: Amount(self.cost.0 - part.cost.0),
            prevented: Amount(self.prevented.0 - part.prevented.0),
        }
    }
}

/// GET /v1/reports/office-hours
pub async fn report(ask: Ask<Nothing, OfficeQuery>) -> Outcome<Page<OfficeView>> {
    let from = WallTime(ask.query.from.0.0.saturating_sub(ask.query.from.0.0.rem_euclid(HOUR)));
    let until = ask.query.until.0.0;
    let until = WallTime(until.saturating_add((HOUR - until.rem_euclid(HOUR)) % HOUR));
    span(from, until)?;
    let app = Arc::clone(&ask.app);
    let (caller, query) = (ask.caller, ask.query);
    let tenant = query.tenant.clone();
    app.work(move |store| caller.may(store, Permission::ReadReports, &tenant)).await?;
    let office = app.node().office_hours(query.tenant.clone(), from, until).await?;
    let rows = app
        .work(move |store| {
            let desk = Reader { store, query: &query };
            let mut inside: BTreeMap<String, Sums> = BTreeMap::new();
            for (begin, end) in office {
                desk.add_span(begin, end, &mut inside)?;
            }
            let mut all = BTreeMap::new();
            desk.add_hours(from, until, &mut all)?;
            let row = |(of, sums): (String, Sums)| {
                let inside = inside.get(&of).copied().unwrap_or_default();
                let of = query.by.map(|_| of);
                OfficeView { of, inside, outside: sums.without(inside) }
            };
            Ok(all.into_iter().map(row).collect())
        })
        .await?;
    Ok(Reply::new(Page::whole(rows)))
}

/// Adds up what the store has.
struct Reader<'a> {
    store: &'a Store,
    query: &'a OfficeQuery,
}

type Into<'a> = &'a mut BTreeMap<String, Sums>;

impl Reader<'_> {
    /// All from `begin` to `end`.
    fn add_span(&self, begin: WallTime, end: WallTime, into: Into<'_>) -> Result<(), Refusal> {
        let first = WallTime(begin.0 + (HOUR - begin.0.rem_euclid(HOUR)) % HOUR);
        let last = WallTime(end.0 - end.0.rem_euclid(HOUR));
        if last < first {
            // All of it lies within one hour.
            return self.add_records(begin, end, into);
        }
        self.add_records(begin, first, into)?;
        self.add_hours(first, last, into)?;
        self.add_records(last, end, into)
    }

    /// Of whole hours.
    fn add_hours(&self, from: WallTime, until: WallTime, into: Into<'_>) -> Result<(), Refusal> {
        if from >= until {
            return Ok(());
        }
        let by = self.query.by.map(|by| match by {
            OfficeBy::Extension => By::Extension,
            OfficeBy::Direction => By::Direction,
            OfficeBy::Kind => By::Kind,
            OfficeBy::Country => By::Country,
        });
        let filter = UsageFilter {
            grain: Grain::Hour,
            tenant: Some(self.query.tenant.clone()),
            by: by.into_iter().collect(),
            extension: self.query.extension.clone(),
            from,
            until,
        };
        for sum in self.store.usage(&filter)? {
            let Usage { attempts, answered, refused, cut, billable_ms, cost, prevented, .. } = sum;
            let key = sum.extension.or(sum.direction).or(sum.kind).or(sum.country);
            into.entry(key.unwrap_or_default()).or_default().add(Sums {
                attempts,
                answered,
                refused,
                cut,
                billable_ms,
                cost: cost.into(),
                prevented: prevented.into(),
            });
        }
        Ok(())
    }

    /// Of part of an hour.
    fn add_records(&self, from: WallTime, until: WallTime, into: Into<'_>) -> Result<(), Refusal> {
        if from >= until {
            return Ok(());
        }
        let by = self.query.by.map(|by| match by {
            OfficeBy::Extension => TallyBy::Extension,
            OfficeBy::Direction => TallyBy::Direction,
            OfficeBy::Kind => TallyBy::Kind,
            OfficeBy::Country => TallyBy::Country,
        });
        let filter = TallyFilter {
            tenant: self.query.tenant.clone(),
            extension: self.query.extension.clone(),
            direction: None,
            kind: None,
            billable_ms_max: None,
            from,
            until,
        };
        let by: Vec<_> = by.into_iter().collect();
        for sum in self.store.tally(&filter, &by, 1, u32::MAX)? {
            let Tally { attempts, answered, refused, cut, billable_ms, cost, prevented, .. } = sum;
            let key = sum.extension.or(sum.direction).or(sum.kind).or(sum.country);
            into.entry(key.unwrap_or_default()).or_default().add(Sums {
                attempts,
                answered,
                refused,
                cut,
                billable_ms,
                cost: cost.into(),
                prevented: prevented.into(),
            });
        }
        Ok(())
    }
}
