//! Cases: all alerts, blocks and calls of one campaign, for somebody to decide about.

use crate::audit::{About, Act, append};
use crate::link::Link;
use crate::settings::{Expected, check};
use crate::sql::Query;
use crate::value::{Row, args};
use crate::{Result, Store, StoreError};
use ringfence_model::{Money, TenantId, WallTime};
use serde_json::json;

/// What people say of a case.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum CaseState {
    /// Nothing yet.
    Open,
    /// It was fraud.
    ConfirmedFraud,
    /// It was not.
    FalseAlarm,
    /// It was not, and will happen again.
    Expected,
}

impl CaseState {
    const ALL: [Self; 4] = [Self::Open, Self::ConfirmedFraud, Self::FalseAlarm, Self::Expected];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::ConfirmedFraud => "confirmed_fraud",
            Self::FalseAlarm => "false_alarm",
            Self::Expected => "expected",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// A case.
#[derive(Clone, PartialEq, Debug)]
pub struct Case {
    /// Its id.
    pub id: String,
    /// Whose calls.
    pub tenant: TenantId,
    /// The extension it began with.
    pub extension: Option<String>,
    /// What people say of it.
    pub state: CaseState,
    /// When it began.
    pub opened: WallTime,
    /// When something last happened in it.
    pub active: WallTime,
    /// When somebody decided.
    pub closed: Option<WallTime>,
    /// Who.
    pub closed_by: Option<String>,
    /// The most that was spent and running, unexplained, by the engine's count.
    pub let_through: Money,
    /// What the first minute of each refused call would have cost.
    pub prevented: Money,
    /// How many alerts it holds.
    pub alerts: u64,
    /// How many refused or cut calls.
    pub calls: u64,
    /// Whether its records are kept whatever their age.
    pub held: bool,
    /// What it began with, in words.
    pub headline: String,
    /// Its version; what the engine adds does not change it.
    pub version: i64,
}

/// Somebody's words on a case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CaseNote {
    /// Its id.
    pub id: String,
    /// When.
    pub at: WallTime,
    /// Who.
    pub who: String,
    /// What they say.
    pub words: String,
}

/// Which cases are wanted. Everything that is left open matches.
#[derive(Clone, Default, Debug)]
pub struct CaseFilter {
    /// Of this tenant.
    pub tenant: Option<TenantId>,
    /// In this state.
    pub state: Option<CaseState>,
    /// Opened at or after.
    pub from: Option<WallTime>,
    /// Opened before.
    pub until: Option<WallTime>,
    /// Older than this one: when it began, and id, of the last of the page before.
    pub after: Option<(WallTime, String)>,
}

