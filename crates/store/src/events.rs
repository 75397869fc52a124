//! What happened: refusals, cuts, blocks, alerts, registrations from new places.

use crate::sql::Query;
use crate::value::{Row, args};
use crate::{Result, Store};
use ringfence_model::{TenantId, WallTime};
use serde_json::Value as Json;

/// Something that happened.
#[derive(Clone, PartialEq, Debug)]
pub struct Event {
    /// Its number; later ones are larger on the same node.
    pub id: i64,
    /// When.
    pub at: WallTime,
    /// What sort: `verdict`, `cut`, `blocked`, `lifted`, `alerted`, or what a call event is called.
    pub kind: String,
    /// Whose; `None` when it is not known.
    pub tenant: Option<TenantId>,
    /// The extension it is about.
    pub extension: Option<String>,
    /// The call it is about.
    pub call: Option<String>,
    /// The case it belongs to.
    pub case: Option<String>,
    /// Why, in words.
    pub why: String,
    /// All of it.
    pub body: Json,
}

/// Which events are wanted. Everything that is left open matches.
#[derive(Clone, Default, Debug)]
pub struct EventFilter {
    /// Of this tenant.
    pub tenant: Option<TenantId>,
    /// Of this case.
    pub case: Option<String>,
    /// Of these sorts; empty: of all.
    pub kinds: Vec<String>,
    /// Not before.
    pub from: Option<WallTime>,
    /// Before.
    pub until: Option<WallTime>,
    /// Older than this one: when, and number, of the last of the page before.
    pub after: Option<(WallTime, i64)>,
}

impl Store {
    /// Events, newest first.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn events(&self, filter: &EventFilter, limit: u32) -> Result<Vec<Event>> {
        let mut query = Query::new(SELECT);
        query.add("WHERE 1 = 1", []);
        query.add_some("AND tenant = ?", filter.tenant.as_ref());
        query.add_some("AND case_id = ?", filter.case.as_ref());
        if !filter.kinds.is_empty() {
            let holes = vec!["?"; filter.kinds.len()].join(", ");
            query.add(&format!("AND kind IN ({holes})"), filter.kinds.iter().map(Into::into));
        }
        query.add_some("AND at >= ?", filter.from);
        query.add_some("AND at < ?", filter.until);
        if let Some((at, id)) = filter.after {
            query.add("AND (at, id) < (?, ?)", [at.into(), id.into()]);
        }
        query.add("ORDER BY at DESC, id DESC LIMIT ?", [limit.into()]);
        let rows = self.look(|link| link.query(&query.sql, &query.args))?;
        rows.into_iter().map(event).collect()
    }

    /// Events of a node after the one of that number, in the order they came in: for those who follow along.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn events_since(&self, id: i64, limit: u32) -> Result<Vec<Event>> {
        let sql = format!("{SELECT} WHERE id > $1 ORDER BY id LIMIT $2");
        let rows = self.look(|link| link.query(&sql, args![id, limit]))?;
        rows.into_iter().map(event).collect()
    }

    /// The numbers of the first and the last event that are kept; `None` when there are none.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn event_bounds(&self) -> Result<Option<(i64, i64)>> {
        let sql = "SELECT (SELECT min(id) FROM event), (SELECT max(id) FROM event)";
        let Some(row) = self.look(|link| link.first(sql, &[]))? else { return Ok(None) };
        let mut cells = row.cells();
        let (first, last): (Option<i64>, Option<i64>) = (cells.take()?, cells.take()?);
        Ok(first.zip(last))
    }
}

const SELECT: &str = "SELECT id, at, kind, tenant, extension, call, case_id, why, body FROM event";

fn event(row: Row) -> Result<Event> {
    let mut cells = row.cells();
    let (id, at, kind) = (cells.take()?, cells.take()?, cells.take()?);
    let tenant: String = cells.take()?;
    Ok(Event {
        id,
        at,
        kind,
        tenant: (!tenant.is_empty()).then(|| TenantId::new(&tenant)),
        extension: cells.take()?,
        call: cells.take()?,
        case: cells.take()?,
        why: cells.take()?,
        body: cells.json()?,
    })
}