impl Store {
    /// A case.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn case(&self, id: &str) -> Result<Case> {
        self.look(|link| one(link, id))
    }

    /// Cases, newest first.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn cases(&self, filter: &CaseFilter, limit: u32) -> Result<Vec<Case>> {
        let mut query = Query::new(SELECT);
        query.add("WHERE 1 = 1", []);
        query.add_some("AND tenant = ?", filter.tenant.as_ref());
        query.add_some("AND state = ?", filter.state.map(CaseState::as_str));
        query.add_some("AND opened >= ?", filter.from);
        query.add_some("AND opened < ?", filter.until);
        if let Some((opened, id)) = &filter.after {
            query.add("AND (opened, id) < (?, ?)", [(*opened).into(), id.into()]);
        }
        query.add("ORDER BY opened DESC, id DESC LIMIT ?", [limit.into()]);
        let rows = self.look(|link| link.query(&query.sql, &query.args))?;
        rows.into_iter().map(case).collect()
    }

    /// Says what a case was; its new version.
    ///
    /// # Errors
    /// When there is none, it was decided meanwhile, or it cannot be written.
    pub fn decide_case(
        &self,
        act: &Act,
        id: &str,
        state: CaseState,
        expected: Expected,
    ) -> Result<i64> {
        let (closed, by) = match state {
            CaseState::Open => (None, None),
            _ => (Some(act.at), Some(act.who.as_str())),
        };
        let values = |version: i64| args![state.as_str(), closed, by, version, id].to_vec();
        self.alter(
            act,
            (id, expected),
            "UPDATE fraud_case SET state = $1, closed = $2, closed_by = $3, version = $4
             WHERE id = $5",
            values,
        )
    }

    /// Keeps the records of a case whatever their age, or lets them go; its new version.
    ///
    /// # Errors
    /// When there is none, it was changed meanwhile, or it cannot be written.
    pub fn hold_case(&self, act: &Act, id: &str, held: bool, expected: Expected) -> Result<i64> {
        let values = |version: i64| args![held, version, id].to_vec();
        let sql = "UPDATE fraud_case SET held = $1, version = $2 WHERE id = $3";
        self.alter(act, (id, expected), sql, values)
    }

    fn alter(
        &self,
        act: &Act,
        (id, expected): (&str, Expected),
        sql: &str,
        values: impl FnOnce(i64) -> Vec<crate::value::Value>,
    ) -> Result<i64> {
        self.change(|link| {
            let before = one(link, id)?;
            let subject = format!("case {id}");
            check(&subject, expected, before.version)?;
            let version = before.version + 1;
            link.execute(sql, &values(version))?;
            let shown = |case: &Case| json!({"state": case.state.as_str(), "held": case.held});
            let (was, is) = (shown(&before), shown(&one(link, id)?));
            let (tenant, was, is) = (Some(&before.tenant), Some(&was), Some(&is));
            append(link, act, About { tenant, subject: &subject, before: was, after: is })?;
            Ok(version)
        })
    }

    /// Adds a note, by [`Act::who`] at [`Act::at`].
    ///
    /// # Errors
    /// When there is no such case, or it cannot be written.
    pub fn note_case(&self, act: &Act, case: &str, id: &str, words: &str) -> Result<()> {
        self.change(|link| {
            let of = one(link, case)?;
            link.execute(
                "INSERT INTO case_note (id, case_id, at, who, words) VALUES ($1, $2, $3, $4, $5)",
                args![id, case, act.at, &act.who, words],
            )?;
            let subject = format!("case {case}");
            let after = json!({"note": words});
            let (tenant, after) = (Some(&of.tenant), Some(&after));
            append(link, act, About { tenant, subject: &subject, before: None, after }).map(drop)
        })
    }

    /// Notes on a case, oldest first.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn case_notes(&self, case: &str) -> Result<Vec<CaseNote>> {
        let sql = "SELECT id, at, who, words FROM case_note WHERE case_id = $1 ORDER BY at, id";
        let rows = self.look(|link| link.query(sql, args![case]))?;
        let note = |row: Row| {
            let mut cells = row.cells();
            let (id, at, who) = (cells.take()?, cells.take()?, cells.take()?);
            Ok(CaseNote { id, at, who, words: cells.take()? })
        };
        rows.into_iter().map(note).collect()
    }
}

const SELECT: &str =
    "SELECT id, tenant, extension, state, opened, active, closed, closed_by, let_through,
    prevented, alerts, calls, held, headline, version FROM fraud_case";

fn one(link: &mut Link, id: &str) -> Result<Case> {
    let row = link.first(&format!("{SELECT} WHERE id = $1"), args![id])?;
    case(row.ok_or_else(|| StoreError::NotFound(format!("case {id}")))?)
}

/// The case of a tenant that something at `since` or later may belong to.
pub(crate) fn open_of(link: &mut Link, tenant: &str, since: WallTime) -> Result<Option<Case>> {
    let sql = format!(
        "{SELECT} WHERE tenant = $1 AND state = 'open' AND active >= $2 ORDER BY active DESC LIMIT 1"
    );
    link.first(&sql, args![tenant, since])?.map(case).transpose()
}

/// What the engine knows of a case; what people said of it stays.
pub(crate) fn keep(link: &mut Link, case: &Case) -> Result<()> {
    let row = args![
        &case.id,
        &case.tenant,
        case.extension.as_ref(),
        case.state.as_str(),
        case.opened,
        case.active,
        case.let_through,
        case.prevented,
        case.alerts,
        case.calls,
        case.held,
        &case.headline,
        case.version,
    ];
    link.insert(
        "INSERT INTO fraud_case (id, tenant, extension, state, opened, active, let_through,
           prevented, alerts, calls, held, headline, version)",
        "ON CONFLICT (id) DO UPDATE SET active = excluded.active,
           let_through = excluded.let_through, prevented = excluded.prevented,
           alerts = excluded.alerts, calls = excluded.calls",
        &[row.to_vec()],
    )
}

fn case(row: Row) -> Result<Case> {
    let mut cells = row.cells();
    Ok(Case {
        id: cells.take()?,
        tenant: cells.take()?,
        extension: cells.take()?,
        state: cells.parse(CaseState::of)?,
        opened: cells.take()?,
        active: cells.take()?,
        closed: cells.take()?,
        closed_by: cells.take()?,
        let_through: cells.take()?,
        prevented: cells.take()?,
        alerts: cells.take()?,
        calls: cells.take()?,
        held: cells.take()?,
        headline: cells.take()?,
        version: cells.take()?,
    })
}
